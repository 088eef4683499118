/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets between processes, through their ends: order, wrap-around, full rings, deaths. */
#include "harness.h"

#include <errno.h>
#include <signal.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "softhca/fabric/state.h"

/* What parent and child tell each other beside the fabric. */
static struct shared {
	_Atomic uint32_t slot; /* of the child, plus one */
	_Atomic uint32_t peer; /* of the parent, plus one */
	_Atomic uint32_t received;
	_Atomic uint32_t go;
} * shared;

struct counter {
	uint32_t next;
	uint32_t wrong;
	uint32_t bytes;
};

static void count(void *arg, const struct packet *packet, const uint8_t *bytes)
{
	struct counter *counter = arg;

	if (numbered(packet, bytes) != counter->next)
		counter->wrong++;
	counter->next++;
	counter->bytes += atomic_load_explicit(&packet->length, memory_order_relaxed);
}

/* All that has been sent to `process` has been taken by it. */
static bool is_drained(struct fabric *fabric, unsigned int process)
{
	return fabric_send_passed(fabric, process, fabric_send_position(fabric, process));
}

static bool is_set(void *word)
{
	return atomic_load((_Atomic uint32_t *)word) != 0;
}

/* Every length from 4 bytes to the largest, so that records meet the ring's end in every way. */
static uint32_t some_length(uint32_t number)
{
	return 4 + number * 37 % (RING_MAX_PACKET - 4);
}

static int setup(void **state)
{
	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	return shared == MAP_FAILED;
}

static int teardown(void **state)
{
	(void)state;
	return munmap(shared, sizeof(*shared));
}

/* ---- order ---- */

enum { STREAM = 20000 };

static int receive_stream(void *arg)
{
	struct fabric *fabric = join(2);
	struct counter counter = {0};

	(void)arg;
	if (!fabric)
		return 1;
	atomic_store(&shared->slot, fabric_self(fabric) + 1);
	while (counter.next < STREAM && !counter.wrong)
		if (!fabric_receive(fabric, 16, count, &counter))
			sched_yield();
	fabric_leave(fabric);
	return counter.wrong != 0;
}

static void packets_of_all_sizes_arrive_in_order_over_many_rounds(void **state)
{
	struct fabric *fabric = join(1);
	pid_t child = start_child(receive_stream, NULL);
	unsigned int slot;

	(void)state;
	assert_non_null(fabric);
	wait_until(is_set, &shared->slot);
	slot = atomic_load(&shared->slot) - 1;
	for (uint32_t i = 0; i < STREAM; i++)
		assert_true(send_numbered(fabric, slot, i, some_length(i)));
	finish_child(child);
	fabric_leave(fabric);
}

static void process_sends_to_itself(void **state)
{
	struct fabric *fabric = join(1);
	struct counter counter = {0};

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		assert_true(send_numbered(fabric, fabric_self(fabric), i, some_length(i)));
		assert_true(fabric_receive_pending(fabric));
		assert_int_equal(fabric_receive(fabric, 8, count, &counter), 1);
	}
	assert_int_equal(counter.wrong, 0);
	assert_false(fabric_receive_pending(fabric));
	assert_true(is_drained(fabric, fabric_self(fabric)));
	fabric_leave(fabric);
}

static void budget_is_shared_among_senders(void **state)
{
	struct fabric *to = join(1), *from[2] = {join(2), join(3)};
	struct counter counter = {0};

	(void)state;
	for (uint32_t i = 0; i < 200; i++) {
		assert_true(send_numbered(from[0], fabric_self(to), i, 100));
		assert_true(send_numbered(from[1], fabric_self(to), i, 200));
	}
	assert_int_equal(fabric_receive(to, 64, count, &counter), 64);
	assert_int_equal(counter.bytes, 32 * 100 + 32 * 200);
	fabric_leave(from[0]);
	fabric_leave(from[1]);
	/* What they sent before they went arrives all the same. */
	while (fabric_receive(to, 64, count, &counter))
		;
	assert_int_equal(counter.next, 400);
	fabric_leave(to);
}

/* ---- room ---- */

