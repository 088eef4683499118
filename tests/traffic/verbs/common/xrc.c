/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "xrc.h"

#include <fcntl.h>

#define SEND_OPS                                                                                   \
	(IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM | IBV_QP_EX_WITH_RDMA_WRITE |          \
	 IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM | IBV_QP_EX_WITH_RDMA_READ |                           \
	 IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP | IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD)

void xrc_need(const struct bed *bed)
{
	NEED(bed->device.device_cap_flags & IBV_DEVICE_XRC, "the device has no XRC");
}

/* ---- domains ---- */

struct ibv_xrcd *xrc_domain_open(const struct bed *bed, int fd, int oflags)
{
	struct ibv_xrcd_init_attr attr = {
		.comp_mask = IBV_XRCD_INIT_ATTR_FD | IBV_XRCD_INIT_ATTR_OFLAGS,
		.fd = fd,
		.oflags = oflags,
	};

	return ibv_open_xrcd(bed->context, &attr);
}

/* ---- SRQs ---- */

struct ibv_srq *xrc_srq_make(const struct bed *bed, struct ibv_pd *pd, struct ibv_xrcd *xrcd,
			     struct ibv_cq *cq, uint32_t limit)
{
	struct ibv_srq_init_attr_ex attr = {
		.attr = {.max_wr = XRC_DEPTH, .max_sge = 2, .srq_limit = limit},
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_XRCD |
			     IBV_SRQ_INIT_ATTR_CQ | IBV_SRQ_INIT_ATTR_PD,
		.srq_type = IBV_SRQT_XRC,
		.pd = pd,
		.xrcd = xrcd,
		.cq = cq,
	};

	return ibv_create_srq_ex(bed->context, &attr);
}

void xrc_inbox_make(struct xrc_inbox *inbox, const struct bed *bed, struct ibv_pd *pd,
		    struct ibv_xrcd *xrcd)
{
	inbox->cq = ibv_create_cq(bed->context, XRC_DEPTH, NULL, NULL, 0);
	CHECK(inbox->cq);
	inbox->srq = xrc_srq_make(bed, pd, xrcd, inbox->cq, 0);
	CHECK(inbox->srq);
	CHECK_OK(ibv_get_srq_num(inbox->srq, &inbox->number));
	CHECK(inbox->number);
}

void xrc_inbox_free(struct xrc_inbox *inbox)
{
	CHECK_OK(ibv_destroy_srq(inbox->srq));
	CHECK_OK(ibv_destroy_cq(inbox->cq));
}

void xrc_inbox_supply(struct xrc_inbox *inbox, uint64_t wr_id, const struct buffer *buffer,
		      size_t offset, uint32_t length)
{
	struct ibv_sge sge = buffer_sge(buffer, offset, length);
	struct ibv_recv_wr wr = {.wr_id = wr_id, .sg_list = &sge, .num_sge = 1}, *bad;

	CHECK_OK(ibv_post_srq_recv(inbox->srq, &wr, &bad));
}

/* ---- queue pairs ---- */

struct ibv_qp *xrc_target_make(const struct bed *bed, struct ibv_xrcd *xrcd)
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
		.cap = {.max_send_wr = XRC_DEPTH, .max_send_sge = 2, .max_inline_data = 64},
		.sq_sig_all = 1,
	};

	*end = (struct end){.bed = bed, .plan = plan};
	attr.send_cq = end->send_cq = ibv_create_cq(bed->context, XRC_DEPTH, NULL, NULL, 0);
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

