/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which sockets of which programs are carried: a file of the administrator's may say. */
#ifndef RSPRELOAD_CONFIG_H
#define RSPRELOAD_CONFIG_H

#include <stdbool.h>
#include <stdio.h>

/* One line: what is -1 may be anything. */
struct config_rule {
	char program[64]; /* name without a path, or "*" */
	int domain, type, protocol;
};

/* Whether this program's socket of that kind is carried. Without a file those of TCP are. */
bool config_wants(int domain, int type, int protocol);

/* One line of the file; false if it says nothing, be it that it is a comment. */
bool config_parse(const char *line, struct config_rule *rule);
bool config_matches(const struct config_rule *rule, const char *program, int domain, int type,
		    int protocol);

#endif
