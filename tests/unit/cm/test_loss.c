/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Messages that are lost, doubled, late, or never answered: what is heard stays the same, and only
 * takes longer. */
#include <stdlib.h>

#include "ends.h"
#include "hw/wire/mad.h"

/* How long a message may need whose copies are lost a few times. */
enum { SOON_MS = 100, LIFE_MS = 1000 };

/* 4.096 us << 20, of usual_request(). */
#define TRY_NS (4096ull << 20)

/* ---- judges ---- */

struct victim {
	enum cm_message_type type;
	unsigned int count; /* of the next ones of that type */
	enum fate fate;
};

static enum fate judge_by_type(void *arg, const struct sent_packet *packet)
{
	struct victim *victim = arg;

	if (!victim->count || message_of(packet).type != victim->type)
		return FATE_DELIVER;
	victim->count--;
	return victim->fate;
}

static void single_out(struct victim *victim)
{
	wire.judge = judge_by_type;
	wire.judge_arg = victim;
}

static enum fate judge_all(void *arg, const struct sent_packet *packet)
{
	(void)packet;
	return *(enum fate *)arg;
}

struct chance {
	unsigned int percent;
};

static enum fate judge_by_chance(void *arg, const struct sent_packet *packet)
{
	const struct chance *chance = arg;
	unsigned int luck = (unsigned int)random() % 100;

	(void)packet;
	if (luck < chance->percent)
		return FATE_DROP;
	if (luck < 2 * chance->percent)
		return FATE_DUPLICATE;
	return luck < 3 * chance->percent ? FATE_DELAY : FATE_DELIVER;
}

/* ---- a life that runs by itself ---- */

static void proceed(struct end *end, enum cm_event_type type)
{
	if (type == CM_EVENT_REQUEST)
		accept_with(NULL, NULL);
	else if (type == CM_EVENT_RESPONSE)
		assert_int_equal(cm_confirm(end->connection, NULL), 0);
	else if (type == CM_EVENT_DISCONNECTED)
		assert_int_equal(cm_disconnect_reply(end->connection, NULL), 0);
}

static int open_lives(void **state)
{
	open_ends(state);
	ends[0].on_event = ends[1].on_event = proceed;
	return 0;
}
#define LIFE_TEST(name) cmocka_unit_test_setup_teardown(name, open_lives, close_ends)

/* The passive end ends every other one. */
static void live(uint32_t number)
{
	struct cm_req request = usual_request();
	unsigned int first = number % 2;

	request.qpn = number + 1;
	connect_with(&request, NULL);
	run_for(LIFE_MS * MS);
	expect_heard(1, CM_EVENT_REQUEST);
	expect_heard(0, CM_EVENT_RESPONSE);
	expect_heard(1, CM_EVENT_ESTABLISHED);
	assert_int_equal(cm_disconnect(ends[first].connection, NULL), 0);
	run_for(LIFE_MS * MS);
	expect_heard(!first, CM_EVENT_DISCONNECTED);
	expect_heard(first, CM_EVENT_DISCONNECT_DONE);
	for (unsigned int i = 0; i < 2; i++) {
		expect_heard(i, CM_EVENT_TIME_WAIT_OVER);
		expect_silence(i);
		cm_destroy(ends[i].connection);
		ends[i].num_heard = ends[i].taken = 0;
	}
}

static void any_message_may_be_lost(void **state)
{
	static const enum cm_message_type types[] = {CM_MESSAGE_REQ, CM_MESSAGE_REP, CM_MESSAGE_RTU,
						     CM_MESSAGE_DREQ, CM_MESSAGE_DREP};

	(void)state;
	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		for (unsigned int count = 1; count <= 4; count++) {
			struct victim victim = {types[i], count, FATE_DROP};

			single_out(&victim);
			live(10 * i + count);
			assert_int_equal(victim.count, 0);
		}
	}
}

