/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queue pairs: queries, state changes, destruction. */

#include <stdlib.h>

#include "context.h"
#include "cq.h"
#include "qp.h"
#include "srq.h"
#include "xrc.h"

int mlx5_query_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask,
		  struct ibv_qp_init_attr *init_attr)
{
	int err;

	if (to_mlx5_qp(qp)->spreads)
		return EOPNOTSUPP;
	err = ibv_cmd_query_qp(qp, attr, attr_mask, init_attr, NULL);
	if (err)
		return err;
	mlx5_qp_caps(to_mlx5_qp(qp), &init_attr->cap);
	attr->cap = init_attr->cap;
	return 0;
}

static void clean_cq(struct mlx5_cq *cq, struct mlx5_qp *qp, struct mlx5_srq *srq)
{
	mlx5_lock(&cq->lock);
	mlx5_cq_clean(cq, &qp->resource, srq);
	mlx5_unlock(&cq->lock);
}

/* Takes out of both CQs, where it has them, what the QP has left there. */
static void clean_cqs(struct mlx5_qp *qp)
{
	struct ibv_cq *recv_cq = qp->verbs.qp.recv_cq, *send_cq = qp->verbs.qp.send_cq;

	if (recv_cq)
		clean_cq(to_mlx5_cq(recv_cq), qp, qp->srq);
	if (send_cq && send_cq != recv_cq)
		clean_cq(to_mlx5_cq(send_cq), qp, NULL);
}

/* A QP in RESET starts over at the first entry of both rings. */
static void reset_rings(struct mlx5_qp *qp)
{
	mlx5_lock(&qp->sq.lock);
	qp->sq.pi = 0;
	qp->sq.head = 0;
	qp->sq.next_fence = 0;
	qp->counters.pi = 0;
	atomic_store(&qp->sq.tail, 0);
	qp->sq.dbrec[MLX5_SND_DBR] = 0;
	mlx5_unlock(&qp->sq.lock);

	mlx5_lock(&qp->rq.lock);
	qp->rq.head = 0;
	atomic_store(&qp->rq.tail, 0);
	qp->rq.dbrec[MLX5_RCV_DBR] = 0;
	mlx5_unlock(&qp->rq.lock);
}

/*
 * IBTA: receives may be posted from INIT on, sends from RTS on. An error state takes both, to flush
 * them.
 */
static void allow_posting(struct mlx5_qp *qp, enum ibv_qp_state state)
{
	mlx5_lock(&qp->sq.lock);
	qp->sq.limit = state >= IBV_QPS_RTS ? qp->sq.max_wr : 0;
	mlx5_unlock(&qp->sq.lock);

	mlx5_lock(&qp->rq.lock);
	qp->rq.limit = state >= IBV_QPS_INIT ? qp->rq.max_wr : 0;
	mlx5_unlock(&qp->rq.lock);
}

int mlx5_modify_qp(struct ibv_qp *ibv_qp, struct ibv_qp_attr *attr, int attr_mask)
{
	struct mlx5_qp *qp = to_mlx5_qp(ibv_qp);
	int err;

	if (qp->spreads)
		return EOPNOTSUPP;
	if (qp->service == MLX5_SERVICE_DCT)
		return mlx5_modify_dct(ibv_qp, attr, attr_mask);
	if (qp->ece_wanted && attr_mask & IBV_QP_STATE && attr->qp_state == IBV_QPS_RTR)
		err = mlx5_modify_with_ece(qp, attr, attr_mask);
	else
		err = ibv_cmd_modify_qp(ibv_qp, attr, attr_mask, NULL);
	if (err)
		return err;
	if (!(attr_mask & IBV_QP_STATE) || mlx5_qp_is_target(qp))
		return 0;
	allow_posting(qp, attr->qp_state);
	if (qp->service == MLX5_SERVICE_RAW)
		mlx5_raw_follow_state(qp, attr->qp_state);
	if (attr->qp_state == IBV_QPS_RESET) {
		clean_cqs(qp);
		reset_rings(qp);
	}
	return 0;
}

int mlx5_destroy_qp(struct ibv_qp *ibv_qp)
{
	struct mlx5_context *context = to_mlx5_context(ibv_qp->context);
	struct mlx5_qp *qp = to_mlx5_qp(ibv_qp);
	int err;

	err = ibv_cmd_destroy_qp(ibv_qp);
	if (err)
		return err;
	if (mlx5_qp_is_target(qp)) {
		free(qp);
		return 0;
	}
	clean_cqs(qp);
	mlx5_resource_remove(&context->queues, &qp->resource);
	mlx5_qp_free(context, qp);
	return 0;
}
