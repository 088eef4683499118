/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * softhca run: makes the host's adapter and its sysfs tree, tells the shim through the environment
 * what it was asked for, and becomes the command. No library path is set: which libibverbs the
 * command gets is its own business.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "softhca/command/command.h"
#include "softhca/fabric/control.h"
#include "softhca/shim/environment.h"
#include "softhca/shim/sysfs.h"

static const char help[] =
	"Usage: softhca run [OPTIONS] -- COMMAND [ARGUMENTS]\n"
	"\n"
	"Runs COMMAND, a program that uses RDMA verbs, on a software adapter.\n"
	"\n"
	"  --device FAMILY     kind of adapter: mlx5 (default)\n"
	"  --fabric NAME       network that it is connected to (default: default)\n"
	"  --host N            host that the command believes to run on, 1 to 3000 (default: 1)\n"
	"  --port-type ib|eth  InfiniBand (default) or Ethernet (RoCE) port\n"
	"  --fault SPEC        treat the packets it sends badly, as in\n"
	"                      drop=1%,dup=0.5%,reorder=1%,delay=2ms:10%,corrupt=0.1%,seed=7\n"
	"  --capture FILE      record the packets it sends and receives, as pcapng\n"
	"  --trace             print what the adapter is told and what it does, to stderr\n"
	"  --help              this text\n"
	"\n"
	"The exit status is COMMAND's; 125 if the adapter cannot be had, 126 if COMMAND cannot be\n"
	"executed, 127 if it is not found.\n";

struct run {
	struct fabric_options fabric;
	bool trace;
	char capture[PATH_MAX];
	char sysfs[PATH_MAX];
	char shim[PATH_MAX];
};

/* ---- options ---- */

static int set_device(struct run *run, const char *name)
{
	if (strcmp(name, "mlx4") == 0 || strcmp(name, "mthca") == 0) {
		complain("device %s is not available in this version: use mlx5", name);
		return EXIT_RUN_FAILED;
	}
	if (strcmp(name, "mlx5") != 0)
		return usage_error("run", "device \"%s\" is unknown: there is mlx5", name);
	run->fabric.family = name;
	return 0;
}

static int set_port_type(struct run *run, const char *name)
{
	if (strcmp(name, "ib") == 0)
		run->fabric.port_type = FABRIC_PORT_IB;
	else if (strcmp(name, "eth") == 0)
		run->fabric.port_type = FABRIC_PORT_ETH;
	else
		return usage_error("run", "port type \"%s\" is unknown: there are ib and eth",
				   name);
	return 0;
}

static int set_faults(struct run *run, const char *spec)
{
	char reason[256];

	if (fabric_check_faults(spec, reason, sizeof(reason)))
		return usage_error("run", "%s", reason);
	run->fabric.faults = spec;
	return 0;
}

/* The command may change its directory, or start others that do. */
static int set_capture(struct run *run, const char *file)
{
	char directory[PATH_MAX - NAME_MAX - 1];

	if (file[0] == '/')
		snprintf(run->capture, sizeof(run->capture), "%s", file);
	else if (getcwd(directory, sizeof(directory)))
		snprintf(run->capture, sizeof(run->capture), "%s/%.*s", directory, NAME_MAX, file);
	else
		return usage_error("run", "--capture %s: %s", file, strerror(errno));
	run->fabric.capture = run->capture;
	return 0;
}

/* Returns an exit status, -1 to go on. */
static int read_options(struct run *run, int argc, char **argv)
{
	static const struct option options[] = {
		{"device", required_argument, NULL, 'd'},
		{"fabric", required_argument, NULL, 'f'},
		{"host", required_argument, NULL, 'h'},
		{"port-type", required_argument, NULL, 'p'},
		{"fault", required_argument, NULL, 'F'},
		{"capture", required_argument, NULL, 'c'},
		{"trace", no_argument, NULL, 't'},
		{"help", no_argument, NULL, 'H'},
		{0},
	};
	int option, status = 0;

	opterr = 0;
	while (!status && (option = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			status = set_device(run, optarg);
			break;
		case 'f':
			run->fabric.name = optarg;
			break;
		case 'h':
			status = parse_host(optarg, &run->fabric.host) ? 0 : EXIT_USAGE;
			break;
		case 'p':
			status = set_port_type(run, optarg);
			break;
		case 'F':
			status = set_faults(run, optarg);
			break;
		case 'c':
			status = set_capture(run, optarg);
			break;
		case 't':
			run->trace = true;
			break;
		case ':':
			return usage_error("run", "%s needs a value", argv[optind - 1]);
		case 'H':
			fputs(help, stdout);
			return 0;
		default:
			return usage_error("run", "option \"%s\" is unknown", argv[optind - 1]);
		}
	}
	if (!status && optind == argc)
		return usage_error("run", "there is no COMMAND");
	return status ? status : -1;
}

/* ---- the shim ---- */

static bool try_shim(struct run *run, const char *directory)
{
	snprintf(run->shim, sizeof(run->shim), "%.4000s/libsofthca-shim.so", directory);
	return access(run->shim, R_OK) == 0;
}

