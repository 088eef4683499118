/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ethernet frames by the extended calls: requests of every kind in one ring, completions with tags;
 * receivers that sleep, and those of another process.
 */
#include <errno.h>
#include <string.h>

#include "frame.h"
#include "peer.h"

static const uint8_t elsewhere[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};

struct bench {
	struct bed bed;
	uint8_t mac[6];
	struct station sender, receiver;
	struct frame_plan plan;
	uint8_t frame[FRAME_ROOM];
	uint32_t length;
};

static void bench_open(struct bench *bench)
{
	frame_bed_open(&bench->bed, bench->mac);
	station_open(&bench->sender, &bench->bed);
	station_open(&bench->receiver, &bench->bed);
	bench->plan = (struct frame_plan){
		.to = bench->mac,
		.from = elsewhere,
		.version = 4,
		.protocol = 17,
		.source_ip = {10, 1, 2, 3},
		.destination_ip = {10, 4, 5, 6},
		.source_port = 1111,
		.destination_port = 2222,
		.payload = 60,
		.checksums = true,
	};
}

static void bench_close(struct bench *bench)
{
	station_close(&bench->receiver);
	station_close(&bench->sender);
	bed_close(&bench->bed);
}

static void make_frame(struct bench *bench, uint32_t payload)
{
	bench->plan.payload = payload;
	bench->plan.source_port++;
	bench->length = frame_make(bench->frame, &bench->plan);
}

static void send(struct bench *bench)
{
	station_send(&bench->sender, bench->frame, bench->length, 0);
}

/* What is sent to the port goes to this queue pair. */
static struct ibv_flow *lead_to(const struct bench *bench, struct ibv_qp *qp)
{
	struct rule rule = rule_to(bench->mac, 0);

	return rule_bind(qp, &rule);
}

static void bring_up(const struct bench *bench, struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_INIT, .port_num = bench->bed.port_num};

	CHECK_OK(ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_PORT));
	attr.qp_state = IBV_QPS_RTR;
	CHECK_OK(ibv_modify_qp(qp, &attr, IBV_QP_STATE));
	attr.qp_state = IBV_QPS_RTS;
	CHECK_OK(ibv_modify_qp(qp, &attr, IBV_QP_STATE));
}

static struct ibv_qp *open_extended(const struct bench *bench, uint32_t max_send_wr)
{
	struct ibv_qp_init_attr_ex init = {
		.qp_type = IBV_QPT_RAW_PACKET,
		.send_cq = bench->sender.send_cq,
		.recv_cq = bench->sender.cq,
		.cap = {.max_send_wr = max_send_wr, .max_send_sge = 2, .max_inline_data = 128},
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS |
			     IBV_QP_INIT_ATTR_MAX_TSO_HEADER,
		.pd = bench->bed.pd,
		.max_tso_header = 54,
		.send_ops_flags = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_TSO,
	};
	struct ibv_qp *qp = ibv_create_qp_ex(bench->bed.context, &init);

	CHECK(qp);
	CHECK(ibv_qp_to_qp_ex(qp));
	bring_up(bench, qp);
	return qp;
}

/* The frame in memory, in pieces, within the request, and as a long payload that fits into one; the
 * ring is passed many times, at each place by requests of other sizes. */
CASE(requests_of_every_kind)
{
	static struct bench bench;
	struct ibv_flow *flow;
	struct ibv_qp *qp;
	struct ibv_qp_ex *ex;

	bench_open(&bench);
	bench.plan.protocol = 6;
	flow = lead_to(&bench, bench.receiver.qp);
	qp = open_extended(&bench, 5);
	ex = ibv_qp_to_qp_ex(qp);
	for (unsigned int round = 0; round < 40; round++) {
		struct ibv_sge pieces[2];
		struct ibv_data_buf bufs[] = {{.addr = bench.frame, .length = round % 30},
					      {.addr = bench.frame + round % 30}};
		uint32_t key = bench.sender.out.mr->lkey;

		trying("round %u", round);
		make_frame(&bench, 20 + round);
		memcpy(bench.sender.out.bytes, bench.frame, bench.length);
		pieces[0] = buffer_sge(&bench.sender.out, 0, 1 + round);
		pieces[1] = buffer_sge(&bench.sender.out, 1 + round, bench.length - 1 - round);
		bufs[1].length = bench.length - bufs[0].length;
		ibv_wr_start(ex);
		ex->wr_flags = 0;
		ibv_wr_send(ex);
		ibv_wr_set_sge(ex, key, buffer_address(&bench.sender.out, 0), bench.length);
		ibv_wr_send(ex);
		ibv_wr_set_sge_list(ex, 2, pieces);
		ibv_wr_send(ex);
		ibv_wr_set_inline_data_list(ex, 2, bufs);
		ibv_wr_send_tso(ex, bench.frame, 54, 1000);
		ibv_wr_set_sge(ex, key, buffer_address(&bench.sender.out, 54), bench.length - 54);
		ex->wr_id = 7;
		ex->wr_flags = IBV_SEND_SIGNALED | IBV_SEND_IP_CSUM;
		ibv_wr_send(ex);
		ibv_wr_set_inline_data(ex, bench.frame, bench.length);
		CHECK_OK(ibv_wr_complete(ex));
		expect_wc(bench.sender.send_cq, 7, IBV_WC_SUCCESS);
		for (unsigned int i = 0; i < 5; i++)
			station_expect(&bench.receiver, bench.frame, bench.length);
	}
	CHECK_OK(ibv_destroy_qp(qp));
	CHECK_OK(ibv_destroy_flow(flow));
	bench_close(&bench);
}

