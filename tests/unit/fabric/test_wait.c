/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sleeping and waking: no packet waits for a sleeper, no poller is woken for nothing. */
#include "harness.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "softhca/fabric/state.h"
#include "util/clock.h"

enum { ROUNDS = 2000 };

static struct shared {
	_Atomic uint32_t slot;
	_Atomic uint32_t received;
	_Atomic uint32_t timed_out;
	_Atomic uint32_t sent;
} * shared;

static int setup(void **state)
{
	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	return shared == MAP_FAILED;
}

static bool is_set(void *word)
{
	return atomic_load((_Atomic uint32_t *)word) != 0;
}

static void count(void *arg, const struct packet *packet, const uint8_t *bytes)
{
	(void)packet;
	(void)bytes;
	++*(uint32_t *)arg;
}

/* Sleeps before each packet; a lost wake shows as a time-out. */
static int sleep_and_receive(void *arg)
{
	struct fabric *fabric = join(2);
	uint32_t received = 0;

	if (!fabric)
		return 1;
	fabric_set_armed(fabric, arg != NULL);
	atomic_store(&shared->slot, fabric_self(fabric) + 1);
	while (received < ROUNDS) {
		if (fabric_wait(fabric, 5 * NS_PER_S) == FABRIC_TIMED_OUT) {
			atomic_fetch_add(&shared->timed_out, 1);
			break;
		}
		while (fabric_receive(fabric, 8, count, &received))
			atomic_store(&shared->received, received);
	}
	fabric_leave(fabric);
	return received != ROUNDS;
}

static bool is_received(void *arg)
{
	(void)arg;
	return atomic_load(&shared->received) >= atomic_load(&shared->sent);
}

static void every_packet_wakes(bool armed)
{
	struct fabric *fabric = join(1);
	uint8_t bytes[64] = {0};
	pid_t child;

	atomic_store(&shared->slot, 0);
	atomic_store(&shared->received, 0);
	atomic_store(&shared->sent, 0);
	child = start_child(sleep_and_receive, armed ? shared : NULL);
	wait_until(is_set, &shared->slot);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		assert_int_equal(
			try_send(fabric, atomic_load(&shared->slot) - 1, bytes, sizeof(bytes)), 0);
		fabric_send_flush(fabric, clock_ns());
		atomic_fetch_add(&shared->sent, 1);
		wait_until(is_received, NULL);
	}
	finish_child(child);
	assert_int_equal(atomic_load(&shared->timed_out), 0);
	fabric_leave(fabric);
}

static void every_packet_wakes_a_sleeper_that_awaits_events(void **state)
{
	(void)state;
	every_packet_wakes(true);
}

static void every_packet_wakes_a_sleeper_whose_program_does_not_poll(void **state)
{
	(void)state;
	every_packet_wakes(false);
}

static void waking_before_waiting_is_not_lost(void **state)
{
	struct fabric *fabric = join(1);

	(void)state;
	fabric_wake_self(fabric);
	assert_int_equal(fabric_wait(fabric, 5 * NS_PER_S), FABRIC_WOKEN);
	assert_int_equal(fabric_wait(fabric, NS_PER_MS), FABRIC_TIMED_OUT);
	fabric_leave(fabric);
}

static void wait_ends_at_once_when_something_is_there(void **state)
{
	struct fabric *fabric = join(1);
	uint8_t bytes[64] = {0};
	uint64_t begin = clock_ns();

	(void)state;
	assert_int_equal(try_send(fabric, fabric_self(fabric), bytes, sizeof(bytes)), 0);
	assert_int_equal(fabric_wait(fabric, UINT64_MAX), FABRIC_WOKEN);
	assert_true(clock_ns() - begin < NS_PER_S);
	fabric_leave(fabric);
}

static void ring_that_cannot_be_mapped_keeps_nobody_awake(void **state)
{
	struct fabric *sender = join(1), *receiver = join(2);
	struct rlimit limit, none;
	uint8_t bytes[64] = {0};
	uint32_t received = 0;
	unsigned int taken;
	bool pending;

	(void)state;
	assert_int_equal(try_send(sender, fabric_self(receiver), bytes, sizeof(bytes)), 0);
	assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
	none = limit;
	none.rlim_cur = 1 << 20;
	assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
	taken = fabric_receive(receiver, 8, count, &received);
	pending = fabric_receive_pending(receiver);
	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
	assert_int_equal(taken, 0);
	assert_false(pending);
	/* Not lost: the next round tries again. */
	assert_int_equal(fabric_receive(receiver, 8, count, &received), 1);
	fabric_leave(receiver);
	fabric_leave(sender);
}