static void full_ring_says_so_until_there_is_room(void **state)
{
	struct fabric *fabric = join(1), *other = join(2);
	uint8_t bytes[4096] = {0};
	struct counter counter = {0};
	uint32_t sent = 0;

	(void)state;
	while (try_send(fabric, fabric_self(other), bytes, sizeof(bytes)) == 0)
		sent++;
	assert_in_range(sent, RING_DATA_BYTES / 4160 - 2, RING_DATA_BYTES / 4160);
	assert_int_equal(try_send(fabric, fabric_self(other), bytes, sizeof(bytes)), EAGAIN);
	assert_false(is_drained(fabric, fabric_self(other)));
	while (fabric_receive(other, 64, count, &counter))
		;
	assert_int_equal(counter.next, sent);
	assert_true(is_drained(fabric, fabric_self(other)));
	assert_int_equal(try_send(fabric, fabric_self(other), bytes, sizeof(bytes)), 0);
	fabric_leave(other);
	fabric_leave(fabric);
}

static void ring_emptied_to_the_last_of_a_budget_counts_as_drained(void **state)
{
	struct fabric *fabric = join(1), *other = join(2);
	struct counter counter = {0};

	(void)state;
	for (uint32_t i = 0; i < 32; i++)
		assert_true(send_numbered(fabric, fabric_self(other), i, 100));
	assert_int_equal(fabric_receive(other, 32, count, &counter), 32);
	assert_true(is_drained(fabric, fabric_self(other)));
	fabric_leave(other);
	fabric_leave(fabric);
}

static void positions_are_passed_although_more_is_sent(void **state)
{
	struct fabric *fabric = join(1), *other = join(2);
	unsigned int from = fabric_self(fabric), to = fabric_self(other);
	struct counter counter = {0};
	uint8_t bytes[4096] = {0};
	uint64_t sent, arrived;

	(void)state;
	assert_true(send_numbered(fabric, to, 0, 100));
	sent = fabric_send_position(fabric, to);
	assert_false(fabric_send_passed(fabric, to, sent));
	assert_int_equal(fabric_receive(other, 0, count, &counter), 0);
	arrived = fabric_receive_end(other, from);
	assert_false(fabric_receive_passed(other, from, arrived));
	/* The ring is never empty again. */
	for (uint32_t i = 0; i < RING_DATA_BYTES / sizeof(bytes); i++) {
		assert_int_equal(try_send(fabric, to, bytes, sizeof(bytes)), 0);
		assert_int_equal(fabric_receive(other, 1, count, &counter), 1);
		assert_true(fabric_receive_passed(other, from, arrived));
	}
	assert_true(fabric_send_passed(fabric, to, sent));
	assert_false(is_drained(fabric, to));
	fabric_leave(other);
	fabric_leave(fabric);
}

static void too_large_a_packet_is_refused(void **state)
{
	struct fabric *fabric = join(1);
	struct packet_slot slot;

	(void)state;
	assert_int_equal(fabric_send_begin(fabric, fabric_self(fabric), RING_MAX_PACKET + 1, &slot),
			 EMSGSIZE);
	fabric_leave(fabric);
}

static void packet_to_nowhere_is_lost(void **state)
{
	struct fabric *fabric = join(1);
	uint8_t bytes[64] = {0};

	(void)state;
	assert_int_equal(try_send(fabric, FABRIC_NOWHERE, bytes, sizeof(bytes)), 0);
	assert_int_equal(try_send(fabric, FABRIC_MAX_PROCESSES - 1, bytes, sizeof(bytes)), 0);
	assert_true(is_drained(fabric, FABRIC_MAX_PROCESSES - 1));
	fabric_leave(fabric);
}

/* ---- deaths ---- */

static int join_and_stay(void *arg)
{
	struct fabric *fabric = join(2);

	(void)arg;
	if (!fabric)
		return 1;
	atomic_store(&shared->slot, fabric_self(fabric) + 1);
	for (;;)
		pause();
}

static bool ring_takes_no_more(void *arg)
{
	struct fabric *fabric = arg;
	uint8_t bytes[4096] = {0};

	return try_send(fabric, atomic_load(&shared->slot) - 1, bytes, sizeof(bytes)) == EAGAIN;
}

