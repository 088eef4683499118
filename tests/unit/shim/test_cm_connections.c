/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Connections between two ids of one process: steps, events, attributes, and what is refused.
 * Witness of the errnos: Linux, as in test_cm_ids.c. */
#include "cm_harness.h"

#include <endian.h>

#include "softhca/shim/identity.h"

enum {
	ROOM = 56, /* of a request's 92 bytes, the IP header has taken 36 */
	CONSUMER = 28,
	NO_SERVICE = 8,
};

static void requested(struct cm_ends *ends)
{
	assert_int_equal(cm_connect_id(ends->fd, ends->active, cm_param("hi")), 0);
	ends->passive = cm_await_event(ends->fd, UCM_EVENT_CONNECT_REQUEST).id;
}

static void answered(struct cm_ends *ends)
{
	requested(ends);
	assert_int_equal(cm_accept_id(ends->fd, ends->passive, cm_param("yes"), 300), 0);
	cm_await_event(ends->fd, UCM_EVENT_CONNECT_RESPONSE);
}

static void established(struct cm_ends *ends)
{
	answered(ends);
	assert_int_equal(cm_confirm_id(ends->fd, ends->active), 0);
	assert_int_equal(cm_await_event(ends->fd, UCM_EVENT_ESTABLISHED).uid, 300);
}

/* ---- the usual way ---- */

static void requests_and_answers_say_what_they_were_given(void **state)
{
	struct cm_ends ends = cm_open_ends(RDMA_PS_TCP);
	struct rdma_ucm_event_resp event;

	(void)state;
	assert_int_equal(cm_connect_id(ends.fd, ends.active, cm_param("hi")), 0);
	event = cm_await_event(ends.fd, UCM_EVENT_CONNECT_REQUEST);
	ends.passive = event.id;
	assert_int_equal(event.uid, 100);
	assert_int_not_equal(event.id, ends.listener);
	assert_int_equal(event.param.conn.qp_num, CM_QPN);
	/* From this side. */
	assert_int_equal(event.param.conn.responder_resources, 5);
	assert_int_equal(event.param.conn.initiator_depth, 3);
	assert_int_equal(event.param.conn.retry_count, 7);
	assert_int_equal(event.param.conn.rnr_retry_count, 6);
	assert_int_equal(event.param.conn.private_data_len, ROOM);
	assert_memory_equal(event.param.conn.private_data, "hi\0", 4);
	assert_int_equal(event.ece.vendor_id, 0x15b3);
	assert_int_equal(event.ece.attr_mod, 7);
	assert_int_equal(cm_accept_id(ends.fd, ends.passive, cm_param("yes"), 300), 0);
	event = cm_await_event(ends.fd, UCM_EVENT_CONNECT_RESPONSE);
	assert_int_equal(event.uid, 200);
	assert_int_equal(event.id, ends.active);
	assert_int_equal(event.param.conn.responder_resources, 5);
	assert_int_equal(event.param.conn.initiator_depth, 3);
	assert_int_equal(event.param.conn.private_data_len, 196);
	assert_memory_equal(event.param.conn.private_data, "yes", 4);
	assert_int_equal(cm_confirm_id(ends.fd, ends.active), 0);
	assert_int_equal(cm_await_event(ends.fd, UCM_EVENT_ESTABLISHED).id, ends.passive);
	cm_close(ends.fd);
}

static void new_ids_know_both_addresses(void **state)
{
	struct cm_ends ends = cm_open_ends(RDMA_PS_TCP);
	struct rdma_ucm_query_addr_resp active, passive;

	(void)state;
	requested(&ends);
	active = cm_addresses(ends.fd, ends.active);
	passive = cm_addresses(ends.fd, ends.passive);
	assert_memory_equal(&active.src_addr, &passive.dst_addr, sizeof(struct sockaddr_in));
	assert_memory_equal(&active.dst_addr, &passive.src_addr, sizeof(struct sockaddr_in));
	assert_int_equal(passive.port_num, 1);
	cm_close(ends.fd);
}