static void packet_to_oneself_wakes_ones_own_thread(void **state)
{
	struct fabric *fabric = join(1);
	uint8_t bytes[64] = {0};
	uint32_t wake;

	(void)state;
	/* As if the thread slept, and the program waited for an event. */
	atomic_store(&fabric->own->asleep, 1);
	fabric_set_armed(fabric, true);
	wake = atomic_load(&fabric->own->wake);
	assert_int_equal(try_send(fabric, fabric_self(fabric), bytes, sizeof(bytes)), 0);
	fabric_send_flush(fabric, clock_ns());
	assert_int_not_equal(atomic_load(&fabric->own->wake), wake);
	fabric_leave(fabric);
}

static void thread_only_naps_while_the_program_polls(void **state)
{
	struct fabric *fabric = join(1);
	uint64_t begin = clock_ns();

	(void)state;
	fabric_mark_polled(fabric, begin);
	assert_int_equal(fabric_wait(fabric, 5 * NS_PER_S), FABRIC_TIMED_OUT);
	assert_true(clock_ns() - begin < NS_PER_S);
	fabric_leave(fabric);
}

/* The clock is the test's own here: on the machine's, sender or poller may lose the processor at
 * any point and so become one that is late, or one that has stopped. */
struct pair {
	struct fabric *sender, *poller;
	uint64_t now_ns;
};

static struct pair make_pair(void)
{
	struct pair pair = {join(1), join(2), 1000 * NS_PER_S};

	/* As if its thread slept. */
	atomic_store(&pair.poller->own->asleep, 1);
	return pair;
}

static void end_pair(struct pair *pair)
{
	fabric_leave(pair->poller);
	fabric_leave(pair->sender);
}

static uint32_t wakes(const struct pair *pair)
{
	return atomic_load(&pair->poller->own->wake);
}

static void send_one(struct pair *pair)
{
	uint8_t bytes[64] = {0};
	uint32_t received = 0;

	assert_int_equal(try_send(pair->sender, fabric_self(pair->poller), bytes, sizeof(bytes)),
			 0);
	fabric_send_flush(pair->sender, pair->now_ns);
	while (fabric_receive(pair->poller, 8, count, &received))
		;
	assert_int_equal(received, 1);
}

static void poller_is_not_woken_until_it_stops(void **state)
{
	struct pair pair = make_pair();
	uint32_t before = wakes(&pair);

	(void)state;
	for (int i = 0; i < 5000; i++, pair.now_ns += NS_PER_US) {
		fabric_mark_polled(pair.poller, pair.now_ns);
		send_one(&pair);
		assert_int_equal(wakes(&pair), before);
	}
	fabric_mark_polled(pair.poller, pair.now_ns);
	send_one(&pair);
	fabric_send_flush(pair.sender, pair.now_ns + 19 * NS_PER_US);
	assert_int_equal(wakes(&pair), before);
	fabric_send_flush(pair.sender, pair.now_ns + 21 * NS_PER_US);
	assert_int_equal(wakes(&pair), before + 1);
	/* Once is enough. */
	fabric_send_flush(pair.sender, pair.now_ns + 50 * NS_PER_US);
	assert_int_equal(wakes(&pair), before + 1);
	end_pair(&pair);
}

static void one_who_polled_since_is_not_woken(void **state)
{
	struct pair pair = make_pair();
	uint32_t before = wakes(&pair);

	(void)state;
	fabric_mark_polled(pair.poller, pair.now_ns);
	send_one(&pair);
	fabric_mark_polled(pair.poller, pair.now_ns + 10 * NS_PER_US);
	fabric_send_flush(pair.sender, pair.now_ns + 25 * NS_PER_US);
	assert_int_equal(wakes(&pair), before);
	end_pair(&pair);
}

/* The sender's time was read a while before it sent, and the last poll came in between. */
static void poll_before_the_packet_does_not_count_as_one_after_it(void **state)
{
	struct pair pair = make_pair();
	uint32_t before = wakes(&pair);

	(void)state;
	fabric_mark_polled(pair.poller, pair.now_ns + 5 * NS_PER_US);
	send_one(&pair);
	fabric_send_flush(pair.sender, pair.now_ns + 30 * NS_PER_US);
	assert_int_equal(wakes(&pair), before + 1);
	end_pair(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_packet_wakes_a_sleeper_that_awaits_events),
		cmocka_unit_test(every_packet_wakes_a_sleeper_whose_program_does_not_poll),
		cmocka_unit_test(waking_before_waiting_is_not_lost),
		cmocka_unit_test(wait_ends_at_once_when_something_is_there),
		cmocka_unit_test(ring_that_cannot_be_mapped_keeps_nobody_awake),
		cmocka_unit_test(packet_to_oneself_wakes_ones_own_thread),
		cmocka_unit_test(thread_only_naps_while_the_program_polls),
		cmocka_unit_test(poller_is_not_woken_until_it_stops),
		cmocka_unit_test(one_who_polled_since_is_not_woken),
		cmocka_unit_test(poll_before_the_packet_does_not_count_as_one_after_it),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
