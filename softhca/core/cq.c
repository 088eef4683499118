/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Completion queues: landing completions, and deciding when one is an event.
 *
 * An arming is known by its token, which lies in the application's memory. It has its event once:
 * when the first completion after it lands that it asked for. Landing and announced looks happen
 * under the engine lock, so a completion is either there for the poll that follows an arming, or
 * finds the arming.
 */
#include <errno.h>
#include <stdlib.h>

#include "softhca/core/internal.h"
#include "softhca/core/trace.h"
#include "util/clock.h"

static bool is_number_taken(const struct hca *hca, uint32_t cqn)
{
	list_for_each (node, &hca->cq_list)
		if (list_entry(node, struct cq, link)->cqn == cqn)
			return true;
	return false;
}

int cq_create(struct hca *hca, const struct cq_params *params, struct cq **created)
{
	struct cq *cq;
	int rc = hca->family->cq_check(params);

	if (rc)
		return rc;
	/* One entry is for the family: a ring holds a power of two, and resizing takes one. */
	if (params->cqe_count - 1 > hca->limits.max_cqe)
		return EINVAL;
	if (hca->num_cq >= hca->limits.max_cq)
		return ENOMEM;
	cq = calloc(1, sizeof(*cq));
	if (!cq)
		return ENOMEM;
	cq->hca = hca;
	cq->memory = params->memory;
	cq->doorbell_record = params->doorbell_record;
	cq->cqe_count = params->cqe_count;
	cq->cqe_size = params->cqe_size;
	cq->has_channel = params->has_channel;
	cq->exact_time = params->exact_time;
	cq->front = params->front;
	cq->cqn = hca_free_number(hca, &hca->next_cqn, is_number_taken);
	hca->family->cq_disarm(cq);
	cq->fired_token = hca->family->cq_arm(cq).token;
	cq->seen_token = cq->fired_token;
	list_init(&cq->failed);
	list_init(&cq->gathering);
	list_init(&cq->with_channel);
	if (cq->has_channel)
		list_append(&hca->channel_cqs, &cq->with_channel);
	list_append(&hca->cq_list, &cq->link);
	hca->num_cq++;
	*created = cq;
	return 0;
}

int cq_resize(struct cq *cq, const struct queue_memory *memory, uint32_t cqe_count,
	      uint32_t cqe_size)
{
	const struct family_ops *family = cq->hca->family;
	struct cq_params params = {
		.memory = *memory,
		.doorbell_record = cq->doorbell_record,
		.cqe_count = cqe_count,
		.cqe_size = cqe_size,
	};
	int rc = family->cq_check(&params);

	if (rc)
		return rc;
	/* The consumer carries what it has not polled over to the new ring. */
	if (cq->overrun || cqe_count - 1 > cq->hca->limits.max_cqe ||
	    family->cq_unpolled(cq) >= cqe_count)
		return EINVAL;
	rc = family->cqe_write_resize(cq);
	if (rc)
		return rc;
	cq->memory = *memory;
	cq->cqe_count = cqe_count;
	cq->cqe_size = cqe_size;
	return 0;
}

int cq_destroy(struct cq *cq)
{
	if (cq->users)
		return EBUSY;
	list_remove(&cq->failed);
	list_remove(&cq->gathering);
	list_remove(&cq->with_channel);
	list_remove(&cq->link);
	cq->hca->num_cq--;
	free(cq);
	return 0;
}

static void fire(struct cq *cq, uint32_t token)
{
	cq->fired_token = token;
	cq->gathered = 0;
	list_remove(&cq->gathering);
	cq->hca->front->cq_event(cq);
}

/* IBTA vol. 1, 11.4.2.2: unsuccessful completions count as solicited ones. */
static bool is_solicited(const struct completion *completion)
{
	return completion->flags & COMPLETION_SOLICITED || completion->status != STATUS_SUCCESS;
}

/* The first completion starts the period, the last one of the count ends it. */
static void gather(struct cq *cq, uint32_t token)
{
	struct engine *engine = cq->hca->engine;

	if (++cq->gathered >= cq->event_count) {
		fire(cq, token);
		return;
	}
	if (cq->gathered > 1)
		return;
	cq->event_due_ns = clock_ns() + cq->event_period_us * NS_PER_US;
	list_append(&engine->gathering, &cq->gathering);
	if (cq->event_due_ns < engine->next_timer_ns)
		engine->next_timer_ns = cq->event_due_ns;
}

