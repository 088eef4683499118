/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The engine's round, and how threads share it; engine.h says what and why. */
#include "softhca/core/engine.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "softhca/core/internal.h"
#include "softhca/core/trace.h"
#include "softhca/fabric/fabric.h"
#include "softhca/memory/guard.h"
#include "softhca/core/wq.h"
#include "softhca/transport/management.h"
#include "softhca/transport/transport.h"
#include "util/clock.h"

enum {
	/* Packets taken in one round: enough to amortize the round, few enough to answer between.
	 */
	RECEIVE_BUDGET = 64,
	/* Rounds that a thread does for others before it goes back to its own business. */
	COMBINE_ROUNDS = 8,
	/* Times a kick tries to have the lock before it leaves a note. */
	KICK_SPINS = 32,
	/* Cycles for which a time once read will do: some microseconds. */
	CLOCK_CYCLES = 1 << 14,
	/* Of so many polls that find nothing, one looks for timers that are due, or at the records
	 * of queues without a kick. */
	IDLE_POLLS = 64,
	WATCHED_POLLS = 4,
	/* Empty polls after which every QP is looked at. */
	SWEEP_POLLS = 4096,
};

/* When to look again, if nothing else happens: at a full ring, and at records without a kick. */
static const uint64_t PENDING_NS = 50 * NS_PER_US;
static const uint64_t WATCHED_NS = 1 * NS_PER_MS;

int engine_create(struct fabric *fabric, struct engine **created)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int rc;

	if (!engine)
		return ENOMEM;
	rc = guard_install();
	if (rc) {
		free(engine);
		return rc;
	}
	lock_init(&engine->lock);
	engine->fabric = fabric;
	list_init(&engine->pending);
	list_init(&engine->acks);
	list_init(&engine->watched);
	list_init(&engine->timers);
	list_init(&engine->gathering);
	list_init(&engine->paced);
	list_init(&engine->failed_cqs);
	engine->now_ns = clock_ns();
	engine->next_timer_ns = UINT64_MAX;
	*created = engine;
	return 0;
}

void engine_destroy(struct engine *engine)
{
	assert(engine->num_hcas == 0);
	free(engine);
}

/* ---- time ---- */

/* Reading the cycle counter costs a third of reading the clock. */
static bool clock_is_stale(struct engine *engine)
{
#if defined(__x86_64__)
	uint64_t cycles = __builtin_ia32_rdtsc();

	if (cycles - engine->clock_cycles < CLOCK_CYCLES)
		return false;
	engine->clock_cycles = cycles;
#else
	(void)engine;
#endif
	return true;
}

static void refresh_clock(struct engine *engine)
{
	if (clock_is_stale(engine))
		atomic_store_explicit(&engine->now_ns, clock_ns(), memory_order_relaxed);
}

/* ---- the round ---- */

static void receive(void *arg, const struct packet *packet, const uint8_t *bytes)
{
	struct engine *engine = arg;
	struct hca *hca = packet->destination_hca < FABRIC_MAX_HCAS
				  ? engine->hca_by_index[packet->destination_hca]
				  : NULL;

	if (trace_on())
		trace_packet("<-", packet, bytes, atomic_load(&packet->length));
	if (hca)
		transport_receive(hca, packet, bytes);
}

static unsigned int serve(struct qp *qp)
{
	return qp->attr.state == QP_ERR ? transport_flush(qp) : transport_push(qp);
}

void engine_collect_kicks(struct engine *engine)
{
	struct qp *qp, *next;

	if (!atomic_load_explicit(&engine->kicked, memory_order_relaxed))
		return;
	qp = atomic_exchange(&engine->kicked, NULL);
	for (; qp; qp = next) {
		next = qp->next_kicked;
		/* From here on a new kick counts anew; what came before it is seen below. */
		atomic_store(&qp->kicked, false);
		if (!list_linked(&qp->pending))
			list_append(&engine->pending, &qp->pending);
	}
}