static void both_ends_hear_of_the_end_once(void **state)
{
	struct cm_ends ends = cm_open_ends(RDMA_PS_TCP);

	(void)state;
	established(&ends);
	assert_int_equal(cm_disconnect_id(ends.fd, ends.active), 0);
	assert_int_equal(cm_await_event(ends.fd, UCM_EVENT_DISCONNECTED).uid, 300);
	assert_int_equal(cm_disconnect_id(ends.fd, ends.passive), 0);
	assert_int_equal(cm_await_event(ends.fd, UCM_EVENT_DISCONNECTED).uid, 200);
	assert_int_equal(cm_disconnect_id(ends.fd, ends.passive), 0);
	cm_destroy_id(ends.fd, ends.active, 4);
	cm_destroy_id(ends.fd, ends.passive, 2);
	cm_destroy_id(ends.fd, ends.listener, 1);
	cm_close(ends.fd);
}

static void destroying_one_end_disconnects_the_other(void **state)
{
	struct cm_ends ends = cm_open_ends(RDMA_PS_TCP);

	(void)state;
	established(&ends);
	cm_destroy_id(ends.fd, ends.passive, 1);
	assert_int_equal(cm_await_event(ends.fd, UCM_EVENT_DISCONNECTED).uid, 200);
	cm_close(ends.fd);
}

static void data_may_establish_a_connection(void **state)
{
	struct cm_ends ends = cm_open_ends(RDMA_PS_TCP);

	(void)state;
	answered(&ends);
	assert_int_equal(cm_notify_id(ends.fd, ends.passive, 5), EINVAL);
	assert_int_equal(cm_notify_id(ends.fd, ends.active, 4), EINVAL);
	assert_int_equal(cm_notify_id(ends.fd, ends.passive, 4), 0);
	assert_int_equal(cm_await_event(ends.fd, UCM_EVENT_ESTABLISHED).uid, 300);
	assert_int_equal(cm_notify_id(ends.fd, ends.passive, 4), EISCONN);
	cm_close(ends.fd);
}

/* ---- refusals ---- */

static void steps_have_their_order(void **state)
{
	struct sockaddr_in address = cm_ip4(CM_OWN, 0);
	struct cm_ends ends = cm_open_ends(RDMA_PS_TCP);
	struct rdma_ucm_conn_param param = cm_param("");
	uint32_t id = cm_create(ends.fd, RDMA_PS_TCP, 1);

	(void)state;
	assert_int_equal(cm_connect_id(ends.fd, 999, param), ENOENT);
	assert_int_equal(cm_connect_id(ends.fd, id, param), EINVAL);
	assert_int_equal(cm_accept_id(ends.fd, id, param, 1), EINVAL);
	assert_int_equal(cm_disconnect_id(ends.fd, id), EINVAL);
	assert_int_equal(cm_bind(ends.fd, id, &address, sizeof(address)), 0);
	assert_int_equal(cm_connect_id(ends.fd, id, param), EINVAL);
	assert_int_equal(cm_accept_id(ends.fd, id, param, 1), EINVAL);
	assert_int_equal(cm_disconnect_id(ends.fd, id), EINVAL);
	assert_int_equal(cm_reject_id(ends.fd, id, 0), EINVAL);
	assert_int_equal(cm_notify_id(ends.fd, id, 4), EINVAL);
	assert_int_equal(cm_connect_id(ends.fd, ends.listener, param), EINVAL);
	assert_int_equal(cm_listen_at(ends.fd, ends.listener, 1), EINVAL);
	assert_int_equal(cm_listen_at(ends.fd, ends.active, 1), EINVAL);
	param.valid = 0;
	assert_int_equal(cm_connect_id(ends.fd, ends.active, param), EINVAL);
	requested(&ends);
	assert_int_equal(cm_connect_id(ends.fd, ends.active, cm_param("")), EINVAL);
	cm_close(ends.fd);
}

