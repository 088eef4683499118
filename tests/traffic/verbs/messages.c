/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every opcode of every transport, posted in every way, with lengths around the boundaries of
 * segments, work queue blocks and inline data; every byte and every field of the completions.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "bed.h"

enum {
	MAX_LENGTH = 66000,
	GUARD = 64,
	GUARD_BYTE = 0xee,
	INLINE_BYTES = 400,
	GRH_BYTES = 40,
	IMMEDIATE = 0x12345600,
	PIECES = 4,
};

enum place { INLINE, INLINE_PIECES, ONE_PIECE, MANY_PIECES, PLACES };
enum way { BY_POST_SEND, BY_WR_CALLS, WAYS };

static const char *const place_names[] = {"inline", "inline list", "one piece", "four pieces"};
static const char *const way_names[] = {"ibv_post_send", "ibv_wr_*"};

struct bench {
	struct bed bed;
	struct pair pair;
	struct buffer local, remote;
	struct ibv_ah *ah; /* to end b, of datagrams */
	unsigned int count;
};

struct message {
	enum ibv_wr_opcode opcode;
	enum way way;
	enum place place;
	uint32_t length;
	unsigned int seed;
};

static void bench_open(struct bench *bench, struct end_plan plan)
{
	struct end_address target;

	*bench = (struct bench){0};
	bed_open(&bench->bed);
	plan.inline_bytes = INLINE_BYTES;
	plan.send_wr = 7;
	pair_make(&bench->pair, &bench->bed, &plan);
	buffer_make(&bench->local, bench->bed.pd, MAX_LENGTH + 2 * GUARD, ACCESS_ALL);
	buffer_make(&bench->remote, bench->bed.pd, MAX_LENGTH + 2 * GUARD, ACCESS_ALL);
	target = end_address(&bench->pair.b);
	if (plan.type == IBV_QPT_UD)
		bench->ah = ah_make(&bench->bed, &target);
}

static void bench_close(struct bench *bench)
{
	if (bench->ah)
		CHECK_OK(ibv_destroy_ah(bench->ah));
	buffer_free(&bench->remote);
	buffer_free(&bench->local);
	pair_destroy(&bench->pair);
	bed_close(&bench->bed);
}

static bool is_inline(enum place place)
{
	return place == INLINE || place == INLINE_PIECES;
}

static bool has_immediate(enum ibv_wr_opcode opcode)
{
	return opcode == IBV_WR_SEND_WITH_IMM || opcode == IBV_WR_RDMA_WRITE_WITH_IMM;
}

static bool is_send(enum ibv_wr_opcode opcode)
{
	return opcode == IBV_WR_SEND || opcode == IBV_WR_SEND_WITH_IMM;
}

/* The message as scatter list; of the many pieces the second is empty. */
static int cut(const struct buffer *buffer, uint32_t length, bool in_pieces, struct ibv_sge *pieces)
{
	uint32_t third = length / 3, half = length / 2;

	if (!in_pieces) {
		pieces[0] = buffer_sge(buffer, GUARD, length);
		return 1;
	}
	pieces[0] = buffer_sge(buffer, GUARD, third);
	pieces[1] = buffer_sge(buffer, GUARD, 0);
	pieces[2] = buffer_sge(buffer, GUARD + third, half - third);
	pieces[3] = buffer_sge(buffer, GUARD + half, length - half);
	return PIECES;
}

static bool in_pieces(const struct message *message)
{
	return message->place == INLINE_PIECES || message->place == MANY_PIECES;
}

static void post_by_list(struct bench *bench, const struct message *message)
{
	struct ibv_sge pieces[PIECES];
	struct ibv_send_wr wr = request(message->opcode, message->seed, pieces);

	wr.num_sge = cut(&bench->local, message->length, in_pieces(message), pieces);
	wr.send_flags |= is_inline(message->place) ? IBV_SEND_INLINE : 0;
	wr.imm_data = htobe32(IMMEDIATE + message->seed % 256);
	if (bench->ah) {
		wr.wr.ud.ah = bench->ah;
		wr.wr.ud.remote_qpn = bench->pair.b.qp->qp_num;
		wr.wr.ud.remote_qkey = bench->pair.b.plan.qkey;
	} else {
		wr.wr.rdma.remote_addr = buffer_address(&bench->remote, GUARD);
		wr.wr.rdma.rkey = bench->remote.mr->rkey;
	}
	post(&bench->pair.a, &wr);
}

