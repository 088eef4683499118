/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared receive queues: creation, limit, resizing, posting. */

#include <errno.h>
#include <stdlib.h>

#include "srq.h"

static int map_ring(struct ibv_context *context, struct rxe_queue *queue, const struct mminfo *info,
		    uint32_t max_sge)
{
	return rxe_queue_map(queue, context->cmd_fd, info, RXE_PRODUCER,
			     rxe_recv_elem_bytes(max_sge));
}

static int create(struct ibv_pd *pd, struct ibv_srq_init_attr *attr, struct rxe_srq *srq)
{
	struct rxe_create_srq_resp response;
	const struct verbs_udata udata = {.out = &response, .out_len = sizeof(response)};
	int err;

	err = ibv_cmd_create_srq(pd, attr, &srq->verbs, &udata);
	if (err)
		return err;
	srq->verbs.srq_num = response.srq_num;
	srq->rq.max_sge = attr->attr.max_sge;
	err = map_ring(pd->context, &srq->rq.queue, &response.mi, srq->rq.max_sge);
	if (err)
		ibv_cmd_destroy_srq(&srq->verbs);
	return err;
}

struct ibv_srq *rxe_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr)
{
	struct rxe_srq *srq = calloc(1, sizeof(*srq));
	int err;

	if (!srq)
		return NULL;
	queue_lock_init(&srq->rq.lock, true);
	srq->rq.open = true;
	err = create(pd, attr, srq);
	if (!err)
		return &srq->verbs.srq;
	free(srq);
	errno = err;
	return NULL;
}

struct ibv_srq *rxe_create_srq_ex(struct ibv_context *context, struct ibv_srq_init_attr_ex *attr)
{
	const uint32_t masks = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD;
	struct ibv_srq_init_attr basic = {.srq_context = attr->srq_context, .attr = attr->attr};
	struct ibv_srq *srq;

	(void)context;
	if (attr->comp_mask & ~masks || !(attr->comp_mask & IBV_SRQ_INIT_ATTR_PD) ||
	    (attr->comp_mask & IBV_SRQ_INIT_ATTR_TYPE && attr->srq_type != IBV_SRQT_BASIC)) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	srq = rxe_create_srq(attr->pd, &basic);
	if (srq)
		attr->attr = basic.attr;
	return srq;
}

/*
 * For a resize the kernel moves the posted requests to a new ring, and writes where that is to be
 * mapped to the address it finds in the command. It wants the address whatever is modified.
 */
static int modify_locked(struct rxe_srq *srq, struct ibv_srq_attr *attr, int attr_mask)
{
	struct mminfo info = {};
	const struct rxe_modify_srq_cmd request = {.mmap_info_addr = (uintptr_t)&info};
	const struct verbs_udata udata = {.in = &request, .in_len = sizeof(request)};
	struct ibv_srq *ibv_srq = &srq->verbs.srq;
	struct rxe_queue resized;
	int err;

	err = ibv_cmd_modify_srq(ibv_srq, attr, attr_mask, &udata);
	if (err || !(attr_mask & IBV_SRQ_MAX_WR))
		return err;
	err = map_ring(ibv_srq->context, &resized, &info, srq->rq.max_sge);
	if (err)
		return err;
	rxe_queue_unmap(&srq->rq.queue);
	srq->rq.queue = resized;
	return 0;
}

int rxe_modify_srq(struct ibv_srq *ibv_srq, struct ibv_srq_attr *attr, int attr_mask)
{
	struct rxe_srq *srq = to_rxe_srq(ibv_srq);
	int err;

	queue_lock(&srq->rq.lock);
	err = modify_locked(srq, attr, attr_mask);
	queue_unlock(&srq->rq.lock);
	return err;
}

int rxe_query_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr)
{
	return ibv_cmd_query_srq(srq, attr, NULL);
}

int rxe_get_srq_num(struct ibv_srq *srq, uint32_t *srq_num)
{
	*srq_num = to_rxe_srq(srq)->verbs.srq_num;
	return 0;
}

int rxe_destroy_srq(struct ibv_srq *ibv_srq)
{
	struct rxe_srq *srq = to_rxe_srq(ibv_srq);
	int err = ibv_cmd_destroy_srq(&srq->verbs);

	if (err)
		return err;
	rxe_queue_unmap(&srq->rq.queue);
	free(srq);
	return 0;
}

int rxe_post_srq_recv(struct ibv_srq *srq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	return rxe_rq_post(&to_rxe_srq(srq)->rq, wr, bad_wr);
}
