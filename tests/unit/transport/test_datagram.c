/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Unreliable datagrams: keys, GRHs, multicast. IBTA vol. 1, 9.8.3, 10.2.5, 10.5. */
#include "node.h"

enum { QKEY = 0x11111111, GRH = 40 };

static int open_datagram(enum fabric_port_type port_type)
{
	struct pair_options options = usual;

	options.type = QP_TYPE_UD;
	options.port_type = port_type;
	options.second = true;
	pair_open(&options);
	return 0;
}

static int open_ib(void **state)
{
	(void)state;
	return open_datagram(FABRIC_PORT_IB);
}

static int open_eth(void **state)
{
	(void)state;
	return open_datagram(FABRIC_PORT_ETH);
}

static struct send_request to_node_1(uint32_t length)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, length);

	request.ud = (struct ud_address){.qpn = nodes[1].qp->qpn, .qkey = QKEY, .dlid = 2};
	return request;
}

static void add_gid(struct send_request *request, uint8_t index)
{
	request->ud.grh = true;
	request->ud.sgid_index = index;
	request->ud.hop_limit = 7;
	request->ud.traffic_class = 0x2e;
	memcpy(request->ud.dgid, wire.hcas[1]->gids[index].raw, 16);
}

static void datagram_leaves_room_for_a_grh(void **state)
{
	struct send_request request = to_node_1(100);
	const struct completion *completion;

	(void)state;
	request.ud.sl = 5;
	fill(nodes[0].memory, 100, 1);
	memset(nodes[1].memory, 0xaa, 200);
	post_recv(&nodes[1], 0, 140);
	post_send(&nodes[0], &request);
	expect_success(&nodes[0].send_cq, 0);
	run();
	completion = take(&nodes[1].recv_cq);
	assert_non_null(completion);
	assert_int_equal(completion->length, 140);
	assert_int_equal(completion->flags, 0);
	assert_int_equal(completion->remote_qpn, nodes[0].qp->qpn);
	assert_int_equal(completion->slid, 1);
	assert_int_equal(completion->sl, 5);
	expect_pattern(nodes[1].memory + GRH, 100, 1);
	assert_int_equal(nodes[1].memory[140], 0xaa);
}

static void grh_comes_before_the_payload(void **state)
{
	static const uint8_t expected[GRH] = {0x62, 0xe0,    0,	   0,	 0,	   12 + 8 + 100 + 4,
					      0x1b, 7,	     0xfe, 0x80, [23] = 1, 0xfe,
					      0x80, [39] = 2};
	struct send_request request = to_node_1(100);
	const struct completion *completion;

	(void)state;
	add_gid(&request, 0);
	fill(nodes[0].memory, 100, 1);
	post_recv(&nodes[1], 0, 140);
	post_send(&nodes[0], &request);
	run();
	completion = take(&nodes[1].recv_cq);
	assert_non_null(completion);
	assert_int_equal(completion->flags, COMPLETION_GRH);
	assert_memory_equal(nodes[1].memory, expected, GRH);
	expect_pattern(nodes[1].memory + GRH, 100, 1);
}

static void ipv4_header_lies_in_the_last_twenty_bytes(void **state)
{
	static const uint8_t addresses[] = {192, 0, 2, 1, 192, 0, 2, 2};
	struct send_request request = to_node_1(8);
	const uint8_t *ip = nodes[1].memory + 20;
	uint32_t sum = 0;

	(void)state;
	add_gid(&request, 1);
	post_recv(&nodes[1], 0, 140);
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[1].recv_cq, 0);
	ip = nodes[1].memory + 20;
	assert_int_equal(ip[0], 0x45);
	assert_int_equal(ip[1], 0x2e);
	/* IPv4, UDP, BTH, DETH, payload, ICRC. */
	assert_int_equal(ip[2] << 8 | ip[3], 20 + 8 + 12 + 8 + 8 + 4);
	assert_int_equal(ip[8], 7);
	assert_int_equal(ip[9], 17);
	assert_memory_equal(ip + 12, addresses, 8);
	for (unsigned int i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
}

static void roce_v1_shows_its_grh(void **state)
{
	struct send_request request = to_node_1(8);

	(void)state;
	add_gid(&request, 0);
	post_recv(&nodes[1], 0, 140);
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[1].recv_cq, 0);
	assert_int_equal(nodes[1].memory[0], 0x62);
	assert_int_equal(nodes[1].memory[6], 0x1b);
	assert_int_equal(wire.log[0]->head.flags, PACKET_GRH | PACKET_ROCE_V1);
}

static void wrong_queue_key_is_dropped(void **state)
{
	struct send_request request = to_node_1(8);

	(void)state;
	request.ud.qkey++;
	post_recv(&nodes[1], 0, 48);
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[0].send_cq, 0);
	expect_nothing(&nodes[1].recv_cq);
	assert_int_equal(nodes[1].qp->shared->errors, 1);
}

static void controlled_queue_key_means_the_own_one(void **state)
{
	struct send_request request = to_node_1(8);

	(void)state;
	request.ud.qkey = 0x80000001;
	post_recv(&nodes[1], 0, 48);
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[1].recv_cq, 0);
}

static void set_pkeys(uint16_t index_0, uint16_t index_1)
{
	nodes[0].qp->attr.pkey_index = index_0;
	nodes[1].qp->attr.pkey_index = index_1;
}

