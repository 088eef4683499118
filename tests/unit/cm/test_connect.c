/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Connections on a wire that loses nothing: what is said, what is agreed on, what is refused. IBTA
 * vol. 1, 12.9.7. */
#include <errno.h>

#include "ends.h"

static const struct cm_private hello = {"hello", 5};

static struct cm_agreement agreed(unsigned int end)
{
	struct cm_agreement agreement;

	cm_connection_agreement(ends[end].connection, &agreement);
	return agreement;
}

/* ---- all goes well ---- */

static void three_messages_make_a_connection(void **state)
{
	(void)state;
	establish();
	assert_int_equal(wire.logged, 3);
	assert_int_equal(on_wire(0).type, CM_MESSAGE_REQ);
	assert_int_equal(on_wire(1).type, CM_MESSAGE_REP);
	assert_int_equal(on_wire(2).type, CM_MESSAGE_RTU);
	assert_int_equal(state_of(0), CM_STATE_ESTABLISHED);
	assert_int_equal(state_of(1), CM_STATE_ESTABLISHED);
	/* One transaction, and each message names who it is for. */
	assert_true(on_wire(0).transaction_id);
	assert_int_equal(on_wire(1).transaction_id, on_wire(0).transaction_id);
	assert_int_equal(on_wire(2).transaction_id, on_wire(0).transaction_id);
	assert_int_equal(on_wire(1).remote_id, on_wire(0).local_id);
	assert_int_equal(on_wire(2).remote_id, on_wire(1).local_id);
	assert_int_equal(on_wire(2).local_id, on_wire(0).local_id);
}

static void nothing_is_repeated_that_has_been_answered(void **state)
{
	(void)state;
	establish();
	run_for(60000 * MS);
	assert_int_equal(wire.logged, 3);
	expect_silence(0);
	expect_silence(1);
}

static void ends_agree(void **state)
{
	struct cm_agreement a, b;

	(void)state;
	establish();
	a = agreed(0);
	b = agreed(1);
	assert_true(a.active);
	assert_false(b.active);
	assert_int_equal(a.local_id, b.remote_id);
	assert_int_equal(a.remote_id, b.local_id);
	assert_int_equal(a.local_qpn, 0x111111);
	assert_int_equal(a.remote_qpn, 0x222222);
	assert_int_equal(b.local_qpn, 0x222222);
	assert_int_equal(b.remote_qpn, 0x111111);
	assert_int_equal(a.local_psn, 0xabcdef);
	assert_int_equal(a.remote_psn, 0x123456);
	assert_int_equal(b.local_psn, 0x123456);
	assert_int_equal(b.remote_psn, 0xabcdef);
	assert_int_equal(a.remote_ca_guid, wire.hcas[1]->node_guid);
	assert_int_equal(b.remote_ca_guid, wire.hcas[0]->node_guid);
	/* How often who gets RNR tries is what the other one has asked for. */
	assert_int_equal(a.rnr_retry_count, 5);
	assert_int_equal(b.rnr_retry_count, 6);
	assert_int_equal(a.retry_count, 7);
	assert_int_equal(b.retry_count, 7);
	assert_int_equal(a.target_ack_delay, 15);
	assert_int_equal(a.service_id, SERVICE);
	assert_int_equal(b.service_id, SERVICE);
	assert_int_equal(b.mtu, 5);
	assert_int_equal(b.path.local_lid, 2);
	assert_int_equal(b.path.remote_lid, 1);
	assert_memory_equal(b.path.local_gid, wire.hcas[1]->gids[0].raw, 16);
	assert_memory_equal(b.path.remote_gid, wire.hcas[0]->gids[0].raw, 16);
	assert_int_equal(b.path.ack_timeout, 14);
}

static void depths_are_what_both_can_do(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	run();
	/* The peer's depth is what this end has to answer at once. */
	assert_int_equal(agreed(1).responder_resources, 3);
	assert_int_equal(agreed(1).initiator_depth, 4);
	accept_with(NULL, NULL);
	run();
	assert_int_equal(agreed(0).responder_resources, 4);
	assert_int_equal(agreed(0).initiator_depth, 2);
	assert_int_equal(agreed(1).responder_resources, 2);
	assert_int_equal(agreed(1).initiator_depth, 4);
}