static bool killed_one_is_known_dead(void *arg)
{
	return !fabric_process_alive(arg, atomic_load(&shared->slot) - 1);
}

static void packets_to_a_killed_process_are_lost_and_never_block(void **state)
{
	struct fabric *fabric = join(1);
	uint8_t bytes[4096] = {0};
	unsigned int slot;
	pid_t child;

	(void)state;
	atomic_store(&shared->slot, 0);
	child = start_child(join_and_stay, NULL);
	wait_until(is_set, &shared->slot);
	slot = atomic_load(&shared->slot) - 1;
	wait_until(ring_takes_no_more, fabric);
	assert_true(fabric_process_alive(fabric, slot));
	kill_child(child);
	wait_until(killed_one_is_known_dead, fabric);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(try_send(fabric, slot, bytes, sizeof(bytes)), 0);
	assert_true(is_drained(fabric, slot));
	assert_int_equal(fabric_process_pid(fabric, slot), 0);
	fabric_leave(fabric);
}

static void ignore(void *arg, const struct packet *packet, const uint8_t *bytes)
{
	(void)packet;
	(void)bytes;
	++*(uint32_t *)arg;
}

static void last(void *arg, const struct packet *packet, const uint8_t *bytes)
{
	*(uint32_t *)arg = numbered(packet, bytes);
}

/* The sender does not learn that the slot has another owner, and need not. */
static void new_process_in_a_killed_ones_slot_gets_what_is_sent_to_it(void **state)
{
	struct fabric *fabric = join(1), *heir;
	uint32_t seen = 0;
	unsigned int slot;
	pid_t child;

	(void)state;
	atomic_store(&shared->slot, 0);
	child = start_child(join_and_stay, NULL);
	wait_until(is_set, &shared->slot);
	slot = atomic_load(&shared->slot) - 1;
	for (uint32_t i = 0; i < 100; i++)
		assert_true(send_numbered(fabric, slot, i, some_length(i)));
	kill_child(child);
	heir = join(3);
	assert_int_equal(fabric_self(heir), slot);
	assert_true(send_numbered(fabric, slot, 4711, 500));
	while (fabric_receive(heir, 64, last, &seen))
		;
	assert_int_equal(seen, 4711);
	fabric_leave(heir);
	fabric_leave(fabric);
}

static int send_and_die(void *arg)
{
	struct fabric *fabric = join(2);

	(void)arg;
	if (!fabric)
		return 1;
	for (uint32_t i = 0; i < 100; i++)
		if (!send_numbered(fabric, atomic_load(&shared->peer) - 1, i, some_length(i)))
			return 1;
	atomic_store(&shared->slot, fabric_self(fabric) + 1);
	raise(SIGKILL);
	return 1;
}

static void new_sender_continues_where_a_killed_one_stopped(void **state)
{
	struct fabric *fabric = join(1), *heir;
	uint32_t received = 0, seen = 0;
	unsigned int slot;

	(void)state;
	atomic_store(&shared->peer, fabric_self(fabric) + 1);
	for (int round = 0; round < 3; round++) {
		int status;
		pid_t child;

		atomic_store(&shared->slot, 0);
		child = start_child(send_and_die, NULL);
		wait_until(is_set, &shared->slot);
		while (waitpid(child, &status, 0) != child)
			;
		/* Half of it now, half later. */
		fabric_receive(fabric, 50, ignore, &received);
	}
	slot = atomic_load(&shared->slot) - 1;
	heir = join(2);
	assert_int_equal(fabric_self(heir), slot);
	assert_true(send_numbered(heir, fabric_self(fabric), 4712, 300));
	while (fabric_receive(fabric, 64, last, &seen))
		;
	assert_int_equal(seen, 4712);
	fabric_leave(heir);
	fabric_leave(fabric);
}

/* ---- nonsense ---- */

