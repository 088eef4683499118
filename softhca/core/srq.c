/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared receive queues: taking receives, and the event that says they run low. */
#include <errno.h>
#include <stdlib.h>

#include "softhca/core/internal.h"
#include "softhca/core/trace.h"

static bool is_number_taken(const struct hca *hca, uint32_t srqn)
{
	list_for_each (node, &hca->srq_list)
		if (list_entry(node, struct srq, link)->srqn == srqn)
			return true;
	return false;
}

/* As CQs are numbered. */
static uint32_t free_number(struct hca *hca)
{
	uint32_t srqn;

	do
		srqn = ++hca->next_srqn & HCA_NUMBER_MASK;
	while (!srqn || (hca->next_srqn > HCA_NUMBER_MASK && is_number_taken(hca, srqn)));
	return srqn;
}

int srq_create(struct pd *pd, const struct srq_params *params, struct srq **created)
{
	struct hca *hca = pd->hca;
	struct srq *srq;
	int rc = hca->family->srq_check(params);

	if (rc)
		return rc;
	if (params->max_wr > hca->limits.max_srq_wr || params->max_sge > hca->limits.max_srq_sge ||
	    params->max_wr > params->wqe_count || params->limit > params->max_wr)
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
	srq->srqn = free_number(hca);
	srq->user_index = params->user_index;
	srq->max_wr = params->max_wr;
	srq->max_sge = params->max_sge;
	srq->front = params->front;
	list_append(&hca->srq_list, &srq->link);
	hca->num_srq++;
	pd->users++;
	*created = srq;
	return 0;
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
	if (srq->users)
		return EBUSY;
	list_remove(&srq->link);
	srq->hca->num_srq--;
	srq->pd->users--;
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
