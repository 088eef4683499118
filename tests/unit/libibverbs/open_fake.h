/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cmocka with what it needs, and the device opened as most tests want it. */
#ifndef OPEN_FAKE_H
#define OPEN_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_kernel.h"
#include "fake_provider.h"
#include "fake_tree.h"

#define UNUSED (void)state

/* For a group: once the tree, before each test everything good. */
static inline int group_setup(void **state)
{
	UNUSED;
	fake_tree_create();
	fake_provider_register();
	return 0;
}

static inline int group_teardown(void **state)
{
	UNUSED;
	fake_tree_remove();
	return 0;
}

static inline int setup(void **state)
{
	UNUSED;
	fake_kernel_reset();
	fake_tree_reset();
	memset(&fake_private, 0, sizeof(fake_private));
	return 0;
}

static inline struct ibv_context *open_fake(void)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_context *context;

	assert_non_null(list);
	assert_non_null(list[0]);
	context = ibv_open_device(list[0]);
	ibv_free_device_list(list);
	return context;
}

/* Nothing may be left of a context that was closed or could not be opened. */
static inline void assert_nothing_open(void)
{
	assert_int_equal(fake_kernel.open_fds, 0);
	assert_int_equal(fake_live_contexts, 0);
}

#endif