static void begin_wr(struct bench *bench, struct ibv_qp_ex *ex, const struct message *message)
{
	uint64_t address = buffer_address(&bench->remote, GUARD);
	uint32_t rkey = bench->remote.mr->rkey;
	__be32 immediate = htobe32(IMMEDIATE + message->seed % 256);

	switch (message->opcode) {
	case IBV_WR_SEND:
		return ibv_wr_send(ex);
	case IBV_WR_SEND_WITH_IMM:
		return ibv_wr_send_imm(ex, immediate);
	case IBV_WR_RDMA_WRITE:
		return ibv_wr_rdma_write(ex, rkey, address);
	case IBV_WR_RDMA_WRITE_WITH_IMM:
		return ibv_wr_rdma_write_imm(ex, rkey, address, immediate);
	case IBV_WR_RDMA_READ:
		return ibv_wr_rdma_read(ex, rkey, address);
	default:
		CHECK(!"an opcode of this test");
	}
}

static void set_data(struct bench *bench, struct ibv_qp_ex *ex, const struct message *message)
{
	struct ibv_sge pieces[PIECES];
	struct ibv_data_buf data[PIECES];
	int count = cut(&bench->local, message->length, in_pieces(message), pieces);

	for (int i = 0; i < count; i++)
		data[i] =
			(struct ibv_data_buf){(void *)(uintptr_t)pieces[i].addr, pieces[i].length};
	switch (message->place) {
	case INLINE:
		return ibv_wr_set_inline_data(ex, data[0].addr, data[0].length);
	case INLINE_PIECES:
		return ibv_wr_set_inline_data_list(ex, (size_t)count, data);
	case ONE_PIECE:
		return ibv_wr_set_sge(ex, pieces[0].lkey, pieces[0].addr, pieces[0].length);
	default:
		return ibv_wr_set_sge_list(ex, (size_t)count, pieces);
	}
}

static void post_by_calls(struct bench *bench, const struct message *message)
{
	struct ibv_qp_ex *ex = bench->pair.a.ex;

	ibv_wr_start(ex);
	ex->wr_id = message->seed;
	ex->wr_flags = IBV_SEND_SIGNALED;
	begin_wr(bench, ex, message);
	if (bench->ah)
		ibv_wr_set_ud_addr(ex, bench->ah, bench->pair.b.qp->qp_num,
				   bench->pair.b.plan.qkey);
	set_data(bench, ex, message);
	CHECK_OK(ibv_wr_complete(ex));
}

static void post_receive_of(struct bench *bench, const struct message *message)
{
	struct ibv_sge pieces[PIECES + 1];
	struct ibv_recv_wr wr = {.wr_id = message->seed, .sg_list = pieces}, *bad;
	uint32_t head = bench->ah ? GRH_BYTES : 0;

	if (!is_send(message->opcode)) {
		CHECK_OK(ibv_post_recv(bench->pair.b.qp, &wr, &bad));
		return;
	}
	wr.num_sge = cut(&bench->remote, message->length + head, in_pieces(message), pieces);
	CHECK_OK(ibv_post_recv(bench->pair.b.qp, &wr, &bad));
}

static enum ibv_wc_opcode sender_opcode(enum ibv_wr_opcode opcode)
{
	if (is_send(opcode))
		return IBV_WC_SEND;
	return opcode == IBV_WR_RDMA_READ ? IBV_WC_RDMA_READ : IBV_WC_RDMA_WRITE;
}

static void check_received(struct bench *bench, const struct message *message)
{
	struct ibv_wc wc = expect_wc(bench->pair.b.recv_cq, message->seed, IBV_WC_SUCCESS);
	bool datagram = bench->ah;
	/* Whether a GRH was there is told of datagrams; of others it may be. */
	unsigned int flags = wc.wc_flags & ~(unsigned int)(datagram ? 0 : IBV_WC_GRH);

	CHECK_EQ(wc.opcode, is_send(message->opcode) ? IBV_WC_RECV : IBV_WC_RECV_RDMA_WITH_IMM);
	CHECK_EQ(wc.byte_len, message->length + (datagram ? GRH_BYTES : 0));
	CHECK_EQ(wc.qp_num, bench->pair.b.qp->qp_num);
	CHECK_EQ(flags, (has_immediate(message->opcode) ? IBV_WC_WITH_IMM : 0) |
				(datagram && bench->bed.ethernet ? IBV_WC_GRH : 0));
	if (has_immediate(message->opcode))
		CHECK_EQ(be32toh(wc.imm_data), IMMEDIATE + message->seed % 256);
	if (datagram) {
		CHECK_EQ(wc.src_qp, bench->pair.a.qp->qp_num);
		/* The adapter has one field for both. */
		if (!has_immediate(message->opcode))
			CHECK_EQ(wc.pkey_index, 0);
		CHECK_EQ(wc.slid, bench->bed.ethernet ? wc.slid : bench->bed.port.lid);
	}
}