/* Nothing of a batch with a mistake is sent. */
CASE(batches_with_a_mistake)
{
	static struct bench bench;
	struct ibv_flow *flow;
	struct ibv_qp *qp;
	struct ibv_qp_ex *ex;

	bench_open(&bench);
	flow = lead_to(&bench, bench.receiver.qp);
	qp = open_extended(&bench, 5);
	ex = ibv_qp_to_qp_ex(qp);
	make_frame(&bench, 1000);
	memcpy(bench.sender.out.bytes, bench.frame, bench.length);
	for (unsigned int mistake = 0; mistake < 2; mistake++) {
		ibv_wr_start(ex);
		ex->wr_flags = IBV_SEND_SIGNALED;
		ibv_wr_send(ex);
		ibv_wr_set_sge(ex, bench.sender.out.mr->lkey, buffer_address(&bench.sender.out, 0),
			       bench.length);
		if (mistake) {
			ibv_wr_send_tso(ex, bench.frame, 200, 500);
			ibv_wr_set_sge(ex, 1, 2, 3);
		} else {
			ibv_wr_send(ex);
			ibv_wr_set_inline_data(ex, bench.frame, bench.length);
		}
		CHECK_RC(ibv_wr_complete(ex), mistake ? EINVAL : ENOMEM);
	}
	send(&bench);
	station_expect(&bench.receiver, bench.frame, bench.length);
	expect_empty(bench.receiver.cq);
	CHECK_OK(ibv_destroy_qp(qp));
	CHECK_OK(ibv_destroy_flow(flow));
	bench_close(&bench);
}

static void wait_poll(struct ibv_cq_ex *cq)
{
	struct ibv_poll_cq_attr attr = {};
	double deadline = seconds_now() + PATIENCE_SECONDS;
	int err;

	do
		err = ibv_start_poll(cq, &attr);
	while (err == ENOENT && seconds_now() < deadline);
	CHECK_OK(err);
}

/* Each rule marks its frames; those without a mark say 0. */
CASE(marks_of_rules)
{
	static const uint32_t marks[] = {0x000123, 0xfffffe, 0};
	struct ibv_cq_init_attr_ex cq_init = {
		.cqe = 64, .wc_flags = IBV_WC_EX_WITH_FLOW_TAG | IBV_WC_EX_WITH_BYTE_LEN};
	struct ibv_qp_init_attr init = {.qp_type = IBV_QPT_RAW_PACKET,
					.cap = {.max_recv_wr = 32, .max_recv_sge = 1}};
	static struct bench bench;
	struct ibv_flow *flows[3];
	struct ibv_cq_ex *cq;
	struct ibv_qp *qp;

	bench_open(&bench);
	cq = ibv_create_cq_ex(bench.bed.context, &cq_init);
	CHECK(cq);
	init.send_cq = init.recv_cq = ibv_cq_ex_to_cq(cq);
	qp = ibv_create_qp(bench.bed.pd, &init);
	CHECK(qp);
	bring_up(&bench, qp);
	for (unsigned int i = 0; i < 3; i++) {
		const struct ibv_flow_spec_ipv4 ip = {.type = IBV_FLOW_SPEC_IPV4,
						      .size = sizeof(ip)};
		const struct ibv_flow_spec_tcp_udp udp = {
			.type = IBV_FLOW_SPEC_UDP,
			.size = sizeof(udp),
			.val.dst_port = htobe16((uint16_t)(2000 + i)),
			.mask.dst_port = UINT16_MAX,
		};
		const struct ibv_flow_spec_action_tag tag = {
			.type = IBV_FLOW_SPEC_ACTION_TAG, .size = sizeof(tag), .tag_id = marks[i]};
		struct rule rule = rule_to(bench.mac, 0);

		rule_add(&rule, &ip, sizeof(ip));
		rule_add(&rule, &udp, sizeof(udp));
		if (marks[i])
			rule_add(&rule, &tag, sizeof(tag));
		flows[i] = rule_bind(qp, &rule);
	}
	for (unsigned int i = 0; i < 12; i++) {
		struct ibv_sge sge = buffer_sge(&bench.receiver.in, 0, FRAME_ROOM);
		struct ibv_recv_wr wr = {.wr_id = i, .sg_list = &sge, .num_sge = 1}, *bad;

		CHECK_OK(ibv_post_recv(qp, &wr, &bad));
		bench.plan.destination_port = (uint16_t)(2000 + i % 3);
		make_frame(&bench, 40 + i);
		send(&bench);
		wait_poll(cq);
		CHECK_EQ(cq->wr_id, i);
		CHECK_EQ(cq->status, IBV_WC_SUCCESS);
		CHECK_EQ(ibv_wc_read_opcode(cq), IBV_WC_RECV);
		CHECK_EQ(ibv_wc_read_flow_tag(cq), marks[i % 3]);
		CHECK_EQ(ibv_wc_read_byte_len(cq), bench.length);
		CHECK(ibv_wc_read_wc_flags(cq) & IBV_WC_IP_CSUM_OK);
		ibv_end_poll(cq);
		CHECK_BYTES(bench.receiver.in.bytes, bench.frame, bench.length);
	}
	for (unsigned int i = 0; i < 3; i++)
		CHECK_OK(ibv_destroy_flow(flows[i]));
	CHECK_OK(ibv_destroy_qp(qp));
	CHECK_OK(ibv_destroy_cq(ibv_cq_ex_to_cq(cq)));
	bench_close(&bench);
}

