/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A provider file that the loader should take. */
#include <stdlib.h>

#include "libibverbs/driver.h"

static struct verbs_device *alloc_device(const struct verbs_device_info *info,
					 const struct verbs_match *match)
{
	(void)info;
	(void)match;
	return calloc(1, sizeof(struct verbs_device));
}

static void free_device(struct verbs_device *device)
{
	free(device);
}

static const struct verbs_match match_table[] = {
	VERBS_MATCH_NAME_PREFIX("test_", NULL),
	VERBS_MATCH_END,
};

static const struct verbs_device_ops device_ops = {
	.name = "test_good",
	.driver_id = 1000,
	.abi_version_max = 1,
	.match_table = match_table,
	.alloc_device = alloc_device,
	.free_device = free_device,
};

VERBS_PROVIDER(device_ops)
