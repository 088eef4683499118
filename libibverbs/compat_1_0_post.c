/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The five calls that programs of version IBVERBS_1.0 make through the table in their context. A
 * list of requests is translated and posted one by one, so no memory is needed and the first that
 * fails is the one to report.
 */
#include "libibverbs/compat_1_0.h"

static int poll_cq(struct ibv_cq_1_0 *cq, int num_entries, struct ibv_wc *wc)
{
	return ibv_poll_cq(cq->real_cq, num_entries, wc);
}

static int req_notify_cq(struct ibv_cq_1_0 *cq, int solicited_only)
{
	return ibv_req_notify_cq(cq->real_cq, solicited_only);
}

static struct ibv_recv_wr new_recv(const struct ibv_recv_wr_1_0 *old)
{
	return (struct ibv_recv_wr){
		.wr_id = old->wr_id,
		.sg_list = old->sg_list,
		.num_sge = old->num_sge,
	};
}

static int post_recv(struct ibv_qp_1_0 *qp, struct ibv_recv_wr_1_0 *wr,
		     struct ibv_recv_wr_1_0 **bad_wr)
{
	for (; wr; wr = wr->next) {
		struct ibv_recv_wr real = new_recv(wr), *bad;
		int err = ibv_post_recv(qp->real_qp, &real, &bad);

		if (err) {
			*bad_wr = wr;
			return err;
		}
	}
	return 0;
}

static int post_srq_recv(struct ibv_srq_1_0 *srq, struct ibv_recv_wr_1_0 *wr,
			 struct ibv_recv_wr_1_0 **bad_wr)
{
	for (; wr; wr = wr->next) {
		struct ibv_recv_wr real = new_recv(wr), *bad;
		int err = ibv_post_srq_recv(srq->real_srq, &real, &bad);

		if (err) {
			*bad_wr = wr;
			return err;
		}
	}
	return 0;
}

static bool is_atomic(enum ibv_wr_opcode opcode)
{
	return opcode == IBV_WR_ATOMIC_CMP_AND_SWP || opcode == IBV_WR_ATOMIC_FETCH_AND_ADD;
}

static struct ibv_send_wr new_send(enum ibv_qp_type type, const struct ibv_send_wr_1_0 *old)
{
	struct ibv_send_wr new = {
		.wr_id = old->wr_id,
		.sg_list = old->sg_list,
		.num_sge = old->num_sge,
		.opcode = old->opcode,
		.send_flags = old->send_flags,
		.imm_data = old->imm_data,
	};

	if (type == IBV_QPT_UD) {
		new.wr.ud.ah = old->wr.ud.ah->real_ah;
		new.wr.ud.remote_qpn = old->wr.ud.remote_qpn;
		new.wr.ud.remote_qkey = old->wr.ud.remote_qkey;
	} else if (is_atomic(old->opcode)) {
		new.wr.atomic.remote_addr = old->wr.atomic.remote_addr;
		new.wr.atomic.compare_add = old->wr.atomic.compare_add;
		new.wr.atomic.swap = old->wr.atomic.swap;
		new.wr.atomic.rkey = old->wr.atomic.rkey;
	} else {
		new.wr.rdma.remote_addr = old->wr.rdma.remote_addr;
		new.wr.rdma.rkey = old->wr.rdma.rkey;
	}
	return new;
}

static int post_send(struct ibv_qp_1_0 *qp, struct ibv_send_wr_1_0 *wr,
		     struct ibv_send_wr_1_0 **bad_wr)
{
	for (; wr; wr = wr->next) {
		struct ibv_send_wr real = new_send(qp->qp_type, wr), *bad;
		int err = ibv_post_send(qp->real_qp, &real, &bad);

		if (err) {
			*bad_wr = wr;
			return err;
		}
	}
	return 0;
}

const struct ibv_context_ops_1_0 compat_context_ops = {
	.poll_cq = poll_cq,
	.req_notify_cq = req_notify_cq,
	.post_srq_recv = post_srq_recv,
	.post_send = post_send,
	.post_recv = post_recv,
};
