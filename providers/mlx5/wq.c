/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Receive work queues and the tables that packets are spread over them with. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <rdma/mlx5-abi.h>

#include "include/mlx5dv.h"

#include "allocator.h"
#include "bits.h"
#include "context.h"
#include "cq.h"
#include "recv.h"
#include "wq.h"

static int post_recv(struct ibv_wq *wq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	struct mlx5_rq *rq = &to_mlx5_wq(wq)->rq;
	int err = mlx5_rq_post(rq, wr, bad_wr);

	if (unlikely(err))
		verbs_explain_recv(err, "ibv_post_wq_recv", NULL, *bad_wr, rq->max_wr, rq->max_sge);
	return err;
}

static int alloc_memory(struct mlx5_context *context, struct mlx5_wq *wq, size_t bytes)
{
	int err = mlx5_queue_buf_alloc(&wq->buf, bytes, context->qp_pages, wq->domain,
				       MLX5DV_RES_TYPE_RWQ);

	if (err)
		return err;
	wq->rq.ring = wq->buf.addr;
	wq->rq.wr_ids = calloc((size_t)wq->rq.mask + 1, sizeof(wq->rq.wr_ids[0]));
	wq->rq.dbrec = wq->rq.wr_ids ? mlx5_queue_record_alloc(context, wq->domain) : NULL;
	if (!wq->rq.dbrec) {
		free(wq->rq.wr_ids);
		mlx5_queue_buf_free(&wq->buf);
		return ENOMEM;
	}
	mlx5_domain_hold(wq->domain);
	return 0;
}

static void free_memory(struct mlx5_context *context, struct mlx5_wq *wq)
{
	mlx5_queue_record_free(context, wq->domain, wq->rq.dbrec);
	free(wq->rq.wr_ids);
	mlx5_queue_buf_free(&wq->buf);
	mlx5_domain_release(wq->domain);
}

static int create_command(struct mlx5_context *context, struct ibv_wq_init_attr *attr,
			  struct mlx5_wq *wq)
{
	const struct mlx5_ib_create_wq request = {
		.buf_addr = (uintptr_t)wq->buf.addr,
		.db_addr = (uintptr_t)wq->rq.dbrec,
		.rq_wqe_count = wq->rq.max_wr,
		.rq_wqe_shift = wq->rq.log_stride,
		.user_index = wq->resource.number,
	};
	struct mlx5_ib_create_wq_resp response;
	const struct verbs_udata udata = {
		.in = &request,
		.in_len = sizeof(request),
		.out = &response,
		.out_len = sizeof(response),
	};

	return ibv_cmd_create_wq(&context->verbs.context, attr, &wq->wq, &udata);
}

static struct mlx5_wq *alloc_wq(struct mlx5_context *context, const struct ibv_wq_init_attr *attr)
{
	struct mlx5_wq *wq = aligned_alloc(64, align_up(sizeof(*wq), 64));

	if (!wq)
		return NULL;
	memset(wq, 0, sizeof(*wq));
	wq->resource.kind = MLX5_RESOURCE_WQ;
	wq->wq.post_recv = post_recv;
	wq->domain = attr->pd;
	mlx5_lock_init(&wq->rq.lock, mlx5_needs_locks(context, attr->pd));
	return wq;
}

static int build_wq(struct mlx5_context *context, struct ibv_wq_init_attr *attr, struct mlx5_wq *wq)
{
	size_t bytes;
	int err;

	err = mlx5_rq_size(&wq->rq, context, attr->max_wr, attr->max_sge, &bytes);
	if (!err)
		err = alloc_memory(context, wq, bytes);
	if (err)
		return err;
	wq->rq.limit = wq->rq.max_wr;
	err = mlx5_resource_assign(&context->queues, &wq->resource);
	if (err)
		goto free_memory;
	err = create_command(context, attr, wq);
	if (err)
		goto leave_table;
	return 0;

leave_table:
	mlx5_resource_remove(&context->queues, &wq->resource);
free_memory:
	free_memory(context, wq);
	return err;
}

