/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines and columns of ibv_devinfo; see devinfo.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "devinfo.h"

enum { TAB = 8, BIT_TABS = 5 };

static void tabs(int count)
{
	while (count-- > 0)
		putchar('\t');
}

static int value_column(enum devinfo_indent indent)
{
	static const int columns[] = {
		[DEVINFO_DEVICE] = 40, [DEVINFO_CAPS] = 64, [DEVINFO_PORT] = 48};

	return columns[indent];
}

void devinfo_field(enum devinfo_indent indent, const char *label, const char *format, ...)
{
	int used = (int)indent * TAB + (int)strlen(label) + 1;
	int missing = value_column(indent) - used;
	va_list arguments;

	tabs(indent);
	printf("%s:", label);
	tabs(missing > 0 ? (missing + TAB - 1) / TAB : 1);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

void devinfo_heading(enum devinfo_indent indent, const char *label)
{
	tabs(indent);
	printf("%s:\n", label);
}

static void line(const char *text)
{
	tabs(BIT_TABS);
	puts(text);
}

void devinfo_bits(uint64_t bits, const struct devinfo_bit *table, const char *none)
{
	if (!bits && none)
		line(none);
	for (; table->name; table++) {
		if (bits & table->mask)
			line(table->name);
		bits &= ~table->mask;
	}
	if (bits) {
		tabs(BIT_TABS);
		printf("Unknown flags: 0x%" PRIX64 "\n", bits);
	}
}