static void private_data_arrives_whole(void **state)
{
	uint8_t most[CM_MAX_PRIVATE];
	struct cm_private rep = {most, CM_REP_PRIVATE}, rtu = {most, CM_RTU_PRIVATE};
	const struct heard *heard;

	(void)state;
	for (unsigned int i = 0; i < sizeof(most); i++)
		most[i] = (uint8_t)(i + 1);
	connect_with(NULL, &hello);
	run();
	heard = expect_heard(1, CM_EVENT_REQUEST);
	assert_int_equal(heard->message.private.length, CM_REQ_PRIVATE);
	assert_memory_equal(heard->private, "hello\0\0\0", 8);
	accept_with(NULL, &rep);
	run();
	heard = expect_heard(0, CM_EVENT_RESPONSE);
	assert_int_equal(heard->message.private.length, CM_REP_PRIVATE);
	assert_memory_equal(heard->private, most, CM_REP_PRIVATE);
	assert_int_equal(cm_confirm(ends[0].connection, &rtu), 0);
	run();
	assert_memory_equal(expect_heard(1, CM_EVENT_ESTABLISHED)->private, most, CM_RTU_PRIVATE);
}

static void enhanced_options_go_both_ways(void **state)
{
	struct cm_ece asked = {0x15b3aa, 0x30000002}, given = {0x15b3ab, 0x10000001};
	struct cm_req request = usual_request();
	struct cm_rep reply = usual_reply();

	(void)state;
	assert_int_equal(
		cm_connect(ends[0].cm, &request, &asked, NULL, NULL, NULL, &ends[0].connection), 0);
	run();
	assert_int_equal(agreed(1).remote_ece.vendor, 0x15b3aa);
	assert_int_equal(agreed(1).remote_ece.options, 0x30000002);
	assert_int_equal(cm_accept(ends[1].connection, &reply, &given, NULL), 0);
	run();
	assert_int_equal(agreed(0).remote_ece.vendor, 0x15b3ab);
	assert_int_equal(agreed(0).remote_ece.options, 0x10000001);
}

static void the_source_of_a_request_is_told(void **state)
{
	const struct cm_source *source;

	(void)state;
	connect_with(NULL, NULL);
	run();
	source = &expect_heard(1, CM_EVENT_REQUEST)->source;
	assert_int_equal(source->lid, 1);
	assert_int_equal(source->pkey, 0xffff);
	assert_false(source->has_gid);
}

static void ethernet_ports_are_found_by_gid(void **state)
{
	const struct cm_source *source;

	(void)state;
	connect_with(NULL, NULL);
	run();
	source = &expect_heard(1, CM_EVENT_REQUEST)->source;
	assert_true(source->has_gid);
	assert_memory_equal(source->gid, wire.hcas[0]->gids[1].raw, 16);
	assert_memory_equal(source->own_gid, wire.hcas[1]->gids[1].raw, 16);
	accept_with(NULL, NULL);
	run();
	expect_heard(0, CM_EVENT_RESPONSE);
	/* There are no LIDs, which all ones stand for in the message. */
	assert_int_equal(on_wire(0).req.primary.local_lid, 0xffff);
	assert_int_equal(on_wire(0).req.primary.remote_lid, 0xffff);
	assert_int_equal(agreed(0).path.remote_lid, 0);
	assert_int_equal(agreed(1).path.local_lid, 0);
	assert_int_equal(agreed(1).path.remote_lid, 0);
}

static void data_may_come_before_the_last_message(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	run();
	expect_heard(1, CM_EVENT_REQUEST);
	assert_int_equal(cm_notify_established(ends[1].connection), EINVAL);
	accept_with(NULL, NULL);
	run();
	assert_int_equal(cm_notify_established(ends[1].connection), 0);
	assert_false(expect_heard(1, CM_EVENT_ESTABLISHED)->has_message);
	assert_int_equal(cm_notify_established(ends[1].connection), EISCONN);
	assert_int_equal(cm_confirm(ends[0].connection, NULL), 0);
	run();
	expect_silence(1);
	assert_int_equal(state_of(1), CM_STATE_ESTABLISHED);
}

