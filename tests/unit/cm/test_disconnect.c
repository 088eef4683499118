/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How connections end: by agreement, by death, and by being forgotten. IBTA vol. 1, 12.9.8. */
#include <errno.h>

#include "ends.h"

static const struct cm_private bye = {"bye", 3};

/* Of a path with ack_timeout 14. */
enum { TIME_WAIT_MS = 68 };

static void expect_time_wait(unsigned int end)
{
	assert_int_equal(state_of(end), CM_STATE_TIME_WAIT);
	expect_silence(end);
}

static void expect_end(unsigned int end)
{
	assert_false(expect_heard(end, CM_EVENT_TIME_WAIT_OVER)->has_message);
	assert_int_equal(state_of(end), CM_STATE_IDLE);
	expect_silence(end);
}

static void two_messages_end_a_connection(void **state)
{
	const struct heard *heard;

	(void)state;
	establish();
	assert_int_equal(cm_disconnect(ends[0].connection, &bye), 0);
	run();
	heard = expect_heard(1, CM_EVENT_DISCONNECTED);
	assert_memory_equal(heard->private, "bye", 4);
	assert_int_equal(heard->message.dreq.remote_qpn, 0x222222);
	assert_int_equal(cm_disconnect(ends[1].connection, NULL), EINVAL);
	assert_int_equal(cm_disconnect_reply(ends[1].connection, &bye), 0);
	run();
	assert_memory_equal(expect_heard(0, CM_EVENT_DISCONNECT_DONE)->private, "bye", 4);
	expect_time_wait(0);
	expect_time_wait(1);
	assert_int_equal(wire.logged, 5);
	/* A transaction of its own, in the answer as well. */
	assert_int_not_equal(on_wire(3).transaction_id, on_wire(2).transaction_id);
	assert_int_equal(on_wire(4).transaction_id, on_wire(3).transaction_id);
	run_for(TIME_WAIT_MS * MS);
	expect_end(0);
	expect_end(1);
	assert_int_equal(wire.logged, 5);
}

static void who_was_connected_to_may_end_it(void **state)
{
	(void)state;
	establish();
	assert_int_equal(cm_disconnect(ends[1].connection, NULL), 0);
	run();
	expect_heard(0, CM_EVENT_DISCONNECTED);
	assert_int_equal(cm_disconnect_reply(ends[0].connection, NULL), 0);
	run();
	expect_heard(1, CM_EVENT_DISCONNECT_DONE);
}

static void both_may_end_it_at_once(void **state)
{
	(void)state;
	establish();
	assert_int_equal(cm_disconnect(ends[0].connection, NULL), 0);
	assert_int_equal(cm_disconnect(ends[1].connection, NULL), 0);
	run();
	expect_heard(0, CM_EVENT_DISCONNECT_DONE);
	expect_heard(1, CM_EVENT_DISCONNECT_DONE);
	run_for(TIME_WAIT_MS * MS);
	expect_end(0);
	expect_end(1);
}

/* What becomes of the peer when its other end is given back, by the state that it is in. */
static void who_destroys_says_goodbye(void **state)
{
	(void)state;
	establish();
	cm_destroy(ends[0].connection);
	run();
	expect_heard(1, CM_EVENT_DISCONNECTED);
	cm_destroy(ends[1].connection);
	run();
	assert_int_equal(sent(0, CM_MESSAGE_DREQ), 1);
	assert_int_equal(sent(1, CM_MESSAGE_DREP), 1);
	run_for(10000 * MS);
	expect_silence(0);
	expect_silence(1);
}

static void destroyed_at_every_step(void **state)
{
	(void)state;
	for (unsigned int step = 0; step < 5; step++) {
		struct cm_req request = usual_request();

		request.qpn += step;
		connect_with(&request, NULL);
		if (step >= 1)
			run();
		if (step >= 2)
			accept_with(NULL, NULL);
		if (step >= 3)
			run();
		if (step >= 4)
			assert_int_equal(cm_confirm(ends[0].connection, NULL), 0);
		cm_destroy(ends[0].connection);
		run();
		if (step < 4)
			assert_int_equal(ends[1].heard[ends[1].num_heard - 1].type,
					 CM_EVENT_REJECTED);
		else
			assert_int_equal(ends[1].heard[ends[1].num_heard - 1].type,
					 CM_EVENT_DISCONNECTED);
		cm_destroy(ends[1].connection);
		run_for(6000 * MS);
	}
}

static void destroy_it(struct end *end, enum cm_event_type type)
{
	(void)type;
	cm_destroy(end->connection);
}