static void every_message_may_come_twice(void **state)
{
	enum fate fate = FATE_DUPLICATE;
	struct cm_counters counters;

	(void)state;
	wire.judge = judge_all;
	wire.judge_arg = &fate;
	live(0);
	live(1);
	cm_read_counters(ends[1].cm, &counters);
	assert_int_equal(counters.duplicates[CM_MESSAGE_REQ], 2);
	assert_int_equal(counters.received[CM_MESSAGE_REQ], 4);
	assert_int_equal(counters.stray, 0);
}

static void messages_may_overtake_each_other(void **state)
{
	static const enum cm_message_type types[] = {CM_MESSAGE_REP, CM_MESSAGE_RTU};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct victim victim = {types[i], 1, FATE_DELAY};

		single_out(&victim);
		live(i);
		live(i + 2);
	}
}

static void lives_in_bad_weather(void **state)
{
	static const struct chance weather[] = {{5}, {20}};

	(void)state;
	srandom(7);
	wire.judge = judge_by_chance;
	for (unsigned int i = 0; i < 2; i++) {
		wire.judge_arg = (void *)(uintptr_t)&weather[i];
		for (uint32_t number = 0; number < 200; number++)
			live(number);
	}
}

/* ---- what is said only once ---- */

static void a_lost_rejection_is_given_again(void **state)
{
	struct victim victim = {CM_MESSAGE_REJ, 2, FATE_DROP};

	(void)state;
	single_out(&victim);
	connect_with(NULL, NULL);
	run();
	expect_heard(1, CM_EVENT_REQUEST);
	assert_int_equal(cm_reject(ends[1].connection, CM_REJECT_CONSUMER, NULL, 0, NULL), 0);
	cm_destroy(ends[1].connection);
	run_for(SOON_MS * MS);
	expect_heard(0, CM_EVENT_REJECTED);
	expect_silence(1);
	assert_int_equal(sent(1, CM_MESSAGE_REJ), 3);
}

/* A connection that nobody has refused or taken in time has asked for more of it. */
static void a_rejection_lost_after_a_delay_is_given_again(void **state)
{
	struct victim victim = {CM_MESSAGE_REJ, 1, FATE_DROP};

	(void)state;
	single_out(&victim);
	connect_with(NULL, NULL);
	run();
	assert_int_equal(cm_delay(ends[1].connection, 24, NULL), 0);
	run();
	expect_heard(0, CM_EVENT_DELAYED);
	assert_int_equal(cm_reject(ends[1].connection, CM_REJECT_CONSUMER, NULL, 0, NULL), 0);
	run_for(1000 * MS);
	expect_heard(0, CM_EVENT_REJECTED);
}

static void a_lost_rejection_of_a_response_is_given_again(void **state)
{
	struct victim victim = {CM_MESSAGE_REJ, 2, FATE_DROP};

	(void)state;
	single_out(&victim);
	connect_with(NULL, NULL);
	run();
	expect_heard(1, CM_EVENT_REQUEST);
	accept_with(NULL, NULL);
	run();
	expect_heard(0, CM_EVENT_RESPONSE);
	assert_int_equal(cm_reject(ends[0].connection, CM_REJECT_CONSUMER, NULL, 0, NULL), 0);
	run_for(SOON_MS * MS);
	expect_heard(1, CM_EVENT_REJECTED);
}

static void a_lost_delay_is_asked_for_again(void **state)
{
	struct victim victim = {CM_MESSAGE_MRA, 2, FATE_DROP};

	(void)state;
	single_out(&victim);
	connect_with(NULL, NULL);
	run();
	assert_int_equal(cm_delay(ends[1].connection, 24, NULL), 0);
	run_for(SOON_MS * MS);
	expect_heard(0, CM_EVENT_DELAYED);
	expect_silence(0);
}

/* ---- what is never answered ---- */

static enum fate drop_all = FATE_DROP;

static void nobody_hears(void)
{
	wire.judge = judge_all;
	wire.judge_arg = &drop_all;
}