/* Serves who stands on the list now; those who come on again wait for the next round. */
static unsigned int push_pending(struct engine *engine)
{
	unsigned int moved = 0;
	struct list batch;

	if (list_empty(&engine->pending))
		return 0;
	batch = engine->pending;
	batch.next->prev = &batch;
	batch.prev->next = &batch;
	list_init(&engine->pending);
	while (!list_empty(&batch)) {
		struct qp *qp = list_entry(batch.next, struct qp, pending);

		list_remove(&qp->pending);
		moved += serve(qp);
	}
	return moved;
}

/* A QP leaves the list only by commands, except that serving one may put another into error. */
static unsigned int serve_watched(struct engine *engine)
{
	unsigned int moved = 0;

	list_for_each_safe (node, &engine->watched)
		moved += serve(list_entry(node, struct qp, watched));
	return moved;
}

unsigned int engine_sweep(struct engine *engine)
{
	unsigned int moved = 0;

	refresh_clock(engine);
	for (unsigned int i = 0; i < engine->num_hcas; i++) {
		list_for_each (node, &engine->hcas[i]->qp_list)
			moved += serve(list_entry(node, struct qp, link));
		moved += wq_flush_all(engine->hcas[i]);
	}
	fabric_send_flush(engine->fabric, engine->now_ns);
	return moved;
}

void engine_fail_cqs(struct engine *engine)
{
	while (!list_empty(&engine->failed_cqs)) {
		struct cq *cq = list_entry(engine->failed_cqs.next, struct cq, failed);

		list_remove(&cq->failed);
		list_for_each (node, &cq->hca->qp_list) {
			struct qp *qp = list_entry(node, struct qp, link);

			if (qp->send_cq == cq || qp->recv_cq == cq)
				qp_set_error(qp, EVENT_QP_FATAL);
		}
		list_for_each (node, &cq->hca->srq_list) {
			struct srq *srq = list_entry(node, struct srq, link);

			if (srq->cq == cq)
				srq_fail(srq);
		}
		list_for_each (node, &cq->hca->wq_list) {
			struct wq *wq = list_entry(node, struct wq, link);

			if (wq->cq == cq && !wq->qp)
				wq_fail(wq);
		}
	}
}

/* The first ones say when to come again, the others whether earlier. */
static void run_timers(struct engine *engine)
{
	transport_run_timers(engine);
	cq_run_timers(engine);
	for (unsigned int i = 0; i < engine->num_hcas; i++) {
		struct agent *agent = engine->hcas[i]->agent;

		if (agent)
			agent->ops->run_timers(agent);
	}
}

unsigned int engine_round(struct engine *engine)
{
	unsigned int moved;

	refresh_clock(engine);
	engine_collect_kicks(engine);
	moved = fabric_receive(engine->fabric, RECEIVE_BUDGET, receive, engine);
	moved += push_pending(engine);
	moved += serve_watched(engine);
	if (!list_empty(&engine->acks))
		transport_send_acks(engine);
	if (engine->now_ns >= engine->next_timer_ns)
		run_timers(engine);
	if (fabric_has_faults(engine->fabric))
		fabric_run_faults(engine->fabric, engine->now_ns);
	engine_fail_cqs(engine);
	fabric_send_flush(engine->fabric, engine->now_ns);
	return moved;
}

/* ---- who drives ---- */

void engine_lock(struct engine *engine)
{
	lock_take(&engine->lock);
}

bool engine_trylock(struct engine *engine)
{
	return lock_try(&engine->lock);
}

bool engine_locked_here(void)
{
	return lock_held_here();
}

/* For those who look without the lock. */
static void note_work(struct engine *engine)
{
	uint32_t mask = IDLE_POLLS - 1;

	if (!list_empty(&engine->pending) || !list_empty(&engine->acks) ||
	    !list_empty(&engine->gathering) || !list_empty(&engine->paced) ||
	    fabric_has_faults(engine->fabric))
		mask = 0;
	else if (!list_empty(&engine->watched))
		mask = WATCHED_POLLS - 1;
	atomic_store_explicit(&engine->idle_mask, mask, memory_order_relaxed);
}