/* What is called back may end the very object. */
static void destroyed_from_within_events(void **state)
{
	(void)state;
	ends[1].on_event = destroy_it;
	connect_with(NULL, NULL);
	run();
	assert_int_equal(expect_heard(0, CM_EVENT_REJECTED)->message.rej.reason,
			 CM_REJECT_CONSUMER);
	cm_destroy(ends[0].connection);
	ends[1].on_event = NULL;
	ends[1].taken = ends[1].num_heard;
	run_for(6000 * MS);
	establish();
	ends[0].on_event = ends[1].on_event = destroy_it;
	assert_int_equal(cm_disconnect(ends[0].connection, NULL), 0);
	run_for(6000 * MS);
	expect_heard(0, CM_EVENT_DISCONNECT_DONE);
	expect_heard(1, CM_EVENT_DISCONNECTED);
	expect_silence(0);
	expect_silence(1);
}

static void an_adapter_that_closes_says_goodbye(void **state)
{
	(void)state;
	establish();
	cm_detach(ends[0].cm);
	run();
	expect_heard(1, CM_EVENT_DISCONNECTED);
	assert_int_equal(sent(0, CM_MESSAGE_DREQ), 1);
	assert_int_equal(cm_attach(nodes[0].hca, &ends[0].cm), 0);
}

/* ---- death ---- */

static void the_death_of_a_peer_ends_its_connections(void **state)
{
	(void)state;
	establish();
	wire.dead[1] = true;
	run_for(200 * MS);
	assert_false(expect_heard(0, CM_EVENT_DISCONNECTED)->has_message);
	assert_int_equal(cm_disconnect_reply(ends[0].connection, NULL), 0);
	assert_int_equal(sent(0, CM_MESSAGE_DREP), 0);
	run_for(TIME_WAIT_MS * MS);
	expect_end(0);
}

static void nobody_waits_for_the_goodbye_of_the_dead(void **state)
{
	(void)state;
	establish();
	wire.dead[1] = true;
	assert_int_equal(cm_disconnect(ends[0].connection, NULL), 0);
	run_for(200 * MS);
	assert_false(expect_heard(0, CM_EVENT_DISCONNECT_DONE)->has_message);
	expect_end(0);
}

static void who_dies_before_it_has_answered_is_unreachable(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	run();
	wire.dead[1] = true;
	run_for(200 * MS);
	assert_false(expect_heard(0, CM_EVENT_UNREACHABLE)->has_message);
	assert_int_equal(state_of(0), CM_STATE_IDLE);
}

static void who_dies_having_asked_for_time_is_missed_at_once(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	run();
	assert_int_equal(cm_delay(ends[1].connection, 24, NULL), 0);
	run();
	expect_heard(0, CM_EVENT_DELAYED);
	wire.dead[1] = true;
	run_for(200 * MS);
	expect_heard(0, CM_EVENT_UNREACHABLE);
	assert_int_equal(state_of(0), CM_STATE_IDLE);
}

static void who_dies_having_asked_is_missed(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	run();
	expect_heard(1, CM_EVENT_REQUEST);
	wire.dead[0] = true;
	run_for(200 * MS);
	expect_heard(1, CM_EVENT_UNREACHABLE);
	assert_int_equal(state_of(1), CM_STATE_IDLE);
}

/* ---- being forgotten ---- */

static struct cm_message request_again(void)
{
	struct cm_message message = on_wire(0);

	message.local_id++;
	message.transaction_id++;
	return message;
}

/* The peer's queue pair is used anew: it has forgotten the connection. */
static void a_stale_connection_ends(void **state)
{
	struct cm_message request, answer;

	(void)state;
	establish();
	request = request_again();
	inject(1, &request);
	run();
	answer = on_wire(wire.logged - 1);
	assert_int_equal(answer.type, CM_MESSAGE_REJ);
	assert_int_equal(answer.rej.reason, CM_REJECT_STALE);
	assert_int_equal(answer.remote_id, request.local_id);
	assert_false(expect_heard(1, CM_EVENT_DISCONNECTED)->has_message);
	expect_silence(1);
}

static void time_wait_keeps_new_connections_out(void **state)
{
	struct cm_message request;

	(void)state;
	establish();
	request = request_again();
	assert_int_equal(cm_disconnect(ends[1].connection, NULL), 0);
	run();
	expect_heard(0, CM_EVENT_DISCONNECTED);
	assert_int_equal(cm_disconnect_reply(ends[0].connection, NULL), 0);
	run();
	expect_heard(1, CM_EVENT_DISCONNECT_DONE);
	inject(1, &request);
	run();
	assert_int_equal(on_wire(wire.logged - 1).rej.reason, CM_REJECT_STALE);
	expect_silence(1);
	run_for(TIME_WAIT_MS * MS);
	expect_end(1);
	inject(1, &request);
	run();
	expect_heard(1, CM_EVENT_REQUEST);
}

/* A number that a process has had is free for the next one. */
static void the_queue_pairs_of_the_dead_are_not_stale(void **state)
{
	struct cm_message request;

	(void)state;
	establish();
	request = request_again();
	wire.dead[0] = true;
	inject(1, &request);
	run();
	expect_heard(1, CM_EVENT_REQUEST);
}

