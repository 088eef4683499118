/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Datagram services and multicast groups of ids. Witness of the errnos: Linux, as in test_cm_ids.c.
 */
#include "cm_harness.h"

/* ---- datagrams ---- */

static void services_tell_their_queue_pair(void **state)
{
	struct cm_ends ends = cm_open_ends(RDMA_PS_UDP);
	struct rdma_ucm_conn_param param = cm_param("here");
	struct ib_uverbs_qp_attr attr;
	struct rdma_ucm_event_resp event;

	(void)state;
	assert_int_equal(cm_attributes(ends.fd, ends.active, QP_INIT, &attr), 0);
	/* STATE, PKEY_INDEX, CM_PORT and QKEY. */
	assert_int_equal(attr.qp_attr_mask, 0x71);
	assert_int_equal(attr.qkey, 0x01234567);
	assert_int_equal(cm_connect_id(ends.fd, ends.active, cm_param("where")), 0);
	event = cm_await_event(ends.fd, UCM_EVENT_CONNECT_REQUEST);
	assert_int_equal(event.param.ud.private_data_len, 216 - 36);
	assert_memory_equal(event.param.ud.private_data, "where", 6);
	assert_int_equal(cm_accept_id(ends.fd, event.id, param, 300), 0);
	event = cm_await_event(ends.fd, UCM_EVENT_ESTABLISHED);
	assert_int_equal(event.uid, 200);
	assert_int_equal(event.param.ud.qp_num, CM_QPN + 1);
	assert_int_equal(event.param.ud.qkey, 0x01234567);
	assert_int_equal(event.param.ud.ah_attr.port_num, 1);
	assert_memory_equal(event.param.ud.private_data, "here", 5);
	/* There is nothing to end. */
	assert_int_equal(cm_disconnect_id(ends.fd, ends.active), 0);
	cm_close(ends.fd);
}

static void services_may_be_refused(void **state)
{
	struct cm_ends ends = cm_open_ends(RDMA_PS_UDP);
	struct rdma_ucm_event_resp event;

	(void)state;
	assert_int_equal(cm_connect_id(ends.fd, ends.active, cm_param("")), 0);
	event = cm_await_event(ends.fd, UCM_EVENT_CONNECT_REQUEST);
	assert_int_equal(cm_reject_id(ends.fd, event.id, 0), 0);
	event = cm_await_event(ends.fd, UCM_EVENT_UNREACHABLE);
	/* SIDR_REP: rejected. */
	assert_int_equal(event.status, 2);
	cm_close(ends.fd);
}

/* ---- groups ---- */

static int join_group(int fd, uint32_t id, const struct sockaddr_in *address, uint32_t *number)
{
	struct rdma_ucm_join_mcast wire = {.uid = 400, .id = id, .addr_size = sizeof(*address)};
	struct rdma_ucm_create_id_resp answer = {~0u};
	int rc;

	memcpy(&wire.addr, address, sizeof(*address));
	rc = cm_ask(fd, RDMA_USER_CM_CMD_JOIN_MCAST, &wire, &answer);
	*number = answer.id;
	return rc;
}

static int leave_group(int fd, uint32_t number, uint32_t *events)
{
	struct rdma_ucm_destroy_id wire = {.id = number};
	struct rdma_ucm_destroy_id_resp answer = {~0u};
	int rc = cm_ask(fd, RDMA_USER_CM_CMD_LEAVE_MCAST, &wire, &answer);

	*events = answer.events_reported;
	return rc;
}

/* RFC 4391, 4: link-local scope, of IPv4, the default partition; 0x01 is rdma_cm's CM_OWN. */
static void groups_have_the_gids_of_their_addresses(void **state)
{
	static const uint8_t gid[16] = {0xff, 0x12, 0x40, 0x01, 0xff, 0xff, 0, 0,
					0,    0,    0,	  0,	0x0f, 0x4d, 1, 1};
	struct sockaddr_in group = cm_ip4("239.77.1.1", 0), here = cm_ip4(CM_OWN, 0);
	struct rdma_ucm_event_resp event;
	int fd = cm_open();
	uint32_t id = cm_create(fd, RDMA_PS_UDP, 1), number, other, events;

	(void)state;
	assert_int_equal(cm_bind(fd, id, &here, sizeof(here)), 0);
	assert_int_equal(join_group(fd, id, &group, &number), 0);
	event = cm_event(fd, UCM_EVENT_MULTICAST_JOIN);
	assert_int_equal(event.uid, 400);
	assert_int_equal(event.id, number);
	assert_int_equal(event.param.ud.qp_num, 0xffffff);
	assert_int_equal(event.param.ud.qkey, 0x01234567);
	assert_int_equal(event.param.ud.ah_attr.is_global, 1);
	assert_memory_equal(event.param.ud.ah_attr.grh.dgid, gid, sizeof(gid));
	assert_in_range(event.param.ud.ah_attr.dlid, 0xc000, 0xfffe);
	/* What has not been read goes with its group. */
	assert_int_equal(join_group(fd, id, &group, &other), 0);
	assert_int_equal(leave_group(fd, other, &events), 0);
	assert_int_equal(events, 0);
	assert_int_equal(leave_group(fd, number, &events), 0);
	assert_int_equal(events, 1);
	assert_int_equal(leave_group(fd, number, &events), ENOENT);
	cm_destroy_id(fd, id, 1);
	cm_close(fd);
}

static void groups_are_for_datagrams_at_an_address(void **state)
{
	struct sockaddr_in group = cm_ip4("239.77.1.1", 0), here = cm_ip4(CM_OWN, 0);
	struct rdma_ucm_join_ip_mcast old = {.uid = 400};
	struct rdma_ucm_create_id_resp answer;
	int fd = cm_open(), other_fd = cm_open();
	uint32_t id = cm_create(fd, RDMA_PS_UDP, 1), number, events;
	uint32_t stream = cm_create(fd, RDMA_PS_TCP, 1);

	(void)state;
	assert_int_equal(join_group(fd, 999, &group, &number), ENOENT);
	assert_int_equal(join_group(fd, id, &group, &number), EINVAL);
	assert_int_equal(cm_bind(fd, id, &here, sizeof(here)), 0);
	assert_int_equal(cm_bind(fd, stream, &here, sizeof(here)), 0);
	assert_int_equal(join_group(fd, stream, &group, &number), EINVAL);
	old.id = id;
	assert_int_equal(cm_ask(fd, RDMA_USER_CM_CMD_JOIN_IP_MCAST, &old, &answer), EINVAL);
	memcpy(&old.addr, &group, sizeof(group));
	assert_int_equal(cm_ask(fd, RDMA_USER_CM_CMD_JOIN_IP_MCAST, &old, &answer), 0);
	assert_int_equal(leave_group(other_fd, answer.id, &events), EINVAL);
	/* Groups of an id end with it. */
	cm_destroy_id(fd, id, 0);
	assert_int_equal(leave_group(fd, answer.id, &events), ENOENT);
	cm_close(other_fd);
	cm_close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_tell_their_queue_pair),
		cmocka_unit_test(services_may_be_refused),
		cmocka_unit_test(groups_have_the_gids_of_their_addresses),
		cmocka_unit_test(groups_are_for_datagrams_at_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
