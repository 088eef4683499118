/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A provider file of another release: the loader should name it and leave it. */
#include "libibverbs/driver.h"

static const struct verbs_device_ops device_ops = {.name = "test_old"};

static __attribute__((constructor)) void register_provider(void)
{
	verbs_register_provider(&device_ops, VERBS_PROVIDER_INTERFACE + 41);
}