static void who_needs_longer_says_so(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	run();
	expect_heard(1, CM_EVENT_REQUEST);
	/* 68.7 s, which is longer than all the tries of the request. */
	assert_int_equal(cm_delay(ends[1].connection, 24, &hello), 0);
	run();
	assert_memory_equal(expect_heard(0, CM_EVENT_DELAYED)->private, "hello", 6);
	run_for(60000 * MS);
	expect_silence(0);
	expect_silence(1);
	accept_with(NULL, NULL);
	run();
	expect_heard(0, CM_EVENT_RESPONSE);
	assert_int_equal(cm_delay(ends[0].connection, 24, NULL), 0);
	run();
	expect_heard(1, CM_EVENT_DELAYED);
	run_for(60000 * MS);
	expect_silence(1);
	assert_int_equal(cm_confirm(ends[0].connection, NULL), 0);
	run();
	expect_heard(1, CM_EVENT_ESTABLISHED);
}

/* ---- refusals ---- */

static void expect_rejection(enum cm_reject_reason reason)
{
	assert_int_equal(expect_heard(0, CM_EVENT_REJECTED)->message.rej.reason, reason);
	assert_int_equal(state_of(0), CM_STATE_IDLE);
	expect_silence(0);
	expect_silence(1);
}

static void a_service_that_there_is_not_is_rejected(void **state)
{
	struct cm_req request = usual_request();

	(void)state;
	request.service_id++;
	connect_with(&request, NULL);
	run_for(60 * MS);
	expect_rejection(CM_REJECT_INVALID_SERVICE_ID);
	cm_unlisten(ends[1].listener);
	cm_destroy(ends[0].connection);
	connect_with(NULL, NULL);
	run_for(60 * MS);
	expect_rejection(CM_REJECT_INVALID_SERVICE_ID);
	assert_int_equal(sent(0, CM_MESSAGE_REQ), 2);
}

static void a_request_waits_a_little_for_the_listener(void **state)
{
	(void)state;
	cm_unlisten(ends[1].listener);
	connect_with(NULL, NULL);
	run_for(30 * MS);
	expect_silence(0);
	listen_again();
	run_for(5 * MS);
	expect_heard(1, CM_EVENT_REQUEST);
	assert_int_equal(sent(0, CM_MESSAGE_REQ), 1);
}

static void a_request_is_rejected_with_reasons(void **state)
{
	const struct heard *heard;

	(void)state;
	connect_with(NULL, NULL);
	run();
	expect_heard(1, CM_EVENT_REQUEST);
	assert_int_equal(cm_reject(ends[1].connection, CM_REJECT_CONSUMER, "why", 3, &hello), 0);
	assert_int_equal(state_of(1), CM_STATE_IDLE);
	run();
	heard = expect_heard(0, CM_EVENT_REJECTED);
	assert_int_equal(heard->message.rej.reason, CM_REJECT_CONSUMER);
	assert_int_equal(heard->message.rej.subject, CM_ABOUT_REQ);
	assert_int_equal(heard->message.rej.information_length, 3);
	assert_memory_equal(heard->message.rej.information, "why", 4);
	assert_memory_equal(heard->private, "hello", 6);
	expect_silence(1);
}

static void a_response_is_rejected(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	run();
	expect_heard(1, CM_EVENT_REQUEST);
	accept_with(NULL, NULL);
	run();
	assert_int_equal(cm_reject(ends[0].connection, CM_REJECT_CONSUMER, NULL, 0, NULL), 0);
	run();
	assert_int_equal(expect_heard(1, CM_EVENT_REJECTED)->message.rej.subject, CM_ABOUT_REP);
	assert_int_equal(state_of(1), CM_STATE_IDLE);
}

static struct cm_message made_request(void)
{
	struct cm_message message = {
		.type = CM_MESSAGE_REQ,
		.transaction_id = 77,
		.local_id = 0x01000001,
		.req = usual_request(),
	};

	message.req.ca_guid = wire.hcas[0]->node_guid;
	return message;
}

static void expect_refusal(const struct cm_message *request, enum cm_reject_reason reason)
{
	unsigned int before = wire.logged;
	struct cm_message answer;

	inject(1, request);
	run();
	assert_int_equal(wire.logged, before + 2);
	answer = on_wire(before + 1);
	assert_int_equal(answer.type, CM_MESSAGE_REJ);
	assert_int_equal(answer.rej.reason, reason);
	assert_int_equal(answer.rej.subject, CM_ABOUT_REQ);
	assert_int_equal(answer.remote_id, request->local_id);
	assert_int_equal(answer.transaction_id, request->transaction_id);
	expect_silence(1);
}

