/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Direct verbs that make queues: what they ask for is checked here, and made where verbs make it.
 */

#include <errno.h>
#include <rdma/mlx5-abi.h>

#include "cq.h"
#include "dv.h"
#include "qp.h"

/* ---- completion queues ---- */

EXPORT struct ibv_cq_ex *mlx5dv_create_cq(struct ibv_context *context,
					  struct ibv_cq_init_attr_ex *cq_attr,
					  struct mlx5dv_cq_init_attr *attr)
{
	const uint64_t masks = MLX5DV_CQ_INIT_ATTR_MASK_FLAGS | MLX5DV_CQ_INIT_ATTR_MASK_CQE_SIZE;
	uint16_t cqe_bytes;

	/* Neither compressed completions nor padded ones: no flag is known. */
	if (!mlx5dv_is_ours(context) || attr->comp_mask & ~masks ||
	    (attr->comp_mask & MLX5DV_CQ_INIT_ATTR_MASK_FLAGS && attr->flags)) {
		errno = EOPNOTSUPP;
		return verbs_explained(NULL, __func__, context);
	}
	cqe_bytes = attr->comp_mask & MLX5DV_CQ_INIT_ATTR_MASK_CQE_SIZE
			    ? attr->cqe_size
			    : to_mlx5_context(context)->cqe_bytes;
	return verbs_explained(mlx5_create_cq_sized(context, cq_attr, cqe_bytes), __func__,
			       context);
}

/* ---- work queues and device memory, of which only the plain kinds are there ---- */

EXPORT struct ibv_wq *mlx5dv_create_wq(struct ibv_context *context,
				       struct ibv_wq_init_attr *wq_init_attr,
				       struct mlx5dv_wq_init_attr *attr)
{
	if (!mlx5dv_is_ours(context) || attr->comp_mask) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	return ibv_create_wq(context, wq_init_attr);
}

EXPORT struct ibv_dm *mlx5dv_alloc_dm(struct ibv_context *context,
				      struct ibv_alloc_dm_attr *dm_attr,
				      struct mlx5dv_alloc_dm_attr *attr)
{
	if (!mlx5dv_is_ours(context) || attr->comp_mask || attr->type != MLX5DV_DM_TYPE_MEMIC) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	return ibv_alloc_dm(context, dm_attr);
}

/* ---- queue pairs ---- */

/* What create_flags ask of the kernel. 0, or EOPNOTSUPP for what needs a device that has it. */
static int read_create_flags(enum ibv_qp_type type, uint32_t create_flags,
			     struct mlx5_qp_extra *extra)
{
	const uint32_t scatter =
		MLX5DV_QP_CREATE_DISABLE_SCATTER_TO_CQE | MLX5DV_QP_CREATE_ALLOW_SCATTER_TO_CQE;
	const uint32_t known = scatter | MLX5DV_QP_CREATE_TIR_ALLOW_SELF_LOOPBACK_UC |
			       MLX5DV_QP_CREATE_TIR_ALLOW_SELF_LOOPBACK_MC;

	if (create_flags & ~known)
		return EOPNOTSUPP;
	/* Nothing is scattered to completions, allowed or not. The other two are for raw packets.
	 */
	if ((create_flags & scatter) == scatter)
		return EINVAL;
	if (create_flags & MLX5DV_QP_CREATE_TIR_ALLOW_SELF_LOOPBACK_UC)
		extra->flags |= MLX5_QP_FLAG_TIR_ALLOW_SELF_LB_UC;
	if (create_flags & MLX5DV_QP_CREATE_TIR_ALLOW_SELF_LOOPBACK_MC)
		extra->flags |= MLX5_QP_FLAG_TIR_ALLOW_SELF_LB_MC;
	return extra->flags && type != IBV_QPT_RAW_PACKET ? EINVAL : 0;
}

static int read_dc(const struct mlx5dv_dc_init_attr *dc, struct mlx5_qp_extra *extra)
{
	switch (dc->dc_type) {
	case MLX5DV_DCTYPE_DCT:
		extra->service = MLX5_SERVICE_DCT;
		extra->flags |= MLX5_QP_FLAG_TYPE_DCT;
		extra->access_key = dc->dct_access_key;
		return 0;
	case MLX5DV_DCTYPE_DCI:
		extra->service = MLX5_SERVICE_DCI;
		extra->flags |= MLX5_QP_FLAG_TYPE_DCI;
		return 0;
	}
	return EINVAL;
}

