/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared receive queues: creation, limit, posting. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <rdma/mlx5-abi.h>

#include "hw/mlx5/doorbell.h"
#include "util/udma_barrier.h"

#include "include/mlx5dv.h"

#include "allocator.h"
#include "context.h"
#include "cq.h"
#include "recv.h"
#include "srq.h"
#include "tags.h"

enum {
	MIN_ENTRY_BYTES = 32,
};

static int size_srq(struct mlx5_context *context, struct mlx5_srq *srq,
		    const struct ibv_srq_attr *attr)
{
	const size_t head_bytes = sizeof(struct mlx5_wqe_srq_next_seg);
	const size_t seg_bytes = sizeof(struct mlx5_wqe_data_seg);
	size_t entry_bytes;

	if (attr->max_wr > context->max_srq_recv_wr || !attr->max_wr)
		return EINVAL;
	if (attr->max_sge > context->max_rq_wqe_bytes / seg_bytes)
		return EINVAL;
	entry_bytes = round_up_pow2((uint32_t)(head_bytes + attr->max_sge * seg_bytes));
	if (entry_bytes < MIN_ENTRY_BYTES)
		entry_bytes = MIN_ENTRY_BYTES;
	if (entry_bytes > context->max_rq_wqe_bytes)
		return EINVAL;
	srq->log_stride = (uint8_t)log2_floor((uint32_t)entry_bytes);
	srq->max_sge = (uint32_t)((entry_bytes - head_bytes) / seg_bytes);
	srq->mask = (uint32_t)round_up_pow2(attr->max_wr + 1) - 1;
	return 0;
}

/* All entries free, in their order. */
static void chain_entries(struct mlx5_srq *srq)
{
	for (uint32_t i = 0; i <= srq->mask; i++)
		mlx5_srq_entry(srq, i)->next_wqe_index = htobe16((i + 1) & srq->mask);
	srq->head = 0;
	srq->tail = srq->mask;
}

static int alloc_memory(struct mlx5_context *context, struct mlx5_srq *srq)
{
	size_t entries = (size_t)srq->mask + 1;
	int err;

	err = mlx5_queue_buf_alloc(&srq->buf, entries << srq->log_stride, context->srq_pages,
				   srq->domain, MLX5DV_RES_TYPE_SRQ);
	if (err)
		return err;
	srq->ring = srq->buf.addr;
	srq->wr_ids = calloc(entries, sizeof(srq->wr_ids[0]));
	srq->dbrec = srq->wr_ids ? mlx5_queue_record_alloc(context, srq->domain) : NULL;
	if (!srq->dbrec) {
		free(srq->wr_ids);
		mlx5_queue_buf_free(&srq->buf);
		return ENOMEM;
	}
	mlx5_domain_hold(srq->domain);
	return 0;
}

static void free_memory(struct mlx5_context *context, struct mlx5_srq *srq)
{
	mlx5_queue_record_free(context, srq->domain, srq->dbrec);
	free(srq->wr_ids);
	mlx5_queue_buf_free(&srq->buf);
	mlx5_domain_release(srq->domain);
}

static int create_command(struct mlx5_context *context, struct ibv_srq_init_attr_ex *attr,
			  struct mlx5_srq *srq)
{
	bool basic = attr->srq_type == IBV_SRQT_BASIC;
	struct ibv_srq_init_attr classic = {.srq_context = attr->srq_context};
	struct mlx5_ib_create_srq request = {
		.buf_addr = (uintptr_t)srq->ring,
		.db_addr = (uintptr_t)srq->dbrec,
		.uidx = context->cqe_version ? srq->resource.number : MLX5_NO_USER_INDEX,
	};
	struct mlx5_ib_create_srq_resp response;
	const struct verbs_udata udata = {
		.in = &request,
		.in_len = sizeof(request),
		.out = &response,
		.out_len = sizeof(response),
	};
	int err;

	attr->attr.max_wr = srq->mask;
	attr->attr.max_sge = srq->max_sge;
	classic.attr = attr->attr;
	/* Every kernel has the classic command, and it will do for what all of them know. */
	err = basic ? ibv_cmd_create_srq(attr->pd, &classic, &srq->verbs, &udata)
		    : ibv_cmd_create_srq_ex(&context->verbs.context, attr, &srq->verbs, &udata);
	if (err)
		return err;
	attr->attr.max_wr = srq->mask;
	attr->attr.max_sge = srq->max_sge;
	srq->verbs.srq_num = response.srqn;
	return 0;
}

/* The table the CQEs will be looked up in: by our index before the command, by SRQN after it. */
static int enter(struct mlx5_context *context, struct ibv_srq_init_attr_ex *attr,
		 struct mlx5_srq *srq)
{
	int err;

	if (context->cqe_version) {
		err = mlx5_resource_assign(&context->queues, &srq->resource);
		if (err)
			return err;
		err = create_command(context, attr, srq);
		if (err)
			mlx5_resource_remove(&context->queues, &srq->resource);
		return err;
	}
	err = create_command(context, attr, srq);
	if (err)
		return err;
	srq->resource.number = srq->verbs.srq_num;
	err = mlx5_resource_insert(&context->srqs, &srq->resource);
	if (err)
		ibv_cmd_destroy_srq(&srq->verbs);
	return err;
}

static void remove_resource(struct mlx5_context *context, struct mlx5_srq *srq)
{
	mlx5_resource_remove(context->cqe_version ? &context->queues : &context->srqs,
			     &srq->resource);
}

