/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The parts of ibv_devinfo. The output is read by scripts: labels and columns are those of Debian's
 * ibv_devinfo, in our order, with lines for what it does not show.
 */
#ifndef DEVINFO_H
#define DEVINFO_H

#include <stdbool.h>
#include <stdint.h>

#include <infiniband/verbs.h>

/* devinfo_print.c: one line "label:<tabs>value"; values start at the column for that indentation.
 */
enum devinfo_indent { DEVINFO_DEVICE = 1, DEVINFO_CAPS = 2, DEVINFO_PORT = 3 };

void devinfo_field(enum devinfo_indent indent, const char *label, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void devinfo_heading(enum devinfo_indent indent, const char *label);

struct devinfo_bit {
	uint64_t mask;
	const char *name; /* NULL ends a table */
};

/* One line for each bit that is set, one for those without a name; none says what 0 is called. */
void devinfo_bits(uint64_t bits, const struct devinfo_bit *table, const char *none);

/* devinfo_device.c */
void devinfo_print_identity(const struct ibv_device *device, const struct ibv_device_attr *attr);
void devinfo_print_limits(const struct ibv_device_attr *attr);

/* devinfo_caps.c */
void devinfo_print_caps(const struct ibv_device_attr_ex *attr);

/* devinfo_port.c: 0 or a positive errno, after a message */
int devinfo_print_port(struct ibv_context *context, uint8_t number, bool verbose);

#endif