static void a_request_is_given_up(void **state)
{
	struct cm_req request = usual_request();
	unsigned int first;

	(void)state;
	nobody_hears();
	connect_with(&request, NULL);
	run_for(TRY_NS - 10 * MS);
	/* At growing intervals: 10, 20, 40 ms and so on. */
	first = sent(0, CM_MESSAGE_REQ);
	assert_in_range(first, 8, 11);
	run_for((uint64_t)request.max_cm_retries * TRY_NS);
	expect_silence(0);
	/* And after that as often as it has been told. */
	assert_int_equal(sent(0, CM_MESSAGE_REQ), first + request.max_cm_retries);
	run_for(20 * MS);
	assert_false(expect_heard(0, CM_EVENT_UNREACHABLE)->has_message);
	assert_int_equal(state_of(0), CM_STATE_IDLE);
	assert_int_equal(sent(0, CM_MESSAGE_REJ), 1);
}

static void a_response_is_given_up(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	run();
	expect_heard(1, CM_EVENT_REQUEST);
	nobody_hears();
	accept_with(NULL, NULL);
	run_for(4 * TRY_NS - 10 * MS);
	expect_silence(1);
	run_for(20 * MS);
	expect_heard(1, CM_EVENT_UNREACHABLE);
	assert_int_equal(state_of(1), CM_STATE_IDLE);
}

static void a_goodbye_is_given_up(void **state)
{
	(void)state;
	establish();
	nobody_hears();
	assert_int_equal(cm_disconnect(ends[0].connection, NULL), 0);
	run_for(4 * TRY_NS - 10 * MS);
	expect_silence(0);
	run_for(20 * MS);
	assert_false(expect_heard(0, CM_EVENT_DISCONNECT_DONE)->has_message);
	assert_int_equal(state_of(0), CM_STATE_TIME_WAIT);
}

/* Who never takes what it has asked more time for costs that time, and the tries that are left. */
static void a_delay_is_no_eternity(void **state)
{
	const uint64_t longer = 4096ull << 22;

	(void)state;
	connect_with(NULL, NULL);
	run();
	assert_int_equal(cm_delay(ends[1].connection, 22, NULL), 0);
	run();
	expect_heard(0, CM_EVENT_DELAYED);
	nobody_hears();
	run_for(longer + 3 * TRY_NS - 10 * MS);
	expect_silence(0);
	run_for(20 * MS);
	expect_heard(0, CM_EVENT_UNREACHABLE);
}

/* ---- no room ---- */

static void full_rings_are_tried_again(void **state)
{
	(void)state;
	wire.room = 0;
	connect_with(NULL, NULL);
	run_for(50 * MS);
	expect_silence(1);
	assert_int_equal(wire.logged, 0);
	wire.room = 16;
	run_for(3 * MS);
	expect_heard(1, CM_EVENT_REQUEST);
}

static void who_sleeps_is_waited_for(void **state)
{
	(void)state;
	wire.asleep[1] = true;
	connect_with(NULL, NULL);
	run_for(TRY_NS / 2);
	expect_silence(0);
	wire.asleep[1] = false;
	run();
	/* All copies were there, and it hears of one. */
	expect_heard(1, CM_EVENT_REQUEST);
	expect_silence(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIFE_TEST(any_message_may_be_lost),
		LIFE_TEST(every_message_may_come_twice),
		LIFE_TEST(messages_may_overtake_each_other),
		LIFE_TEST(lives_in_bad_weather),
		CM_TEST(a_lost_rejection_is_given_again),
		CM_TEST(a_rejection_lost_after_a_delay_is_given_again),
		CM_TEST(a_lost_rejection_of_a_response_is_given_again),
		CM_TEST(a_lost_delay_is_asked_for_again),
		CM_TEST(a_request_is_given_up),
		CM_TEST(a_response_is_given_up),
		CM_TEST(a_goodbye_is_given_up),
		CM_TEST(a_delay_is_no_eternity),
		CM_TEST(full_rings_are_tried_again),
		CM_TEST(who_sleeps_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
