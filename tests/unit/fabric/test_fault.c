/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Faults: their language, their statistics, what they do to packets, links that are down. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "softhca/fabric/state.h"
#include "softhca/fabric/fault.h"
#include "util/clock.h"

/* ---- the language ---- */

static void good_specifications_are_understood(void **state)
{
	struct fault_spec spec;

	(void)state;
	assert_int_equal(fault_spec_parse("drop=1%,dup=0.5,reorder=100%,corrupt=0,seed=0x10,"
					  "delay=2ms:10%",
					  &spec, NULL, 0),
			 0);
	assert_in_range(spec.drop, (1ull << 32) / 100 - 1, (1ull << 32) / 100 + 1);
	assert_true(spec.duplicate == 1ull << 31);
	assert_true(spec.reorder == 1ull << 32);
	assert_int_equal(spec.corrupt, 0);
	assert_int_equal(spec.seed, 16);
	assert_int_equal(spec.delay_ns, 2000000);
	assert_in_range(spec.delay, (1ull << 32) / 10 - 1, (1ull << 32) / 10 + 1);
	assert_int_equal(fault_spec_parse("delay=7us", &spec, NULL, 0), 0);
	assert_true(spec.delay == 1ull << 32);
}

static void bad_words_are_named(void **state)
{
	static const struct {
		const char *spec, *named;
	} bad[] = {
		{"drop=200%", "drop=200%"},
		{"drop=1%,nonsense=1", "nonsense"},
		{"drop", "drop"},
		{"drop=", "drop="},
		{"drop=1%x", "1%x"},
		{"drop=-1%", "-1%"},
		{"drop=nan", "nan"},
		{"delay=2", "delay=2"},
		{"delay=2parsec", "2parsec"},
		{"delay=2ms:2", "2ms:2"},
		{"delay=2h", "2h"},
		{"seed=-1", "-1"},
		{"", ""},
		{"drop=1%,", ""},
	};
	struct fault_spec spec;
	char reason[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		reason[0] = '\0';
		assert_int_equal(fault_spec_parse(bad[i].spec, &spec, reason, sizeof(reason)),
				 EINVAL);
		assert_non_null(strstr(reason, bad[i].named));
	}
}

/* ---- packets ---- */

/* A BTH is the least that a packet holds. */
enum { PACKET = 64, MANY = 20000 };

struct arrivals {
	uint32_t count, out_of_order, last;
	uint8_t seen[MANY];
};

static void note(void *arg, const struct packet *packet, const uint8_t *bytes)
{
	struct arrivals *arrivals = arg;
	uint32_t number = numbered(packet, bytes);

	assert_true(number < MANY);
	if (arrivals->count && number < arrivals->last)
		arrivals->out_of_order++;
	arrivals->last = number;
	arrivals->count++;
	arrivals->seen[number]++;
}

static void send_many(struct fabric *from, struct fabric *to, uint32_t count,
		      struct arrivals *arrivals)
{
	memset(arrivals, 0, sizeof(*arrivals));
	for (uint32_t i = 0; i < count; i++) {
		assert_true(send_numbered(from, fabric_self(to), i, PACKET));
		(void)fabric_run_faults(from, clock_ns());
		while (fabric_receive(to, 64, note, arrivals))
			;
	}
}

static bool nothing_is_held(void *arg)
{
	return fabric_run_faults(arg, clock_ns()) == UINT64_MAX;
}

static void finish_many(struct fabric *from, struct fabric *to, struct arrivals *arrivals)
{
	wait_until(nothing_is_held, from);
	while (fabric_receive(to, 64, note, arrivals))
		;
}

/* Two programs of a host, the first of which sends badly. */
static void meet(const char *faults, struct fabric **from, struct fabric **to)
{
	*from = join_with(16, FABRIC_PORT_IB, faults, NULL);
	*to = join_with(16, FABRIC_PORT_IB, NULL, NULL);
	assert_non_null(*from);
	assert_non_null(*to);
}

static struct fabric_hca *only_adapter(struct fabric *fabric)
{
	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		if (fabric_hca_at(fabric, i))
			return fabric_hca_at(fabric, i);
	}
	return NULL;
}

