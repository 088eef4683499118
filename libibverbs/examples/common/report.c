/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Error lines of the tools; see report.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "explain.h"
#include "report.h"

__attribute__((format(printf, 1, 0))) static void print_line(const char *format, va_list arguments,
							     const char *reason,
							     const char *explanation)
{
	fflush(stdout);
	flockfile(stderr);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, format, arguments);
	if (reason)
		fprintf(stderr, ": %s", reason);
	if (explanation)
		fprintf(stderr, " (%s)", explanation);
	fputc('\n', stderr);
	funlockfile(stderr);
}

int tool_error(int err, const char *format, ...)
{
	va_list arguments;

	if (!err)
		err = EIO;
	va_start(arguments, format);
	print_line(format, arguments, strerror(err), tool_explanation(err));
	va_end(arguments);
	return err;
}

int tool_refuse(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line(format, arguments, NULL, NULL);
	va_end(arguments);
	return EINVAL;
}

void tool_lines(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
}
