/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared receive queues: taking receives, and the event that says they run low. */
#include <errno.h>
#include <stdlib.h>

#include "softhca/core/internal.h"
#include "softhca/core/tag_list.h"
#include "softhca/core/trace.h"
#include "softhca/fabric/fabric.h"
#include "softhca/transport/transport.h"

static bool are_objects_good(const struct pd *pd, const struct srq_params *params)
{
	if (!params->xrcd && !params->max_tags)
		return !params->cq;
	if (params->xrcd && (params->max_tags || params->xrcd->hca != pd->hca))
		return false;
	return params->cq && params->cq->hca == pd->hca;
}

static void count_users(struct srq *srq, int change)
{
	srq->hca->num_srq += (uint32_t)change;
	srq->pd->users += (uint32_t)change;
	if (srq->xrcd)
		srq->xrcd->users += (uint32_t)change;
	if (srq->cq)
		srq->cq->users += (uint32_t)change;
}

/* Places for tags are a power of two in number, one more than tags at least. */
static int create_tags(struct srq *srq, uint32_t max_tags)
{
	uint32_t places = 1;

	if (!max_tags)
		return 0;
	while (places <= max_tags)
		places *= 2;
	srq->tags = tag_list_create(places);
	return srq->tags ? 0 : ENOMEM;
}

int srq_create(struct pd *pd, const struct srq_params *params, struct srq **created)
{
	struct hca *hca = pd->hca;
	struct srq *srq;
	int rc = hca->family->srq_check(params);

	if (rc)
		return rc;
	if (!are_objects_good(pd, params) || params->max_wr > hca->limits.max_srq_wr ||
	    params->max_sge > hca->limits.max_srq_sge || params->max_wr > params->wqe_count ||
	    params->limit > params->max_wr || params->max_tags > hca->limits.max_tags)
		return EINVAL;
	if (hca->num_srq >= hca->limits.max_srq)
		return ENOMEM;
	srq = calloc(1, sizeof(*srq));
	if (!srq)
		return ENOMEM;
	srq->hca = hca;
	srq->pd = pd;
	srq->memory = params->memory;
	srq->doorbell_record = params->doorbell_record;
	srq->wqe_count = params->wqe_count;
	srq->log_stride = params->log_stride;
	srq->limit = params->limit;
	srq->user_index = params->user_index;
	srq->max_wr = params->max_wr;
	srq->max_sge = params->max_sge;
	srq->xrcd = params->xrcd;
	srq->cq = params->cq;
	srq->front = params->front;
	rc = create_tags(srq, params->max_tags);
	if (rc)
		goto free_srq;
	rc = fabric_srq_reserve(hca->engine->fabric, hca->shared, &srq->srqn);
	if (rc)
		goto free_tags;
	hca->srqs[srq->srqn % FABRIC_SRQS] = srq;
	list_append(&hca->srq_list, &srq->link);
	count_users(srq, 1);
	*created = srq;
	return 0;

free_tags:
	free(srq->tags);
free_srq:
	free(srq);
	return rc;
}

int srq_set_limit(struct srq *srq, uint32_t limit)
{
	if (limit > srq->max_wr)
		return EINVAL;
	srq->limit = limit;
	return 0;
}

int srq_destroy(struct srq *srq)
{
	struct hca *hca = srq->hca;

	if (srq->users)
		return EBUSY;
	if (srq->xrcd)
		transport_forget_srq(srq);
	list_remove(&srq->link);
	hca->srqs[srq->srqn % FABRIC_SRQS] = NULL;
	fabric_srq_release(hca->shared, srq->srqn);
	count_users(srq, -1);
	free(srq->tags);
	free(srq);
	return 0;
}

static void raise_event(struct srq *srq, enum async_event_type type)
{
	if (trace_on())
		trace_event(type, srq->srqn);
	srq->hca->front->async_event(srq->hca, type, EVENT_SCOPE_SRQ, srq);
}

int srq_take(struct srq *srq, struct recv_request *request)
{
	const struct family_ops *family = srq->hca->family;
	int rc;

	if (srq->error)
		return EIO;
	rc = family->srq_take(srq, request);
	if (srq->error)
		raise_event(srq, EVENT_SRQ_ERROR);
	if (rc == 0 && srq->limit && family->srq_posted(srq) < srq->limit) {
		/* One event an arming: the consumer sets a limit again when it has refilled. */
		srq->limit = 0;
		raise_event(srq, EVENT_SRQ_LIMIT_REACHED);
	}
	return rc;
}

enum completion_status srq_change_tags(struct qp *qp, const struct send_request *request)
{
	static const enum tag_event events[] = {
		[TAGS_SYNC] = TAG_SYNCED,
		[TAGS_ADD] = TAG_ADDED,
		[TAGS_REMOVE] = TAG_REMOVED,
	};
	struct completion completion = {
		.srq = qp->srq,
		.opcode = request->opcode,
		.index = request->index,
		.timestamp_ns = qp->hca->engine->now_ns,
	};
	struct tag_note note = {
		.event = events[request->tags.operation],
		.index = request->tags.index,
	};
	enum completion_status status;

	if (!qp->srq || !qp->srq->tags)
		return STATUS_LOCAL_QP_OPERATION;
	note.success = tag_list_change(qp->srq->tags, request, &status);
	note.unexpected = qp->srq->tags->unexpected;
	if (!status && request->tags.asks)
		cq_complete_tag(qp, &completion, &note);
	return status;
}

void srq_fail(struct srq *srq)
{
	if (srq->error)
		return;
	srq->error = true;
	raise_event(srq, EVENT_SRQ_ERROR);
}
