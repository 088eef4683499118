/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Atomic extended header: operands of an atomic operation. Source: IBTA vol. 1, 9.3.4. */
#ifndef WIRE_ATOMICETH_H
#define WIRE_ATOMICETH_H

#include <linux/types.h>

#include "hw/wire/layout.h"

struct wire_atomiceth {
	__be64 address;
	__be32 rkey;
	__be64 swap_or_add;
	__be64 compare;
} WIRE_PACKED;
WIRE_SIZE(struct wire_atomiceth, 28)
WIRE_OFFSET(struct wire_atomiceth, rkey, 8)
WIRE_OFFSET(struct wire_atomiceth, swap_or_add, 12)
WIRE_OFFSET(struct wire_atomiceth, compare, 20)

#endif
