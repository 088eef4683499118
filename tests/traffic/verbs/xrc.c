/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Extended reliable connections: domains, the halves of a queue pair, SRQs that requests name. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"

enum { DEPTH = 16, SIZE = 65536, HALF = SIZE / 2, LARGE = 9000 };

#define SEND_OPS                                                                                   \
	(IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM | IBV_QP_EX_WITH_RDMA_WRITE |          \
	 IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM | IBV_QP_EX_WITH_RDMA_READ |                           \
	 IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP | IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD)

/* An SRQ of a domain, with the CQ that its receives complete in. */
struct inbox {
	struct ibv_cq *cq;
	struct ibv_srq *srq;
	uint32_t number;
};

/* Both halves in one process, one the other's peer. */
struct bench {
	struct bed bed;
	struct ibv_xrcd *xrcd;
	struct inbox inbox;
	struct end sender;
	struct ibv_qp *target;
	struct buffer buffer; /* what is sent lies in the lower half, what comes in the upper one */
};

static void need_xrc(const struct bed *bed)
{
	NEED(bed->device.device_cap_flags & IBV_DEVICE_XRC, "the device has no XRC");
}

/* ---- domains ---- */

static struct ibv_xrcd *domain_open(const struct bed *bed, int fd, int oflags)
{
	struct ibv_xrcd_init_attr attr = {
		.comp_mask = IBV_XRCD_INIT_ATTR_FD | IBV_XRCD_INIT_ATTR_OFLAGS,
		.fd = fd,
		.oflags = oflags,
	};

	return ibv_open_xrcd(bed->context, &attr);
}

static int file_open(char *path)
{
	int fd;

	strcpy(path, "/tmp/verbs-xrc-XXXXXX");
	fd = mkstemp(path);
	CHECK(fd >= 0);
	return fd;
}

/* ---- SRQs ---- */

static struct ibv_srq *srq_make(const struct bed *bed, struct ibv_pd *pd, struct ibv_xrcd *xrcd,
				struct ibv_cq *cq, uint32_t limit)
{
	struct ibv_srq_init_attr_ex attr = {
		.attr = {.max_wr = DEPTH, .max_sge = 2, .srq_limit = limit},
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_XRCD |
			     IBV_SRQ_INIT_ATTR_CQ | IBV_SRQ_INIT_ATTR_PD,
		.srq_type = IBV_SRQT_XRC,
		.pd = pd,
		.xrcd = xrcd,
		.cq = cq,
	};

	return ibv_create_srq_ex(bed->context, &attr);
}

static void inbox_make(struct inbox *inbox, const struct bed *bed, struct ibv_pd *pd,
		       struct ibv_xrcd *xrcd)
{
	inbox->cq = ibv_create_cq(bed->context, DEPTH, NULL, NULL, 0);
	CHECK(inbox->cq);
	inbox->srq = srq_make(bed, pd, xrcd, inbox->cq, 0);
	CHECK(inbox->srq);
	CHECK_OK(ibv_get_srq_num(inbox->srq, &inbox->number));
	CHECK(inbox->number);
}

static void inbox_free(struct inbox *inbox)
{
	CHECK_OK(ibv_destroy_srq(inbox->srq));
	CHECK_OK(ibv_destroy_cq(inbox->cq));
}

static void inbox_supply(struct inbox *inbox, uint64_t wr_id, const struct buffer *buffer,
			 size_t offset, uint32_t length)
{
	struct ibv_sge sge = buffer_sge(buffer, offset, length);
	struct ibv_recv_wr wr = {.wr_id = wr_id, .sg_list = &sge, .num_sge = 1}, *bad;

	CHECK_OK(ibv_post_srq_recv(inbox->srq, &wr, &bad));
}

/* ---- queue pairs ---- */