static void send_and_count(uint32_t *arrived)
{
	struct send_request request = to_node_1(8);

	/* Another hop limit each time, so that no remembered route is used. */
	request.ud.grh = true;
	memcpy(request.ud.dgid, wire.hcas[1]->gids[0].raw, 16);
	request.ud.hop_limit = (uint8_t)wire.logged;
	post_recv(&nodes[1], 0, 48);
	post_send(&nodes[0], &request);
	run();
	*arrived = nodes[1].recv_cq.count;
}

static void partitions_are_kept_apart(void **state)
{
	uint32_t arrived;

	(void)state;
	set_pkeys(1, 0);
	send_and_count(&arrived);
	assert_int_equal(arrived, 0);
	/* A limited member may talk to a full one... */
	set_pkeys(2, 1);
	send_and_count(&arrived);
	assert_int_equal(arrived, 1);
	/* ...but not to another limited one. */
	set_pkeys(2, 2);
	send_and_count(&arrived);
	assert_int_equal(arrived, 1);
}

static void datagram_that_does_not_fit_is_dropped(void **state)
{
	struct send_request request = to_node_1(101);

	(void)state;
	post_recv(&nodes[1], 0, 140);
	post_send(&nodes[0], &request);
	run();
	expect_nothing(&nodes[1].recv_cq);
	request = to_node_1(100);
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[1].recv_cq, 0);
	assert_int_equal(nodes[1].qp->attr.state, QP_RTS);
}

static void datagram_is_limited_by_the_port(void **state)
{
	struct send_request request = to_node_1(4096);

	(void)state;
	fill(nodes[0].memory, 4096, 2);
	post_recv(&nodes[1], 0, 4096 + GRH);
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[1].recv_cq, 0);
	expect_pattern(nodes[1].memory + GRH, 4096, 2);
	request = to_node_1(4097);
	post_send(&nodes[0], &request);
	expect_status(&nodes[0].send_cq, 2, STATUS_LOCAL_LENGTH);
}

static void address_without_anybody_is_a_datagram_lost(void **state)
{
	struct send_request request = to_node_1(8);

	(void)state;
	request.ud.dlid = 99;
	post_send(&nodes[0], &request);
	request = to_node_1(8);
	request.ud.qpn = 0x777;
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[0].send_cq, 2);
}

static void own_port_is_an_address_too(void **state)
{
	struct send_request request = to_node_1(8);

	(void)state;
	request.ud.dlid = 1;
	request.ud.qpn = nodes[0].qp->qpn;
	post_recv(&nodes[0], 1000, 48);
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[0].recv_cq, 0);
}

/* ---- multicast ---- */

static const uint8_t mgid[16] = {0xff, 0x12, [15] = 1};

static void attach(struct qp *qp)
{
	assert_int_equal(qp_attach_multicast(qp, mgid, 0xc001), 0);
}

static struct send_request to_group(void)
{
	struct send_request request = to_node_1(8);

	request.ud.dlid = 0xc001;
	request.ud.qpn = 0xffffff;
	request.ud.grh = true;
	memcpy(request.ud.dgid, mgid, 16);
	return request;
}

static void post_recv_second(struct node *node, uint32_t offset, uint32_t length)
{
	post_recv(node, offset, length);
	node->queue2.recv[node->queue2.recv_posted++] = node->queue.recv[--node->queue.recv_posted];
}

static void multicast_reaches_all_members_and_the_sender_is_one(void **state)
{
	struct send_request request = to_group();

	(void)state;
	attach(nodes[0].qp);
	attach(nodes[0].qp2);
	attach(nodes[1].qp);
	attach(nodes[1].qp2);
	fill(nodes[0].memory, 8, 1);
	post_recv(&nodes[0], 1000, 48);
	post_recv_second(&nodes[0], 2000, 48);
	post_recv(&nodes[1], 1000, 48);
	post_recv_second(&nodes[1], 2000, 48);
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[0].send_cq, 0);
	/* One packet for each process. */
	assert_int_equal(wire.logged, 2);
	assert_int_equal(wire.log[0]->head.flags, PACKET_GRH | PACKET_MULTICAST);
	assert_int_equal(nodes[1].recv_cq.count, 2);
	expect_pattern(nodes[1].memory + 1000 + GRH, 8, 1);
	expect_pattern(nodes[1].memory + 2000 + GRH, 8, 1);
	assert_int_equal(nodes[0].recv_cq.count, 2);
	expect_pattern(nodes[0].memory + 1000 + GRH, 8, 1);
	expect_pattern(nodes[0].memory + 2000 + GRH, 8, 1);
}

static void multicast_without_members_is_lost(void **state)
{
	struct send_request request = to_group();

	(void)state;
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[0].send_cq, 0);
	assert_int_equal(wire.logged, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_ib, datagram_leaves_room_for_a_grh),
		TEST(open_ib, grh_comes_before_the_payload),
		TEST(open_eth, ipv4_header_lies_in_the_last_twenty_bytes),
		TEST(open_eth, roce_v1_shows_its_grh),
		TEST(open_ib, wrong_queue_key_is_dropped),
		TEST(open_ib, controlled_queue_key_means_the_own_one),
		TEST(open_ib, partitions_are_kept_apart),
		TEST(open_ib, datagram_that_does_not_fit_is_dropped),
		TEST(open_ib, datagram_is_limited_by_the_port),
		TEST(open_ib, address_without_anybody_is_a_datagram_lost),
		TEST(open_ib, own_port_is_an_address_too),
		TEST(open_ib, multicast_reaches_all_members_and_the_sender_is_one),
		TEST(open_ib, multicast_without_members_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