/* What no manager of ours would ask for. */
static void requests_that_make_no_sense_are_rejected(void **state)
{
	struct cm_message request = made_request();

	(void)state;
	request.req.transport = CM_TRANSPORT_RD;
	expect_refusal(&request, CM_REJECT_INVALID_TRANSPORT);
	request = made_request();
	request.req.mtu = 0;
	expect_refusal(&request, CM_REJECT_INVALID_MTU);
	request.req.mtu = 6;
	expect_refusal(&request, CM_REJECT_INVALID_MTU);
	request = made_request();
	request.req.primary.remote_lid = 3;
	expect_refusal(&request, CM_REJECT_INVALID_LID);
	request = made_request();
	request.req.primary.remote_gid[15] ^= 1;
	expect_refusal(&request, CM_REJECT_INVALID_GID);
}

static void alternate_paths_are_declined(void **state)
{
	struct cm_req request = usual_request();

	(void)state;
	request.alternate = request.primary;
	connect_with(&request, NULL);
	run();
	accept_with(NULL, NULL);
	run();
	assert_int_equal(expect_heard(0, CM_EVENT_RESPONSE)->message.rep.failover, 1);
}

static void who_gives_up_takes_its_request_back(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	run();
	expect_heard(1, CM_EVENT_REQUEST);
	cm_destroy(ends[0].connection);
	run();
	assert_int_equal(expect_heard(1, CM_EVENT_REJECTED)->message.rej.reason, CM_REJECT_TIMEOUT);
	assert_int_equal(state_of(1), CM_STATE_IDLE);
	cm_destroy(ends[1].connection);
}

/* ---- mistakes of the caller ---- */

static void expect_invalid(const struct cm_req *request, const struct cm_private *private)
{
	struct cm_connection *connection = NULL;

	assert_int_equal(cm_connect(ends[0].cm, request, NULL, private, NULL, NULL, &connection),
			 EINVAL);
	assert_null(connection);
	assert_int_equal(wire.logged, 0);
}

static void requests_beyond_their_fields_are_refused(void **state)
{
	static const uint8_t much[CM_REQ_PRIVATE + 1];
	const struct cm_private too_much = {much, sizeof(much)}, nothing = {NULL, 1};
	struct cm_req good = usual_request(), bad;

	(void)state;
#define REFUSED(change) (bad = good, bad.change, expect_invalid(&bad, NULL))
	REFUSED(qpn = 0x1000000);
	REFUSED(starting_psn = 0x1000000);
	REFUSED(transport = CM_TRANSPORT_RD);
	REFUSED(remote_response_timeout = 32);
	REFUSED(local_response_timeout = 32);
	REFUSED(max_cm_retries = 16);
	REFUSED(retry_count = 8);
	REFUSED(rnr_retry_count = 8);
	REFUSED(mtu = 0);
	REFUSED(mtu = 6);
	REFUSED(primary.local_lid = 2);
	REFUSED(primary.local_gid[0] ^= 1);
#undef REFUSED
	expect_invalid(&good, &too_much);
	expect_invalid(&good, &nothing);
}

static void replies_beyond_their_fields_are_refused(void **state)
{
	static const uint8_t much[CM_REP_PRIVATE + 1];
	const struct cm_private too_much = {much, sizeof(much)};
	struct cm_rep good = usual_reply(), bad;

	(void)state;
	connect_with(NULL, NULL);
	run();
#define REFUSED(change)                                                                            \
	(bad = good, bad.change,                                                                   \
	 assert_int_equal(cm_accept(ends[1].connection, &bad, NULL, NULL), EINVAL))
	REFUSED(qpn = 0x1000000);
	REFUSED(starting_psn = 0x1000000);
	REFUSED(target_ack_delay = 32);
	REFUSED(failover = 3);
	REFUSED(rnr_retry_count = 8);
#undef REFUSED
	assert_int_equal(cm_accept(ends[1].connection, &good, NULL, &too_much), EINVAL);
	assert_int_equal(state_of(1), CM_STATE_REQ_RECEIVED);
	accept_with(NULL, NULL);
}