/* A queue pair that takes VLAN tags out, and one that gives the check sequence, too. */
static struct ibv_qp *open_receiver(const struct bench *bench, struct ibv_cq_ex *cq,
				    uint32_t create_flags)
{
	struct ibv_qp_init_attr_ex init = {
		.qp_type = IBV_QPT_RAW_PACKET,
		.send_cq = ibv_cq_ex_to_cq(cq),
		.recv_cq = ibv_cq_ex_to_cq(cq),
		.cap = {.max_recv_wr = 4, .max_recv_sge = 1},
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_CREATE_FLAGS,
		.pd = bench->bed.pd,
		.create_flags = create_flags,
	};
	struct ibv_sge sge = buffer_sge(&bench->receiver.in, 0, FRAME_ROOM);
	struct ibv_recv_wr wr = {.sg_list = &sge, .num_sge = 1}, *bad;
	struct ibv_qp *qp = ibv_create_qp_ex(bench->bed.context, &init);

	CHECK(qp);
	bring_up(bench, qp);
	CHECK_OK(ibv_post_recv(qp, &wr, &bad));
	return qp;
}

CASE(what_a_queue_pair_does_with_frames)
{
	static const uint32_t flags[] = {IBV_QP_CREATE_CVLAN_STRIPPING, IBV_QP_CREATE_SCATTER_FCS};
	struct ibv_cq_init_attr_ex cq_init = {
		.cqe = 8, .wc_flags = IBV_WC_EX_WITH_CVLAN | IBV_WC_EX_WITH_BYTE_LEN};
	static struct bench bench;

	bench_open(&bench);
	bench.plan.vlan = 0xa123;
	for (unsigned int i = 0; i < 2; i++) {
		struct ibv_cq_ex *cq = ibv_create_cq_ex(bench.bed.context, &cq_init);
		const uint8_t *received = bench.receiver.in.bytes;
		struct ibv_flow *flow;
		struct ibv_qp *qp;
		uint32_t length;

		CHECK(cq);
		qp = open_receiver(&bench, cq, flags[i]);
		flow = lead_to(&bench, qp);
		make_frame(&bench, 80);
		send(&bench);
		wait_poll(cq);
		CHECK_EQ(cq->status, IBV_WC_SUCCESS);
		length = ibv_wc_read_byte_len(cq);
		CHECK(ibv_wc_read_wc_flags(cq) & IBV_WC_IP_CSUM_OK);
		if (i) {
			CHECK_EQ(length, bench.length + 4);
			CHECK_BYTES(received, bench.frame, bench.length);
		} else {
			CHECK_EQ(length, bench.length - 4);
			CHECK_EQ(ibv_wc_read_cvlan(cq), 0xa123);
			CHECK_BYTES(received, bench.frame, 12);
			CHECK_BYTES(received + 12, bench.frame + 16, length - 12);
		}
		ibv_end_poll(cq);
		CHECK_OK(ibv_destroy_flow(flow));
		CHECK_OK(ibv_destroy_qp(qp));
		CHECK_OK(ibv_destroy_cq(ibv_cq_ex_to_cq(cq)));
	}
	bench_close(&bench);
}