static struct ibv_qp *target_make(const struct bed *bed, struct ibv_xrcd *xrcd)
{
	struct ibv_qp_init_attr_ex attr = {
		.qp_type = IBV_QPT_XRC_RECV,
		.comp_mask = IBV_QP_INIT_ATTR_XRCD,
		.xrcd = xrcd,
	};
	struct ibv_qp *qp = ibv_create_qp_ex(bed->context, &attr);

	CHECK(qp);
	return qp;
}

static void sender_make(struct end *end, const struct bed *bed)
{
	struct end_plan plan = end_plan(IBV_QPT_XRC_SEND);
	struct ibv_qp_init_attr_ex attr = {
		.qp_type = IBV_QPT_XRC_SEND,
		.pd = bed->pd,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.send_ops_flags = SEND_OPS,
		.cap = {.max_send_wr = DEPTH, .max_send_sge = 2, .max_inline_data = 64},
		.sq_sig_all = 1,
	};

	*end = (struct end){.bed = bed, .plan = plan};
	attr.send_cq = end->send_cq = ibv_create_cq(bed->context, DEPTH, NULL, NULL, 0);
	CHECK(attr.send_cq);
	end->qp = ibv_create_qp_ex(bed->context, &attr);
	CHECK(end->qp);
	end->ex = ibv_qp_to_qp_ex(end->qp);
	CHECK(end->ex);
}

static void to_init(struct ibv_qp *qp, const struct bed *bed)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = bed->port_num,
		.qp_access_flags = ACCESS_ALL,
	};

	CHECK_OK(ibv_modify_qp(
		qp, &attr, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS));
}

/* The attributes of IBTA annex A14 for either half, and no more. */
static void to_rtr(struct ibv_qp *qp, const struct bed *bed, uint32_t peer)
{
	struct end_address there = {.gid = bed->gid, .lid = bed->port.lid};
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = bed_mtu(bed, IBV_MTU_1024),
		.dest_qp_num = peer,
		.rq_psn = 0xfffff0,
		.ah_attr = path_to(bed, &there),
		.max_dest_rd_atomic = 4,
		.min_rnr_timer = 12,
	};
	int mask = IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN;

	if (qp->qp_type == IBV_QPT_XRC_RECV)
		mask |= IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER;
	CHECK_OK(ibv_modify_qp(qp, &attr, mask));
}

static void to_rts(struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTS,
		.sq_psn = 0xfffff0,
		.timeout = 14,
		.retry_cnt = 7,
		.rnr_retry = 7,
		.max_rd_atomic = 4,
	};

	int mask = IBV_QP_STATE | IBV_QP_SQ_PSN | IBV_QP_TIMEOUT;

	if (qp->qp_type == IBV_QPT_XRC_SEND)
		mask |= IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_MAX_QP_RD_ATOMIC;
	CHECK_OK(ibv_modify_qp(qp, &attr, mask));
}

static void bench_open(struct bench *bench)
{
	bed_open(&bench->bed);
	need_xrc(&bench->bed);
	bench->xrcd = domain_open(&bench->bed, -1, O_CREAT);
	CHECK(bench->xrcd);
	inbox_make(&bench->inbox, &bench->bed, bench->bed.pd, bench->xrcd);
	buffer_make(&bench->buffer, bench->bed.pd, SIZE, ACCESS_ALL);
	sender_make(&bench->sender, &bench->bed);
	bench->target = target_make(&bench->bed, bench->xrcd);
	to_init(bench->target, &bench->bed);
	to_init(bench->sender.qp, &bench->bed);
	to_rtr(bench->target, &bench->bed, bench->sender.qp->qp_num);
	to_rtr(bench->sender.qp, &bench->bed, bench->target->qp_num);
	to_rts(bench->target);
	to_rts(bench->sender.qp);
}

