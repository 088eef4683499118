/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Work queues: their states, taking receives, completing and flushing them. */
#include "softhca/core/wq.h"

#include <errno.h>
#include <stdlib.h>

#include "softhca/core/internal.h"
#include "softhca/core/trace.h"
#include "util/clock.h"

static bool is_number_taken(const struct hca *hca, uint32_t wqn)
{
	list_for_each (node, &hca->wq_list)
		if (list_entry(node, struct wq, link)->wqn == wqn)
			return true;
	return false;
}

static int check_params(const struct hca *hca, const struct wq_params *params)
{
	if (hca->shared->port_type != FABRIC_PORT_ETH)
		return EOPNOTSUPP;
	if (params->flags & ~(uint32_t)(WQ_VLAN_STRIPPING | WQ_SCATTER_FCS))
		return EOPNOTSUPP;
	if (!params->pd || params->pd->hca != hca || !params->cq || params->cq->hca != hca)
		return EINVAL;
	if (params->count > hca->limits.max_qp_wr || hca->family->wq_check(params))
		return EINVAL;
	return hca->num_wq >= hca->limits.max_wq ? ENOMEM : 0;
}

int wq_create(struct hca *hca, const struct wq_params *params, struct wq **created)
{
	struct wq *wq;
	int rc = check_params(hca, params);

	if (rc)
		return rc;
	wq = calloc(1, sizeof(*wq));
	if (!wq)
		return ENOMEM;
	wq->hca = hca;
	wq->pd = params->pd;
	wq->cq = params->cq;
	wq->memory = params->memory;
	wq->doorbell_record = params->doorbell_record;
	wq->count = params->count;
	wq->log_stride = params->log_stride;
	wq->user_index = params->user_index;
	wq->flags = params->flags;
	wq->qp = params->qp;
	wq->front = params->front;
	wq->wqn = hca_free_number(hca, &hca->next_wqn, is_number_taken);
	wq->pd->users++;
	wq->cq->users++;
	hca->num_wq++;
	list_append(&hca->wq_list, &wq->link);
	*created = wq;
	return 0;
}

int wq_destroy(struct wq *wq)
{
	if (wq->users)
		return EBUSY;
	list_remove(&wq->link);
	wq->hca->num_wq--;
	wq->cq->users--;
	wq->pd->users--;
	free(wq);
	return 0;
}

/* ---- states ---- */

static void enter(struct wq *wq, enum wq_state state)
{
	enum wq_state old = wq->state;

	wq->state = state;
	if (state == WQ_RESET)
		wq->consumer = 0;
	if (state == WQ_ERROR && old != WQ_ERROR)
		wq_flush(wq);
}

int wq_modify(struct wq *wq, enum wq_state state)
{
	if (state > WQ_ERROR || (state == WQ_READY && wq->state == WQ_ERROR))
		return EINVAL;
	enter(wq, state);
	return 0;
}

int wq_modify_flags(struct wq *wq, uint32_t flags, uint32_t mask)
{
	if (mask & ~(uint32_t)WQ_VLAN_STRIPPING)
		return EOPNOTSUPP;
	wq->flags = (wq->flags & ~mask) | (flags & mask);
	return 0;
}

void wq_follow_qp(struct wq *wq)
{
	switch (wq->qp->attr.state) {
	case QP_RESET:
	case QP_INIT:
		enter(wq, WQ_RESET);
		break;
	case QP_ERR:
		enter(wq, WQ_ERROR);
		break;
	default:
		enter(wq, WQ_READY);
		break;
	}
}

void wq_fail(struct wq *wq)
{
	struct hca *hca = wq->hca;

	if (wq->qp) {
		qp_set_error(wq->qp, -1);
		return;
	}
	if (wq->state == WQ_ERROR)
		return;
	enter(wq, WQ_ERROR);
	if (trace_on())
		trace_event(EVENT_WQ_FATAL, wq->wqn);
	hca->front->async_event(hca, EVENT_WQ_FATAL, EVENT_SCOPE_WQ, wq);
}

/* ---- receives ---- */

int wq_take(struct wq *wq, struct recv_request *request)
{
	const struct family_ops *family = wq->hca->family;
	uint32_t posted = family->wq_producer(wq) - wq->consumer;
	int rc;

	if (!posted || posted > wq->count)
		return ENOENT;
	rc = family->wq_decode(wq, wq->consumer++, request);
	if (!rc && trace_on())
		trace_recv("WQ", wq->wqn, request);
	return rc;
}

void wq_complete(struct wq *wq, const struct frame_completion *completion)
{
	struct frame_completion whole = *completion;

	whole.timestamp_ns = wq->cq->exact_time ? clock_ns() : wq->hca->engine->now_ns;
	cq_complete_frame(wq->cq, wq, &whole);
}

unsigned int wq_flush(struct wq *wq)
{
	uint32_t posted = wq->hca->family->wq_producer(wq) - wq->consumer;
	unsigned int flushed = 0;

	for (; flushed < posted && flushed < wq->count; flushed++) {
		struct frame_completion completion = {
			.status = STATUS_FLUSHED,
			.index = wq->consumer++,
		};

		wq_complete(wq, &completion);
	}
	return flushed;
}

unsigned int wq_flush_all(struct hca *hca)
{
	unsigned int flushed = 0;

	list_for_each (node, &hca->wq_list) {
		struct wq *wq = list_entry(node, struct wq, link);

		if (wq->state == WQ_ERROR)
			flushed += wq_flush(wq);
	}
	return flushed;
}
