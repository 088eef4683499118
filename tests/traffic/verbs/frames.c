/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Raw packet queue pairs: frames between two of one process, what is done to them on the way, and
 * what is refused. */
#include <errno.h>
#include <string.h>

#include "frame.h"

static const uint8_t elsewhere[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};

struct bench {
	struct bed bed;
	uint8_t mac[6];
	struct station sender, receiver;
	struct ibv_flow *flow;
	uint8_t frame[1 << 17];
};

/* The receiver takes what is sent to the port. */
static void bench_open(struct bench *bench)
{
	struct rule rule;

	frame_bed_open(&bench->bed, bench->mac);
	station_open(&bench->sender, &bench->bed);
	station_open(&bench->receiver, &bench->bed);
	rule = rule_to(bench->mac, 0);
	bench->flow = rule_bind(bench->receiver.qp, &rule);
}

static void bench_close(struct bench *bench)
{
	CHECK_OK(ibv_destroy_flow(bench->flow));
	station_close(&bench->receiver);
	station_close(&bench->sender);
	bed_close(&bench->bed);
}

static struct frame_plan plan_of(const struct bench *bench, uint8_t version, uint8_t protocol,
				 uint32_t payload)
{
	return (struct frame_plan){
		.to = bench->mac,
		.from = elsewhere,
		.version = version,
		.protocol = protocol,
		.source_ip = {10, 1, 2, 3, 9, 8, 7, 6},
		.destination_ip = {10, 4, 5, 6, 1, 2, 3, 4},
		.source_port = 1111,
		.destination_port = 2222,
		.payload = payload,
	};
}

CASE(sizes)
{
	static const uint32_t payloads[] = {0, 1, 45, 46, 47, 100, 1000, 1500, 2000};
	struct frame_plan plan;
	static struct bench bench;

	bench_open(&bench);
	plan = (struct frame_plan){.to = bench.mac, .from = elsewhere, .type = 0x88b5};
	for (unsigned int i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		plan.payload = payloads[i];
		trying("a payload of %u bytes", plan.payload);
		station_send(&bench.sender, bench.frame, frame_make(bench.frame, &plan), 0);
		station_expect(&bench.receiver, bench.frame, frame_make(bench.frame, &plan));
	}
	bench_close(&bench);
}

/* Each begins at another place of the ring, and some wrap around its end. */
CASE(inline_frames)
{
	struct frame_plan plan;
	static struct bench bench;

	bench_open(&bench);
	plan = (struct frame_plan){.to = bench.mac, .from = elsewhere, .type = 0x88b5};
	for (unsigned int i = 0; i < 300; i++) {
		uint32_t length;

		plan.payload = 46 + i * 7 % 190;
		plan.source_port = (uint16_t)i;
		length = frame_make(bench.frame, &plan);
		trying("inline frame %u of %u bytes", i, length);
		station_send(&bench.sender, bench.frame, length, IBV_SEND_INLINE);
		station_expect(&bench.receiver, bench.frame, length);
	}
	bench_close(&bench);
}

CASE(frames_in_pieces)
{
	struct frame_plan plan;
	static struct bench bench;
	struct ibv_sge pieces[2];
	struct ibv_send_wr wr = {.sg_list = pieces,
				 .num_sge = 2,
				 .opcode = IBV_WR_SEND,
				 .send_flags = IBV_SEND_SIGNALED},
			   *bad;
	uint32_t length;

	bench_open(&bench);
	plan = (struct frame_plan){
		.to = bench.mac, .from = elsewhere, .type = 0x88b5, .payload = 600};
	length = frame_make(bench.sender.out.bytes, &plan);
	memcpy(bench.frame, bench.sender.out.bytes, length);
	for (uint32_t cut = 1; cut < length; cut += 77) {
		trying("a cut behind byte %u", cut);
		pieces[0] = buffer_sge(&bench.sender.out, 0, cut);
		pieces[1] = buffer_sge(&bench.sender.out, cut, length - cut);
		CHECK_OK(ibv_post_send(bench.sender.qp, &wr, &bad));
		expect_wc(bench.sender.send_cq, 0, IBV_WC_SUCCESS);
		station_expect(&bench.receiver, bench.frame, length);
	}
	bench_close(&bench);
}

