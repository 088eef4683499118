/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* XRC domains among processes, and the numbers of shared receive queues. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "harness.h"

enum { DEVICE = 7, INODE = 1234, CREATE = FABRIC_XRCD_CREATE, EXCLUSIVE = FABRIC_XRCD_EXCLUSIVE };

static struct fabric_hca *open_hca(struct fabric *fabric)
{
	struct fabric_hca *hca;
	unsigned int index;

	assert_int_equal(fabric_hca_open(fabric, "mlx5", &hca, &index), 0);
	return hca;
}

static void domain_is_found_by_its_file_while_it_is_open(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_hca *hca = open_hca(fabric);
	uint32_t first, second, other;

	(void)state;
	assert_int_equal(fabric_xrcd_open(fabric, hca, DEVICE, INODE, 0, &first), EAGAIN);
	assert_int_equal(fabric_xrcd_open(fabric, hca, DEVICE, INODE, CREATE, &first), 0);
	assert_int_not_equal(first, 0);
	assert_int_equal(fabric_xrcd_open(fabric, hca, DEVICE, INODE, 0, &second), 0);
	assert_int_equal(first, second);
	assert_int_equal(fabric_xrcd_open(fabric, hca, DEVICE, INODE, CREATE | EXCLUSIVE, &second),
			 EINVAL);
	assert_int_equal(fabric_xrcd_open(fabric, hca, DEVICE + 1, INODE, 0, &other), EAGAIN);
	assert_int_equal(fabric_xrcd_open(fabric, hca, DEVICE, INODE + 1, CREATE, &other), 0);
	assert_int_not_equal(first, other);
	fabric_xrcd_close(fabric, hca, first);
	assert_int_equal(fabric_xrcd_open(fabric, hca, DEVICE, INODE, 0, &first), EAGAIN);
	fabric_leave(fabric);
}

static void domain_without_a_file_is_nobody_elses(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_hca *hca = open_hca(fabric);
	uint32_t first, second;

	(void)state;
	assert_int_equal(fabric_xrcd_open(fabric, hca, 0, 0, CREATE, &first), 0);
	assert_int_equal(fabric_xrcd_open(fabric, hca, 0, 0, CREATE, &second), 0);
	assert_int_not_equal(first, second);
	fabric_leave(fabric);
}

static void domains_run_out(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_hca *hca = open_hca(fabric);
	uint32_t number;

	(void)state;
	for (unsigned int i = 0; i < FABRIC_XRCDS; i++)
		assert_int_equal(fabric_xrcd_open(fabric, hca, 0, 0, CREATE, &number), 0);
	assert_int_equal(fabric_xrcd_open(fabric, hca, 0, 0, CREATE, &number), ENOMEM);
	fabric_xrcd_close(fabric, hca, 5);
	assert_int_equal(fabric_xrcd_open(fabric, hca, 0, 0, CREATE, &number), 0);
	assert_int_equal(number, 5);
	fabric_leave(fabric);
}

struct pipes {
	int ready[2];
	uint32_t srqn;
};

/* Holds a domain and an SRQ number until it is killed. */
static int hold(void *arg)
{
	struct pipes *pipes = arg;
	struct fabric *fabric = join(1);
	struct fabric_hca *hca;
	unsigned int index;
	uint32_t told[2];

	if (fabric_hca_open(fabric, "mlx5", &hca, &index) ||
	    fabric_xrcd_open(fabric, hca, DEVICE, INODE, CREATE, &told[0]) ||
	    fabric_srq_reserve(fabric, hca, &told[1]))
		return 1;
	if (write(pipes->ready[1], told, sizeof(told)) != sizeof(told))
		return 1;
	for (;;)
		pause();
}

static void what_a_dead_process_held_is_free(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_hca *hca = open_hca(fabric);
	struct pipes pipes;
	uint32_t told[2], number;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(pipes.ready), 0);
	child = start_child(hold, &pipes);
	assert_int_equal(read(pipes.ready[0], told, sizeof(told)), sizeof(told));
	assert_int_equal(fabric_xrcd_open(fabric, hca, DEVICE, INODE, 0, &number), 0);
	assert_int_equal(number, told[0]);
	fabric_xrcd_close(fabric, hca, number);
	assert_int_not_equal(fabric_srq_owner(hca, told[1]), fabric_self(fabric));
	assert_int_not_equal(fabric_srq_owner(hca, told[1]), FABRIC_NOWHERE);
	kill_child(child);
	assert_int_equal(fabric_xrcd_open(fabric, hca, DEVICE, INODE, 0, &number), EAGAIN);
	assert_int_equal(fabric_srq_owner(hca, told[1]), FABRIC_NOWHERE);
	close(pipes.ready[0]);
	close(pipes.ready[1]);
	fabric_leave(fabric);
}

static void srq_numbers_are_not_reused_at_once(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_hca *hca = open_hca(fabric);
	uint32_t first, second, again;

	(void)state;
	assert_int_equal(fabric_srq_reserve(fabric, hca, &first), 0);
	assert_int_equal(fabric_srq_owner(hca, first), fabric_self(fabric));
	fabric_srq_release(hca, first);
	assert_int_equal(fabric_srq_owner(hca, first), FABRIC_NOWHERE);
	assert_int_equal(fabric_srq_reserve(fabric, hca, &second), 0);
	assert_int_not_equal(first, second);
	atomic_store(&hca->next_srq, first % FABRIC_SRQS);
	assert_int_equal(fabric_srq_reserve(fabric, hca, &again), 0);
	assert_int_equal(again, first + FABRIC_SRQS);
	assert_int_equal(fabric_srq_owner(hca, first), FABRIC_NOWHERE);
	assert_int_equal(fabric_srq_owner(hca, 0), FABRIC_NOWHERE);
	fabric_leave(fabric);
}

static void srq_numbers_run_out(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_hca *hca = open_hca(fabric);
	uint32_t number, count = 0;
	int error;

	(void)state;
	while ((error = fabric_srq_reserve(fabric, hca, &number)) == 0) {
		assert_true(number > 0 && number <= 0xffffff);
		count++;
	}
	assert_int_equal(error, ENOMEM);
	assert_in_range(count, FABRIC_SRQS - 64, FABRIC_SRQS);
	fabric_leave(fabric);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(domain_is_found_by_its_file_while_it_is_open),
		cmocka_unit_test(domain_without_a_file_is_nobody_elses),
		cmocka_unit_test(domains_run_out),
		cmocka_unit_test(what_a_dead_process_held_is_free),
		cmocka_unit_test(srq_numbers_are_not_reused_at_once),
		cmocka_unit_test(srq_numbers_run_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