static void chances_come_out_and_repeat(void **state)
{
	struct arrivals arrivals;
	uint64_t dropped[2];

	(void)state;
	for (int round = 0; round < 2; round++) {
		struct fabric *from, *to;

		meet("drop=5%,dup=2%,seed=42", &from, &to);
		send_many(from, to, MANY, &arrivals);
		assert_int_equal(from->faults->packets, MANY);
		assert_in_range(from->faults->dropped, MANY / 20 - 150, MANY / 20 + 150);
		assert_in_range(from->faults->duplicated, MANY / 50 - 100, MANY / 50 + 100);
		assert_int_equal(arrivals.count,
				 MANY - from->faults->dropped + from->faults->duplicated);
		assert_int_equal(arrivals.out_of_order, 0);
		dropped[round] = from->faults->dropped;
		fabric_leave(to);
		fabric_leave(from);
	}
	assert_int_equal(dropped[0], dropped[1]);
}

static void reordered_packets_arrive_behind_their_followers(void **state)
{
	struct arrivals arrivals;
	struct fabric *from, *to;

	(void)state;
	meet("reorder=5%", &from, &to);
	send_many(from, to, MANY, &arrivals);
	finish_many(from, to, &arrivals);
	assert_in_range(from->faults->reordered, MANY / 20 - 150, MANY / 20 + 150);
	assert_int_equal(arrivals.count, MANY);
	assert_in_range(arrivals.out_of_order, from->faults->reordered / 2,
			from->faults->reordered * 2);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(arrivals.seen[i], 1);
	fabric_leave(to);
	fabric_leave(from);
}

static void delayed_packets_arrive_late_and_all(void **state)
{
	struct arrivals arrivals;
	struct fabric *from, *to;
	uint64_t begin, wait;

	(void)state;
	meet("delay=20ms", &from, &to);
	begin = clock_ns();
	send_many(from, to, 10, &arrivals);
	if (clock_ns() - begin < 20 * NS_PER_MS)
		assert_int_equal(arrivals.count, 0);
	assert_true(fabric_has_faults(from));
	wait = fabric_run_faults(from, begin);
	assert_true(wait <= 40 * NS_PER_MS);
	finish_many(from, to, &arrivals);
	assert_true(clock_ns() - begin >= 20 * NS_PER_MS);
	assert_int_equal(arrivals.count, 10);
	assert_int_equal(arrivals.out_of_order, 0);
	fabric_leave(to);
	fabric_leave(from);
}

static void corrupted_packets_are_dropped_by_the_receiver(void **state)
{
	struct arrivals arrivals;
	struct fabric *from, *to;

	(void)state;
	meet("corrupt=10%", &from, &to);
	send_many(from, to, MANY / 4, &arrivals);
	assert_in_range(from->faults->corrupted, MANY / 40 - 120, MANY / 40 + 120);
	assert_int_equal(arrivals.count, MANY / 4 - from->faults->corrupted);
	assert_int_equal(to->icrc_errors, from->faults->corrupted);
	fabric_leave(to);
	fabric_leave(from);
}

static void summary_says_what_was_done(void **state)
{
	char text[256] = "", expected[256];
	struct arrivals arrivals;
	struct fabric *from, *to;
	int saved, pipes[2];
	ssize_t got;

	(void)state;
	meet("drop=50%", &from, &to);
	send_many(from, to, 100, &arrivals);
	snprintf(expected, sizeof(expected),
		 "softhca: faults: %u dropped, 0 duplicated, 0 reordered, 0 delayed, 0 corrupted "
		 "of 100 packets\n",
		 (unsigned int)from->faults->dropped);
	assert_int_equal(pipe(pipes), 0);
	saved = dup(STDERR_FILENO);
	dup2(pipes[1], STDERR_FILENO);
	fabric_leave(to);
	fabric_leave(from);
	dup2(saved, STDERR_FILENO);
	close(saved);
	got = read(pipes[0], text, sizeof(text) - 1);
	close(pipes[0]);
	close(pipes[1]);
	assert_true(got > 0);
	assert_string_equal(text, expected);
}

/* ---- at run time ---- */

static void faults_come_and_go_while_programs_run(void **state)
{
	struct fabric *from, *to, *looker = NULL;
	struct arrivals arrivals;
	unsigned int count;

	(void)state;
	meet(NULL, &from, &to);
	assert_int_equal(fabric_look(fabric_name(), &looker, NULL, 0), 0);
	assert_false(fabric_packets_only(from, fabric_self(to)));
	assert_int_equal(fabric_order_faults(looker, 5, "drop=1", &count, NULL, 0), ENOENT);
	assert_int_equal(fabric_order_faults(looker, 16, "drop=2", &count, NULL, 0), EINVAL);
	assert_int_equal(fabric_order_faults(looker, 16, "drop=100%", &count, NULL, 0), 0);
	assert_int_equal(count, 1);
	assert_true(fabric_packets_only(from, fabric_self(to)));
	send_many(from, to, 100, &arrivals);
	assert_int_equal(arrivals.count, 0);
	assert_string_equal(fabric_ordered_faults(looker, 16), "drop=100%");
	assert_int_equal(fabric_order_faults(looker, 0, "off", &count, NULL, 0), 0);
	send_many(from, to, 100, &arrivals);
	assert_int_equal(arrivals.count, 100);
	fabric_look_away(looker);
	fabric_leave(to);
	fabric_leave(from);
}