static struct ibv_srq *create(struct mlx5_context *context, struct ibv_srq_init_attr_ex *attr)
{
	struct mlx5_srq *srq = calloc(1, sizeof(*srq));
	int err;

	if (!srq)
		return NULL;
	srq->resource.kind = MLX5_RESOURCE_SRQ;
	mlx5_lock_init(&srq->lock, mlx5_needs_locks(context, attr->pd));
	err = size_srq(context, srq, &attr->attr);
	if (err)
		goto free_srq;
	srq->domain = attr->pd;
	err = alloc_memory(context, srq);
	if (err)
		goto free_srq;
	chain_entries(srq);
	err = enter(context, attr, srq);
	if (err)
		goto free_memory;
	if (attr->srq_type == IBV_SRQT_TM)
		err = mlx5_tags_create(srq, attr);
	if (err)
		goto leave;
	return &srq->verbs.srq;

leave:
	ibv_cmd_destroy_srq(&srq->verbs);
	remove_resource(context, srq);
free_memory:
	free_memory(context, srq);
free_srq:
	free(srq);
	errno = err;
	return NULL;
}

/* Completions about tags are told by the index that software has chosen for the queue. */
static bool can_be(const struct mlx5_context *context, enum ibv_srq_type type)
{
	return type == IBV_SRQT_BASIC || type == IBV_SRQT_XRC ||
	       (type == IBV_SRQT_TM && context->cqe_version);
}

struct ibv_srq *mlx5_create_srq_ex(struct ibv_context *context, struct ibv_srq_init_attr_ex *attr)
{
	const uint32_t masks = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD |
			       IBV_SRQ_INIT_ATTR_XRCD | IBV_SRQ_INIT_ATTR_CQ | IBV_SRQ_INIT_ATTR_TM;
	struct ibv_srq_init_attr_ex known = *attr;
	struct ibv_srq *srq;

	if (!(attr->comp_mask & IBV_SRQ_INIT_ATTR_TYPE))
		known.srq_type = IBV_SRQT_BASIC;
	if (attr->comp_mask & ~masks || !(attr->comp_mask & IBV_SRQ_INIT_ATTR_PD) ||
	    !can_be(to_mlx5_context(context), known.srq_type)) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	srq = create(to_mlx5_context(context), &known);
	if (srq)
		attr->attr = known.attr;
	return srq;
}

struct ibv_srq *mlx5_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr)
{
	struct ibv_srq_init_attr_ex extended = {
		.srq_context = attr->srq_context,
		.attr = attr->attr,
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD,
		.srq_type = IBV_SRQT_BASIC,
		.pd = pd,
	};
	struct ibv_srq *srq = create(to_mlx5_context(pd->context), &extended);

	if (srq)
		attr->attr = extended.attr;
	return srq;
}

int mlx5_modify_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr, int attr_mask)
{
	return ibv_cmd_modify_srq(srq, attr, attr_mask, NULL);
}

int mlx5_query_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr)
{
	return ibv_cmd_query_srq(srq, attr, NULL);
}

int mlx5_get_srq_num(struct ibv_srq *srq, uint32_t *srq_num)
{
	*srq_num = to_mlx5_srq(srq)->verbs.srq_num;
	return 0;
}

/* What was delivered here and not polled: nobody could tell any more what it was. */
static void clean_cq(const struct mlx5_srq *srq)
{
	struct mlx5_cq *cq = to_mlx5_cq(srq->verbs.cq);

	mlx5_lock(&cq->lock);
	mlx5_cq_clean(cq, &srq->resource, NULL);
	mlx5_unlock(&cq->lock);
}

int mlx5_destroy_srq(struct ibv_srq *ibv_srq)
{
	struct mlx5_context *context = to_mlx5_context(ibv_srq->context);
	struct mlx5_srq *srq = to_mlx5_srq(ibv_srq);
	int err = mlx5_tags_destroy(srq);

	if (!err)
		err = ibv_cmd_destroy_srq(&srq->verbs);
	if (err)
		return err;
	if (srq->verbs.cq)
		clean_cq(srq);
	remove_resource(context, srq);
	free_memory(context, srq);
	free(srq);
	return 0;
}

static ALWAYS_INLINE int post_one(struct mlx5_srq *srq, const struct ibv_recv_wr *wr)
{
	struct mlx5_wqe_srq_next_seg *entry = mlx5_srq_entry(srq, srq->head);

	if (unlikely((uint32_t)wr->num_sge > srq->max_sge))
		return EINVAL;
	if (unlikely(srq->head == srq->tail))
		return ENOMEM;
	mlx5_write_scatter((void *)(entry + 1), srq->max_sge, wr);
	srq->wr_ids[srq->head] = wr->wr_id;
	srq->head = be16toh(entry->next_wqe_index);
	srq->posted++;
	return 0;
}

int mlx5_post_srq_recv(struct ibv_srq *ibv_srq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	struct mlx5_srq *srq = to_mlx5_srq(ibv_srq);
	uint32_t start;
	int err = 0;

	mlx5_lock(&srq->lock);
	start = srq->posted;
	for (; wr; wr = wr->next) {
		err = post_one(srq, wr);
		if (unlikely(err)) {
			*bad_wr = wr;
			verbs_explain_recv(err, "ibv_post_srq_recv", NULL, wr, srq->mask,
					   srq->max_sge);
			break;
		}
	}
	if (likely(srq->posted != start)) {
		udma_to_device_barrier();
		srq->dbrec[MLX5_RCV_DBR] = mlx5_wqe_count(srq->posted);
	}
	mlx5_unlock(&srq->lock);
	return err;
}
