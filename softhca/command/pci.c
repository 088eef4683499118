/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* softhca pci: an adapter as a PCI function, for one virtual machine. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "softhca/command/command.h"
#include "softhca/core/trace.h"
#include "softhca/fabric/control.h"
#include "softhca/pci/service.h"
#include "softhca/shim/environment.h"

static const char help[] =
	"Usage: softhca pci [OPTIONS] --socket PATH\n"
	"\n"
	"Is an adapter as a PCI function, for a virtual machine whose kernel drives it. Serves "
	"one\n"
	"QEMU (10.1 or newer) that connects to PATH, as in\n"
	"  qemu-system-x86_64 ... -object memory-backend-memfd,id=ram,size=1G,share=on\n"
	"    -machine memory-backend=ram -device\n"
	"    '{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"PATH\"}}'\n"
	"and ends when it has gone.\n"
	"\n"
	"  --socket PATH       where to listen; a line on standard output says when\n"
	"  --device FAMILY     kind of adapter: mlx5 (default)\n"
	"  --fabric NAME       network that it is connected to (default: default)\n"
	"  --host N            host that the machine is, 1 to 3000 (default: 1)\n"
	"  --port-type ib      InfiniBand is the only kind of port in this version\n"
	"  --fault SPEC        treat the packets it sends badly; see softhca run --help\n"
	"  --capture FILE      record the packets it sends and receives, as pcapng\n"
	"  --trace             print what the adapter is told and what it does, to stderr\n"
	"  --help              this text\n";

static int set_device(struct service_options *service, const char *name)
{
	if (strcmp(name, "mlx4") == 0 || strcmp(name, "mthca") == 0) {
		complain("device %s is not available in this version: use mlx5", name);
		return 1;
	}
	if (strcmp(name, softhca_mlx5_adapter.family) != 0)
		return usage_error("pci", "device \"%s\" is unknown: there is mlx5", name);
	service->adapter = &softhca_mlx5_adapter;
	return 0;
}

static int set_port_type(const char *name)
{
	if (strcmp(name, "eth") == 0) {
		complain("an Ethernet port would need a network interface behind it, which the PCI "
			 "function does not have: use --port-type ib");
		return 1;
	}
	if (strcmp(name, "ib") != 0)
		return usage_error("pci", "port type \"%s\" is unknown: there is ib", name);
	return 0;
}

static int set_faults(struct service_options *service, const char *spec)
{
	char reason[256];

	if (fabric_check_faults(spec, reason, sizeof(reason)))
		return usage_error("pci", "%s", reason);
	service->fabric.faults = spec;
	return 0;
}

static int set_option(struct service_options *service, int option, char *argument)
{
	switch (option) {
	case 's':
		service->socket = argument;
		return 0;
	case 'd':
		return set_device(service, argument);
	case 'f':
		service->fabric.name = argument;
		return 0;
	case 'h':
		return parse_host(argument, &service->fabric.host) ? 0 : EXIT_USAGE;
	case 'p':
		return set_port_type(argument);
	case 'F':
		return set_faults(service, argument);
	case 'c':
		service->fabric.capture = argument;
		return 0;
	default:
		trace_enabled = true;
		return 0;
	}
}

/* Returns an exit status, -1 to go on. */
static int read_options(struct service_options *service, int argc, char **argv)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
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
	int option, status;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (option == 'H') {
			fputs(help, stdout);
			return 0;
		}
		if (option == ':' || option == '?')
			return usage_error("pci",
					   option == ':' ? "%s needs a value"
							 : "option \"%s\" is unknown",
					   argv[optind - 1]);
		status = set_option(service, option, optarg);
		if (status)
			return status;
	}
	if (optind != argc)
		return usage_error("pci", "\"%s\": there is nothing to say here", argv[optind]);
	if (!service->socket)
		return usage_error("pci", "say where to listen: --socket PATH");
	return -1;
}

/* Signals that ask us to end come through a file, so that nothing is interrupted. */
static int catch_signals(int *stop_fd)
{
	sigset_t signals;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &signals, NULL))
		return errno;
	*stop_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	return *stop_fd < 0 ? errno : 0;
}

/* For scripts that wait for it, also through a pipe. */
static void announce(const char *socket)
{
	printf("listening on %s\n", socket);
	fflush(stdout);
}

int command_pci(int argc, char **argv)
{
	struct service_options service = {
		.fabric = {.name = "default",
			   .host = 1,
			   .family = softhca_mlx5_adapter.family,
			   .port_type = FABRIC_PORT_IB},
		.adapter = &softhca_mlx5_adapter,
		.strict = getenv(SOFTHCA_ENV_STRICT) != NULL,
		.ready = announce,
	};
	char reason[512] = "";
	int error, status = read_options(&service, argc, argv);

	if (status >= 0)
		return status;
	error = catch_signals(&service.stop_fd);
	if (error) {
		complain("cannot wait for signals: %s", strerror(error));
		return 1;
	}
	error = service_run(&service, reason, sizeof(reason));
	close(service.stop_fd);
	if (!error)
		return 0;
	complain("%s", reason[0] ? reason : strerror(error));
	return 1;
}
