/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory and imported objects on the kernel that is not there: replies, and what came in. */
#ifndef FAKE_MEMORY_H
#define FAKE_MEMORY_H

#include "libibverbs/driver.h"

struct fake_memory {
	/* replies */
	uint64_t dm_start_offset, dm_length;
	uint16_t dm_page;
	uint32_t pdn;
	int fail_run; /* errno of the next call of a method */

	/* what came in */
	uint16_t object, method;
	uint32_t handle;
	uint64_t dmabuf_page;
	struct ibv_mr_init_attr reg_attr;
};
extern struct fake_memory fake_memory;

/* A method of an object that is not the driver's own. */
int fake_memory_method(const struct verbs_ioctl *call);
int fake_memory_run(void);

#endif
