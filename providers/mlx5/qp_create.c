/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queue pairs: creation. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <rdma/mlx5-abi.h>

#include "include/mlx5dv.h"

#include "allocator.h"
#include "bits.h"
#include "context.h"
#include "cq.h"
#include "qp.h"
#include "srq.h"
#include "tags.h"
#include "xrc.h"

/* A DC target receives into a shared queue, an initiator not at all, and no target sends: what they
 * say of a queue that they cannot have does not matter. */
static int check_dc(const struct ibv_qp_init_attr_ex *attr, enum mlx5_service service)
{
	if (service == MLX5_SERVICE_DCI)
		return attr->send_cq ? 0 : EINVAL;
	return attr->recv_cq && attr->srq ? 0 : EINVAL;
}

static int check_attr(const struct mlx5_context *context, const struct ibv_qp_init_attr_ex *attr,
		      enum mlx5_service service)
{
	const uint32_t masks = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_CREATE_FLAGS |
			       IBV_QP_INIT_ATTR_SEND_OPS_FLAGS;

	if (attr->qp_type == IBV_QPT_RAW_PACKET)
		return mlx5_raw_check(context, attr);
	if (attr->qp_type == IBV_QPT_XRC_RECV)
		return attr->comp_mask & ~(masks | IBV_QP_INIT_ATTR_XRCD) ? EOPNOTSUPP : 0;
	if (attr->comp_mask & ~masks)
		return EOPNOTSUPP;
	if (!(attr->comp_mask & IBV_QP_INIT_ATTR_PD) || !attr->pd)
		return EINVAL;
	if (attr->comp_mask & IBV_QP_INIT_ATTR_CREATE_FLAGS &&
	    attr->create_flags & ~(uint32_t)IBV_QP_CREATE_BLOCK_SELF_MCAST_LB)
		return EOPNOTSUPP;
	switch (service) {
	case MLX5_SERVICE_RC:
	case MLX5_SERVICE_UC:
	case MLX5_SERVICE_UD:
	case MLX5_SERVICE_XRC:
		break;
	case MLX5_SERVICE_DCT:
		/* Its completions could not be told by a number that it has not got yet. */
		if (!context->cqe_version)
			return EOPNOTSUPP;
		return check_dc(attr, service);
	case MLX5_SERVICE_DCI:
		return check_dc(attr, service);
	default:
		return EOPNOTSUPP;
	}
	/* Completions have to go somewhere. */
	return attr->send_cq && (attr->recv_cq || !mlx5_receives(attr->qp_type)) ? 0 : EINVAL;
}

static void set_ctrl_flags(struct mlx5_sq *sq, bool signal_all)
{
	for (unsigned int flags = 0; flags < sizeof(sq->ctrl_flags); flags++) {
		uint8_t control = 0;

		if (flags & IBV_SEND_FENCE)
			control |= MLX5_WQE_CTRL_FENCE;
		if (flags & IBV_SEND_SIGNALED || signal_all)
			control |= MLX5_WQE_CTRL_CQ_UPDATE;
		if (flags & IBV_SEND_SOLICITED)
			control |= MLX5_WQE_CTRL_SOLICITED;
		sq->ctrl_flags[flags] = control;
	}
}

/* One buffer: the receive ring, then the send ring. Those of raw packets lie apart. */
static int alloc_rings(struct mlx5_context *context, struct mlx5_qp *qp, size_t rq_bytes,
		       size_t sq_bytes)
{
	bool apart = qp->service == MLX5_SERVICE_RAW;
	size_t first = apart ? rq_bytes : rq_bytes + sq_bytes;
	int err = 0;

	if (first)
		err = mlx5_queue_buf_alloc(&qp->buf, first, context->qp_pages, qp->domain,
					   MLX5DV_RES_TYPE_QP);
	if (!err && apart && sq_bytes)
		err = mlx5_queue_buf_alloc(&qp->sq_buf, sq_bytes, context->qp_pages, qp->domain,
					   MLX5DV_RES_TYPE_QP);
	if (err)
		return err;
	qp->rq.ring = qp->buf.addr;
	qp->sq.ring = qp->sq_buf.addr;
	if (!apart && qp->buf.addr)
		qp->sq.ring = qp->buf.addr + rq_bytes;
	qp->sq.end = qp->sq.ring ? qp->sq.ring + sq_bytes : NULL;
	return 0;
}

