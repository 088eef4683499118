/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queue pairs: made, connected, taken down. */
#include <errno.h>
#include <string.h>

#include "bed.h"

#define SEND_OPS_UD (IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM)
#define SEND_OPS_UC (SEND_OPS_UD | IBV_QP_EX_WITH_RDMA_WRITE | IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM)
#define SEND_OPS_RC                                                                                \
	(SEND_OPS_UC | IBV_QP_EX_WITH_RDMA_READ | IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP |              \
	 IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD)

struct end_plan end_plan(enum ibv_qp_type type)
{
	return (struct end_plan){
		.type = type,
		.send_wr = 64,
		.recv_wr = 64,
		.send_sge = 4,
		.recv_sge = 4,
		.cq_entries = 255,
		.mtu = IBV_MTU_1024,
		.access = ACCESS_ALL,
		.timeout = 14,
		.retries = 7,
		.rnr_retries = 7,
		.rnr_timer = 12,
		.rd_atomic = 4,
		.qkey = 0x1234567,
		.psn = 0xfffff0, /* wraps soon */
	};
}

static uint64_t send_ops(enum ibv_qp_type type)
{
	return type == IBV_QPT_RC ? SEND_OPS_RC : type == IBV_QPT_UC ? SEND_OPS_UC : SEND_OPS_UD;
}

static struct ibv_cq *use_cq(const struct end *end, struct ibv_cq *given)
{
	struct ibv_cq *cq = given;

	if (!cq)
		cq = ibv_create_cq(end->bed->context, end->plan.cq_entries, NULL, NULL, 0);
	CHECK(cq);
	return cq;
}

void end_create(struct end *end, const struct bed *bed, const struct end_plan *plan)
{
	struct ibv_qp_init_attr_ex attr = {
		.qp_type = plan->type,
		.sq_sig_all = plan->signal_all,
		.srq = plan->srq,
		.pd = plan->pd ? plan->pd : bed->pd,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.send_ops_flags = send_ops(plan->type),
		.cap = {.max_send_wr = plan->send_wr,
			.max_recv_wr = plan->srq ? 0 : plan->recv_wr,
			.max_send_sge = plan->send_sge,
			.max_recv_sge = plan->srq ? 0 : plan->recv_sge,
			.max_inline_data = plan->inline_bytes},
	};

	*end = (struct end){.bed = bed, .plan = *plan};
	attr.send_cq = end->send_cq = use_cq(end, plan->send_cq);
	attr.recv_cq = end->recv_cq = use_cq(end, plan->recv_cq);
	end->qp = ibv_create_qp_ex(bed->context, &attr);
	CHECK(end->qp);
	end->ex = ibv_qp_to_qp_ex(end->qp);
	CHECK(end->ex);
}

void end_destroy(struct end *end)
{
	CHECK_OK(ibv_destroy_qp(end->qp));
	if (!end->plan.send_cq)
		CHECK_OK(ibv_destroy_cq(end->send_cq));
	if (!end->plan.recv_cq)
		CHECK_OK(ibv_destroy_cq(end->recv_cq));
}

struct end_address end_address(const struct end *end)
{
	return (struct end_address){
		.gid = end->bed->gid,
		.qpn = end->qp->qp_num,
		.psn = end->plan.psn,
		.lid = end->bed->port.lid,
	};
}

struct ibv_ah_attr path_to(const struct bed *bed, const struct end_address *peer)
{
	struct ibv_ah_attr path = {.dlid = peer->lid, .port_num = bed->port_num};

	if (bed->ethernet) {
		path.is_global = 1;
		path.grh = (struct ibv_global_route){
			.dgid = peer->gid,
			.sgid_index = bed->gid_index,
			.hop_limit = 64,
		};
	}
	return path;
}

struct ibv_ah *ah_make(const struct bed *bed, const struct end_address *peer)
{
	struct ibv_ah_attr path = path_to(bed, peer);
	struct ibv_ah *ah = ibv_create_ah(bed->pd, &path);

	CHECK(ah);
	return ah;
}

void end_to_init(struct end *end)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.pkey_index = end->plan.pkey_index,
		.port_num = end->bed->port_num,
		.qkey = end->plan.qkey,
		.qp_access_flags = (unsigned int)end->plan.access,
	};
	bool datagrams = end->plan.type == IBV_QPT_UD;

	CHECK_OK(ibv_modify_qp(end->qp, &attr,
			       IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
				       (datagrams ? IBV_QP_QKEY : IBV_QP_ACCESS_FLAGS)));
}

void end_to_rtr(struct end *end, const struct end_address *peer)
{
	int mask = IBV_QP_STATE;
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = bed_mtu(end->bed, end->plan.mtu),
		.max_dest_rd_atomic = end->plan.rd_atomic,
		.min_rnr_timer = end->plan.rnr_timer,
	};

	if (end->plan.type != IBV_QPT_UD) {
		attr.dest_qp_num = peer->qpn;
		attr.rq_psn = peer->psn;
		attr.ah_attr = path_to(end->bed, peer);
		mask |= IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN;
	}
	if (end->plan.type == IBV_QPT_RC)
		mask |= IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER;
	CHECK_OK(ibv_modify_qp(end->qp, &attr, mask));
}

void end_to_rts(struct end *end)
{
	int mask = IBV_QP_STATE | IBV_QP_SQ_PSN;
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTS,
		.sq_psn = end->plan.psn,
		.timeout = end->plan.timeout,
		.retry_cnt = end->plan.retries,
		.rnr_retry = end->plan.rnr_retries,
		.max_rd_atomic = end->plan.rd_atomic,
	};

	if (end->plan.type == IBV_QPT_RC)
		mask |= IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
			IBV_QP_MAX_QP_RD_ATOMIC;
	CHECK_OK(ibv_modify_qp(end->qp, &attr, mask));
}

void end_connect(struct end *end, const struct end_address *peer)
{
	end_to_init(end);
	end_to_rtr(end, peer);
	end_to_rts(end);
}

static void set_state(struct end *end, enum ibv_qp_state state)
{
	struct ibv_qp_attr attr = {.qp_state = state};

	CHECK_OK(ibv_modify_qp(end->qp, &attr, IBV_QP_STATE));
}

void end_reset(struct end *end)
{
	set_state(end, IBV_QPS_RESET);
}

void end_set_error(struct end *end)
{
	set_state(end, IBV_QPS_ERR);
}

enum ibv_qp_state end_state(const struct end *end)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;

	CHECK_OK(ibv_query_qp(end->qp, &attr, IBV_QP_STATE, &init));
	return attr.qp_state;
}

void pair_make(struct pair *pair, const struct bed *bed, const struct end_plan *plan)
{
	struct end_address a, b;

	end_create(&pair->a, bed, plan);
	end_create(&pair->b, bed, plan);
	a = end_address(&pair->a);
	b = end_address(&pair->b);
	end_connect(&pair->a, &b);
	end_connect(&pair->b, &a);
}

void pair_destroy(struct pair *pair)
{
	end_destroy(&pair->a);
	end_destroy(&pair->b);
}