static void bench_close(struct bench *bench)
{
	CHECK_OK(ibv_destroy_qp(bench->sender.qp));
	CHECK_OK(ibv_destroy_cq(bench->sender.send_cq));
	CHECK_OK(ibv_destroy_qp(bench->target));
	inbox_free(&bench->inbox);
	CHECK_OK(ibv_close_xrcd(bench->xrcd));
	buffer_free(&bench->buffer);
	bed_close(&bench->bed);
}

static enum ibv_qp_state state_of(struct ibv_qp *qp)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;

	CHECK_OK(ibv_query_qp(qp, &attr, IBV_QP_STATE, &init));
	return attr.qp_state;
}

/* ---- requests ---- */

static struct ibv_send_wr xrc_request(struct bench *bench, enum ibv_wr_opcode opcode,
				      struct ibv_sge *sge)
{
	struct ibv_send_wr wr = request(opcode, opcode, sge);

	wr.qp_type.xrc.remote_srqn = bench->inbox.number;
	wr.imm_data = htobe32(0xabcd0000u + opcode);
	wr.wr.rdma.remote_addr = buffer_address(&bench->buffer, HALF);
	wr.wr.rdma.rkey = bench->buffer.mr->rkey;
	return wr;
}

static void expect_received(struct bench *bench, enum ibv_wc_opcode opcode, uint32_t length)
{
	struct ibv_wc wc = expect_wc(bench->inbox.cq, 7, IBV_WC_SUCCESS);

	CHECK_EQ(wc.opcode, opcode);
	CHECK_EQ(wc.byte_len, length);
	CHECK_EQ(wc.qp_num, bench->target->qp_num);
	CHECK_EQ(wc.src_qp, bench->sender.qp->qp_num);
}

static void send_and_write(struct bench *bench, enum ibv_wr_opcode opcode, uint32_t length)
{
	bool writes = opcode == IBV_WR_RDMA_WRITE || opcode == IBV_WR_RDMA_WRITE_WITH_IMM;
	bool told = opcode != IBV_WR_RDMA_WRITE;
	struct ibv_sge sge = buffer_sge(&bench->buffer, 0, length);
	struct ibv_send_wr wr = xrc_request(bench, opcode, &sge);

	trying("opcode %d, %u bytes", opcode, length);
	pattern_fill(bench->buffer.bytes, length, opcode);
	memset(bench->buffer.bytes + HALF, 0, HALF);
	if (told)
		inbox_supply(&bench->inbox, 7, &bench->buffer, HALF, HALF);
	post(&bench->sender, &wr);
	expect_wc(bench->sender.send_cq, opcode, IBV_WC_SUCCESS);
	if (told)
		expect_received(bench, writes ? IBV_WC_RECV_RDMA_WITH_IMM : IBV_WC_RECV, length);
	CHECK_PATTERN(bench->buffer.bytes + HALF, length, opcode);
}

static const uint32_t lengths[] = {0, 1, 1024, 1025, LARGE};

CASE(sends_and_writes)
{
	static const enum ibv_wr_opcode opcodes[] = {IBV_WR_SEND, IBV_WR_SEND_WITH_IMM,
						     IBV_WR_RDMA_WRITE, IBV_WR_RDMA_WRITE_WITH_IMM};
	struct bench bench;

	bench_open(&bench);
	for (size_t i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++)
		for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++)
			send_and_write(&bench, opcodes[i], lengths[j]);
	expect_empty(bench.inbox.cq);
	bench_close(&bench);
}

CASE(reads)
{
	struct bench bench;

	bench_open(&bench);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct ibv_sge sge = buffer_sge(&bench.buffer, 0, lengths[i]);
		struct ibv_send_wr wr = xrc_request(&bench, IBV_WR_RDMA_READ, &sge);

		trying("%u bytes", lengths[i]);
		pattern_fill(bench.buffer.bytes + HALF, lengths[i], 3);
		memset(bench.buffer.bytes, 0, HALF);
		post(&bench.sender, &wr);
		expect_wc(bench.sender.send_cq, IBV_WR_RDMA_READ, IBV_WC_SUCCESS);
		CHECK_PATTERN(bench.buffer.bytes, lengths[i], 3);
	}
	bench_close(&bench);
}

