/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sending again: after a NAK, after a receiver was not ready, after nothing came back in time.
 * Source: IBTA vol. 1, 9.7.6 (retry counters and timers), 9.7.5.2.8 table of RNR timers.
 *
 * A receiver that has not run is not a loss: packets that still lie in a ring of shared memory will
 * be found there. Only when the peer has taken what this queue pair sent and does not answer is the
 * retry timer right; other traffic between the processes does not matter to it. And because on such
 * a wire an answer comes within microseconds of that, a lost packet is looked for early: the
 * request is sent again at probing intervals, without counting a retry, until the timer that the
 * application has set is over.
 */
#include "softhca/transport/requester.h"

#include "util/clock.h"

static const uint64_t first_probe_ns = NS_PER_MS;

/* Of the AETH's five bits, in units of 10 us. */
uint64_t rnr_timer_ns(uint8_t code)
{
	static const uint32_t tens_of_us[32] = {
		65536, 1,    2,	   3,	 4,    6,     8,     12,    16,	   24,	  32,
		48,    64,   96,   128,	 192,  256,   384,   512,   768,   1024,  1536,
		2048,  3072, 4096, 6144, 8192, 12288, 16384, 24576, 32768, 49152,
	};

	return tens_of_us[code & 31] * 10 * NS_PER_US;
}

/* 4.096 us * 2^timeout. */
static uint64_t timeout_ns(const struct qp *qp)
{
	return 4096ull << (qp->attr.timeout & 31);
}

static void set_deadline(struct requester *requester, uint64_t deadline_ns)
{
	struct engine *engine = requester->qp->hca->engine;

	requester->deadline_ns = deadline_ns;
	if (!list_linked(&requester->timer))
		list_append(&engine->timers, &requester->timer);
	if (deadline_ns < engine->next_timer_ns)
		engine->next_timer_ns = deadline_ns;
}

/* The next probe or the end of the timer, whichever comes first. */
static void schedule(struct requester *requester)
{
	uint64_t now = requester->qp->hca->engine->now_ns;
	uint64_t expiry = requester->attempt_ns + timeout_ns(requester->qp);
	uint64_t probe = now + requester->probe_ns;

	requester->scheduled_ns = now;
	set_deadline(requester, probe < expiry ? probe : expiry);
}

/* Called behind the packets that the timer is for. */
void requester_timer_start(struct requester *requester)
{
	struct qp *qp = requester->qp;

	if (requester->deadline_ns != UINT64_MAX || !qp->attr.timeout)
		return;
	if (!requester->probing) {
		requester->attempt_ns = qp->hca->engine->now_ns;
		requester->probe_ns = first_probe_ns;
	}
	requester->probing = false;
	requester->sent_process = requester->route.process;
	requester->sent_position = fabric_send_position(qp_fabric(qp), requester->route.process);
	requester->arrived_noted = false;
	schedule(requester);
}

/* The list is left at the next run: cheaper than leaving and joining it for each message. */
void requester_timer_stop(struct requester *requester)
{
	requester->deadline_ns = UINT64_MAX;
	requester->probing = false;
}

void requester_progress(struct requester *requester)
{
	requester->retries_left = requester->qp->attr.retry_count;
	requester->rnr_retries_left = requester->qp->attr.rnr_retry;
	requester_timer_stop(requester);
	requester->rnr_waiting = false;
	requester->went_back = false;
	if (requester->unacked_psn != requester->send_psn)
		requester_timer_start(requester);
}

void requester_go_back(struct requester *requester)
{
	requester->cursor = requester->head;
	requester->send_psn = requester->unacked_psn;
	requester->since_ack_request = 0;
	qp_continue(requester->qp);
}

static bool count_retry(struct requester *requester)
{
	if (!requester->retries_left) {
		requester_fail(requester, STATUS_RETRY_EXCEEDED);
		return false;
	}
	requester->retries_left--;
	return true;
}

void requester_heed_loss(struct requester *requester)
{
	if (requester->went_back || !count_retry(requester))
		return;
	requester->went_back = true;
	requester_go_back(requester);
}

void requester_not_ready(struct requester *requester, uint8_t rnr_timer)
{
	enum { FOREVER = 7 };
	struct qp *qp = requester->qp;

	if (qp->attr.rnr_retry != FOREVER) {
		if (!requester->rnr_retries_left) {
			requester_fail(requester, STATUS_RNR_RETRY_EXCEEDED);
			return;
		}
		requester->rnr_retries_left--;
	}
	requester_go_back(requester);
	requester->rnr_waiting = true;
	set_deadline(requester, qp->hca->engine->now_ns + rnr_timer_ns(rnr_timer));
}

/* Packets are where the peer will find them, or answers where we will. */
static bool still_under_way(struct requester *requester)
{
	struct fabric *fabric = qp_fabric(requester->qp);
	uint32_t process = requester->sent_process;

	if (!fabric_send_passed(fabric, process, requester->sent_position)) {
		/* For a peer that does not run the timer stands still. */
		requester->attempt_ns +=
			requester->qp->hca->engine->now_ns - requester->scheduled_ns;
		return true;
	}
	if (!requester->arrived_noted) {
		requester->arrived_noted = true;
		requester->arrived_position = fabric_receive_end(fabric, process);
	}
	return !fabric_receive_passed(fabric, process, requester->arrived_position);
}

static void look_again_later(struct requester *requester)
{
	uint64_t now = requester->qp->hca->engine->now_ns;
	uint64_t timeout = timeout_ns(requester->qp);

	requester->scheduled_ns = now;
	set_deadline(requester, now + (timeout < first_probe_ns ? timeout : first_probe_ns));
}

static void expire(struct requester *requester)
{
	struct qp *qp = requester->qp;
	bool over = qp->hca->engine->now_ns - requester->attempt_ns >= timeout_ns(qp);

	if (requester->rnr_waiting) {
		requester->rnr_waiting = false;
		requester_timer_stop(requester);
		qp_continue(qp);
		return;
	}
	if (still_under_way(requester)) {
		look_again_later(requester);
		return;
	}
	route_look_up(&requester->route, qp->hca);
	requester_timer_stop(requester);
	if (over) {
		if (!count_retry(requester))
			return;
	} else {
		requester->probe_ns *= 2;
		requester->probing = true;
	}
	requester->went_back = false;
	requester_go_back(requester);
}

void transport_run_timers(struct engine *engine)
{
	uint64_t next = UINT64_MAX;

	engine->next_timer_ns = UINT64_MAX;
	list_for_each_safe (node, &engine->timers) {
		struct requester *requester = list_entry(node, struct requester, timer);

		if (requester->deadline_ns <= engine->now_ns)
			expire(requester);
		if (requester->deadline_ns == UINT64_MAX)
			list_remove(node);
		else if (requester->deadline_ns < next)
			next = requester->deadline_ns;
	}
	engine->next_timer_ns = next;
	pace_run_timers(engine);
}
