/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The driver's own methods on the kernel that is not there: what the last one carried. */
#ifndef FAKE_DEVX_H
#define FAKE_DEVX_H

#include "libibverbs/driver.h"
#include "libibverbs/ioctl.h"

enum { FAKE_DEVX_ATTRS = 8, FAKE_DEVX_BYTES = 0x110 };

struct fake_devx_attr {
	uint16_t id, len, flags;
	uint8_t bytes[FAKE_DEVX_BYTES]; /* what came in, little-endian where it is a number */
};

struct fake_devx {
	/* replies */
	int fail;		      /* errno of the next call */
	uint32_t handle;	      /* of new objects, and descriptors */
	uint8_t out[FAKE_DEVX_BYTES]; /* begins every attribute that goes out */

	/* what came in */
	unsigned int calls;
	uint16_t object, method;
	unsigned int num_attrs;
	struct fake_devx_attr attr[FAKE_DEVX_ATTRS];
};
extern struct fake_devx fake_devx;

int fake_devx_run(struct verbs_ioctl *call);

/* The last call was that one, with so many attributes. */
void fake_devx_was(uint16_t object, uint16_t method, unsigned int num_attrs);
/* It had that attribute, mandatory, with this number as its data. */
void fake_devx_had(uint16_t id, uint16_t len, uint64_t value);
/* The same with bytes. */
void fake_devx_carried(uint16_t id, const void *bytes, uint16_t len);

#endif