static void send_for_checksums(struct bench *bench, struct frame_plan plan)
{
	uint32_t length = frame_make(bench->frame, &plan);

	trying("IPv%u, protocol %u, %u bytes", plan.version, plan.protocol, plan.payload);
	station_send(&bench->sender, bench->frame, length, IBV_SEND_IP_CSUM);
	plan.checksums = true;
	length = frame_make(bench->frame, &plan);
	station_expect(&bench->receiver, bench->frame, length);
}

CASE(checksums_are_put_in)
{
	static struct bench bench;

	bench_open(&bench);
	for (uint32_t payload = 20; payload < 60; payload += 13) {
		send_for_checksums(&bench, plan_of(&bench, 4, 17, payload));
		send_for_checksums(&bench, plan_of(&bench, 4, 6, payload));
		send_for_checksums(&bench, plan_of(&bench, 6, 17, payload));
		send_for_checksums(&bench, plan_of(&bench, 6, 6, payload));
	}
	bench_close(&bench);
}

static void judge(struct bench *bench, const struct frame_plan *plan, uint32_t damaged, bool good)
{
	uint32_t length = frame_make(bench->frame, plan);
	const uint8_t *received;
	struct ibv_wc wc;

	trying("IPv%u, damage at byte %u", plan->version, damaged);
	if (damaged)
		bench->frame[damaged] ^= 0x10;
	station_send(&bench->sender, bench->frame, length, 0);
	wc = station_receive(&bench->receiver, &received);
	CHECK_EQ(!!(wc.wc_flags & IBV_WC_IP_CSUM_OK), good);
	CHECK_BYTES(received, bench->frame, length);
}

/* The flag is about IPv4, whose header has a checksum of its own. */
CASE(checksums_are_judged)
{
	static struct bench bench;
	struct frame_plan plan;

	bench_open(&bench);
	plan = plan_of(&bench, 4, 17, 33);
	judge(&bench, &plan, 0, false);
	plan.checksums = true;
	judge(&bench, &plan, 0, true);
	judge(&bench, &plan, frame_network(&plan) + 8, false);
	judge(&bench, &plan, frame_transport(&plan) + 20, false);
	plan.protocol = 6;
	judge(&bench, &plan, 0, true);
	plan = plan_of(&bench, 6, 17, 33);
	plan.checksums = true;
	judge(&bench, &plan, 0, false);
	bench_close(&bench);
}

/* ---- large segments ---- */

enum { SEGMENT = 500, HEADERS = 14 + 20 + 20 };

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The extended interface alone has these. */
static struct ibv_qp *open_segmenting(struct bench *bench)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_INIT, .port_num = bench->bed.port_num};
	struct ibv_qp_init_attr_ex init = {
		.qp_type = IBV_QPT_RAW_PACKET,
		.send_cq = bench->sender.send_cq,
		.recv_cq = bench->sender.cq,
		.cap = {.max_send_wr = 16, .max_send_sge = 2},
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_MAX_TSO_HEADER |
			     IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.pd = bench->bed.pd,
		.max_tso_header = HEADERS,
		.send_ops_flags = IBV_QP_EX_WITH_TSO,
	};
	struct ibv_qp *qp = ibv_create_qp_ex(bench->bed.context, &init);

	CHECK(qp);
	CHECK_OK(ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_PORT));
	attr.qp_state = IBV_QPS_RTR;
	CHECK_OK(ibv_modify_qp(qp, &attr, IBV_QP_STATE));
	attr.qp_state = IBV_QPS_RTS;
	CHECK_OK(ibv_modify_qp(qp, &attr, IBV_QP_STATE));
	return qp;
}

static void check_segment(struct bench *bench, const struct frame_plan *large, uint32_t number,
			  uint32_t count)
{
	uint32_t done = number * SEGMENT, left = large->payload - done;
	struct frame_plan plan = *large;
	const uint8_t *frame, *tcp;
	struct ibv_wc wc = station_receive(&bench->receiver, &frame);
	uint8_t flags = number == count - 1 ? 0x19 : 0x10;

	trying("segment %u", number);
	plan.payload = left < SEGMENT ? left : SEGMENT;
	tcp = frame + frame_transport(&plan);
	CHECK_EQ(wc.byte_len, HEADERS + plan.payload);
	CHECK(wc.wc_flags & IBV_WC_IP_CSUM_OK);
	CHECK_EQ(frame[16] << 8 | frame[17], 40 + plan.payload);
	CHECK_EQ(frame[18] << 8 | frame[19], 0x1234 + number);
	CHECK_EQ(get32(tcp + 4), 0xffffff00u + done);
	CHECK_EQ(tcp[13], flags | (number ? 0 : 0x80));
	CHECK_BYTES(frame + HEADERS, bench->frame + HEADERS + done, plan.payload);
	station_post(&bench->receiver, wc.wr_id, FRAME_ROOM);
}