CASE(atomics)
{
	struct bench bench;
	struct ibv_send_wr wr;
	struct ibv_sge sge;
	uint64_t *there, *here;

	bench_open(&bench);
	here = (uint64_t *)(void *)bench.buffer.bytes;
	there = (uint64_t *)(void *)(bench.buffer.bytes + HALF);
	sge = buffer_sge(&bench.buffer, 0, 8);
	*there = 5;
	wr = xrc_request(&bench, IBV_WR_ATOMIC_FETCH_AND_ADD, &sge);
	wr.wr.atomic.remote_addr = buffer_address(&bench.buffer, HALF);
	wr.wr.atomic.rkey = bench.buffer.mr->rkey;
	wr.wr.atomic.compare_add = 10;
	post(&bench.sender, &wr);
	expect_wc(bench.sender.send_cq, wr.wr_id, IBV_WC_SUCCESS);
	CHECK_EQ(*here, 5);
	CHECK_EQ(*there, 15);
	wr.opcode = IBV_WR_ATOMIC_CMP_AND_SWP;
	wr.wr.atomic.compare_add = 15;
	wr.wr.atomic.swap = 99;
	post(&bench.sender, &wr);
	expect_wc(bench.sender.send_cq, wr.wr_id, IBV_WC_SUCCESS);
	CHECK_EQ(*here, 15);
	CHECK_EQ(*there, 99);
	bench_close(&bench);
}

/* One series of calls with an opcode of each kind. */
CASE(series_of_calls)
{
	struct bench bench;
	struct ibv_qp_ex *ex;
	uint64_t there, *word;

	bench_open(&bench);
	ex = bench.sender.ex;
	there = buffer_address(&bench.buffer, HALF);
	word = (uint64_t *)(void *)(bench.buffer.bytes + HALF + LARGE / 8 * 8);
	*word = 1;
	pattern_fill(bench.buffer.bytes, LARGE, 1);
	inbox_supply(&bench.inbox, 7, &bench.buffer, HALF, LARGE);
	inbox_supply(&bench.inbox, 7, &bench.buffer, HALF, LARGE);
	ibv_wr_start(ex);
	ex->wr_id = 1;
	ibv_wr_rdma_write(ex, bench.buffer.mr->rkey, there);
	ibv_wr_set_xrc_srqn(ex, bench.inbox.number);
	ibv_wr_set_sge(ex, bench.buffer.mr->lkey, buffer_address(&bench.buffer, 0), LARGE);
	ex->wr_id = 2;
	ibv_wr_atomic_fetch_add(ex, bench.buffer.mr->rkey, (uintptr_t)word, 41);
	ibv_wr_set_xrc_srqn(ex, bench.inbox.number);
	ibv_wr_set_sge(ex, bench.buffer.mr->lkey, buffer_address(&bench.buffer, 16384), 8);
	ex->wr_id = 3;
	ibv_wr_send_imm(ex, htobe32(0x1234));
	ibv_wr_set_xrc_srqn(ex, bench.inbox.number);
	ibv_wr_set_inline_data(ex, bench.buffer.bytes, 33);
	ex->wr_id = 4;
	ibv_wr_rdma_read(ex, bench.buffer.mr->rkey, there);
	ibv_wr_set_xrc_srqn(ex, bench.inbox.number);
	ibv_wr_set_sge(ex, bench.buffer.mr->lkey, buffer_address(&bench.buffer, 20000), LARGE);
	ex->wr_id = 5;
	ibv_wr_send(ex);
	ibv_wr_set_xrc_srqn(ex, bench.inbox.number);
	ibv_wr_set_sge(ex, bench.buffer.mr->lkey, buffer_address(&bench.buffer, 0), LARGE);
	CHECK_OK(ibv_wr_complete(ex));
	for (uint64_t i = 1; i <= 5; i++)
		expect_wc(bench.sender.send_cq, i, IBV_WC_SUCCESS);
	CHECK_EQ(expect_wc(bench.inbox.cq, 7, IBV_WC_SUCCESS).imm_data, htobe32(0x1234));
	expect_received(&bench, IBV_WC_RECV, LARGE);
	CHECK_EQ(*word, 42);
	CHECK_PATTERN(bench.buffer.bytes + 20000, LARGE, 1);
	bench_close(&bench);
}