static void check_sent(struct bench *bench, const struct message *message)
{
	struct ibv_wc wc = expect_wc(bench->pair.a.send_cq, message->seed, IBV_WC_SUCCESS);

	CHECK_EQ(wc.opcode, sender_opcode(message->opcode));
	CHECK_EQ(wc.qp_num, bench->pair.a.qp->qp_num);
	if (message->opcode == IBV_WR_RDMA_READ)
		CHECK_EQ(wc.byte_len, message->length);
}

/* A UC write is complete when it has left; a message behind it arrives after it. */
static void chase(struct bench *bench)
{
	struct ibv_send_wr wr = request(IBV_WR_SEND, 1, NULL);

	post_receive(&bench->pair.b, 2, &bench->remote, 0, 0);
	post(&bench->pair.a, &wr);
	expect_wc(bench->pair.a.send_cq, 1, IBV_WC_SUCCESS);
	expect_wc(bench->pair.b.recv_cq, 2, IBV_WC_SUCCESS);
}

static void check_guards(const struct buffer *buffer, uint32_t length)
{
	for (size_t i = 0; i < GUARD; i++) {
		CHECK_EQ(buffer->bytes[i], GUARD_BYTE);
		CHECK_EQ(buffer->bytes[GUARD + length + i], GUARD_BYTE);
	}
}

static void exchange(struct bench *bench, struct message message)
{
	bool reading = message.opcode == IBV_WR_RDMA_READ;
	struct buffer *from = reading ? &bench->remote : &bench->local;
	struct buffer *into = reading ? &bench->local : &bench->remote;
	uint32_t head = bench->ah ? GRH_BYTES : 0;
	bool receives = is_send(message.opcode) || has_immediate(message.opcode);

	message.seed = ++bench->count;
	trying("opcode %d by %s, %s, %u bytes", message.opcode, way_names[message.way],
	       place_names[message.place], message.length);
	memset(into->bytes, GUARD_BYTE, message.length + head + 2 * GUARD);
	pattern_fill(from->bytes + GUARD, message.length, message.seed);
	if (receives)
		post_receive_of(bench, &message);
	if (message.way == BY_POST_SEND)
		post_by_list(bench, &message);
	else
		post_by_calls(bench, &message);
	/* The first write of inline data leaves its source to the program at once. */
	if (is_inline(message.place))
		memset(from->bytes + GUARD, 0, message.length);
	check_sent(bench, &message);
	if (receives)
		check_received(bench, &message);
	else if (bench->pair.a.plan.type == IBV_QPT_UC)
		chase(bench);
	CHECK_PATTERN(into->bytes + GUARD + head, message.length, message.seed);
	check_guards(into, message.length + head);
}

/* Whether the list goes on: lengths ascend, and a datagram is one packet. */
static bool fits(const struct bench *bench, uint32_t length)
{
	return length <= (bench->ah ? bed_packet_bytes(&bench->bed) : MAX_LENGTH);
}

/* One opcode with these lengths in all ways and places that can be. */
static void exchange_all(struct bench *bench, enum ibv_wr_opcode opcode, const uint32_t *lengths)
{
	for (; fits(bench, *lengths); lengths++)
		for (enum place place = 0; place < PLACES; place++)
			for (enum way way = 0; way < WAYS; way++)
				if (!is_inline(place) ||
				    (opcode != IBV_WR_RDMA_READ && *lengths <= INLINE_BYTES))
					exchange(bench, (struct message){.opcode = opcode,
									 .way = way,
									 .place = place,
									 .length = *lengths});
}

static const uint32_t small_lengths[] = {
	0,  1,	2,  3,	4,  11, 12, 13, 15, 16,	 17,  27,  28,	29,	      43,
	44, 45, 59, 60, 61, 63, 64, 65, 91, 128, 199, 255, 256, INLINE_BYTES, UINT32_MAX};