/* Beside the program in the build directory, else where it is installed. */
static int find_shim(struct run *run)
{
	char program[PATH_MAX / 2], directory[PATH_MAX], resolved[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (length > 0) {
		program[length] = '\0';
		*strrchr(program, '/') = '\0';
		snprintf(directory, sizeof(directory), "%s/../lib", program);
		if (realpath(directory, resolved) && try_shim(run, resolved))
			goto found;
	}
	if (!try_shim(run, SOFTHCA_SHIM_DIRECTORY)) {
		complain("libsofthca-shim.so is neither in %s nor in %s: build or install it",
			 length > 0 ? resolved : "../lib", SOFTHCA_SHIM_DIRECTORY);
		return ENOENT;
	}
found:
	if (!strpbrk(run->shim, " :"))
		return 0;
	complain("LD_PRELOAD cannot name %s, for its blank or colon: move the tree", run->shim);
	return EINVAL;
}

/* ---- the adapter ---- */

static int make_directory(const char *path)
{
	return mkdir(path, 0700) && errno != EEXIST ? errno : 0;
}

/*
 * What programs see depends on host, family and port type alone, so one tree serves all fabrics. It
 * stays behind, since we do not learn when the last program that was pointed to it ends.
 */
static int build_sysfs(struct run *run, const struct fabric_hca *hca)
{
	size_t used;
	int error;

	fabric_user_directory(run->sysfs, sizeof(run->sysfs));
	used = strlen(run->sysfs);
	used += (size_t)snprintf(run->sysfs + used, sizeof(run->sysfs) - used, "/.sys");
	error = make_directory(run->sysfs);
	snprintf(run->sysfs + used, sizeof(run->sysfs) - used, "/%u-%s-%s", run->fabric.host,
		 run->fabric.family, run->fabric.port_type == FABRIC_PORT_ETH ? "eth" : "ib");
	if (!error)
		error = make_directory(run->sysfs);
	if (!error)
		error = sysfs_tree_build(run->sysfs, hca, 0);
	if (error)
		complain("cannot make %s, which shows the adapter to programs: %s", run->sysfs,
			 strerror(error));
	return error;
}

static int prepare_adapter(struct run *run)
{
	/* The command's faults are not ours, and would be summed up. */
	struct fabric_options options = run->fabric;
	struct fabric_hca *hca;
	struct fabric *fabric;
	char reason[512] = "";
	unsigned int index;
	int error;

	options.faults = NULL;
	error = fabric_join(&options, &fabric, reason, sizeof(reason));
	if (error) {
		complain("%s", reason[0] ? reason : strerror(error));
		return error;
	}
	error = fabric_hca_open(fabric, options.family, &hca, &index);
	if (error)
		complain("adapter %s of host %u: %s", options.family, options.host,
			 strerror(error));
	else
		error = build_sysfs(run, hca);
	fabric_leave(fabric);
	return error;
}

/* ---- the environment ---- */

static int set_or_unset(const char *name, const char *value)
{
	return value ? setenv(name, value, 1) : unsetenv(name);
}

static int set_preload(const struct run *run)
{
	const char *old = getenv("LD_PRELOAD");
	size_t size;
	char *value;
	int status;

	if (!old || !*old)
		return setenv("LD_PRELOAD", run->shim, 1);
	if (strstr(old, run->shim))
		return 0;
	size = strlen(old) + strlen(run->shim) + 2;
	value = malloc(size);
	if (!value)
		return -1;
	snprintf(value, size, "%s:%s", old, run->shim);
	status = setenv("LD_PRELOAD", value, 1);
	free(value);
	return status;
}

static int set_environment(const struct run *run)
{
	const struct fabric_options *fabric = &run->fabric;
	char host[16];

	snprintf(host, sizeof(host), "%u", fabric->host);
	if (set_preload(run) || setenv("SYSFS_PATH", run->sysfs, 1) ||
	    setenv(SOFTHCA_ENV_FABRIC, fabric->name, 1) || setenv(SOFTHCA_ENV_HOST, host, 1) ||
	    setenv(SOFTHCA_ENV_DEVICE, fabric->family, 1) ||
	    setenv(SOFTHCA_ENV_PORT_TYPE, fabric->port_type == FABRIC_PORT_ETH ? "eth" : "ib", 1) ||
	    set_or_unset(SOFTHCA_ENV_FAULT, fabric->faults) ||
	    set_or_unset(SOFTHCA_ENV_CAPTURE, fabric->capture) ||
	    set_or_unset("SOFTHCA_TRACE", run->trace ? "1" : NULL)) {
		complain("no memory for the environment");
		return ENOMEM;
	}
	return 0;
}

int command_run(int argc, char **argv)
{
	struct run run = {
		.fabric = {.name = "default",
			   .host = 1,
			   .family = "mlx5",
			   .port_type = FABRIC_PORT_IB},
	};
	int error, status = read_options(&run, argc, argv);

	if (status >= 0)
		return status;
	if (find_shim(&run) || prepare_adapter(&run) || set_environment(&run))
		return EXIT_RUN_FAILED;
	execvp(argv[optind], argv + optind);
	error = errno;
	complain("cannot run %s: %s", argv[optind], strerror(error));
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}
