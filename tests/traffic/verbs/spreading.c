/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Work queues, and frames spread over several by a hash: where each must go follows from the
 * verification suite of Microsoft's "Receive Side Scaling" specification. */
#include <errno.h>
#include <string.h>

#include "frame.h"

enum { QUEUES = 4, ROOM = 256, DEPTH = 16 };

static const uint8_t elsewhere[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};

static uint8_t key[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
			  0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
			  0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
			  0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

struct queue {
	struct ibv_cq *cq;
	struct ibv_wq *wq;
	struct buffer in;
};

struct bench {
	struct bed bed;
	uint8_t mac[6];
	struct station sender;
	struct queue queues[QUEUES];
	struct ibv_rwq_ind_table *table;
	struct ibv_qp *qp;
	struct ibv_flow *flow;
	uint8_t frame[FRAME_ROOM];
};

/* ---- queues ---- */

static void queue_post(struct queue *queue, uint64_t wr_id, uint32_t length)
{
	struct ibv_sge sge = buffer_sge(&queue->in, wr_id * ROOM, length);
	struct ibv_recv_wr wr = {.wr_id = wr_id, .sg_list = &sge, .num_sge = 1}, *bad;

	CHECK_OK(ibv_post_wq_recv(queue->wq, &wr, &bad));
}

static void queue_to(struct queue *queue, enum ibv_wq_state state)
{
	struct ibv_wq_attr attr = {.attr_mask = IBV_WQ_ATTR_STATE, .wq_state = state};

	CHECK_OK(ibv_modify_wq(queue->wq, &attr));
}

static void queue_open(struct queue *queue, const struct bed *bed, uint32_t flags)
{
	struct ibv_wq_init_attr init = {
		.wq_type = IBV_WQT_RQ,
		.max_wr = DEPTH,
		.max_sge = 1,
		.pd = bed->pd,
		.comp_mask = flags ? IBV_WQ_INIT_ATTR_FLAGS : 0,
		.create_flags = flags,
	};

	queue->cq = ibv_create_cq(bed->context, 2 * DEPTH, NULL, NULL, 0);
	CHECK(queue->cq);
	init.cq = queue->cq;
	queue->wq = ibv_create_wq(bed->context, &init);
	CHECK(queue->wq);
	buffer_make(&queue->in, bed->pd, DEPTH * ROOM, IBV_ACCESS_LOCAL_WRITE);
	queue_to(queue, IBV_WQS_RDY);
	for (unsigned int i = 0; i < DEPTH; i++)
		queue_post(queue, i, ROOM);
}

static void queue_close(struct queue *queue)
{
	CHECK_OK(ibv_destroy_wq(queue->wq));
	CHECK_OK(ibv_destroy_cq(queue->cq));
	buffer_free(&queue->in);
}

static struct ibv_rwq_ind_table *make_table(struct bench *bench, uint32_t log_size)
{
	struct ibv_wq *list[QUEUES];
	struct ibv_rwq_ind_table_init_attr init = {.log_ind_tbl_size = log_size, .ind_tbl = list};
	struct ibv_rwq_ind_table *table;

	for (unsigned int i = 0; i < 1u << log_size; i++)
		list[i] = bench->queues[i].wq;
	table = ibv_create_rwq_ind_table(bench->bed.context, &init);
	CHECK(table);
	return table;
}

static struct ibv_qp *try_to_spread(struct bench *bench, struct ibv_rwq_ind_table *table,
				    uint64_t fields, uint8_t key_bytes)
{
	struct ibv_qp_init_attr_ex init = {
		.qp_type = IBV_QPT_RAW_PACKET,
		.comp_mask =
			IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_IND_TABLE | IBV_QP_INIT_ATTR_RX_HASH,
		.pd = bench->bed.pd,
		.rwq_ind_tbl = table,
		.rx_hash_conf = {.rx_hash_function = IBV_RX_HASH_FUNC_TOEPLITZ,
				 .rx_hash_key_len = key_bytes,
				 .rx_hash_key = key,
				 .rx_hash_fields_mask = fields},
	};

	return ibv_create_qp_ex(bench->bed.context, &init);
}

static void bench_open(struct bench *bench, uint64_t fields, uint32_t flags)
{
	struct rule rule;

	frame_bed_open(&bench->bed, bench->mac);
	station_open(&bench->sender, &bench->bed);
	for (unsigned int i = 0; i < QUEUES; i++)
		queue_open(&bench->queues[i], &bench->bed, flags);
	bench->table = make_table(bench, fields ? 2 : 0);
	bench->qp = try_to_spread(bench, bench->table, fields, sizeof(key));
	CHECK(bench->qp);
	rule = rule_to(bench->mac, 0);
	bench->flow = rule_bind(bench->qp, &rule);
}

static void bench_close(struct bench *bench)
{
	CHECK_OK(ibv_destroy_flow(bench->flow));
	CHECK_OK(ibv_destroy_qp(bench->qp));
	CHECK_OK(ibv_destroy_rwq_ind_table(bench->table));
	for (unsigned int i = 0; i < QUEUES; i++)
		queue_close(&bench->queues[i]);
	station_close(&bench->sender);
	bed_close(&bench->bed);
}

static struct ibv_wc expect_frame(struct bench *bench, unsigned int index, const void *frame,
				  uint32_t length)
{
	struct queue *queue = &bench->queues[index];
	struct ibv_wc wc = next_wc(queue->cq);

	CHECK_EQ(wc.status, IBV_WC_SUCCESS);
	CHECK_EQ(wc.byte_len, length);
	CHECK_BYTES(queue->in.bytes + wc.wr_id * ROOM, frame, length);
	queue_post(queue, wc.wr_id, ROOM);
	return wc;
}

/* ---- spreading ---- */

struct vector {
	uint8_t version;
	uint8_t source[16], destination[16];
	uint16_t source_port, destination_port;
	uint32_t of_addresses, of_ports; /* hashes */
};

static const struct vector vectors[] = {
	{4, {66, 9, 149, 187}, {161, 142, 100, 80}, 2794, 1766, 0x323e8fc2, 0x51ccc178},
	{4, {199, 92, 111, 2}, {65, 69, 140, 83}, 14230, 4739, 0xd718262a, 0xc626b0ea},
	{4, {24, 19, 198, 95}, {12, 22, 207, 184}, 12898, 38024, 0xd2d0a5de, 0x5c2b394a},
	{4, {38, 27, 205, 30}, {209, 142, 163, 6}, 48228, 2217, 0x82989176, 0xafc7327f},
	{4, {153, 39, 163, 191}, {202, 188, 127, 2}, 44251, 1303, 0x5d1809c5, 0x10e828a2},
	{6,
	 {0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7},
	 {0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03, 0, 0, 0, 0, 0, 0, 0, 1},
	 2794,
	 1766,
	 0x2cc18cd5,
	 0x40207d3d},
	{6,
	 {0x3f, 0xfe, 0x05, 0x01, 0, 8, 0, 0, 0x02, 0x60, 0x97, 0xff, 0xfe, 0x40, 0xef, 0xab},
	 {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
	 14230,
	 4739,
	 0x0f0c461c,
	 0xdde51bbf},
	{6,
	 {0x3f, 0xfe, 0x19, 0x00, 0x45, 0x45, 0, 3, 0x02, 0x00, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf},
	 {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x02, 0x00, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf},
	 44251,
	 38024,
	 0x4b61e985,
	 0x02d1feef},
};

static void spread(uint8_t version, uint8_t protocol, uint64_t fields, bool by_ports)
{
	static struct bench bench;

	bench_open(&bench, fields, 0);
	for (unsigned int i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const struct vector *vector = &vectors[i];
		struct frame_plan plan = {
			.to = bench.mac,
			.from = elsewhere,
			.version = version,
			.protocol = protocol,
			.source_port = vector->source_port,
			.destination_port = vector->destination_port,
			.payload = 40,
		};
		uint32_t length;

		if (vector->version != version)
			continue;
		trying("vector %u", i);
		memcpy(plan.source_ip, vector->source, 16);
		memcpy(plan.destination_ip, vector->destination, 16);
		length = frame_make(bench.frame, &plan);
		station_send(&bench.sender, bench.frame, length, 0);
		expect_frame(&bench, (by_ports ? vector->of_ports : vector->of_addresses) % QUEUES,
			     bench.frame, length);
	}
	bench_close(&bench);
}

#define IP4 (IBV_RX_HASH_SRC_IPV4 | IBV_RX_HASH_DST_IPV4)
#define IP6 (IBV_RX_HASH_SRC_IPV6 | IBV_RX_HASH_DST_IPV6)
#define TCP (IBV_RX_HASH_SRC_PORT_TCP | IBV_RX_HASH_DST_PORT_TCP)
#define UDP (IBV_RX_HASH_SRC_PORT_UDP | IBV_RX_HASH_DST_PORT_UDP)

CASE(by_ip4_addresses)
{
	spread(4, 17, IP4, false);
}

CASE(by_ip4_and_tcp_ports)
{
	spread(4, 6, IP4 | TCP, true);
}

CASE(by_ip4_and_udp_ports)
{
	spread(4, 17, IP4 | UDP, true);
}

CASE(by_ip6_addresses)
{
	spread(6, 17, IP6, false);
}

CASE(by_ip6_and_tcp_ports)
{
	spread(6, 6, IP6 | TCP, true);
}

/* ---- one queue ---- */

/* Without fields to hash a table of one is only a queue behind a rule. */
CASE(a_queue_alone)
{
	static struct bench bench;
	struct frame_plan plan;
	uint32_t length;

	bench_open(&bench, 0, 0);
	plan = (struct frame_plan){.to = bench.mac, .from = elsewhere, .type = 0x88b5};
	for (unsigned int i = 0; i < 100; i++) {
		plan.payload = 46 + i;
		length = frame_make(bench.frame, &plan);
		station_send(&bench.sender, bench.frame, length, 0);
		expect_frame(&bench, 0, bench.frame, length);
	}
	bench_close(&bench);
}

CASE(a_tag_is_stripped)
{
	struct ibv_wq_attr attr = {.attr_mask = IBV_WQ_ATTR_FLAGS,
				   .flags_mask = IBV_WQ_FLAGS_CVLAN_STRIPPING};
	static struct bench bench;
	struct frame_plan plan;
	uint32_t length;

	bench_open(&bench, 0, IBV_WQ_FLAGS_CVLAN_STRIPPING);
	plan = (struct frame_plan){
		.to = bench.mac, .from = elsewhere, .type = 0x88b5, .vlan = 0x2345, .payload = 100};
	length = frame_make(bench.frame, &plan);
	station_send(&bench.sender, bench.frame, length, 0);
	plan.vlan = 0;
	length = frame_make(bench.frame, &plan);
	expect_frame(&bench, 0, bench.frame, length);
	trying("a frame without a tag");
	station_send(&bench.sender, bench.frame, length, 0);
	expect_frame(&bench, 0, bench.frame, length);
	trying("the flag off");
	CHECK_OK(ibv_modify_wq(bench.queues[0].wq, &attr));
	plan.vlan = 0x2345;
	length = frame_make(bench.frame, &plan);
	station_send(&bench.sender, bench.frame, length, 0);
	expect_frame(&bench, 0, bench.frame, length);
	bench_close(&bench);
}

/* IEEE 802.3, 3.2.9, bit by bit: what a table would do faster. */
static uint32_t check_sequence(const uint8_t *bytes, uint32_t length)
{
	uint32_t crc = UINT32_MAX;

	for (uint32_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

CASE(the_check_sequence_is_there)
{
	static struct bench bench;
	struct frame_plan plan;
	uint32_t length, crc;

	bench_open(&bench, 0, IBV_WQ_FLAGS_SCATTER_FCS);
	plan = (struct frame_plan){
		.to = bench.mac, .from = elsewhere, .type = 0x88b5, .payload = 101};
	length = frame_make(bench.frame, &plan);
	station_send(&bench.sender, bench.frame, length, 0);
	crc = htole32(check_sequence(bench.frame, length));
	memcpy(bench.frame + length, &crc, 4);
	expect_frame(&bench, 0, bench.frame, length + 4);
	bench_close(&bench);
}

CASE(states_of_a_work_queue)
{
	struct ibv_wq_attr attr = {.attr_mask = IBV_WQ_ATTR_STATE | IBV_WQ_ATTR_CURR_STATE,
				   .wq_state = IBV_WQS_RDY,
				   .curr_wq_state = IBV_WQS_RDY};
	static struct bench bench;
	struct frame_plan plan;
	struct queue *queue;
	uint32_t length;

	bench_open(&bench, 0, 0);
	queue = &bench.queues[0];
	trying("an error flushes");
	queue_to(queue, IBV_WQS_ERR);
	for (unsigned int i = 0; i < DEPTH; i++)
		expect_wc(queue->cq, i, IBV_WC_WR_FLUSH_ERR);
	queue_post(queue, 3, ROOM);
	expect_wc(queue->cq, 3, IBV_WC_WR_FLUSH_ERR);
	trying("an error has to be reset");
	CHECK(ibv_modify_wq(queue->wq, &attr) != 0); /* stock libmlx5 turns the sign over */
	queue_to(queue, IBV_WQS_RESET);
	trying("a queue in reset takes nothing");
	plan = (struct frame_plan){
		.to = bench.mac, .from = elsewhere, .type = 0x88b5, .payload = 60};
	length = frame_make(bench.frame, &plan);
	station_send(&bench.sender, bench.frame, length, 0);
	expect_empty(queue->cq);
	queue_to(queue, IBV_WQS_RDY);
	queue_post(queue, 1, ROOM);
	station_send(&bench.sender, bench.frame, length, 0);
	CHECK_EQ(expect_frame(&bench, 0, bench.frame, length).wr_id, 1);
	bench_close(&bench);
}

CASE(a_receive_too_short_is_fatal)
{
	static struct bench bench;
	struct ibv_async_event event;
	struct frame_plan plan;
	struct queue *queue;

	bench_open(&bench, 0, 0);
	queue = &bench.queues[0];
	plan = (struct frame_plan){
		.to = bench.mac, .from = elsewhere, .type = 0x88b5, .payload = ROOM};
	station_send(&bench.sender, bench.frame, frame_make(bench.frame, &plan), 0);
	expect_wc(queue->cq, 0, IBV_WC_LOC_LEN_ERR);
	event = expect_async(bench.bed.context, IBV_EVENT_WQ_FATAL);
	CHECK(event.element.wq == queue->wq);
	expect_wc(queue->cq, 1, IBV_WC_WR_FLUSH_ERR);
	bench_close(&bench);
}

/* ---- errors ---- */

CASE(what_is_in_use_stays)
{
	static struct bench bench;

	bench_open(&bench, IP4, 0);
	CHECK_RC(ibv_destroy_qp(bench.qp), EBUSY);
	CHECK_RC(ibv_destroy_rwq_ind_table(bench.table), EBUSY);
	CHECK_RC(ibv_destroy_wq(bench.queues[3].wq), EBUSY);
	bench_close(&bench);
}

CASE(hashes_that_cannot_be)
{
	static struct bench bench;

	bench_open(&bench, IP4, 0);
	trying("two networks");
	CHECK_FAILS(try_to_spread(&bench, bench.table, IP4 | IP6, 40), EINVAL);
	trying("two transports");
	CHECK_FAILS(try_to_spread(&bench, bench.table, IP4 | TCP | UDP, 40), EINVAL);
	trying("a short key");
	CHECK_FAILS(try_to_spread(&bench, bench.table, IP4, 39), EINVAL);
	trying("no fields");
	CHECK_FAILS(try_to_spread(&bench, bench.table, 0, 40), EINVAL);
	trying("inner headers");
	CHECK_FAILS(try_to_spread(&bench, bench.table, IP4 | IBV_RX_HASH_INNER, 40), EOPNOTSUPP);
	bench_close(&bench);
}

CASE(a_queue_pair_that_spreads_has_no_states)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_INIT, .port_num = 1};
	static struct bench bench;

	bench_open(&bench, IP4, 0);
	CHECK(ibv_modify_qp(bench.qp, &attr, IBV_QP_STATE | IBV_QP_PORT) != 0);
	bench_close(&bench);
}