static const uint32_t large_lengths[] = {1023,	1024,  1025,  2047,  2048,	2049,
					 4095,	4096,  4097,  8191,  8192,	8193,
					 20000, 65535, 65536, 65537, UINT32_MAX};

static void exchange_connected(enum ibv_qp_type type, enum ibv_mtu mtu, const uint32_t *lengths)
{
	static const enum ibv_wr_opcode opcodes[] = {IBV_WR_SEND, IBV_WR_SEND_WITH_IMM,
						     IBV_WR_RDMA_WRITE, IBV_WR_RDMA_WRITE_WITH_IMM,
						     IBV_WR_RDMA_READ};
	struct end_plan plan = end_plan(type);
	struct bench bench;

	plan.mtu = mtu;
	bench_open(&bench, plan);
	for (int i = 0; i < (type == IBV_QPT_RC ? 5 : 4); i++)
		exchange_all(&bench, opcodes[i], lengths);
	bench_close(&bench);
}

CASE(rc_small_messages)
{
	exchange_connected(IBV_QPT_RC, IBV_MTU_1024, small_lengths);
}

CASE(rc_segmented_messages)
{
	exchange_connected(IBV_QPT_RC, IBV_MTU_1024, large_lengths);
}

CASE(rc_least_mtu)
{
	exchange_connected(IBV_QPT_RC, IBV_MTU_256, large_lengths);
}

CASE(rc_greatest_mtu)
{
	exchange_connected(IBV_QPT_RC, IBV_MTU_4096, large_lengths);
}

CASE(uc_small_messages)
{
	exchange_connected(IBV_QPT_UC, IBV_MTU_1024, small_lengths);
}

CASE(uc_segmented_messages)
{
	exchange_connected(IBV_QPT_UC, IBV_MTU_2048, large_lengths);
}

CASE(ud_messages)
{
	static const uint32_t lengths[] = {1023, 1024, 2047, 2048,	4055,
					   4056, 4095, 4096, UINT32_MAX};
	struct bench bench;

	bench_open(&bench, end_plan(IBV_QPT_UD));
	exchange_all(&bench, IBV_WR_SEND, small_lengths);
	exchange_all(&bench, IBV_WR_SEND_WITH_IMM, small_lengths);
	exchange_all(&bench, IBV_WR_SEND, lengths);
	exchange_all(&bench, IBV_WR_SEND_WITH_IMM, lengths);
	bench_close(&bench);
}

static void post_atomic(struct bench *bench, enum way way, struct ibv_send_wr *wr)
{
	struct ibv_qp_ex *ex = bench->pair.a.ex;

	if (way == BY_POST_SEND) {
		post(&bench->pair.a, wr);
		return;
	}
	ibv_wr_start(ex);
	ex->wr_id = wr->wr_id;
	ex->wr_flags = wr->send_flags;
	if (wr->opcode == IBV_WR_ATOMIC_FETCH_AND_ADD)
		ibv_wr_atomic_fetch_add(ex, wr->wr.atomic.rkey, wr->wr.atomic.remote_addr,
					wr->wr.atomic.compare_add);
	else
		ibv_wr_atomic_cmp_swp(ex, wr->wr.atomic.rkey, wr->wr.atomic.remote_addr,
				      wr->wr.atomic.compare_add, wr->wr.atomic.swap);
	ibv_wr_set_sge(ex, wr->sg_list->lkey, wr->sg_list->addr, wr->sg_list->length);
	CHECK_OK(ibv_wr_complete(ex));
}

/* The remote word is `before`, the operation leaves `after`, and the answer is `before`. */
static void operate(struct bench *bench, enum ibv_wr_opcode opcode, uint64_t compare_add,
		    uint64_t swap, uint64_t before, uint64_t after)
{
	uint64_t *word = (void *)(bench->remote.bytes + GUARD);
	uint64_t *answer = (void *)(bench->local.bytes + GUARD);

	for (enum way way = 0; way < WAYS; way++) {
		struct ibv_sge sge = buffer_sge(&bench->local, GUARD, sizeof(*answer));
		struct ibv_send_wr wr = request(opcode, ++bench->count, &sge);
		struct ibv_wc wc;

		wr.wr.atomic.remote_addr = (uintptr_t)word;
		wr.wr.atomic.rkey = bench->remote.mr->rkey;
		wr.wr.atomic.compare_add = compare_add;
		wr.wr.atomic.swap = swap;
		memset(bench->local.bytes, GUARD_BYTE, 3 * GUARD);
		memset(bench->remote.bytes, GUARD_BYTE, 3 * GUARD);
		*word = before;
		post_atomic(bench, way, &wr);
		wc = expect_wc(bench->pair.a.send_cq, wr.wr_id, IBV_WC_SUCCESS);
		CHECK_EQ(wc.opcode, opcode == IBV_WR_ATOMIC_FETCH_AND_ADD ? IBV_WC_FETCH_ADD
									  : IBV_WC_COMP_SWAP);
		CHECK_EQ(wc.byte_len, sizeof(*answer));
		CHECK_EQ(*answer, before);
		CHECK_EQ(*word, after);
		check_guards(&bench->local, sizeof(*answer));
		check_guards(&bench->remote, sizeof(*word));
	}
}