static void packets_of_a_process_that_has_left_are_delivered(void **state)
{
	struct fabric *receiver = join(1), *sender = join(1);
	unsigned int slot = fabric_self(receiver);
	struct counter counter = {0};

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		assert_true(send_numbered(sender, slot, i, 64));
	fabric_leave(sender);

	assert_true(fabric_receive_pending(receiver));
	assert_int_equal(fabric_receive(receiver, 64, count, &counter), 5);
	assert_int_equal(counter.wrong, 0);
	assert_false(fabric_receive_pending(receiver));

	/* The next process in that slot is heard as well. */
	sender = join(1);
	assert_true(send_numbered(sender, slot, 5, 64));
	assert_int_equal(fabric_receive(receiver, 64, count, &counter), 1);
	assert_int_equal(counter.wrong, 0);
	fabric_leave(sender);
	fabric_leave(receiver);
}

static void corrupt_ring_is_dropped_and_works_again(void **state)
{
	struct fabric *fabric = join(1), *other = join(2);
	unsigned int slot = fabric_self(other);
	struct outbound *out = &fabric->out[slot];
	uint32_t received = 0, seen = 0;
	uint8_t bytes[4096] = {0};

	(void)state;
	assert_true(send_numbered(fabric, slot, 0, 64));
	assert_int_equal(fabric_receive(other, 64, ignore, &received), 1);
	atomic_store(&ring_packet_at(out->data, out->produced)->length, 0x7fffffff);
	assert_int_equal(fabric_receive(other, 64, ignore, &received), 0);
	assert_false(fabric_receive_pending(other));
	/* The sender finds out when it runs out of room, at the latest. */
	for (uint32_t i = 0; i < 2 * RING_DATA_BYTES / sizeof(bytes); i++)
		(void)try_send(fabric, slot, bytes, sizeof(bytes));
	while (fabric_receive(other, 64, ignore, &received))
		;
	assert_true(received > 1);
	assert_true(send_numbered(fabric, slot, 77, 64));
	assert_int_equal(fabric_receive(other, 64, last, &seen), 1);
	assert_int_equal(seen, 77);
	fabric_leave(other);
	fabric_leave(fabric);
}

static void nonsense_in_ring_heads_harms_nobody(void **state)
{
	struct fabric *fabric = join(1), *other = join(2);
	unsigned int slot = fabric_self(other);
	uint8_t bytes[4096] = {0};
	uint32_t received = 0;

	(void)state;
	assert_true(send_numbered(fabric, slot, 0, 64));
	for (uint32_t i = 0; i < 4 * RING_DATA_BYTES / sizeof(bytes); i++) {
		atomic_store(&fabric->out[slot].ring->consumed, 0x123456789abcdefull * i);
		atomic_store(&fabric->out[slot].ring->produced, 0xfedcba987654321ull * i);
		(void)try_send(fabric, slot, bytes, sizeof(bytes));
		(void)fabric_receive(other, 1, ignore, &received);
	}
	fabric_leave(other);
	other = join(2);
	(void)try_send(fabric, fabric_self(other), bytes, sizeof(bytes));
	(void)fabric_receive(other, 1000, ignore, &received);
	fabric_leave(other);
	fabric_leave(fabric);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_of_all_sizes_arrive_in_order_over_many_rounds),
		cmocka_unit_test(process_sends_to_itself),
		cmocka_unit_test(budget_is_shared_among_senders),
		cmocka_unit_test(full_ring_says_so_until_there_is_room),
		cmocka_unit_test(ring_emptied_to_the_last_of_a_budget_counts_as_drained),
		cmocka_unit_test(positions_are_passed_although_more_is_sent),
		cmocka_unit_test(too_large_a_packet_is_refused),
		cmocka_unit_test(packet_to_nowhere_is_lost),
		cmocka_unit_test(packets_to_a_killed_process_are_lost_and_never_block),
		cmocka_unit_test(new_process_in_a_killed_ones_slot_gets_what_is_sent_to_it),
		cmocka_unit_test(new_sender_continues_where_a_killed_one_stopped),
		cmocka_unit_test(packets_of_a_process_that_has_left_are_delivered),
		cmocka_unit_test(corrupt_ring_is_dropped_and_works_again),
		cmocka_unit_test(nonsense_in_ring_heads_harms_nobody),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
