/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Literal size and offset checks of the transport headers, and what all of them share: headers lie
 * at any address within a packet, so every struct is packed and read or written by value.
 */
#ifndef WIRE_LAYOUT_H
#define WIRE_LAYOUT_H

#include <stddef.h>

#define WIRE_PACKED	       __attribute__((packed))

#define WIRE_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " is " #bytes);
#define WIRE_OFFSET(type, field, byte)                                                             \
	_Static_assert(offsetof(type, field) == (byte), #type "." #field " at " #byte);

#endif