static void send_one(struct fabric *from, struct fabric *to)
{
	struct arrivals arrivals;

	send_many(from, to, 1, &arrivals);
}

static void processes_draw_different_chances_under_every_order(void **state)
{
	struct fabric *one, *other, *looker = NULL;
	unsigned int count;

	(void)state;
	meet(NULL, &one, &other);
	assert_int_equal(fabric_look(fabric_name(), &looker, NULL, 0), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
			fabric_order_faults(looker, 16, "drop=50%,seed=9", &count, NULL, 0), 0);
		send_one(one, other);
		send_one(other, one);
		assert_int_equal(one->faults->packets, i + 1);
		assert_true(one->faults->random != other->faults->random);
	}
	fabric_look_away(looker);
	fabric_leave(other);
	fabric_leave(one);
}

static void more_hosts_than_a_fabric_holds_at_once_are_ordered_in_turn(void **state)
{
	struct fabric *keeper = join(1), *looker = NULL, *fabric;
	unsigned int count;

	(void)state;
	assert_int_equal(fabric_look(fabric_name(), &looker, NULL, 0), 0);
	assert_int_equal(fabric_order_faults(looker, 1, "drop=1%", &count, NULL, 0), 0);
	for (unsigned int host = 2; host < 2 * FABRIC_MAX_HCAS + 10; host++) {
		const char *spec = host % 2 ? "off" : "drop=100%";

		fabric = join(host);
		assert_int_equal(fabric_order_faults(looker, host, spec, &count, NULL, 0), 0);
		assert_int_equal(count, 1);
		assert_string_equal(fabric_ordered_faults(looker, host), host % 2 ? "" : spec);
		fabric_leave(fabric);
	}
	/* Whose programs run keeps its faults. */
	assert_string_equal(fabric_ordered_faults(looker, 1), "drop=1%");
	fabric_look_away(looker);
	fabric_leave(keeper);
}

static void packets_of_a_port_that_is_down_are_lost(void **state)
{
	struct fabric *from, *to, *looker = NULL;
	struct arrivals arrivals;
	uint32_t generation;
	unsigned int count;

	(void)state;
	meet(NULL, &from, &to);
	assert_int_equal(fabric_look(fabric_name(), &looker, NULL, 0), 0);
	generation = atomic_load(&only_adapter(from)->port_generation);
	assert_int_equal(fabric_set_link(looker, 16, false, &count), 0);
	assert_int_not_equal(atomic_load(&only_adapter(from)->port_generation), generation);
	send_many(from, to, 100, &arrivals);
	assert_int_equal(arrivals.count, 0);
	assert_true(fabric_packets_only(from, fabric_self(to)));
	assert_int_equal(fabric_set_link(looker, 0, true, &count), 0);
	send_many(from, to, 100, &arrivals);
	assert_int_equal(arrivals.count, 100);
	assert_int_equal(fabric_kill(looker, 16, &count), 0);
	send_many(from, to, 100, &arrivals);
	assert_int_equal(arrivals.count, 0);
	fabric_look_away(looker);
	fabric_leave(to);
	fabric_leave(from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_specifications_are_understood),
		cmocka_unit_test(bad_words_are_named),
		cmocka_unit_test(chances_come_out_and_repeat),
		cmocka_unit_test(reordered_packets_arrive_behind_their_followers),
		cmocka_unit_test(delayed_packets_arrive_late_and_all),
		cmocka_unit_test(corrupted_packets_are_dropped_by_the_receiver),
		cmocka_unit_test(summary_says_what_was_done),
		cmocka_unit_test(faults_come_and_go_while_programs_run),
		cmocka_unit_test(processes_draw_different_chances_under_every_order),
		cmocka_unit_test(more_hosts_than_a_fabric_holds_at_once_are_ordered_in_turn),
		cmocka_unit_test(packets_of_a_port_that_is_down_are_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