/* ---- SRQs ---- */

CASE(each_message_goes_to_the_srq_it_names)
{
	struct inbox second, *inboxes[2];
	struct bench bench;

	bench_open(&bench);
	inbox_make(&second, &bench.bed, bench.bed.pd, bench.xrcd);
	inboxes[0] = &bench.inbox;
	inboxes[1] = &second;
	CHECK(second.number != bench.inbox.number);
	for (unsigned int i = 0; i < 100; i++) {
		struct inbox *to = inboxes[i * 7 / 3 % 2];
		struct ibv_sge sge = buffer_sge(&bench.buffer, 0, i * 20);
		struct ibv_send_wr wr = xrc_request(&bench, IBV_WR_SEND, &sge);

		pattern_fill(bench.buffer.bytes, sge.length, i);
		wr.qp_type.xrc.remote_srqn = to->number;
		inbox_supply(to, i, &bench.buffer, HALF, HALF);
		post(&bench.sender, &wr);
		expect_wc(bench.sender.send_cq, IBV_WR_SEND, IBV_WC_SUCCESS);
		CHECK_EQ(expect_wc(to->cq, i, IBV_WC_SUCCESS).byte_len, sge.length);
		CHECK_PATTERN(bench.buffer.bytes + HALF, sge.length, i);
		expect_empty(inboxes[0]->cq);
		expect_empty(inboxes[1]->cq);
	}
	inbox_free(&second);
	bench_close(&bench);
}

/* Back where the first packet that comes raises an event. */
static void target_to_rtr(struct bench *bench)
{
	struct ibv_qp_attr reset = {.qp_state = IBV_QPS_RESET};

	CHECK_OK(ibv_modify_qp(bench->target, &reset, IBV_QP_STATE));
	to_init(bench->target, &bench->bed);
	to_rtr(bench->target, &bench->bed, bench->sender.qp->qp_num);
}

/* The receive is posted when the first packet has come, and the device is done with it: it answers
 * calls between packets. */
CASE(message_waits_for_a_receive)
{
	struct bench bench;
	struct ibv_send_wr wr;
	struct ibv_sge sge;

	bench_open(&bench);
	target_to_rtr(&bench);
	sge = buffer_sge(&bench.buffer, 0, LARGE);
	wr = xrc_request(&bench, IBV_WR_SEND, &sge);
	pattern_fill(bench.buffer.bytes, LARGE, 9);
	post(&bench.sender, &wr);
	expect_async(bench.bed.context, IBV_EVENT_COMM_EST);
	CHECK_EQ(state_of(bench.target), IBV_QPS_RTR);
	expect_empty(bench.sender.send_cq);
	inbox_supply(&bench.inbox, 7, &bench.buffer, HALF, LARGE);
	expect_wc(bench.sender.send_cq, IBV_WR_SEND, IBV_WC_SUCCESS);
	expect_received(&bench, IBV_WC_RECV, LARGE);
	CHECK_PATTERN(bench.buffer.bytes + HALF, LARGE, 9);
	bench_close(&bench);
}