static void steps_have_their_order(void **state)
{
	struct cm_rep reply = usual_reply();

	(void)state;
	connect_with(NULL, NULL);
	run();
	assert_int_equal(cm_accept(ends[0].connection, &reply, NULL, NULL), EINVAL);
	assert_int_equal(cm_confirm(ends[0].connection, NULL), EINVAL);
	assert_int_equal(cm_delay(ends[0].connection, 1, NULL), EINVAL);
	assert_int_equal(cm_disconnect(ends[0].connection, NULL), EINVAL);
	assert_int_equal(cm_confirm(ends[1].connection, NULL), EINVAL);
	assert_int_equal(cm_disconnect(ends[1].connection, NULL), EINVAL);
	assert_int_equal(cm_disconnect_reply(ends[1].connection, NULL), EINVAL);
	assert_int_equal(cm_delay(ends[1].connection, 32, NULL), EINVAL);
	accept_with(NULL, NULL);
	run();
	assert_int_equal(cm_accept(ends[1].connection, &reply, NULL, NULL), EINVAL);
	assert_int_equal(cm_confirm(ends[0].connection, NULL), 0);
	assert_int_equal(cm_confirm(ends[0].connection, NULL), EINVAL);
	run();
	assert_int_equal(cm_reject(ends[0].connection, CM_REJECT_CONSUMER, NULL, 0, NULL), EINVAL);
	assert_int_equal(cm_reject(ends[1].connection, CM_REJECT_CONSUMER, NULL, 0, NULL), EINVAL);
}

/* ---- listeners ---- */

static void a_service_has_one_listener(void **state)
{
	static const struct cm_listener_ops ops;
	struct cm_listener *listener;

	(void)state;
	assert_int_equal(cm_listen(ends[1].cm, SERVICE, UINT64_MAX, &ops, NULL, &listener),
			 EADDRINUSE);
	assert_int_equal(
		cm_listen(ends[1].cm, SERVICE & ~0xffffull, ~0xffffull, &ops, NULL, &listener),
		EADDRINUSE);
	assert_int_equal(cm_listen(ends[1].cm, SERVICE, ~0xffffull, &ops, NULL, &listener), EINVAL);
	/* Another host's services are its own. */
	assert_int_equal(cm_listen(ends[0].cm, SERVICE, UINT64_MAX, &ops, NULL, &listener), 0);
	cm_unlisten(listener);
}

static void one_manager_answers_for_an_adapter(void **state)
{
	struct cm *cm;

	(void)state;
	assert_int_equal(cm_attach(nodes[0].hca, &cm), EBUSY);
	assert_ptr_equal(cm_of(nodes[0].hca), ends[0].cm);
	cm_detach(ends[0].cm);
	assert_null(cm_of(nodes[0].hca));
	wire.hcas[0]->qps[1].qpn = 1;
	wire.hcas[0]->qps[1].owner = 1;
	assert_int_equal(cm_attach(nodes[0].hca, &cm), EBUSY);
	wire.hcas[0]->qps[1].owner = 0;
	assert_int_equal(cm_attach(nodes[0].hca, &cm), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CM_TEST(three_messages_make_a_connection),
		CM_TEST(nothing_is_repeated_that_has_been_answered),
		CM_TEST(ends_agree),
		CM_TEST(depths_are_what_both_can_do),
		CM_TEST(private_data_arrives_whole),
		CM_TEST(enhanced_options_go_both_ways),
		CM_TEST(the_source_of_a_request_is_told),
		cmocka_unit_test_setup_teardown(ethernet_ports_are_found_by_gid, open_ends_eth,
						close_ends),
		CM_TEST(data_may_come_before_the_last_message),
		CM_TEST(who_needs_longer_says_so),
		CM_TEST(a_service_that_there_is_not_is_rejected),
		CM_TEST(a_request_waits_a_little_for_the_listener),
		CM_TEST(a_request_is_rejected_with_reasons),
		CM_TEST(a_response_is_rejected),
		CM_TEST(requests_that_make_no_sense_are_rejected),
		CM_TEST(alternate_paths_are_declined),
		CM_TEST(who_gives_up_takes_its_request_back),
		CM_TEST(requests_beyond_their_fields_are_refused),
		CM_TEST(replies_beyond_their_fields_are_refused),
		CM_TEST(steps_have_their_order),
		CM_TEST(a_service_has_one_listener),
		CM_TEST(one_manager_answers_for_an_adapter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