static int read_attr(enum ibv_qp_type type, const struct mlx5dv_qp_init_attr *attr,
		     struct mlx5_qp_extra *extra)
{
	const uint64_t masks = MLX5DV_QP_INIT_ATTR_MASK_QP_CREATE_FLAGS |
			       MLX5DV_QP_INIT_ATTR_MASK_DC |
			       MLX5DV_QP_INIT_ATTR_MASK_SEND_OPS_FLAGS;
	bool dc = attr->comp_mask & MLX5DV_QP_INIT_ATTR_MASK_DC;
	int err = 0;

	/* DC initiators have one stream, and there are no requests of our own kind. */
	if (attr->comp_mask & ~masks ||
	    (attr->comp_mask & MLX5DV_QP_INIT_ATTR_MASK_SEND_OPS_FLAGS && attr->send_ops_flags))
		return EOPNOTSUPP;
	if (dc != (type == IBV_QPT_DRIVER))
		return EINVAL;
	extra->service = (enum mlx5_service)type;
	if (attr->comp_mask & MLX5DV_QP_INIT_ATTR_MASK_QP_CREATE_FLAGS)
		err = read_create_flags(type, attr->create_flags, extra);
	if (!err && dc)
		err = read_dc(&attr->dc_init_attr, extra);
	/* A target sends nothing that could be. */
	if (!err && extra->service == MLX5_SERVICE_DCT &&
	    attr->comp_mask & MLX5DV_QP_INIT_ATTR_MASK_QP_CREATE_FLAGS &&
	    attr->create_flags & MLX5DV_QP_CREATE_ALLOW_SCATTER_TO_CQE)
		err = EINVAL;
	return err;
}

/* Every object is of this device, which verbs' own entry would have seen to. */
static bool belongs(const struct ibv_qp_init_attr_ex *attr, const struct ibv_context *context)
{
	return (!(attr->comp_mask & IBV_QP_INIT_ATTR_PD) || !attr->pd ||
		attr->pd->context == context) &&
	       (!attr->send_cq || attr->send_cq->context == context) &&
	       (!attr->recv_cq || attr->recv_cq->context == context) &&
	       (!attr->srq || attr->srq->context == context);
}

EXPORT struct ibv_qp *mlx5dv_create_qp(struct ibv_context *context,
				       struct ibv_qp_init_attr_ex *qp_attr,
				       struct mlx5dv_qp_init_attr *attr)
{
	struct mlx5_qp_extra extra = {};
	int err = EOPNOTSUPP;

	if (mlx5dv_is_ours(context))
		err = belongs(qp_attr, context) ? read_attr(qp_attr->qp_type, attr, &extra)
						: EINVAL;
	if (err) {
		errno = err;
		return verbs_explained(NULL, __func__, context);
	}
	return verbs_explained(mlx5_create_qp_with(context, qp_attr, &extra), __func__, context);
}

EXPORT struct mlx5dv_qp_ex *mlx5dv_qp_ex_from_ibv_qp_ex(struct ibv_qp_ex *qp)
{
	return &((struct mlx5_qp *)qp)->dv;
}

/* ---- ports ---- */

/* Ports that are bonded are told by commands of the device only, so none is known to be. */

EXPORT int mlx5dv_query_qp_lag_port(struct ibv_qp *qp, uint8_t *port_num, uint8_t *active_port_num)
{
	(void)qp;
	(void)port_num;
	(void)active_port_num;
	return EOPNOTSUPP;
}

EXPORT int mlx5dv_modify_qp_lag_port(struct ibv_qp *qp, uint8_t port_num)
{
	(void)qp;
	(void)port_num;
	return EOPNOTSUPP;
}

EXPORT int mlx5dv_modify_qp_udp_sport(struct ibv_qp *qp, uint16_t udp_sport)
{
	(void)qp;
	(void)udp_sport;
	return EOPNOTSUPP;
}