CASE(limit_event)
{
	struct ibv_srq_attr attr = {.srq_limit = 2};
	struct ibv_async_event event;
	struct bench bench;
	struct ibv_send_wr wr;
	struct ibv_sge sge;

	bench_open(&bench);
	sge = buffer_sge(&bench.buffer, 0, 8);
	inbox_supply(&bench.inbox, 7, &bench.buffer, HALF, 64);
	inbox_supply(&bench.inbox, 7, &bench.buffer, HALF, 64);
	CHECK_OK(ibv_modify_srq(bench.inbox.srq, &attr, IBV_SRQ_LIMIT));
	send_and_write(&bench, IBV_WR_SEND, 8);
	CHECK(!readable(bench.bed.context->async_fd, 0));
	wr = xrc_request(&bench, IBV_WR_SEND, &sge);
	post(&bench.sender, &wr);
	expect_wc(bench.sender.send_cq, IBV_WR_SEND, IBV_WC_SUCCESS);
	event = expect_async(bench.bed.context, IBV_EVENT_SRQ_LIMIT_REACHED);
	CHECK(event.element.srq == bench.inbox.srq);
	CHECK_OK(ibv_query_srq(bench.inbox.srq, &attr));
	CHECK_EQ(attr.srq_limit, 0);
	CHECK(attr.max_wr >= DEPTH);
	bench_close(&bench);
}

CASE(completions_go_with_their_srq)
{
	struct bench bench;
	struct inbox other;
	struct ibv_send_wr wr;
	struct ibv_sge sge;

	bench_open(&bench);
	other.cq = bench.inbox.cq;
	other.srq = srq_make(&bench.bed, bench.bed.pd, bench.xrcd, other.cq, 0);
	CHECK(other.srq);
	CHECK_OK(ibv_get_srq_num(other.srq, &other.number));
	sge = buffer_sge(&bench.buffer, 0, 8);
	wr = xrc_request(&bench, IBV_WR_SEND, &sge);
	for (uint64_t i = 0; i < 6; i++) {
		struct inbox *to = i % 2 ? &other : &bench.inbox;

		inbox_supply(to, i, &bench.buffer, HALF, 64);
		wr.qp_type.xrc.remote_srqn = to->number;
		post(&bench.sender, &wr);
		expect_wc(bench.sender.send_cq, IBV_WR_SEND, IBV_WC_SUCCESS);
	}
	CHECK_OK(ibv_destroy_srq(other.srq));
	for (uint64_t i = 0; i < 6; i += 2)
		expect_wc(bench.inbox.cq, i, IBV_WC_SUCCESS);
	expect_empty(bench.inbox.cq);
	bench_close(&bench);
}

/* ---- refusals on the wire ---- */

static void expect_refused(struct bench *bench, struct ibv_send_wr *wr, enum ibv_wc_status status)
{
	struct ibv_sge sge = buffer_sge(&bench->buffer, 0, 8);
	struct ibv_send_wr second = xrc_request(bench, IBV_WR_RDMA_WRITE, &sge);

	post(&bench->sender, wr);
	post(&bench->sender, &second);
	expect_wc(bench->sender.send_cq, wr->wr_id, status);
	expect_wc(bench->sender.send_cq, IBV_WR_RDMA_WRITE, IBV_WC_WR_FLUSH_ERR);
	CHECK_EQ(end_state(&bench->sender), IBV_QPS_ERR);
	CHECK_EQ(state_of(bench->target), IBV_QPS_ERR);
}

CASE(srq_that_there_is_not)
{
	struct bench bench;
	struct ibv_send_wr wr;
	struct ibv_sge sge;

	bench_open(&bench);
	sge = buffer_sge(&bench.buffer, 0, 8);
	wr = xrc_request(&bench, IBV_WR_SEND, &sge);
	wr.qp_type.xrc.remote_srqn ^= 0x800000;
	expect_refused(&bench, &wr, IBV_WC_REM_INV_REQ_ERR);
	expect_async(bench.bed.context, IBV_EVENT_QP_ACCESS_ERR);
	bench_close(&bench);
}

