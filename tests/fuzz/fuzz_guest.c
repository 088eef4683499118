/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The PCI function and its mlx5 adapter: an input is a sequence of steps of attack.h. */
#include "attack.h"
#include "target.h"

enum { MAX_STEPS = 256 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	assert_int_equal(guest_start(NULL), 0);
	attack_prepare();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct supply supply = {.bytes = data, .left = size};

	for (unsigned int i = 0; i < MAX_STEPS && attack_step(&supply); i++)
		;
	attack_check();
	return 0;
}