CASE(rc_atomics)
{
	struct bench bench;

	bench_open(&bench, end_plan(IBV_QPT_RC));
	operate(&bench, IBV_WR_ATOMIC_CMP_AND_SWP, 5, 77, 5, 77);
	operate(&bench, IBV_WR_ATOMIC_CMP_AND_SWP, 6, 77, 5, 5);
	operate(&bench, IBV_WR_ATOMIC_CMP_AND_SWP, 0x0123456789abcdef, 0xfedcba9876543210,
		0x0123456789abcdef, 0xfedcba9876543210);
	operate(&bench, IBV_WR_ATOMIC_FETCH_AND_ADD, 3, 0, 0x1122334455667788, 0x112233445566778b);
	operate(&bench, IBV_WR_ATOMIC_FETCH_AND_ADD, 1, 0, UINT64_MAX, 0);
	operate(&bench, IBV_WR_ATOMIC_FETCH_AND_ADD, 1, 0, UINT32_MAX, 1ull + UINT32_MAX);
	bench_close(&bench);
}

/* Many requests under way at once, of lengths that make their WQEs wrap in every place. */
CASE(rc_queues_wrap)
{
	enum { AHEAD = 7, TOTAL = 5000, SLOT = 512 };
	struct bench bench;
	struct ibv_wc wc;

	bench_open(&bench, end_plan(IBV_QPT_RC));
	for (unsigned int i = 0; i < TOTAL + AHEAD; i++) {
		if (i >= AHEAD) {
			unsigned int done = i - AHEAD;

			expect_wc(bench.pair.a.send_cq, done, IBV_WC_SUCCESS);
			wc = expect_wc(bench.pair.b.recv_cq, done, IBV_WC_SUCCESS);
			CHECK_EQ(wc.byte_len, done * 7 % INLINE_BYTES);
			CHECK_PATTERN(bench.remote.bytes + (size_t)(done % AHEAD) * SLOT,
				      wc.byte_len, done);
		}
		if (i < TOTAL) {
			uint32_t length = i * 7 % INLINE_BYTES;
			struct ibv_sge sge = buffer_sge(&bench.local, i % AHEAD * SLOT, length);
			struct ibv_send_wr wr = request(IBV_WR_SEND, i, &sge);

			trying("message %u of %u bytes", i, length);
			wr.send_flags |= i % 3 ? IBV_SEND_INLINE : 0;
			pattern_fill(bench.local.bytes + i % AHEAD * SLOT, length, i);
			post_receive(&bench.pair.b, i, &bench.remote, i % AHEAD * SLOT, SLOT);
			post(&bench.pair.a, &wr);
		}
	}
	bench_close(&bench);
}

/* A small answer to whoever sent the datagram that `wc` tells of. */
static void answer(struct bench *bench, struct ibv_wc *wc, struct ibv_grh *grh)
{
	struct ibv_ah *back = ibv_create_ah_from_wc(bench->bed.pd, wc, grh, bench->bed.port_num);
	struct ibv_sge sge = buffer_sge(&bench->remote, 4096, 100);
	struct ibv_send_wr wr = request(IBV_WR_SEND, 9, &sge);

	CHECK(back);
	wr.wr.ud.ah = back;
	wr.wr.ud.remote_qpn = wc->src_qp;
	wr.wr.ud.remote_qkey = bench->pair.a.plan.qkey;
	pattern_fill(bench->remote.bytes + 4096, 100, 9);
	post_receive(&bench->pair.a, 10, &bench->local, 4096, 200);
	post(&bench->pair.b, &wr);
	expect_wc(bench->pair.b.send_cq, 9, IBV_WC_SUCCESS);
	*wc = expect_wc(bench->pair.a.recv_cq, 10, IBV_WC_SUCCESS);
	CHECK_EQ(wc->byte_len, 100 + GRH_BYTES);
	CHECK_EQ(wc->src_qp, bench->pair.b.qp->qp_num);
	CHECK_PATTERN(bench->local.bytes + 4096 + GRH_BYTES, 100, 9);
	CHECK_OK(ibv_destroy_ah(back));
}