/*
 * Completions of Ethernet queues carry a flow tag in the place of a queue's number, so they are
 * told apart by user indexes alone.
 */
static int check_wq(const struct mlx5_context *context, const struct ibv_wq_init_attr *attr)
{
	if (!context->cqe_version) {
		verbs_explain("work queues need user indexes in completions, CQE version 1");
		return EOPNOTSUPP;
	}
	if (!attr->max_wr) {
		verbs_explain("max_wr is 0");
		return EINVAL;
	}
	return 0;
}

struct ibv_wq *mlx5_create_wq(struct ibv_context *ibv_context, struct ibv_wq_init_attr *attr)
{
	struct mlx5_context *context = to_mlx5_context(ibv_context);
	struct ibv_wq_init_attr granted = *attr;
	struct mlx5_wq *wq;
	int err;

	err = check_wq(context, attr);
	if (err) {
		errno = err;
		return NULL;
	}
	wq = alloc_wq(context, attr);
	if (!wq)
		return NULL;
	err = build_wq(context, &granted, wq);
	if (err) {
		free(wq);
		errno = err;
		return NULL;
	}
	attr->max_wr = wq->rq.max_wr;
	attr->max_sge = wq->rq.max_sge;
	return &wq->wq;
}

static void clean_cq(struct mlx5_wq *wq)
{
	struct mlx5_cq *cq = to_mlx5_cq(wq->wq.cq);

	mlx5_lock(&cq->lock);
	mlx5_cq_clean(cq, &wq->resource, NULL);
	mlx5_unlock(&cq->lock);
}

/*
 * Receives are taken in every state. What is posted in RESET waits for RDY, but coming back to
 * RESET starts over at the first entry.
 */
static void reset_ring(struct mlx5_wq *wq)
{
	mlx5_lock(&wq->rq.lock);
	wq->rq.head = 0;
	atomic_store(&wq->rq.tail, 0);
	wq->rq.dbrec[MLX5_RCV_DBR] = 0;
	mlx5_unlock(&wq->rq.lock);
}

int mlx5_modify_wq(struct ibv_wq *ibv_wq, struct ibv_wq_attr *attr)
{
	const struct mlx5_ib_modify_wq request = {};
	const struct verbs_udata udata = {.in = &request, .in_len = sizeof(request)};
	struct mlx5_wq *wq = to_mlx5_wq(ibv_wq);
	int err;

	err = ibv_cmd_modify_wq(ibv_wq, attr, &udata);
	if (err || !(attr->attr_mask & IBV_WQ_ATTR_STATE))
		return err;
	if (attr->wq_state == IBV_WQS_RESET) {
		clean_cq(wq);
		reset_ring(wq);
	}
	return 0;
}

int mlx5_destroy_wq(struct ibv_wq *ibv_wq)
{
	struct mlx5_context *context = to_mlx5_context(ibv_wq->context);
	struct mlx5_wq *wq = to_mlx5_wq(ibv_wq);
	int err;

	err = ibv_cmd_destroy_wq(ibv_wq);
	if (err)
		return err;
	clean_cq(wq);
	mlx5_resource_remove(&context->queues, &wq->resource);
	free_memory(context, wq);
	free(wq);
	return 0;
}

struct ibv_rwq_ind_table *mlx5_create_rwq_ind_table(struct ibv_context *context,
						    struct ibv_rwq_ind_table_init_attr *attr)
{
	struct ibv_rwq_ind_table *table = calloc(1, sizeof(*table));
	int err;

	if (!table)
		return NULL;
	err = ibv_cmd_create_rwq_ind_table(context, attr, table, NULL);
	if (err) {
		free(table);
		errno = err;
		return NULL;
	}
	return table;
}

int mlx5_destroy_rwq_ind_table(struct ibv_rwq_ind_table *table)
{
	int err = ibv_cmd_destroy_rwq_ind_table(table);

	if (!err)
		free(table);
	return err;
}