CASE(srq_of_another_domain)
{
	struct ibv_xrcd *other;
	struct inbox strange;
	struct bench bench;
	struct ibv_send_wr wr;
	struct ibv_sge sge;

	bench_open(&bench);
	other = domain_open(&bench.bed, -1, O_CREAT);
	CHECK(other);
	inbox_make(&strange, &bench.bed, bench.bed.pd, other);
	inbox_supply(&strange, 1, &bench.buffer, HALF, 64);
	sge = buffer_sge(&bench.buffer, 0, 8);
	wr = xrc_request(&bench, IBV_WR_SEND, &sge);
	wr.qp_type.xrc.remote_srqn = strange.number;
	expect_refused(&bench, &wr, IBV_WC_REM_INV_REQ_ERR);
	expect_async(bench.bed.context, IBV_EVENT_QP_ACCESS_ERR);
	expect_empty(strange.cq);
	inbox_free(&strange);
	CHECK_OK(ibv_close_xrcd(other));
	bench_close(&bench);
}

/* Keys are good in the domain for protection of the SRQ that is named. */
CASE(key_of_another_pd_than_the_srq)
{
	struct bench bench;
	struct inbox other;
	struct ibv_send_wr wr;
	struct ibv_sge sge;
	struct ibv_pd *pd;

	bench_open(&bench);
	pd = ibv_alloc_pd(bench.bed.context);
	CHECK(pd);
	inbox_make(&other, &bench.bed, pd, bench.xrcd);
	sge = buffer_sge(&bench.buffer, 0, 8);
	wr = xrc_request(&bench, IBV_WR_RDMA_READ, &sge);
	post(&bench.sender, &wr);
	expect_wc(bench.sender.send_cq, IBV_WR_RDMA_READ, IBV_WC_SUCCESS);
	wr.qp_type.xrc.remote_srqn = other.number;
	expect_refused(&bench, &wr, IBV_WC_REM_ACCESS_ERR);
	expect_async(bench.bed.context, IBV_EVENT_QP_ACCESS_ERR);
	inbox_free(&other);
	CHECK_OK(ibv_dealloc_pd(pd));
	bench_close(&bench);
}

/* ---- what is refused before ---- */

CASE(domain_in_use)
{
	struct bench bench;

	bench_open(&bench);
	CHECK_RC(ibv_close_xrcd(bench.xrcd), EBUSY);
	CHECK_OK(ibv_destroy_qp(bench.target));
	CHECK_RC(ibv_close_xrcd(bench.xrcd), EBUSY);
	CHECK_RC(ibv_destroy_cq(bench.inbox.cq), EBUSY);
	bench.target = target_make(&bench.bed, bench.xrcd);
	bench_close(&bench);
}

CASE(target_takes_no_requests)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND}, *bad = NULL;
	struct bench bench;

	bench_open(&bench);
	CHECK(ibv_post_send(bench.target, &wr, &bad));
	CHECK(bad == &wr);
	bench_close(&bench);
}

/* ---- domains and their files ---- */

CASE(domain_of_a_file)
{
	struct ibv_xrcd *first, *second;
	struct bed bed;
	char path[32];
	int fd;

	bed_open(&bed);
	need_xrc(&bed);
	fd = file_open(path);
	CHECK_FAILS(domain_open(&bed, fd, 0), EAGAIN);
	CHECK_FAILS(domain_open(&bed, 12345, O_CREAT), EBADF);
	first = domain_open(&bed, fd, O_CREAT);
	CHECK(first);
	CHECK_FAILS(domain_open(&bed, fd, O_CREAT | O_EXCL), EINVAL);
	second = domain_open(&bed, fd, 0);
	CHECK(second);
	CHECK_OK(ibv_close_xrcd(first));
	first = domain_open(&bed, fd, 0);
	CHECK(first);
	CHECK_OK(ibv_close_xrcd(first));
	CHECK_OK(ibv_close_xrcd(second));
	CHECK_FAILS(domain_open(&bed, fd, 0), EAGAIN);
	unlink(path);
	close(fd);
	bed_close(&bed);
}