static void private_data_has_its_limits(void **state)
{
	struct cm_ends ends = cm_open_ends(RDMA_PS_TCP);
	struct rdma_ucm_conn_param param = cm_param("");

	(void)state;
	param.private_data_len = ROOM + 1;
	assert_int_equal(cm_connect_id(ends.fd, ends.active, param), EINVAL);
	param.private_data_len = 255;
	assert_int_equal(cm_connect_id(ends.fd, ends.active, param), EINVAL);
	param.private_data_len = ROOM;
	param.private_data[ROOM - 1] = 0x5a;
	assert_int_equal(cm_connect_id(ends.fd, ends.active, param), 0);
	assert_int_equal(cm_await_event(ends.fd, UCM_EVENT_CONNECT_REQUEST)
				 .param.conn.private_data[ROOM - 1],
			 0x5a);
	cm_close(ends.fd);
}

/* As the kernel, which rejects what it cannot answer. */
static void an_answer_that_cannot_be_is_a_rejection(void **state)
{
	struct cm_ends ends = cm_open_ends(RDMA_PS_TCP);
	struct rdma_ucm_conn_param param = cm_param("");

	(void)state;
	requested(&ends);
	param.private_data_len = 197;
	assert_int_equal(cm_accept_id(ends.fd, ends.passive, param, 300), EINVAL);
	assert_int_equal(cm_await_event(ends.fd, UCM_EVENT_REJECTED).status, CONSUMER);
	cm_close(ends.fd);
}

static void requests_are_rejected_with_a_reason(void **state)
{
	struct cm_ends ends = cm_open_ends(RDMA_PS_TCP);
	struct rdma_ucm_event_resp event;

	(void)state;
	requested(&ends);
	assert_int_equal(cm_reject_id(ends.fd, ends.passive, 3), EINVAL);
	assert_int_equal(cm_reject_id(ends.fd, ends.passive, 0), 0);
	event = cm_await_event(ends.fd, UCM_EVENT_REJECTED);
	assert_int_equal(event.status, CONSUMER);
	assert_int_equal(event.param.conn.private_data_len, 148);
	assert_memory_equal(event.param.conn.private_data, "no", 3);
	assert_int_equal(cm_reject_id(ends.fd, ends.passive, 0), EINVAL);
	cm_close(ends.fd);
}

static void nobody_listens(void **state)
{
	struct cm_ends ends = cm_open_ends(RDMA_PS_TCP);

	(void)state;
	cm_destroy_id(ends.fd, ends.listener, 0);
	assert_int_equal(cm_connect_id(ends.fd, ends.active, cm_param("")), 0);
	assert_int_equal(cm_await_event(ends.fd, UCM_EVENT_REJECTED).status, NO_SERVICE);
	cm_close(ends.fd);
}

static void unread_requests_go_with_their_listener(void **state)
{
	struct cm_ends ends = cm_open_ends(RDMA_PS_TCP);

	(void)state;
	assert_int_equal(cm_connect_id(ends.fd, ends.active, cm_param("")), 0);
	cm_await_readable(ends.fd);
	cm_destroy_id(ends.fd, ends.listener, 0);
	assert_int_equal(cm_await_event(ends.fd, UCM_EVENT_REJECTED).status, CONSUMER);
	cm_close(ends.fd);
}

/* Programs can guess numbers that they have not been told yet. */
static void an_unread_request_may_be_destroyed(void **state)
{
	struct cm_ends ends = cm_open_ends(RDMA_PS_TCP);

	(void)state;
	assert_int_equal(cm_connect_id(ends.fd, ends.active, cm_param("")), 0);
	cm_await_readable(ends.fd);
	cm_destroy_id(ends.fd, ends.active + 1, 0);
	cm_destroy_id(ends.fd, ends.active, 2);
	cm_destroy_id(ends.fd, ends.listener, 0);
	cm_close(ends.fd);
}