static void a_response_by_a_known_queue_pair_is_stale(void **state)
{
	struct cm_req request = usual_request();
	struct cm_connection *first;

	(void)state;
	establish();
	first = ends[0].connection;
	request.qpn++;
	connect_with(&request, NULL);
	run();
	expect_heard(1, CM_EVENT_REQUEST);
	accept_with(NULL, NULL);
	run();
	expect_heard(0, CM_EVENT_UNREACHABLE);
	/* The older one is lost as well. */
	expect_heard(0, CM_EVENT_DISCONNECTED);
	assert_ptr_equal(ends[0].connection, first);
	assert_int_equal(expect_heard(1, CM_EVENT_REJECTED)->message.rej.reason, CM_REJECT_STALE);
}

/* ---- strays ---- */

static void who_knows_nothing_still_lets_go(void **state)
{
	struct cm_message request = {
		.type = CM_MESSAGE_DREQ, .transaction_id = 5, .local_id = 7, .remote_id = 8};
	struct cm_message answer;

	(void)state;
	inject(1, &request);
	run();
	answer = on_wire(wire.logged - 1);
	assert_int_equal(answer.type, CM_MESSAGE_DREP);
	assert_int_equal(answer.local_id, 8);
	assert_int_equal(answer.remote_id, 7);
	assert_int_equal(answer.transaction_id, 5);
}

static void a_response_to_nothing_is_rejected(void **state)
{
	struct cm_message reply = {.type = CM_MESSAGE_REP, .local_id = 7, .remote_id = 8};

	(void)state;
	inject(0, &reply);
	run();
	assert_int_equal(on_wire(1).type, CM_MESSAGE_REJ);
	assert_int_equal(on_wire(1).rej.reason, CM_REJECT_INVALID_COMM_ID);
	assert_int_equal(on_wire(1).rej.subject, CM_ABOUT_REP);
	assert_int_equal(on_wire(1).remote_id, 7);
}

static void only_the_two_ends_speak(void **state)
{
	struct cm_message goodbye;

	(void)state;
	establish();
	goodbye = (struct cm_message){
		.type = CM_MESSAGE_DREQ,
		.local_id = on_wire(0).local_id + 1,
		.remote_id = on_wire(1).local_id,
		.dreq = {.remote_qpn = 0x222222},
	};
	inject(1, &goodbye);
	run();
	expect_silence(1);
	goodbye.local_id--;
	goodbye.dreq.remote_qpn++;
	inject(1, &goodbye);
	run();
	expect_silence(1);
	assert_int_equal(state_of(1), CM_STATE_ESTABLISHED);
	goodbye.dreq.remote_qpn--;
	inject(1, &goodbye);
	run();
	expect_heard(1, CM_EVENT_DISCONNECTED);
}

static void alternate_paths_are_refused(void **state)
{
	struct cm_message load, answer;

	(void)state;
	establish();
	load = (struct cm_message){
		.type = CM_MESSAGE_LAP,
		.local_id = on_wire(0).local_id,
		.remote_id = on_wire(1).local_id,
	};
	inject(1, &load);
	run();
	answer = on_wire(wire.logged - 1);
	assert_int_equal(answer.type, CM_MESSAGE_APR);
	assert_int_equal(answer.apr.status, CM_ALTERNATE_UNSUPPORTED);
	load.remote_id++;
	inject(1, &load);
	run();
	assert_int_equal(on_wire(wire.logged - 1).apr.status, CM_ALTERNATE_INVALID_COMM_ID);
	expect_silence(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CM_TEST(two_messages_end_a_connection),
		CM_TEST(who_was_connected_to_may_end_it),
		CM_TEST(both_may_end_it_at_once),
		CM_TEST(who_destroys_says_goodbye),
		CM_TEST(destroyed_at_every_step),
		CM_TEST(destroyed_from_within_events),
		CM_TEST(an_adapter_that_closes_says_goodbye),
		CM_TEST(the_death_of_a_peer_ends_its_connections),
		CM_TEST(nobody_waits_for_the_goodbye_of_the_dead),
		CM_TEST(who_dies_before_it_has_answered_is_unreachable),
		CM_TEST(who_dies_having_asked_for_time_is_missed_at_once),
		CM_TEST(who_dies_having_asked_is_missed),
		CM_TEST(a_stale_connection_ends),
		CM_TEST(time_wait_keeps_new_connections_out),
		CM_TEST(the_queue_pairs_of_the_dead_are_not_stale),
		CM_TEST(a_response_by_a_known_queue_pair_is_stale),
		CM_TEST(who_knows_nothing_still_lets_go),
		CM_TEST(a_response_to_nothing_is_rejected),
		CM_TEST(only_the_two_ends_speak),
		CM_TEST(alternate_paths_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
