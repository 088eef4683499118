/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The place of a member in its structure as one number: offset, size and sign. The compiler knows
 * all three; so a property of a class needs no more than the member's name.
 */
#ifndef PYVERBS_PLACE_H
#define PYVERBS_PLACE_H

#include <stddef.h>
#include <stdint.h>

/* SHAPE is a pointer to the structure, NULL: nothing is read. */
#define PLACE(SHAPE_MEMBER)                                                                        \
	((uint64_t)((uintptr_t)(&(SHAPE_MEMBER))) | (uint64_t)sizeof(SHAPE_MEMBER) << 32 |         \
	 (uint64_t)((__typeof__(SHAPE_MEMBER))-1 < 1) << 48)

/* Offset and size of a member that is no integer. */
#define SPAN(SHAPE_MEMBER)                                                                         \
	((uint64_t)((uintptr_t)(&(SHAPE_MEMBER))) | (uint64_t)sizeof(SHAPE_MEMBER) << 32)

#endif
