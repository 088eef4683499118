/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Direct verbs: what a program needs to work on the queues of an object by itself. */

#include <errno.h>

#include "ah.h"
#include "context.h"
#include "cq.h"
#include "dv.h"
#include "qp.h"
#include "srq.h"
#include "wq.h"

static int describe_qp(struct ibv_qp *ibv_qp, struct mlx5dv_qp *out)
{
	struct mlx5_qp *qp = to_mlx5_qp(ibv_qp);

	/* One that spreads over work queues has nothing of its own. */
	if (!mlx5dv_is_ours(ibv_qp->context) || qp->spreads)
		return EINVAL;
	out->dbrec = qp->sq.dbrec;
	out->sq.buf = qp->sq.ring;
	out->sq.wqe_cnt = qp->sq.max_wr ? qp->sq.mask + 1 : 0;
	out->sq.stride = MLX5_SEND_WQE_BB;
	out->rq.buf = qp->rq.ring;
	out->rq.wqe_cnt = qp->rq.max_wr;
	out->rq.stride = 1u << qp->rq.log_stride;
	out->bf.reg = qp->sq.bf ? qp->sq.bf->reg : NULL;
	out->bf.size = qp->sq.bf ? qp->sq.bf->copy_bytes : 0;
	/* The handles of raw packets' objects are told to those who may use DEVX, which is nobody.
	 */
	out->comp_mask &= qp->sq.bf ? MLX5DV_QP_MASK_UAR_MMAP_OFFSET : 0;
	if (out->comp_mask)
		out->uar_mmap_offset =
			mlx5_bf_mmap_offset(to_mlx5_context(ibv_qp->context), qp->sq.bf);
	return 0;
}

static int describe_cq(struct ibv_cq *ibv_cq, struct mlx5dv_cq *out)
{
	struct mlx5_cq *cq = to_mlx5_cq(ibv_cq);

	if (!mlx5dv_is_ours(ibv_cq->context))
		return EINVAL;
	out->buf = cq->buf.addr;
	out->dbrec = cq->dbrec;
	out->cqe_cnt = cq->mask + 1;
	out->cqe_size = 1u << cq->cqe_shift;
	out->cq_uar = cq->arm_register - MLX5_CQ_DOORBELL;
	out->cqn = cq->cqn;
	out->comp_mask = 0;
	return 0;
}

static int describe_srq(struct ibv_srq *ibv_srq, struct mlx5dv_srq *out)
{
	struct mlx5_srq *srq = to_mlx5_srq(ibv_srq);

	if (!mlx5dv_is_ours(ibv_srq->context))
		return EINVAL;
	out->buf = srq->ring;
	out->dbrec = srq->dbrec;
	out->stride = 1u << srq->log_stride;
	out->head = srq->head;
	out->tail = srq->tail;
	out->comp_mask &= MLX5DV_SRQ_MASK_SRQN;
	if (out->comp_mask)
		out->srqn = srq->verbs.srq_num;
	return 0;
}

static int describe_rwq(struct ibv_wq *ibv_wq, struct mlx5dv_rwq *out)
{
	struct mlx5_wq *wq = to_mlx5_wq(ibv_wq);

	if (!mlx5dv_is_ours(ibv_wq->context))
		return EINVAL;
	out->buf = wq->rq.ring;
	out->dbrec = wq->rq.dbrec;
	out->wqe_cnt = wq->rq.max_wr;
	out->stride = 1u << wq->rq.log_stride;
	out->comp_mask = 0;
	return 0;
}

static int describe_dm(struct ibv_dm *dm, struct mlx5dv_dm *out)
{
	if (!mlx5dv_is_ours(dm->context))
		return EINVAL;
	mlx5_dm_describe(dm, &out->buf, &out->length);
	out->comp_mask = 0;
	return 0;
}

static int describe_ah(struct ibv_ah *ah, struct mlx5dv_ah *out)
{
	if (!mlx5dv_is_ours(ah->context))
		return EINVAL;
	out->av = &to_mlx5_ah(ah)->av;
	out->comp_mask = 0;
	return 0;
}

static int describe_pd(struct ibv_pd *pd, struct mlx5dv_pd *out)
{
	if (!mlx5dv_is_ours(pd->context))
		return EINVAL;
	out->pdn = to_mlx5_pd(pd)->pdn;
	out->comp_mask = 0;
	return 0;
}

EXPORT int mlx5dv_init_obj(struct mlx5dv_obj *obj, uint64_t obj_type)
{
	const uint64_t known = MLX5DV_OBJ_QP | MLX5DV_OBJ_CQ | MLX5DV_OBJ_SRQ | MLX5DV_OBJ_RWQ |
			       MLX5DV_OBJ_DM | MLX5DV_OBJ_AH | MLX5DV_OBJ_PD;
	int err = 0;

	if (obj_type & ~known)
		return EOPNOTSUPP;
	if (obj_type & MLX5DV_OBJ_QP)
		err = describe_qp(obj->qp.in, obj->qp.out);
	if (!err && obj_type & MLX5DV_OBJ_CQ)
		err = describe_cq(obj->cq.in, obj->cq.out);
	if (!err && obj_type & MLX5DV_OBJ_SRQ)
		err = describe_srq(obj->srq.in, obj->srq.out);
	if (!err && obj_type & MLX5DV_OBJ_RWQ)
		err = describe_rwq(obj->rwq.in, obj->rwq.out);
	if (!err && obj_type & MLX5DV_OBJ_DM)
		err = describe_dm(obj->dm.in, obj->dm.out);
	if (!err && obj_type & MLX5DV_OBJ_AH)
		err = describe_ah(obj->ah.in, obj->ah.out);
	if (!err && obj_type & MLX5DV_OBJ_PD)
		err = describe_pd(obj->pd.in, obj->pd.out);
	return err;
}

/* Programs of the first version find in cq_uar the place of the address, and not the address. */
EXPORT int mlx5dv_init_obj_1_0(struct mlx5dv_obj *obj, uint64_t obj_type);
EXPORT int mlx5dv_init_obj_1_0(struct mlx5dv_obj *obj, uint64_t obj_type)
{
	int err = mlx5dv_init_obj(obj, obj_type);

	if (!err && obj_type & MLX5DV_OBJ_CQ)
		obj->cq.out->cq_uar = &to_mlx5_context(obj->cq.in->context)->uars.cq_page;
	return err;
}
__asm__(".symver mlx5dv_init_obj_1_0, mlx5dv_init_obj@MLX5_1.0");
