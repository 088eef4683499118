/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Warnings: silent unless the environment has IBV_SHOW_WARNINGS. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "libibverbs/library.h"

void verbs_warn(const char *format, ...)
{
	va_list args;

	if (!getenv("IBV_SHOW_WARNINGS"))
		return;
	va_start(args, format);
	flockfile(stderr);
	fputs("libibverbs: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	funlockfile(stderr);
	va_end(args);
}