CASE(a_large_segment_is_cut)
{
	static struct bench bench;
	struct frame_plan plan;
	struct ibv_qp *qp;
	struct ibv_qp_ex *ex;
	uint32_t length, count;

	bench_open(&bench);
	plan = plan_of(&bench, 4, 6, 10 * SEGMENT + 123);
	length = frame_make(bench.frame, &plan);
	bench.frame[18] = 0x12, bench.frame[19] = 0x34;	 /* identification */
	memcpy(bench.frame + 38, "\xff\xff\xff\x00", 4); /* sequence number */
	bench.frame[14 + 20 + 13] = 0x99; /* acknowledgement, push, end, window reduced */
	memcpy(bench.sender.out.bytes, bench.frame, length);
	count = (plan.payload + SEGMENT - 1) / SEGMENT;
	qp = open_segmenting(&bench);
	ex = ibv_qp_to_qp_ex(qp);
	for (unsigned int round = 0; round < 20; round++) {
		ibv_wr_start(ex);
		ex->wr_id = round;
		ex->wr_flags = IBV_SEND_SIGNALED | IBV_SEND_IP_CSUM;
		ibv_wr_send_tso(ex, bench.sender.out.bytes, HEADERS, SEGMENT);
		ibv_wr_set_sge(ex, bench.sender.out.mr->lkey,
			       buffer_address(&bench.sender.out, HEADERS), plan.payload);
		CHECK_OK(ibv_wr_complete(ex));
		CHECK_EQ(expect_wc(bench.sender.send_cq, round, IBV_WC_SUCCESS).opcode, IBV_WC_TSO);
		for (uint32_t i = 0; i < count; i++)
			check_segment(&bench, &plan, i, count);
	}
	CHECK_OK(ibv_destroy_qp(qp));
	bench_close(&bench);
}

/* ---- errors ---- */

CASE(a_frame_for_nobody_is_lost)
{
	static struct bench bench;
	struct frame_plan plan;
	uint32_t length;

	bench_open(&bench);
	plan = (struct frame_plan){
		.to = elsewhere, .from = bench.mac, .type = 0x88b5, .payload = 100};
	station_send(&bench.sender, bench.frame, frame_make(bench.frame, &plan), 0);
	plan.to = bench.mac;
	length = frame_make(bench.frame, &plan);
	station_send(&bench.sender, bench.frame, length, 0);
	station_expect(&bench.receiver, bench.frame, length);
	bench_close(&bench);
}

CASE(frames_without_receives_are_lost)
{
	static struct bench bench;
	struct frame_plan plan;
	uint32_t length;

	bench_open(&bench);
	plan = (struct frame_plan){
		.to = bench.mac, .from = elsewhere, .type = 0x88b5, .payload = 100};
	for (unsigned int i = 0; i < FRAME_RECEIVES + 10; i++) {
		plan.source_port = (uint16_t)i;
		length = frame_make(bench.frame, &plan);
		station_send(&bench.sender, bench.frame, length, 0);
	}
	for (unsigned int i = 0; i < FRAME_RECEIVES; i++) {
		const uint8_t *received;
		struct ibv_wc wc = station_receive(&bench.receiver, &received);

		plan.source_port = (uint16_t)i;
		CHECK_EQ(wc.wr_id, i);
		CHECK_BYTES(received, bench.frame, (frame_make(bench.frame, &plan)));
	}
	expect_empty(bench.receiver.cq);
	bench_close(&bench);
}