/*
 * A note left before the lock was released is found by the look before, one left after it by the
 * look behind, or by who has left it and finds the lock free: both sides write first, and then read
 * what the other one writes (lock_fence()).
 */
void engine_unlock(struct engine *engine)
{
	for (unsigned int rounds = 0;; rounds++) {
		engine_fail_cqs(engine);
		if (atomic_load(&engine->attention) && rounds < COMBINE_ROUNDS) {
			atomic_store(&engine->attention, 0);
			engine_round(engine);
			continue;
		}
		note_work(engine);
		lock_release(&engine->lock);
		if (!atomic_load(&engine->attention))
			return;
		if (rounds >= COMBINE_ROUNDS) {
			fabric_wake_self(engine->fabric);
			return;
		}
		if (!engine_trylock(engine))
			return;
	}
}

/* Most empty polls end here, without the lock; the others look at the clock as well. */
static bool is_idle(struct engine *engine)
{
	uint32_t mask = atomic_load_explicit(&engine->idle_mask, memory_order_relaxed);
	uint32_t polls;

	if (!mask || fabric_receive_pending(engine->fabric))
		return false;
	polls = atomic_load_explicit(&engine->idle_polls, memory_order_relaxed);
	/* Polls of other threads may be lost to the count; it is no account. */
	atomic_store_explicit(&engine->idle_polls, polls + 1, memory_order_relaxed);
	return polls & mask;
}

static bool sweep_is_due(struct engine *engine)
{
	uint32_t polls = atomic_load_explicit(&engine->idle_polls, memory_order_relaxed);

	if (polls - engine->swept_polls < SWEEP_POLLS)
		return false;
	engine->swept_polls = polls;
	return true;
}

unsigned int engine_poll(struct engine *engine)
{
	unsigned int moved;

	if (is_idle(engine) || !engine_trylock(engine))
		return 0;
	moved = engine_round(engine);
	if (__builtin_expect(sweep_is_due(engine), 0))
		moved += engine_sweep(engine);
	engine_unlock(engine);
	return moved;
}

static void leave_note(struct engine *engine, struct qp *qp)
{
	struct qp *top;

	if (!atomic_exchange(&qp->kicked, true)) {
		top = atomic_load(&engine->kicked);
		do
			qp->next_kicked = top;
		while (!atomic_compare_exchange_weak(&engine->kicked, &top, qp));
	}
	atomic_store(&engine->attention, 1);
	lock_fence(&engine->lock);
}

/* A round takes less time than it takes to leave a note. */
static bool lock_soon(struct engine *engine)
{
	for (unsigned int i = 0; i < KICK_SPINS; i++) {
		if (engine_trylock(engine))
			return true;
		lock_relax();
	}
	return false;
}

void engine_kick(struct engine *engine, struct qp *qp)
{
	if (!engine_trylock(engine) && !lock_soon(engine)) {
		leave_note(engine, qp);
		if (engine_trylock(engine))
			engine_unlock(engine);
		return;
	}
	refresh_clock(engine);
	serve(qp);
	fabric_send_flush(engine->fabric, engine->now_ns);
	engine_unlock(engine);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t engine_idle_ns(struct engine *engine)
{
	uint64_t idle = UINT64_MAX, now = clock_ns();

	if (!list_empty(&engine->acks) || fabric_receive_pending(engine->fabric) ||
	    atomic_load(&engine->attention) || engine->next_timer_ns <= now)
		return 0;
	if (engine->next_timer_ns != UINT64_MAX)
		idle = engine->next_timer_ns - now;
	if (!list_empty(&engine->pending))
		idle = least(idle, PENDING_NS);
	if (!list_empty(&engine->watched))
		idle = least(idle, WATCHED_NS);
	if (fabric_has_faults(engine->fabric))
		idle = least(idle, fabric_run_faults(engine->fabric, now));
	return idle;
}