/* The second request is sent again until there is room. */
static void a_backlog_is_as_long_as_was_said(void **state)
{
	int fd = cm_open();
	uint32_t listener = cm_make_listener(fd, RDMA_PS_TCP, 1);
	uint32_t one = cm_make_resolved(fd, RDMA_PS_TCP), two = cm_make_resolved(fd, RDMA_PS_TCP);
	struct rdma_ucm_conn_param other = cm_param("2");
	struct rdma_ucm_event_resp answer;
	struct rdma_ucm_get_event wire;

	(void)state;
	assert_int_equal(cm_connect_id(fd, one, cm_param("1")), 0);
	cm_await_readable(fd);
	other.qp_num = CM_QPN + 8;
	assert_int_equal(cm_connect_id(fd, two, other), 0);
	assert_memory_equal(cm_event(fd, UCM_EVENT_CONNECT_REQUEST).param.conn.private_data, "1",
			    2);
	assert_int_equal(cm_ask(fd, RDMA_USER_CM_CMD_GET_EVENT, &wire, &answer), EAGAIN);
	assert_memory_equal(cm_await_event(fd, UCM_EVENT_CONNECT_REQUEST).param.conn.private_data,
			    "2", 2);
	cm_destroy_id(fd, listener, 2);
	cm_close(fd);
}

static void listeners_at_different_addresses_share_a_port(void **state)
{
	struct sockaddr_in here = cm_ip4(CM_OWN, CM_PORT), loopback = cm_ip4("127.0.0.1", CM_PORT);
	struct rdma_ucm_conn_param other = cm_param("");
	int fd = cm_open();
	uint32_t one = cm_create(fd, RDMA_PS_TCP, 1), two = cm_create(fd, RDMA_PS_TCP, 2);

	(void)state;
	assert_int_equal(cm_bind(fd, one, &loopback, sizeof(loopback)), 0);
	assert_int_equal(cm_bind(fd, two, &here, sizeof(here)), 0);
	assert_int_equal(cm_listen_at(fd, one, 0), 0);
	assert_int_equal(cm_listen_at(fd, two, 0), 0);
	assert_int_equal(cm_connect_id(fd, cm_make_resolved(fd, RDMA_PS_TCP), cm_param("")), 0);
	assert_int_equal(cm_await_event(fd, UCM_EVENT_CONNECT_REQUEST).uid, 2);
	other.qp_num = CM_QPN + 8;
	/* Nobody of this address is left: not the service is missing, but who would take it. */
	cm_destroy_id(fd, two, 1);
	assert_int_equal(cm_connect_id(fd, cm_make_resolved(fd, RDMA_PS_TCP), other), 0);
	assert_int_equal(cm_await_event(fd, UCM_EVENT_REJECTED).status, CONSUMER);
	cm_close(fd);
}

static void who_listens_has_its_port_alone(void **state)
{
	struct rdma_ucm_set_option wire = {.level = RDMA_OPTION_ID,
					   .optname = RDMA_OPTION_ID_REUSEADDR,
					   .optlen = sizeof(int)};
	struct sockaddr_in address = cm_ip4(CM_OWN, CM_PORT);
	uint32_t ids[2];
	int fd = cm_open(), on = 1;

	(void)state;
	wire.optval = (uintptr_t)&on;
	for (unsigned int i = 0; i < 2; i++) {
		wire.id = ids[i] = cm_create(fd, RDMA_PS_TCP, 1);
		assert_int_equal(cm_tell(fd, RDMA_USER_CM_CMD_SET_OPTION, &wire), 0);
		assert_int_equal(cm_bind(fd, ids[i], &address, sizeof(address)), 0);
	}
	assert_int_equal(cm_listen_at(fd, ids[0], 0), EADDRINUSE);
	cm_destroy_id(fd, ids[1], 0);
	assert_int_equal(cm_listen_at(fd, ids[0], 0), 0);
	cm_close(fd);
}

/* ---- attributes ---- */

