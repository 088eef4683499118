/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* softhca link, fault and list: what is done to a fabric while programs run on it. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "softhca/command/command.h"
#include "softhca/fabric/control.h"

static const char link_help[] =
	"Usage: softhca link down|up [--host N] [--fabric NAME]\n"
	"\n"
	"Takes the links of host N's adapters down or up again; without --host, of all hosts.\n"
	"Packets from and to a port that is down are lost.\n";

static const char fault_help[] =
	"Usage: softhca fault [--host N] [--fabric NAME] SPEC|off\n"
	"       softhca fault kill [--host N] [--fabric NAME]\n"
	"\n"
	"Changes how the packets that programs of host N send are treated; without --host, of all\n"
	"hosts. SPEC is a list of\n"
	"  drop=CHANCE  dup=CHANCE  reorder=CHANCE  corrupt=CHANCE\n"
	"  delay=TIME[:CHANCE]  seed=NUMBER\n"
	"separated by commas, CHANCE like 1% or 0.01, TIME like 2ms. \"off\" ends faults.\n"
	"\"kill\" makes the adapters fail as broken ones do, until their programs have ended.\n";

static const char list_help[] = "Usage: softhca list\n"
				"\n"
				"Prints the names of your fabrics that are in use.\n";

struct target {
	const char *fabric_name;
	unsigned int host; /* 0: all */
	struct fabric *fabric;
};

/* Options of all three; returns an exit status, -1 to go on. Words are left in argv[optind]. */
static int read_options(struct target *target, int argc, char **argv, const char *help)
{
	static const struct option options[] = {
		{"fabric", required_argument, NULL, 'f'},
		{"host", required_argument, NULL, 'h'},
		{"help", no_argument, NULL, 'H'},
		{0},
	};
	int option;

	target->fabric_name = "default";
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (option == 'f') {
			target->fabric_name = optarg;
		} else if (option == 'h') {
			if (!parse_host(optarg, &target->host))
				return EXIT_USAGE;
		} else if (option == 'H') {
			fputs(help, stdout);
			return 0;
		} else {
			return usage_error(argv[0],
					   option == ':' ? "%s needs a value"
							 : "option \"%s\" is unknown",
					   argv[optind - 1]);
		}
	}
	return -1;
}

static bool open_target(struct target *target)
{
	char reason[512] = "";
	int error = fabric_look(target->fabric_name, &target->fabric, reason, sizeof(reason));

	if (error == ENOENT)
		complain("fabric \"%s\" is not in use: start something with softhca run",
			 target->fabric_name);
	else if (error)
		complain("%s", reason);
	return !error;
}

static int finish(struct target *target, int error, unsigned int count, const char *what)
{
	fabric_look_away(target->fabric);
	if (error == ENOENT && target->host)
		complain("fabric \"%s\" has no adapter on host %u: see softhca ps",
			 target->fabric_name, target->host);
	else if (error == ENOENT)
		complain("fabric \"%s\" has no adapters", target->fabric_name);
	else if (error)
		complain("%s", strerror(error));
	else
		printf("%u adapter%s: %s\n", count, count == 1 ? "" : "s", what);
	return error ? 1 : 0;
}

int command_link(int argc, char **argv)
{
	struct target target = {0};
	int status = read_options(&target, argc, argv, link_help);
	const char *word = optind < argc ? argv[optind] : "";
	unsigned int count = 0;
	bool up = strcmp(word, "up") == 0;

	if (status >= 0)
		return status;
	if (optind != argc - 1 || (!up && strcmp(word, "down") != 0))
		return usage_error("link", "say either \"up\" or \"down\"");
	if (!open_target(&target))
		return 1;
	status = fabric_set_link(target.fabric, target.host, up, &count);
	return finish(&target, status, count, up ? "link up" : "link down");
}

int command_fault(int argc, char **argv)
{
	struct target target = {0};
	int status = read_options(&target, argc, argv, fault_help);
	const char *spec = optind < argc ? argv[optind] : "";
	char reason[256] = "";
	unsigned int count = 0;

	if (status >= 0)
		return status;
	if (optind != argc - 1)
		return usage_error("fault", "say one specification, \"off\" or \"kill\"");
	if (strcmp(spec, "kill") != 0 && strcmp(spec, "off") != 0 &&
	    fabric_check_faults(spec, reason, sizeof(reason)))
		return usage_error("fault", "%s", reason);
	if (!open_target(&target))
		return 1;
	if (strcmp(spec, "kill") == 0)
		status = fabric_kill(target.fabric, target.host, &count);
	else
		status = fabric_order_faults(target.fabric, target.host, spec, &count, reason,
					     sizeof(reason));
	return finish(&target, status, count, spec);
}

static void print_if_used(void *any, const char *name)
{
	struct fabric *fabric;

	if (fabric_look(name, &fabric, NULL, 0))
		return;
	puts(name);
	fabric_look_away(fabric);
	*(bool *)any = true;
}

int command_list(int argc, char **argv)
{
	struct target target = {0};
	int status = read_options(&target, argc, argv, list_help);
	bool any = false;

	if (status >= 0)
		return status;
	if (optind != argc)
		return usage_error("list", "\"%s\": there is nothing to say here", argv[optind]);
	fabric_list(print_if_used, &any);
	if (!any)
		fputs("No fabric is in use.\n", stderr);
	return 0;
}