static int alloc_memory(struct mlx5_context *context, struct mlx5_qp *qp, size_t rq_bytes,
			size_t sq_bytes)
{
	int err = alloc_rings(context, qp, rq_bytes, sq_bytes);

	if (err)
		return err;
	qp->rq.wr_ids = calloc((size_t)qp->rq.mask + 1, sizeof(qp->rq.wr_ids[0]));
	qp->sq.slots = calloc((size_t)qp->sq.mask + 1, sizeof(qp->sq.slots[0]));
	qp->sq.dbrec = mlx5_queue_record_alloc(context, qp->domain);
	qp->rq.dbrec = qp->sq.dbrec;
	return qp->rq.wr_ids && qp->sq.slots && qp->sq.dbrec ? 0 : ENOMEM;
}

static void free_memory(struct mlx5_context *context, struct mlx5_qp *qp)
{
	if (qp->sq.dbrec)
		mlx5_queue_record_free(context, qp->domain, qp->sq.dbrec);
	free(qp->sq.slots);
	free(qp->rq.wr_ids);
	mlx5_queue_buf_free(&qp->sq_buf);
	mlx5_queue_buf_free(&qp->buf);
}

void mlx5_qp_free(struct mlx5_context *context, struct mlx5_qp *qp)
{
	mlx5_bf_release(context, qp->sq.bf);
	free_memory(context, qp);
	mlx5_domain_release(qp->domain);
	mlx5_tags_put(qp->tags);
	mlx5_qp_detach_counters(qp);
	free(qp);
}

void mlx5_qp_caps(const struct mlx5_qp *qp, struct ibv_qp_cap *cap)
{
	cap->max_send_wr = qp->sq.max_wr;
	cap->max_send_sge = qp->sq.max_sge;
	cap->max_inline_data = qp->sq.max_inline;
	cap->max_recv_wr = qp->rq.max_wr;
	cap->max_recv_sge = qp->rq.max_sge;
}

/* The doorbell register the kernel knows of now: ours if we named one, else the one it chose. */
static int use_bf(struct mlx5_context *context, struct mlx5_qp *qp,
		  const struct mlx5_ib_create_qp_resp *response)
{
	if (!qp->sq.bf)
		qp->sq.bf = mlx5_bf_by_index(context, response->bfreg_index);
	return qp->sq.bf ? 0 : EPROTO;
}

static int create_command(struct mlx5_context *context, struct ibv_qp_init_attr_ex *attr,
			  const struct mlx5_qp_extra *extra, struct mlx5_qp *qp)
{
	struct mlx5_ib_create_qp request = {
		.buf_addr = (uintptr_t)qp->buf.addr,
		.db_addr = (uintptr_t)qp->sq.dbrec,
		.sq_wqe_count = qp->sq.max_wr ? qp->sq.mask + 1 : 0,
		.rq_wqe_count = qp->rq.max_wr,
		.rq_wqe_shift = qp->rq.log_stride,
		.flags = extra->flags,
		.uidx = context->cqe_version ? qp->resource.number : MLX5_NO_USER_INDEX,
	};
	struct mlx5_ib_create_qp_resp response = {};
	const struct verbs_udata udata = {
		.in = &request,
		.in_len = sizeof(request),
		.out = &response,
		.out_len = sizeof(response),
	};
	int err;

	/* One place for both: a target has no send ring. */
	if (qp->service == MLX5_SERVICE_DCT)
		request.access_key = extra->access_key;
	else
		request.sq_buf_addr = (uintptr_t)qp->sq_buf.addr;
	if (qp->sq.bf) {
		request.flags |= MLX5_QP_FLAG_UAR_PAGE_INDEX;
		request.bfreg_index = qp->sq.bf->index;
	}
	err = ibv_cmd_create_qp_ex(&context->verbs.context, attr, &qp->verbs, &udata);
	if (err)
		return err;
	err = qp->service == MLX5_SERVICE_DCT ? 0 : use_bf(context, qp, &response);
	if (err) {
		ibv_cmd_destroy_qp(&qp->verbs.qp);
		return err;
	}
	qp->sq.qpn = qp->verbs.qp.qp_num;
	qp->ece_options = response.ece_options;
	return 0;
}

/* The table the CQEs will be looked up in: by our index before the command, by QPN after it. */
static int enter(struct mlx5_context *context, struct ibv_qp_init_attr_ex *attr,
		 const struct mlx5_qp_extra *extra, struct mlx5_qp *qp)
{
	int err;

	if (context->cqe_version) {
		err = mlx5_resource_assign(&context->queues, &qp->resource);
		if (err)
			return err;
		err = create_command(context, attr, extra, qp);
		if (err)
			mlx5_resource_remove(&context->queues, &qp->resource);
		return err;
	}
	err = create_command(context, attr, extra, qp);
	if (err)
		return err;
	qp->resource.number = qp->verbs.qp.qp_num;
	err = mlx5_resource_insert(&context->queues, &qp->resource);
	if (err)
		ibv_cmd_destroy_qp(&qp->verbs.qp);
	return err;
}

