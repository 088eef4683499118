/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sending no faster than asked. What a queue pair has sent keeps an imagined line of its rate busy
 * for a while; the next request is taken when all but a burst of that is over. So requests go out
 * whole, and the rate holds over more than a burst.
 */
#include "softhca/transport/requester.h"

#include "util/clock.h"

enum { BURST_BYTES = 16384, BITS = 8 };

/* rate_limit is in kbit/s. */
static uint64_t line_ns(const struct qp *qp, uint64_t bytes)
{
	return bytes * BITS * NS_PER_MS / qp->attr.rate_limit;
}

static void wait_until(struct requester *requester, uint64_t due_ns)
{
	struct engine *engine = requester->qp->hca->engine;

	requester->pace_due_ns = due_ns;
	if (!list_linked(&requester->paced))
		list_append(&engine->paced, &requester->paced);
	if (due_ns < engine->next_timer_ns)
		engine->next_timer_ns = due_ns;
}

bool pace_allows(struct requester *requester)
{
	struct qp *qp = requester->qp;
	uint64_t now = qp->hca->engine->now_ns, burst = line_ns(qp, BURST_BYTES);

	if (requester->busy_until_ns <= now + burst)
		return true;
	wait_until(requester, requester->busy_until_ns - burst);
	return false;
}

void pace_charge(struct requester *requester)
{
	struct qp *qp = requester->qp;
	uint64_t now = qp->hca->engine->now_ns;

	if (requester->busy_until_ns < now)
		requester->busy_until_ns = now;
	requester->busy_until_ns += line_ns(qp, requester->request.length);
}

void pace_stop(struct requester *requester)
{
	list_remove(&requester->paced);
	requester->busy_until_ns = 0;
}

void pace_run_timers(struct engine *engine)
{
	list_for_each_safe (node, &engine->paced) {
		struct requester *requester = list_entry(node, struct requester, paced);

		if (requester->pace_due_ns <= engine->now_ns) {
			list_remove(node);
			qp_continue(requester->qp);
		} else if (requester->pace_due_ns < engine->next_timer_ns) {
			engine->next_timer_ns = requester->pace_due_ns;
		}
	}
}