void cq_run_timers(struct engine *engine)
{
	list_for_each_safe (node, &engine->gathering) {
		struct cq *cq = list_entry(node, struct cq, gathering);

		if (cq->event_due_ns <= engine->now_ns)
			fire(cq, cq->hca->family->cq_arm(cq).token);
		else if (cq->event_due_ns < engine->next_timer_ns)
			engine->next_timer_ns = cq->event_due_ns;
	}
}

int cq_moderate(struct cq *cq, uint32_t event_count, uint32_t event_period_us)
{
	if (event_count > CQ_MAX_EVENT_COUNT || event_period_us > CQ_MAX_EVENT_PERIOD_US)
		return EINVAL;
	cq->event_count = event_count;
	cq->event_period_us = event_period_us;
	cq->moderated = event_count && event_period_us;
	/* What has been gathered by the old rule is not held back by the new one. */
	if (cq->gathered)
		fire(cq, cq->hca->family->cq_arm(cq).token);
	return 0;
}

static void notify(struct cq *cq, bool solicited)
{
	struct cq_arm arm = cq->hca->family->cq_arm(cq);

	if (arm.token == cq->fired_token)
		return;
	cq->seen_token = arm.token;
	if (arm.solicited_only && !solicited)
		return;
	if (cq->moderated)
		gather(cq, arm.token);
	else
		fire(cq, arm.token);
}

/* The QPs follow later (engine_fail_cqs): one of them is in the middle of completing something. */
static void overrun(struct cq *cq)
{
	struct hca *hca = cq->hca;

	cq->overrun = true;
	list_append(&hca->engine->failed_cqs, &cq->failed);
	if (trace_on())
		trace_event(EVENT_CQ_ERROR, cq->cqn);
	hca->front->async_event(hca, EVENT_CQ_ERROR, EVENT_SCOPE_CQ, cq);
}

/* Behind the entry, for those who look without the lock. */
static void count_completion(struct engine *engine)
{
	uint32_t completions = atomic_load_explicit(&engine->completions, memory_order_relaxed);

	atomic_store_explicit(&engine->completions, completions + 1, memory_order_release);
}

/* The engine's time is some microseconds coarse, which would tell of completions before the request
 * was posted. */
static struct completion stamp(const struct completion *completion)
{
	struct completion stamped = *completion;

	stamped.timestamp_ns = clock_ns();
	return stamped;
}

/* An entry has been written, or not. */
static inline void land(struct cq *cq, int rc, bool solicited)
{
	if (__builtin_expect(rc != 0, 0)) {
		overrun(cq);
		return;
	}
	count_completion(cq->hca->engine);
	if (cq->has_channel)
		notify(cq, solicited);
}

void cq_complete(struct cq *cq, const struct qp *qp, const struct completion *completion)
{
	struct completion stamped;

	if (__builtin_expect(cq->overrun, 0))
		return;
	if (__builtin_expect(cq->exact_time, 0)) {
		stamped = stamp(completion);
		completion = &stamped;
	}
	if (trace_on())
		trace_completion(cq, qp, completion);
	land(cq, cq->hca->family->cqe_write(cq, qp, completion), is_solicited(completion));
}

void cq_complete_tag(const struct qp *qp, const struct completion *completion,
		     const struct tag_note *note)
{
	struct cq *cq = completion->srq->cq;

	if (cq->overrun)
		return;
	if (trace_on())
		trace_tag_completion(cq, qp, completion, note);
	land(cq, cq->hca->family->cqe_write_tag(cq, qp, completion, note),
	     is_solicited(completion));
}

/* A frame does not say that it is solicited. */
void cq_complete_frame(struct cq *cq, const struct wq *wq,
		       const struct frame_completion *completion)
{
	if (cq->overrun)
		return;
	if (trace_on())
		trace_frame_completion(cq, wq, completion);
	land(cq, cq->hca->family->cqe_write_frame(cq, wq, completion),
	     completion->status != STATUS_SUCCESS);
}

bool cq_look_armed(struct cq *cq)
{
	struct cq_arm arm;
	bool first_look;

	if (!cq->has_channel)
		return false;
	arm = cq->hca->family->cq_arm(cq);
	if (arm.token == cq->fired_token)
		return false;
	first_look = arm.token != cq->seen_token;
	cq->seen_token = arm.token;
	/* What is unpolled may have come after the arming. Whether it was solicited cannot be told
	 * any more; an event too many is better than one too few. */
	if (first_look && !cq->arming_announced && cq->hca->family->cq_unpolled(cq)) {
		fire(cq, arm.token);
		return false;
	}
	return true;
}
