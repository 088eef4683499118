/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completion queues: creation, resizing, destruction. */

#include <errno.h>
#include <stdlib.h>

#include "cq.h"

static int check_attr(const struct ibv_cq_init_attr_ex *attr)
{
	/* The kernel makes an error of an overrun, always. */
	if (attr->comp_mask & ~(uint32_t)IBV_CQ_INIT_ATTR_MASK_FLAGS)
		return EOPNOTSUPP;
	if (attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_FLAGS &&
	    attr->flags & ~(uint32_t)IBV_CREATE_CQ_ATTR_SINGLE_THREADED)
		return EOPNOTSUPP;
	return 0;
}

static bool needs_lock(const struct ibv_cq_init_attr_ex *attr)
{
	return !(attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_FLAGS &&
		 attr->flags & IBV_CREATE_CQ_ATTR_SINGLE_THREADED);
}

static int map_ring(struct rxe_cq *cq, struct rxe_queue *queue, const struct mminfo *info)
{
	return rxe_queue_map(queue, cq->verbs.cq.context->cmd_fd, info, RXE_CONSUMER,
			     sizeof(struct ib_uverbs_wc));
}

static int create_command(struct ibv_context *context, struct rxe_cq *cq,
			  const struct ibv_cq_init_attr_ex *attr)
{
	struct rxe_create_cq_resp response;
	const struct verbs_udata udata = {.out = &response, .out_len = sizeof(response)};
	int err;

	err = ibv_cmd_create_cq_ex(context, attr, 0, &cq->verbs, &udata);
	if (err)
		return err;
	err = map_ring(cq, &cq->queue, &response.mi);
	if (err)
		ibv_cmd_destroy_cq(&cq->verbs.cq);
	return err;
}

static struct rxe_cq *create(struct ibv_context *context, const struct ibv_cq_init_attr_ex *attr,
			     bool extended)
{
	struct rxe_cq *cq;
	int err;

	err = check_attr(attr);
	if (err)
		goto fail;
	cq = calloc(1, sizeof(*cq));
	if (!cq)
		return NULL;
	queue_lock_init(&cq->lock, needs_lock(attr));
	if (extended)
		err = rxe_cq_set_ex(cq, attr->wc_flags);
	if (!err)
		err = create_command(context, cq, attr);
	if (!err)
		return cq;
	free(cq);
fail:
	errno = err;
	return NULL;
}

struct ibv_cq *rxe_create_cq(struct ibv_context *context, int cqe, void *cq_context,
			     struct ibv_comp_channel *channel, int comp_vector)
{
	const struct ibv_cq_init_attr_ex attr = {
		.cqe = (uint32_t)cqe,
		.cq_context = cq_context,
		.channel = channel,
		.comp_vector = (uint32_t)comp_vector,
	};
	struct rxe_cq *cq = create(context, &attr, false);

	return cq ? &cq->verbs.cq : NULL;
}

struct ibv_cq_ex *rxe_create_cq_ex(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr)
{
	struct rxe_cq *cq = create(context, attr, true);

	return cq ? &cq->verbs.cq_ex : NULL;
}

/*
 * The kernel moves what has not been consumed to a new ring, under its own lock. Ours keeps the
 * consumer index still meanwhile. The old memory stays valid as long as it is mapped.
 */
static int resize_locked(struct rxe_cq *cq, int cqe)
{
	struct rxe_resize_cq_resp response;
	const struct verbs_udata udata = {.out = &response, .out_len = sizeof(response)};
	struct rxe_queue resized;
	int err;

	err = ibv_cmd_resize_cq(&cq->verbs.cq, cqe, &udata);
	if (err)
		return err;
	err = map_ring(cq, &resized, &response.mi);
	if (err)
		return err;
	rxe_queue_unmap(&cq->queue);
	cq->queue = resized;
	return 0;
}

int rxe_resize_cq(struct ibv_cq *ibv_cq, int cqe)
{
	struct rxe_cq *cq = to_rxe_cq(ibv_cq);
	int err;

	queue_lock(&cq->lock);
	err = resize_locked(cq, cqe);
	queue_unlock(&cq->lock);
	return err;
}

int rxe_destroy_cq(struct ibv_cq *ibv_cq)
{
	struct rxe_cq *cq = to_rxe_cq(ibv_cq);
	int err = ibv_cmd_destroy_cq(ibv_cq);

	if (err)
		return err;
	rxe_queue_unmap(&cq->queue);
	free(cq);
	return 0;
}