static struct mlx5_qp *alloc_qp(struct mlx5_context *context,
				const struct ibv_qp_init_attr_ex *attr, enum mlx5_service service)
{
	struct mlx5_qp *qp = aligned_alloc(64, align_up(sizeof(*qp), 64));
	bool locked = mlx5_needs_locks(context, attr->pd);

	if (!qp)
		return NULL;
	memset(qp, 0, sizeof(*qp));
	qp->domain = attr->comp_mask & IBV_QP_INIT_ATTR_PD ? attr->pd : NULL;
	mlx5_domain_hold(qp->domain);
	qp->resource.kind =
		attr->qp_type == IBV_QPT_RAW_PACKET ? MLX5_RESOURCE_RAW_QP : MLX5_RESOURCE_QP;
	qp->srq = attr->srq && mlx5_receives(attr->qp_type) ? to_mlx5_srq(attr->srq) : NULL;
	qp->tags = mlx5_tags_get(qp->srq);
	qp->verbs.qp.qp_type = attr->qp_type;
	qp->service = service;
	mlx5_lock_init(&qp->sq.lock, locked);
	mlx5_lock_init(&qp->rq.lock, locked);
	set_ctrl_flags(&qp->sq, attr->sq_sig_all);
	mlx5_qp_set_post_send(qp);
	return qp;
}

static int build_qp(struct mlx5_context *context, struct ibv_qp_init_attr_ex *attr,
		    const struct mlx5_qp_extra *extra, struct mlx5_qp *qp)
{
	size_t rq_bytes, sq_bytes;
	int err;

	if (attr->comp_mask & IBV_QP_INIT_ATTR_SEND_OPS_FLAGS) {
		err = mlx5_qp_set_ex(qp, attr->send_ops_flags);
		if (err)
			return err;
	}
	if (qp->service == MLX5_SERVICE_RAW) {
		err = mlx5_raw_prepare(context, qp, attr);
		if (err)
			return err;
	}
	err = mlx5_qp_size(qp, context, attr, &rq_bytes, &sq_bytes);
	if (err)
		return err;
	err = alloc_memory(context, qp, rq_bytes, sq_bytes);
	if (err)
		return err;
	if (qp->service != MLX5_SERVICE_DCT)
		qp->sq.bf = mlx5_bf_choose(context);
	return enter(context, attr, extra, qp);
}

struct ibv_qp *mlx5_create_qp_with(struct ibv_context *ibv_context,
				   struct ibv_qp_init_attr_ex *attr,
				   const struct mlx5_qp_extra *extra)
{
	struct mlx5_context *context = to_mlx5_context(ibv_context);
	struct mlx5_qp *qp;
	int err;

	err = check_attr(context, attr, extra->service);
	if (err) {
		errno = err;
		return NULL;
	}
	if (attr->comp_mask & IBV_QP_INIT_ATTR_IND_TABLE)
		return mlx5_create_spreading_qp(context, attr);
	if (attr->qp_type == IBV_QPT_XRC_RECV)
		return mlx5_create_target(context, attr);
	qp = alloc_qp(context, attr, extra->service);
	if (!qp)
		return NULL;
	err = build_qp(context, attr, extra, qp);
	if (err)
		goto fail;
	mlx5_qp_caps(qp, &attr->cap);
	return &qp->verbs.qp;

fail:
	mlx5_qp_free(context, qp);
	errno = err;
	return NULL;
}

struct ibv_qp *mlx5_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr)
{
	const struct mlx5_qp_extra extra = {.service = (enum mlx5_service)attr->qp_type};

	return mlx5_create_qp_with(context, attr, &extra);
}

struct ibv_qp *mlx5_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr)
{
	struct ibv_qp_init_attr_ex extended = {
		.qp_context = attr->qp_context,
		.send_cq = attr->send_cq,
		.recv_cq = attr->recv_cq,
		.srq = attr->srq,
		.cap = attr->cap,
		.qp_type = attr->qp_type,
		.sq_sig_all = attr->sq_sig_all,
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = pd,
	};
	struct ibv_qp *qp = mlx5_create_qp_ex(pd->context, &extended);

	if (qp)
		attr->cap = extended.cap;
	return qp;
}
