/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A provider that does nothing but hand every verb to the kernel's command. */
#ifndef FAKE_PROVIDER_H
#define FAKE_PROVIDER_H

#include "libibverbs/driver.h"

/* Driver-private data that travels with the commands that create, both ways. */
struct fake_private {
	uint32_t to_kernel[4];
	uint32_t from_kernel[3];
};

extern struct fake_private fake_private;
extern int fake_live_devices, fake_live_contexts;

void fake_provider_register(void);

#endif
