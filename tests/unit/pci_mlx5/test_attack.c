/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A hostile client with a hostile guest, from a fixed seed (OV_FUZZ_SEED gives another): whatever
 * they do, the process lives, memory that is not the guest's stays as it is, and after a reset a
 * driver finds a new adapter. The sanitizers see the rest.
 */
#include <stdlib.h>

#include "attack.h"

enum { BURSTS = 200, STEPS = 400 };

static struct supply supply = {.seed = 0x9e3779b97f4a7c15};

static void whatever_is_done_a_reset_makes_it_new(void **state)
{
	(void)state;
	attack_prepare();
	for (unsigned int burst = 0; burst < BURSTS; burst++) {
		for (unsigned int step = 0; step < STEPS; step++)
			attack_step(&supply);
		attack_check();
	}
	print_message("%u of %u commands carried out, %u requests posted\n",
		      attack_counts.carried_out, attack_counts.commands, attack_counts.requests);
	assert_true(attack_counts.carried_out > attack_counts.commands / 10);
	assert_true(attack_counts.requests > BURSTS * STEPS / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whatever_is_done_a_reset_makes_it_new, guest_start,
						guest_stop),
	};
	const char *given = getenv("OV_FUZZ_SEED");

	if (given)
		supply.seed ^= strtoull(given, NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