/* The answer goes with the completion alone where the datagram came without a GRH. */
CASE(ud_answer_without_route)
{
	struct bench bench;
	struct ibv_sge sge;
	struct ibv_send_wr wr;
	struct ibv_wc wc;

	bench_open(&bench, end_plan(IBV_QPT_UD));
	sge = buffer_sge(&bench.local, 0, 16);
	wr = request(IBV_WR_SEND, 1, &sge);
	wr.wr.ud.ah = bench.ah;
	wr.wr.ud.remote_qpn = bench.pair.b.qp->qp_num;
	wr.wr.ud.remote_qkey = bench.pair.b.plan.qkey;
	post_receive(&bench.pair.b, 2, &bench.remote, 0, 100);
	post(&bench.pair.a, &wr);
	wc = expect_wc(bench.pair.b.recv_cq, 2, IBV_WC_SUCCESS);
	CHECK_EQ(!!(wc.wc_flags & IBV_WC_GRH), bench.bed.ethernet);
	answer(&bench, &wc, (struct ibv_grh *)(void *)bench.remote.bytes);
	bench_close(&bench);
}

static void check_route(const struct bench *bench, const struct ibv_grh *grh, uint32_t length)
{
	/* BTH and DETH before, ICRC behind. */
	enum { AROUND = 12 + 8 + 4, PAD_TO = 4, NEXT_IBA = 0x1b };

	CHECK_EQ(be32toh(grh->version_tclass_flow), 0x60000000u | 0x12u << 20 | 0x34567u);
	CHECK_EQ(be16toh(grh->paylen), (length + PAD_TO - 1) / PAD_TO * PAD_TO + AROUND);
	CHECK_EQ(grh->next_hdr, NEXT_IBA);
	CHECK_EQ(grh->hop_limit, 7);
	CHECK_BYTES(&grh->sgid, &bench->bed.gid, sizeof(grh->sgid));
	CHECK_BYTES(&grh->dgid, &bench->bed.gid, sizeof(grh->dgid));
}

/* On InfiniBand: the header arrives as sent, and an answer finds its way by it. */
CASE(ud_route_header)
{
	struct ibv_ah_attr path = {.is_global = 1};
	struct bench bench;
	struct ibv_sge sge;
	struct ibv_send_wr wr;
	struct ibv_wc wc;

	bench_open(&bench, end_plan(IBV_QPT_UD));
	path.port_num = bench.bed.port_num;
	path.dlid = bench.bed.port.lid;
	path.grh = (struct ibv_global_route){.dgid = bench.bed.gid,
					     .flow_label = 0x34567,
					     .sgid_index = bench.bed.gid_index,
					     .hop_limit = 7,
					     .traffic_class = 0x12};
	sge = buffer_sge(&bench.local, 0, 17);
	wr = request(IBV_WR_SEND, 1, &sge);
	wr.wr.ud.ah = ibv_create_ah(bench.bed.pd, &path);
	CHECK(wr.wr.ud.ah);
	wr.wr.ud.remote_qpn = bench.pair.b.qp->qp_num;
	wr.wr.ud.remote_qkey = bench.pair.b.plan.qkey;
	post_receive(&bench.pair.b, 2, &bench.remote, 0, 100);
	post(&bench.pair.a, &wr);
	wc = expect_wc(bench.pair.b.recv_cq, 2, IBV_WC_SUCCESS);
	CHECK_EQ(wc.wc_flags, IBV_WC_GRH);
	if (!bench.bed.ethernet)
		check_route(&bench, (struct ibv_grh *)(void *)bench.remote.bytes, 17);
	answer(&bench, &wc, (struct ibv_grh *)(void *)bench.remote.bytes);
	CHECK_EQ(wc.wc_flags, IBV_WC_GRH);
	CHECK_OK(ibv_destroy_ah(wr.wr.ud.ah));
	bench_close(&bench);
}