static void attributes_come_with_the_steps(void **state)
{
	struct cm_ends ends = cm_open_ends(RDMA_PS_TCP);
	struct ib_uverbs_qp_attr active, passive;
	struct rdma_ucm_init_qp_attr wire = {.id = 0};

	(void)state;
	assert_int_equal(cm_command(ends.fd, RDMA_USER_CM_CMD_INIT_QP_ATTR, &wire, sizeof(wire),
				    sizeof(active) - 1),
			 ENOSPC);
	assert_int_equal(cm_attributes(ends.fd, ends.active, 7, &active), EINVAL);
	assert_int_equal(cm_attributes(ends.fd, ends.listener, QP_INIT, &active), EINVAL);
	/* STATE, ACCESS_FLAGS, PKEY_INDEX and CM_PORT. */
	assert_int_equal(cm_attributes(ends.fd, ends.active, QP_INIT, &active), 0);
	assert_int_equal(active.qp_attr_mask, 0x39);
	assert_int_equal(active.port_num, 1);
	assert_int_equal(active.qp_access_flags, 0);
	requested(&ends);
	assert_int_equal(cm_attributes(ends.fd, ends.active, QP_RTR, &active), EINVAL);
	assert_int_equal(cm_attributes(ends.fd, ends.active, QP_RTS, &active), EINVAL);
	assert_int_equal(cm_attributes(ends.fd, ends.passive, QP_INIT, &passive), 0);
	/* Remote writes, and, since it is to respond to them, reads and atomics. */
	assert_int_equal(passive.qp_access_flags, 0xe);
	assert_int_equal(cm_attributes(ends.fd, ends.passive, QP_RTR, &passive), 0);
	/* STATE, AV, PATH_MTU, RQ_PSN, MAX_DEST_RD_ATOMIC, MIN_RNR_TIMER and DEST_QPN. */
	assert_int_equal(passive.qp_attr_mask, 0x129181);
	assert_int_equal(passive.dest_qp_num, CM_QPN);
	assert_int_equal(passive.max_dest_rd_atomic, 5);
	assert_int_equal(passive.path_mtu, PORT_MTU_4096);
	assert_int_equal(cm_attributes(ends.fd, ends.passive, QP_RTS, &active), 0);
	/* STATE, TIMEOUT, RETRY_CNT, RNR_RETRY, MAX_QP_RD_ATOMIC and SQ_PSN. */
	assert_int_equal(active.qp_attr_mask, 0x12e01);
	assert_int_equal(active.max_rd_atomic, 3);
	assert_int_equal(active.retry_cnt, 7);
	assert_int_equal(active.rnr_retry, 6);
	assert_in_range(active.timeout, 1, 31);
	assert_int_equal(cm_attributes(ends.fd, ends.passive, QP_ERR, &active), EINVAL);
	cm_close(ends.fd);
}

/* What one end sends first is what the other awaits. */
static void packet_numbers_agree(void **state)
{
	struct cm_ends ends = cm_open_ends(RDMA_PS_TCP);
	struct ib_uverbs_qp_attr sends, receives;

	(void)state;
	answered(&ends);
	assert_int_equal(cm_attributes(ends.fd, ends.active, QP_RTS, &sends), 0);
	assert_int_equal(cm_attributes(ends.fd, ends.passive, QP_RTR, &receives), 0);
	assert_int_equal(sends.sq_psn, receives.rq_psn);
	assert_int_equal(cm_attributes(ends.fd, ends.passive, QP_RTS, &sends), 0);
	assert_int_equal(cm_attributes(ends.fd, ends.active, QP_RTR, &receives), 0);
	assert_int_equal(sends.sq_psn, receives.rq_psn);
	cm_close(ends.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_and_answers_say_what_they_were_given),
		cmocka_unit_test(new_ids_know_both_addresses),
		cmocka_unit_test(both_ends_hear_of_the_end_once),
		cmocka_unit_test(destroying_one_end_disconnects_the_other),
		cmocka_unit_test(data_may_establish_a_connection),
		cmocka_unit_test(steps_have_their_order),
		cmocka_unit_test(private_data_has_its_limits),
		cmocka_unit_test(an_answer_that_cannot_be_is_a_rejection),
		cmocka_unit_test(requests_are_rejected_with_a_reason),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(unread_requests_go_with_their_listener),
		cmocka_unit_test(an_unread_request_may_be_destroyed),
		cmocka_unit_test(a_backlog_is_as_long_as_was_said),
		cmocka_unit_test(listeners_at_different_addresses_share_a_port),
		cmocka_unit_test(who_listens_has_its_port_alone),
		cmocka_unit_test(attributes_come_with_the_steps),
		cmocka_unit_test(packet_numbers_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
