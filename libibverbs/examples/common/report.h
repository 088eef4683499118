/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How the tools tell the user what went wrong: one line on stderr that starts with the program's
 * name. Everything below main() returns 0 or a positive errno, and these two return it as well, so
 * that a failing function can end with `return tool_error(...)`.
 */
#ifndef TOOL_REPORT_H
#define TOOL_REPORT_H

/* Prints the message, what errno value err means, and the reason if the library gives one; returns
 * err, or EIO if err is 0. */
int tool_error(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For a request that makes no sense: prints the message and returns EINVAL. */
int tool_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes stdout line buffered, so that what was printed is seen even if the program is killed. */
void tool_lines(void);

#endif
