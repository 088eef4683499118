/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Management datagrams: numbers, keys, partitions. IBTA vol. 1, 10.2.5, 10.9, 13.5. */
#include "hw/wire/address.h"
#include "node.h"

enum { GSI_KEY = 0x80010000, GRH = 40, MAD = 256 };

static void open_type(enum qp_type type, enum fabric_port_type port_type)
{
	struct pair_options options = usual;

	options.type = type;
	options.port_type = port_type;
	pair_open(&options);
}

static int open_smi(void **state)
{
	(void)state;
	open_type(QP_TYPE_SMI, FABRIC_PORT_IB);
	return 0;
}

static int open_gsi(void **state)
{
	(void)state;
	open_type(QP_TYPE_GSI, FABRIC_PORT_IB);
	return 0;
}

static int open_gsi_eth(void **state)
{
	(void)state;
	open_type(QP_TYPE_GSI, FABRIC_PORT_ETH);
	return 0;
}

static struct send_request make_mad(uint32_t qpn, uint32_t qkey)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, MAD);

	request.ud = (struct ud_address){.qpn = qpn, .qkey = qkey, .dlid = 2};
	fill(nodes[0].memory, MAD, 3);
	post_recv(&nodes[1], 0, GRH + MAD);
	return request;
}

static void expect_mad(uint32_t from, uint16_t pkey_index)
{
	const struct completion *completion = take(&nodes[1].recv_cq);

	assert_non_null(completion);
	assert_int_equal(completion->status, STATUS_SUCCESS);
	assert_int_equal(completion->length, GRH + MAD);
	assert_int_equal(completion->remote_qpn, from);
	assert_int_equal(completion->pkey_index, pkey_index);
	expect_pattern(nodes[1].memory + GRH, MAD, 3);
}

static void exchange(const struct send_request *request)
{
	post_send(&nodes[0], request);
	run();
	assert_non_null(take(&nodes[0].send_cq));
}

static void general_services_talk_from_1_to_1(void **state)
{
	struct send_request request = make_mad(1, GSI_KEY);

	(void)state;
	assert_int_equal(nodes[0].qp->qpn, 1);
	exchange(&request);
	expect_mad(1, 0);
	assert_int_equal(wire.logged, 1);
	/* Behind the BTH, of which byte 5 begins the destination: Q_Key and source. */
	assert_memory_equal(wire.log[0]->bytes + 5, "\0\0\1", 3);
	assert_memory_equal(wire.log[0]->bytes + 12, "\x80\x01\0\0\0\0\0\1", 8);
}

static void general_services_have_one_queue_key(void **state)
{
	/* What the QP was told (see connect_qp) does not count, and it may not choose another. */
	struct send_request request = make_mad(1, 0x11111111);

	(void)state;
	exchange(&request);
	expect_nothing(&nodes[1].recv_cq);
	assert_int_equal(nodes[1].qp->shared->errors, 1);
	request.ud.qkey = 0x80000001;
	exchange(&request);
	expect_mad(1, 0);
}

static void general_services_are_in_all_partitions_of_the_port(void **state)
{
	struct send_request request = make_mad(1, GSI_KEY);

	(void)state;
	nodes[0].qp->attr.pkey_index = 1;
	exchange(&request);
	expect_mad(1, 1);
	/* A limited member's packet comes in by the full member's key. */
	nodes[0].qp->attr.pkey_index = 2;
	request.ud.sl = 1;
	post_recv(&nodes[1], 0, GRH + MAD);
	exchange(&request);
	expect_mad(1, 1);
	wire.hcas[1]->pkeys[1] = wire.hcas[1]->pkeys[2] = 0;
	request.ud.sl = 2;
	post_recv(&nodes[1], 0, GRH + MAD);
	exchange(&request);
	expect_nothing(&nodes[1].recv_cq);
}

static void general_services_exist_on_ethernet(void **state)
{
	struct send_request request = make_mad(1, GSI_KEY);

	(void)state;
	request.ud.dlid = 0;
	request.ud.grh = true;
	request.ud.sgid_index = 1;
	request.ud.hop_limit = 64;
	memcpy(request.ud.dgid, wire.hcas[1]->gids[1].raw, 16);
	exchange(&request);
	expect_mad(1, 0);
}

static void subnet_management_has_neither_key_nor_partition(void **state)
{
	struct send_request request = make_mad(0, 0);

	(void)state;
	assert_int_equal(nodes[0].qp->qpn, 0);
	nodes[0].qp->attr.pkey_index = 1;
	wire.hcas[1]->pkeys[1] = 0;
	exchange(&request);
	expect_mad(0, 0);
}

static void subnet_management_to_nobody_is_lost(void **state)
{
	struct send_request request = make_mad(0, 0);

	(void)state;
	request.ud.dlid = WIRE_LID_PERMISSIVE;
	exchange(&request);
	request.ud.dlid = 99;
	exchange(&request);
	request.ud.dlid = 2;
	assert_int_equal(qp_destroy(nodes[1].qp), 0);
	request.ud.sl = 1;
	exchange(&request);
	assert_int_equal(nodes[0].qp->attr.state, QP_RTS);
	expect_nothing(&nodes[1].recv_cq);
}

static enum fate count_only(void *arg, const struct sent_packet *packet)
{
	(void)packet;
	++*(unsigned int *)arg;
	return FATE_DROP;
}

static void management_datagrams_are_plain_sends(void **state)
{
	struct send_request request = make_mad(1, GSI_KEY);
	unsigned int sent = 0;

	(void)state;
	wire.judge = count_only;
	wire.judge_arg = &sent;
	request.opcode = REQUEST_SEND_IMM;
	post_send(&nodes[0], &request);
	run();
	expect_status(&nodes[0].send_cq, 0, STATUS_LOCAL_QP_OPERATION);
	assert_int_equal(sent, 0);
	assert_int_equal(nodes[0].qp->attr.state, QP_SQE);
}

static void immediate_data_for_management_is_dropped(void **state)
{
	/* DETH with the right key, and immediate data. */
	static const uint8_t bytes[] = {0x65, 0, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 0,
					0x80, 1, 0,    0,    0, 0, 0, 1, 0, 0, 0, 7};
	struct packet packet = {.destination_hca = 1, .slid = 1, .dlid = 2};
	uint8_t copy[sizeof(bytes)];

	(void)state;
	atomic_init(&packet.length, sizeof(bytes));
	post_recv(&nodes[1], 0, GRH + MAD);
	memcpy(copy, bytes, sizeof(copy));
	transport_receive(nodes[1].hca, &packet, copy);
	expect_nothing(&nodes[1].recv_cq);
	copy[0] = 0x64;
	transport_receive(nodes[1].hca, &packet, copy);
	assert_int_equal(nodes[1].recv_cq.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_gsi, general_services_talk_from_1_to_1),
		TEST(open_gsi, general_services_have_one_queue_key),
		TEST(open_gsi, general_services_are_in_all_partitions_of_the_port),
		TEST(open_gsi_eth, general_services_exist_on_ethernet),
		TEST(open_smi, subnet_management_has_neither_key_nor_partition),
		TEST(open_smi, subnet_management_to_nobody_is_lost),
		TEST(open_gsi, management_datagrams_are_plain_sends),
		TEST(open_gsi, immediate_data_for_management_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
