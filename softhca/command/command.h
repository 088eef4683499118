/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parts of the softhca program: one function a command, and what they share. */
#ifndef SOFTHCA_COMMAND_COMMAND_H
#define SOFTHCA_COMMAND_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses of softhca itself; `run` otherwise ends with its command's. */
enum {
	EXIT_USAGE = 2,
	EXIT_RUN_FAILED = 125,
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
};

/* Each gets the words from its own name on. */
int command_run(int argc, char **argv);
int command_pci(int argc, char **argv);
int command_ps(int argc, char **argv);
int command_link(int argc, char **argv);
int command_fault(int argc, char **argv);
int command_list(int argc, char **argv);

/* "softhca: " and a line to stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for a mistake on the command line; returns EXIT_USAGE. */
int usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A host's number; complains otherwise. */
bool parse_host(const char *text, unsigned int *host);

#endif