CASE(a_receive_too_short_ends_the_queue)
{
	static struct bench bench;
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_RESET};
	struct frame_plan plan;

	bench_open(&bench);
	CHECK_OK(ibv_modify_qp(bench.receiver.qp, &attr, IBV_QP_STATE));
	attr = (struct ibv_qp_attr){.qp_state = IBV_QPS_INIT, .port_num = 1};
	CHECK_OK(ibv_modify_qp(bench.receiver.qp, &attr, IBV_QP_STATE | IBV_QP_PORT));
	station_post(&bench.receiver, 0, 100);
	station_post(&bench.receiver, 1, 100);
	attr.qp_state = IBV_QPS_RTR;
	CHECK_OK(ibv_modify_qp(bench.receiver.qp, &attr, IBV_QP_STATE));
	plan = (struct frame_plan){
		.to = bench.mac, .from = elsewhere, .type = 0x88b5, .payload = 87};
	station_send(&bench.sender, bench.frame, frame_make(bench.frame, &plan), 0);
	expect_wc(bench.receiver.cq, 0, IBV_WC_LOC_LEN_ERR);
	expect_wc(bench.receiver.cq, 1, IBV_WC_WR_FLUSH_ERR);
	bench_close(&bench);
}

CASE(an_error_flushes_both_queues)
{
	static struct bench bench;
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_ERR};

	bench_open(&bench);
	CHECK_OK(ibv_modify_qp(bench.receiver.qp, &attr, IBV_QP_STATE));
	for (unsigned int i = 0; i < FRAME_RECEIVES; i++)
		expect_wc(bench.receiver.cq, i, IBV_WC_WR_FLUSH_ERR);
	station_post(&bench.receiver, 7, 100);
	expect_wc(bench.receiver.cq, 7, IBV_WC_WR_FLUSH_ERR);
	bench_close(&bench);
}

CASE(bad_key_of_a_frame)
{
	static struct bench bench;
	struct ibv_sge sge;
	struct ibv_send_wr wr = {.wr_id = 5, .sg_list = &sge, .num_sge = 1, .opcode = IBV_WR_SEND},
			   *bad;

	bench_open(&bench);
	sge = buffer_sge(&bench.sender.out, 0, 100);
	sge.lkey ^= 0x5500;
	CHECK_OK(ibv_post_send(bench.sender.qp, &wr, &bad));
	expect_wc(bench.sender.send_cq, 5, IBV_WC_LOC_PROT_ERR);
	bench_close(&bench);
}

CASE(frames_that_are_too_long_or_too_short)
{
	static const uint32_t lengths[] = {13, 9019};
	static struct bench bench;

	for (unsigned int i = 0; i < 2; i++) {
		struct ibv_sge sge;
		struct ibv_send_wr wr = {.sg_list = &sge, .num_sge = 1, .opcode = IBV_WR_SEND},
				   *bad;

		trying("%u bytes", lengths[i]);
		bench_open(&bench);
		sge = buffer_sge(&bench.sender.out, 0, lengths[i]);
		CHECK_OK(ibv_post_send(bench.sender.qp, &wr, &bad));
		expect_wc(bench.sender.send_cq, 0, IBV_WC_LOC_LEN_ERR);
		bench_close(&bench);
	}
}

CASE(states_of_a_raw_packet_queue_pair)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_RTS, .port_num = 1};
	static struct bench bench;
	struct ibv_qp *qp;

	bench_open(&bench);
	qp = bench.receiver.qp;
	attr.qp_state = IBV_QPS_RESET;
	CHECK_OK(ibv_modify_qp(qp, &attr, IBV_QP_STATE));
	attr.qp_state = IBV_QPS_RTR;
	CHECK_RC(ibv_modify_qp(qp, &attr, IBV_QP_STATE), EINVAL);
	attr.qp_state = IBV_QPS_INIT;
	CHECK_RC(ibv_modify_qp(qp, &attr, IBV_QP_STATE), EINVAL);
	attr.port_num = 2;
	CHECK_RC(ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_PORT), EINVAL);
	attr.port_num = 1;
	CHECK_OK(ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_PORT));
	attr.qp_state = IBV_QPS_RTR;
	CHECK_RC(ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_DEST_QPN), EINVAL);
	CHECK_OK(ibv_modify_qp(qp, &attr, IBV_QP_STATE));
	bench_close(&bench);
}

CASE(a_queue_pair_with_rules_stays)
{
	static struct bench bench;

	bench_open(&bench);
	CHECK_RC(ibv_destroy_qp(bench.receiver.qp), EBUSY);
	bench_close(&bench);
}