void xrc_open(struct xrc_bench *bench)
{
	bed_open(&bench->bed);
	xrc_need(&bench->bed);
	NEED(!bench->bed.family->no_xrc, bench->bed.family->no_xrc);
	bench->xrcd = xrc_domain_open(&bench->bed, -1, O_CREAT);
	CHECK(bench->xrcd);
	xrc_inbox_make(&bench->inbox, &bench->bed, bench->bed.pd, bench->xrcd);
	buffer_make(&bench->buffer, bench->bed.pd, XRC_BYTES, ACCESS_ALL);
	sender_make(&bench->sender, &bench->bed);
	bench->target = xrc_target_make(&bench->bed, bench->xrcd);
	to_init(bench->target, &bench->bed);
	to_init(bench->sender.qp, &bench->bed);
	to_rtr(bench->target, &bench->bed, bench->sender.qp->qp_num);
	to_rtr(bench->sender.qp, &bench->bed, bench->target->qp_num);
	to_rts(bench->target);
	to_rts(bench->sender.qp);
}

void xrc_close(struct xrc_bench *bench)
{
	CHECK_OK(ibv_destroy_qp(bench->sender.qp));
	CHECK_OK(ibv_destroy_cq(bench->sender.send_cq));
	CHECK_OK(ibv_destroy_qp(bench->target));
	xrc_inbox_free(&bench->inbox);
	CHECK_OK(ibv_close_xrcd(bench->xrcd));
	buffer_free(&bench->buffer);
	bed_close(&bench->bed);
}

void xrc_target_to_rtr(struct xrc_bench *bench)
{
	struct ibv_qp_attr reset = {.qp_state = IBV_QPS_RESET};

	CHECK_OK(ibv_modify_qp(bench->target, &reset, IBV_QP_STATE));
	to_init(bench->target, &bench->bed);
	to_rtr(bench->target, &bench->bed, bench->sender.qp->qp_num);
}

enum ibv_qp_state xrc_state(struct ibv_qp *qp)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;

	CHECK_OK(ibv_query_qp(qp, &attr, IBV_QP_STATE, &init));
	return attr.qp_state;
}

/* ---- requests ---- */

struct ibv_send_wr xrc_request(struct xrc_bench *bench, enum ibv_wr_opcode opcode,
			       struct ibv_sge *sge)
{
	struct ibv_send_wr wr = request(opcode, opcode, sge);

	wr.qp_type.xrc.remote_srqn = bench->inbox.number;
	wr.imm_data = htobe32(0xabcd0000u + opcode);
	wr.wr.rdma.remote_addr = buffer_address(&bench->buffer, XRC_HALF);
	wr.wr.rdma.rkey = bench->buffer.mr->rkey;
	return wr;
}

void xrc_expect_received(struct xrc_bench *bench, enum ibv_wc_opcode opcode, uint32_t length)
{
	struct ibv_wc wc = expect_wc(bench->inbox.cq, 7, IBV_WC_SUCCESS);

	CHECK_EQ(wc.opcode, opcode);
	CHECK_EQ(wc.byte_len, length);
	CHECK_EQ(wc.qp_num, bench->target->qp_num);
	CHECK_EQ(wc.src_qp, bench->sender.qp->qp_num);
}

void xrc_send_and_write(struct xrc_bench *bench, enum ibv_wr_opcode opcode, uint32_t length)
{
	bool writes = opcode == IBV_WR_RDMA_WRITE || opcode == IBV_WR_RDMA_WRITE_WITH_IMM;
	bool told = opcode != IBV_WR_RDMA_WRITE;
	struct ibv_sge sge = buffer_sge(&bench->buffer, 0, length);
	struct ibv_send_wr wr = xrc_request(bench, opcode, &sge);

	trying("opcode %d, %u bytes", opcode, length);
	pattern_fill(bench->buffer.bytes, length, opcode);
	memset(bench->buffer.bytes + XRC_HALF, 0, XRC_HALF);
	if (told)
		xrc_inbox_supply(&bench->inbox, 7, &bench->buffer, XRC_HALF, XRC_HALF);
	post(&bench->sender, &wr);
	expect_wc(bench->sender.send_cq, opcode, IBV_WC_SUCCESS);
	if (told)
		xrc_expect_received(bench, writes ? IBV_WC_RECV_RDMA_WITH_IMM : IBV_WC_RECV,
				    length);
	CHECK_PATTERN(bench->buffer.bytes + XRC_HALF, length, opcode);
}
