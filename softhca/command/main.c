/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* softhca: chooses the command. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/command/command.h"

static const char help[] =
	"Usage: softhca run [OPTIONS] -- COMMAND [ARGUMENTS]   run a program on software adapters\n"
	"       softhca pci [OPTIONS] --socket PATH            be an adapter of a virtual machine\n"
	"       softhca ps [--fabric NAME]                     show what lives in a fabric\n"
	"       softhca link down|up [--host N]                take ports down, bring them up\n"
	"       softhca fault [--host N] SPEC|off              lose or damage packets on purpose\n"
	"       softhca fault kill [--host N]                  make adapters fail for good\n"
	"       softhca list                                   name the fabrics in use\n"
	"\n"
	"softhca COMMAND --help says more; so does softhca(1).\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"run", command_run},	{"pci", command_pci},	  {"ps", command_ps},
	{"link", command_link}, {"fault", command_fault}, {"list", command_list},
};

void complain(const char *format, ...)
{
	va_list arguments;

	fputs("softhca: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

int usage_error(const char *command, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "softhca %s: ", command);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "; see softhca %s --help\n", command);
	return EXIT_USAGE;
}

bool parse_host(const char *text, unsigned int *host)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value < 1 || value > 3000) {
		complain("host \"%s\": hosts are numbered from 1 to 3000", text);
		return false;
	}
	*host = (unsigned int)value;
	return true;
}

int main(int argc, char **argv)
{
	if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
			  strcmp(argv[1], "help") == 0)) {
		fputs(help, stdout);
		return 0;
	}
	for (size_t i = 0; argc >= 2 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	if (argc >= 2)
		complain("\"%s\" is no command of softhca", argv[1]);
	fputs(help, stderr);
	return EXIT_USAGE;
}
