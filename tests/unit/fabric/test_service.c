/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Services among the processes of a host, and who answers for queue pair 1. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "harness.h"
#include "softhca/fabric/service.h"

#define SERVICE 0x0000000001060007ull

static struct fabric_hca *open_hca(struct fabric *fabric)
{
	struct fabric_hca *hca;
	unsigned int index;

	assert_int_equal(fabric_hca_open(fabric, "mlx5", &hca, &index), 0);
	return hca;
}

static void a_service_is_found_while_it_is_there(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_hca *hca = open_hca(fabric);
	unsigned int index;

	(void)state;
	assert_int_equal(fabric_service_find(hca, SERVICE), FABRIC_NOWHERE);
	assert_int_equal(fabric_service_reserve(fabric, hca, SERVICE, UINT64_MAX, &index), 0);
	assert_int_equal(fabric_service_find(hca, SERVICE), fabric_self(fabric));
	assert_int_equal(fabric_service_find(hca, SERVICE + 1), FABRIC_NOWHERE);
	fabric_service_release(hca, index);
	assert_int_equal(fabric_service_find(hca, SERVICE), FABRIC_NOWHERE);
	fabric_leave(fabric);
}

static void masks_make_ranges(void **state)
{
	const uint64_t mask = ~0xffffull, range = SERVICE & mask;
	struct fabric *fabric = join(1);
	struct fabric_hca *hca = open_hca(fabric);
	unsigned int index, other;

	(void)state;
	assert_int_equal(fabric_service_reserve(fabric, hca, SERVICE, mask, &index), EINVAL);
	assert_int_equal(fabric_service_reserve(fabric, hca, range, mask, &index), 0);
	assert_int_equal(fabric_service_find(hca, range | 0x1234), fabric_self(fabric));
	assert_int_equal(fabric_service_find(hca, range + 0x10000), FABRIC_NOWHERE);
	assert_int_equal(fabric_service_reserve(fabric, hca, SERVICE, UINT64_MAX, &other),
			 EADDRINUSE);
	assert_int_equal(fabric_service_reserve(fabric, hca, range, ~0xffull, &other), EADDRINUSE);
	assert_int_equal(fabric_service_reserve(fabric, hca, SERVICE + 0x10000, UINT64_MAX, &other),
			 0);
	fabric_service_release(hca, index);
	assert_int_equal(fabric_service_reserve(fabric, hca, SERVICE, UINT64_MAX, &index), 0);
	fabric_leave(fabric);
}

static void services_run_out(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_hca *hca = open_hca(fabric);
	unsigned int index;

	(void)state;
	for (unsigned int i = 0; i < FABRIC_SERVICES; i++)
		assert_int_equal(fabric_service_reserve(fabric, hca, i, UINT64_MAX, &index), 0);
	assert_int_equal(fabric_service_reserve(fabric, hca, SERVICE, UINT64_MAX, &index), ENOMEM);
	fabric_service_release(hca, 7);
	assert_int_equal(fabric_service_reserve(fabric, hca, SERVICE, UINT64_MAX, &index), 0);
	assert_int_equal(index, 7);
	fabric_leave(fabric);
}

/* Listens and answers until it is killed. */
static int serve(void *arg)
{
	const int *ready = arg;
	struct fabric *fabric = join(1);
	struct fabric_hca *hca;
	unsigned int index;

	if (fabric_hca_open(fabric, "mlx5", &hca, &index) ||
	    fabric_service_reserve(fabric, hca, SERVICE, UINT64_MAX, &index))
		return 1;
	fabric_agent_enter(fabric, hca);
	index = fabric_self(fabric);
	if (write(ready[1], &index, sizeof(index)) != sizeof(index))
		return 1;
	for (;;)
		pause();
}

static void services_of_the_dead_are_free(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_hca *hca = open_hca(fabric);
	unsigned int child_slot, index;
	int ready[2];
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	child = start_child(serve, ready);
	assert_int_equal(read(ready[0], &child_slot, sizeof(child_slot)), sizeof(child_slot));
	assert_int_not_equal(child_slot, fabric_self(fabric));
	assert_int_equal(fabric_service_find(hca, SERVICE), child_slot);
	assert_true(fabric_agent_is(hca, child_slot));
	assert_int_equal(fabric_agent_any(fabric, hca), child_slot);
	assert_int_equal(fabric_service_reserve(fabric, hca, SERVICE, UINT64_MAX, &index),
			 EADDRINUSE);
	kill_child(child);
	assert_int_equal(fabric_service_reserve(fabric, hca, SERVICE, UINT64_MAX, &index), 0);
	assert_int_equal(fabric_service_find(hca, SERVICE), fabric_self(fabric));
	assert_false(fabric_agent_is(hca, child_slot));
	assert_int_equal(fabric_agent_any(fabric, hca), FABRIC_NOWHERE);
	close(ready[0]);
	close(ready[1]);
	fabric_leave(fabric);
}

static void who_answers_comes_and_goes(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_hca *hca = open_hca(fabric);

	(void)state;
	assert_false(fabric_agent_is(hca, fabric_self(fabric)));
	assert_int_equal(fabric_agent_any(fabric, hca), FABRIC_NOWHERE);
	fabric_agent_enter(fabric, hca);
	assert_true(fabric_agent_is(hca, fabric_self(fabric)));
	assert_int_equal(fabric_agent_any(fabric, hca), fabric_self(fabric));
	assert_false(fabric_agent_is(hca, FABRIC_MAX_PROCESSES));
	assert_false(fabric_agent_is(hca, FABRIC_NOWHERE));
	fabric_agent_leave(fabric, hca);
	assert_false(fabric_agent_is(hca, fabric_self(fabric)));
	fabric_leave(fabric);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_is_found_while_it_is_there),
		cmocka_unit_test(masks_make_ranges),
		cmocka_unit_test(services_run_out),
		cmocka_unit_test(services_of_the_dead_are_free),
		cmocka_unit_test(who_answers_comes_and_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