CASE(a_sleeping_receiver_wakes_up)
{
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RAW_PACKET,
		.cap = {.max_send_wr = 1, .max_recv_wr = 4, .max_send_sge = 1, .max_recv_sge = 1}};
	struct ibv_comp_channel *channel;
	static struct bench bench;
	struct ibv_cq *cq, *told;
	struct ibv_flow *flow;
	struct ibv_qp *qp;
	void *context;

	bench_open(&bench);
	channel = ibv_create_comp_channel(bench.bed.context);
	CHECK(channel);
	cq = ibv_create_cq(bench.bed.context, 10, &bench, channel, 0);
	CHECK(cq);
	init.send_cq = init.recv_cq = cq;
	qp = ibv_create_qp(bench.bed.pd, &init);
	CHECK(qp);
	bring_up(&bench, qp);
	flow = lead_to(&bench, qp);
	for (unsigned int i = 0; i < 20; i++) {
		struct ibv_sge sge = buffer_sge(&bench.receiver.in, 0, FRAME_ROOM);
		struct ibv_recv_wr wr = {.wr_id = i, .sg_list = &sge, .num_sge = 1}, *bad;

		CHECK_OK(ibv_req_notify_cq(cq, 0));
		CHECK(!readable(channel->fd, 0));
		CHECK_OK(ibv_post_recv(qp, &wr, &bad));
		make_frame(&bench, 40 + i);
		send(&bench);
		CHECK(readable(channel->fd, PATIENCE_SECONDS * 1000));
		CHECK_EQ(ibv_get_cq_event(channel, &told, &context), 0);
		CHECK(told == cq && context == &bench);
		ibv_ack_cq_events(cq, 1);
		CHECK_EQ(expect_wc(cq, i, IBV_WC_SUCCESS).byte_len, bench.length);
	}
	CHECK_OK(ibv_destroy_flow(flow));
	CHECK_OK(ibv_destroy_qp(qp));
	CHECK_OK(ibv_destroy_cq(cq));
	CHECK_OK(ibv_destroy_comp_channel(channel));
	bench_close(&bench);
}

/* ---- another process ---- */

enum { EXCHANGED = 300, IN_FLIGHT = 16 };

static const uint8_t this_mac[6] = {0x02, 0, 0, 0, 0, 1}, other_mac[6] = {0x02, 0, 0, 0, 0, 2};

static struct ibv_flow *lead_from(const uint8_t mac[6], struct ibv_qp *qp)
{
	struct rule rule = rule_to(mac, 0);

	return rule_bind(qp, &rule);
}

/* Each frame goes back as it has come, but for its addresses. */
static void answer(int socket)
{
	static struct bench bench;
	struct ibv_flow *flow;
	char ready = 'r';

	bench_open(&bench);
	flow = lead_from(other_mac, bench.receiver.qp);
	tell(socket, &ready, 1);
	for (unsigned int i = 0; i < EXCHANGED; i++) {
		const uint8_t *frame;
		struct ibv_wc wc = station_receive(&bench.receiver, &frame);

		memcpy(bench.frame, frame, wc.byte_len);
		memcpy(bench.frame, this_mac, 6);
		station_post(&bench.receiver, wc.wr_id, FRAME_ROOM);
		station_send(&bench.sender, bench.frame, wc.byte_len, 0);
	}
	hear(socket, &ready, 1);
	CHECK_OK(ibv_destroy_flow(flow));
	bench_close(&bench);
}

static void send_number(struct bench *bench, unsigned int number)
{
	bench->plan.source_port = (uint16_t)number;
	make_frame(bench, 20 + number);
	send(bench);
}

CASE(frames_between_processes)
{
	struct peer peer = peer_start(answer);
	static struct bench bench;
	struct ibv_flow *flow;
	unsigned int sent = 0;
	char ready;

	bench_open(&bench);
	bench.plan.to = other_mac;
	bench.plan.from = this_mac;
	flow = lead_from(this_mac, bench.receiver.qp);
	hear(peer.socket, &ready, 1);
	for (unsigned int i = 0; i < EXCHANGED; i++) {
		for (; sent < EXCHANGED && sent < i + IN_FLIGHT; sent++)
			send_number(&bench, sent);
		bench.plan.source_port = (uint16_t)i;
		make_frame(&bench, 20 + i);
		memcpy(bench.frame, this_mac, 6);
		station_expect(&bench.receiver, bench.frame, bench.length);
	}
	tell(peer.socket, &ready, 1);
	peer_finish(&peer);
	CHECK_OK(ibv_destroy_flow(flow));
	bench_close(&bench);
}