static void hold_domain(int socket)
{
	struct ibv_xrcd *xrcd;
	struct bed bed;
	char path[32], done;
	int fd;

	hear(socket, path, sizeof(path));
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0);
	bed_open(&bed);
	xrcd = domain_open(&bed, fd, O_CREAT);
	CHECK(xrcd);
	tell(socket, "o", 1);
	hear(socket, &done, 1);
	CHECK_OK(ibv_close_xrcd(xrcd));
	bed_close(&bed);
	close(fd);
}

/* It lasts as long as any process has it open. */
CASE(domain_of_two_processes)
{
	struct peer peer = peer_start(hold_domain);
	struct ibv_xrcd *xrcd;
	char path[32] = "", go;
	struct bed bed;
	int fd = file_open(path);

	bed_open(&bed);
	if (!(bed.device.device_cap_flags & IBV_DEVICE_XRC)) {
		peer_kill(&peer);
		need_xrc(&bed);
	}
	CHECK_FAILS(domain_open(&bed, fd, 0), EAGAIN);
	tell(peer.socket, path, sizeof(path));
	hear(peer.socket, &go, 1);
	CHECK_FAILS(domain_open(&bed, fd, O_CREAT | O_EXCL), EINVAL);
	xrcd = domain_open(&bed, fd, 0);
	CHECK(xrcd);
	tell(peer.socket, "d", 1);
	peer_finish(&peer);
	CHECK_FAILS(domain_open(&bed, fd, O_EXCL), EINVAL);
	CHECK_OK(ibv_close_xrcd(xrcd));
	CHECK_FAILS(domain_open(&bed, fd, 0), EAGAIN);
	unlink(path);
	close(fd);
	bed_close(&bed);
}

/* ---- further handles of a target ---- */

static struct ibv_qp *target_open(const struct bed *bed, struct ibv_xrcd *xrcd, uint32_t number)
{
	struct ibv_qp_open_attr attr = {
		.comp_mask = IBV_QP_OPEN_ATTR_NUM | IBV_QP_OPEN_ATTR_XRCD | IBV_QP_OPEN_ATTR_TYPE,
		.qp_num = number,
		.xrcd = xrcd,
		.qp_type = IBV_QPT_XRC_RECV,
	};

	return ibv_open_qp(bed->context, &attr);
}

/* The further handle is left for the end of the process. */
CASE(target_opened_by_its_number)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_ERR};
	struct bench bench;
	struct ibv_qp *opened;

	bench_open(&bench);
	opened = target_open(&bench.bed, bench.xrcd, bench.target->qp_num);
	CHECK(opened);
	CHECK_EQ(opened->qp_num, bench.target->qp_num);
	CHECK_EQ(state_of(opened), IBV_QPS_RTS);
	send_and_write(&bench, IBV_WR_SEND, 100);
	CHECK_OK(ibv_modify_qp(opened, &attr, IBV_QP_STATE));
	CHECK_EQ(state_of(bench.target), IBV_QPS_ERR);
}

CASE(target_lives_as_long_as_anybody_has_it_open)
{
	struct bench bench;
	struct ibv_qp *opened;
	uint32_t number;

	bench_open(&bench);
	number = bench.target->qp_num;
	CHECK_FAILS(target_open(&bench.bed, bench.xrcd, number ^ 0x8000), EINVAL);
	opened = target_open(&bench.bed, bench.xrcd, number);
	CHECK(opened);
	CHECK_OK(ibv_destroy_qp(bench.target));
	bench.target = opened;
	CHECK_RC(ibv_close_xrcd(bench.xrcd), EBUSY);
	send_and_write(&bench, IBV_WR_SEND, 100);
	bench_close(&bench);
}
