/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ports of a host's connection manager, among its processes. */
#include <errno.h>
#include <unistd.h>

#include "harness.h"
#include "softhca/fabric/port.h"

enum { SPACE = 0x106, OTHER_SPACE = 0x111, IP4 = 2, IP6 = 10, PORT = 7471 };

static struct fabric_hca *open_hca(struct fabric *fabric)
{
	struct fabric_hca *hca;
	unsigned int index;

	assert_int_equal(fabric_hca_open(fabric, "mlx5", &hca, &index), 0);
	return hca;
}

static struct fabric_port_wish any(uint8_t family, uint8_t flags)
{
	return (struct fabric_port_wish){
		.space = SPACE, .flags = flags, .family = family, .number = PORT};
}

static struct fabric_port_wish at(uint8_t address, uint8_t flags)
{
	struct fabric_port_wish wish = any(IP4, flags);

	wish.address[15] = address;
	return wish;
}

static int bind_port(struct fabric *fabric, struct fabric_hca *hca, struct fabric_port_wish wish,
		     unsigned int *index)
{
	return fabric_port_bind(fabric, hca, &wish, index);
}

static void addresses_and_wildcards_get_in_each_others_way(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_hca *hca = open_hca(fabric);
	struct fabric_port_wish elsewhere = at(1, 0);
	unsigned int first, index;

	(void)state;
	assert_int_equal(bind_port(fabric, hca, at(1, 0), &first), 0);
	assert_int_equal(bind_port(fabric, hca, at(1, 0), &index), EADDRINUSE);
	assert_int_equal(bind_port(fabric, hca, any(IP4, 0), &index), EADDRNOTAVAIL);
	assert_int_equal(bind_port(fabric, hca, at(2, 0), &index), 0);
	fabric_port_release(hca, index);
	elsewhere.space = OTHER_SPACE;
	assert_int_equal(bind_port(fabric, hca, elsewhere, &index), 0);
	fabric_port_release(hca, first);
	assert_int_equal(bind_port(fabric, hca, any(IP4, 0), &index), 0);
	assert_int_equal(bind_port(fabric, hca, at(1, 0), &index), EADDRNOTAVAIL);
	fabric_leave(fabric);
}

static void both_must_share_or_keep_to_their_family(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_hca *hca = open_hca(fabric);
	unsigned int first, second, index;

	(void)state;
	assert_int_equal(bind_port(fabric, hca, at(1, FABRIC_PORT_SHARED), &first), 0);
	assert_int_equal(bind_port(fabric, hca, at(1, 0), &index), EADDRINUSE);
	assert_int_equal(bind_port(fabric, hca, at(1, FABRIC_PORT_SHARED), &second), 0);
	assert_int_equal(fabric_port_unshare(fabric, hca, first), EADDRINUSE);
	fabric_port_release(hca, second);
	assert_int_equal(fabric_port_unshare(fabric, hca, first), 0);
	assert_int_equal(bind_port(fabric, hca, at(1, FABRIC_PORT_SHARED), &index), EADDRINUSE);
	fabric_port_release(hca, first);
	assert_int_equal(bind_port(fabric, hca, any(IP6, FABRIC_PORT_ONE_FAMILY), &first), 0);
	assert_int_equal(bind_port(fabric, hca, any(IP4, 0), &index), EADDRNOTAVAIL);
	assert_int_equal(bind_port(fabric, hca, any(IP4, FABRIC_PORT_ONE_FAMILY), &index), 0);
	fabric_leave(fabric);
}

static void ports_of_clients_are_different_ones(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_hca *hca = open_hca(fabric);
	struct fabric_port_wish first = at(1, 0), second = at(1, 0);
	unsigned int index;

	(void)state;
	first.number = second.number = 0;
	assert_int_equal(fabric_port_bind(fabric, hca, &first, &index), 0);
	fabric_port_release(hca, index);
	assert_int_equal(fabric_port_bind(fabric, hca, &second, &index), 0);
	assert_in_range(first.number, 32768, 60999);
	assert_in_range(second.number, 32768, 60999);
	assert_int_not_equal(first.number, second.number);
	fabric_leave(fabric);
}

/* Binds the port, says so, and holds it until it is killed. */
static int hold(void *arg)
{
	const int *ready = arg;
	struct fabric *fabric = join(1);
	struct fabric_hca *hca;
	unsigned int index;

	if (fabric_hca_open(fabric, "mlx5", &hca, &index) ||
	    bind_port(fabric, hca, at(1, 0), &index) || write(ready[1], "", 1) != 1)
		return 1;
	for (;;)
		pause();
}

static void what_a_dead_process_held_is_free(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_hca *hca = open_hca(fabric);
	unsigned int index;
	int ready[2];
	pid_t child;
	char byte;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	child = start_child(hold, ready);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(bind_port(fabric, hca, at(1, 0), &index), EADDRINUSE);
	kill_child(child);
	assert_int_equal(bind_port(fabric, hca, at(1, 0), &index), 0);
	close(ready[0]);
	close(ready[1]);
	fabric_leave(fabric);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_wildcards_get_in_each_others_way),
		cmocka_unit_test(both_must_share_or_keep_to_their_family),
		cmocka_unit_test(ports_of_clients_are_different_ones),
		cmocka_unit_test(what_a_dead_process_held_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
