/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The background thread is in one of three states. It *pauses* while an application thread spins
 * on poll: that thread drives, and nobody needs to wake this one. It *waits* on the fabric while
 * nobody drives: senders wake it. And it *runs*, for as long as there is work and a little longer,
 * since the answer to what it just did is likely to come within the time a wake-up costs.
 */
#include "softhca/shim/drive.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "softhca/core/engine.h"
#include "softhca/fabric/fabric.h"
#include "softhca/shim/file.h"
#include "softhca/shim/membership.h"
#include "softhca/shim/ports.h"
#include "softhca/shim/rdma_cm/ucm.h"
#include "util/clock.h"

enum {
	/* Polls in a row, without arming an event, that make a spinning program. */
	SPINNING_POLLS = 64,
	/* Empty polls between notes that the program polls. */
	POLLS_PER_MARK = 64,
	/* Empty polls between offers of the core: the fewer, the likelier others want it. */
	LEAST_POLLS_PER_OFFER = 8,
	MOST_POLLS_PER_OFFER = 1024,
	/* Rounds of the background thread between offers of its core to others. */
	ROUNDS_PER_YIELD = 8,
};

/* A program that has polled this recently is still polling. */
static const uint64_t POLLED_RECENTLY_NS = 500 * NS_PER_US;
/* One with completions to poll for that has polled this recently will be back. */
static const uint64_t POLLED_LATELY_NS = 20 * NS_PER_MS;
/* How long the thread pauses before it looks whether the program still polls. */
static const uint64_t PAUSE_NS = 2 * NS_PER_MS;
/* How long it runs idle before it waits. */
static const uint64_t RUN_IDLE_NS = 30 * NS_PER_US;
/* An offer of the core that took this long was accepted: somebody else has run. */
static const uint64_t ACCEPTED_NS = 2 * NS_PER_US;
/* The longest wait: peers that died and ports that changed are noticed after it. */
static const uint64_t WAIT_NS = 50 * NS_PER_MS;

static struct {
	struct engine *engine;
	/* Completions that earlier engines of this process have landed. Pollers remember the count,
	 * so it goes on where the last engine ended. */
	uint32_t earlier_completions;
	/* Written by pollers, read by the thread now and then. */
	_Atomic uint64_t polled_ns;
	_Atomic uint32_t polls_since_armed;
	/* Futex word of the pause: 1 while pausing. */
	_Atomic uint32_t pausing;
	_Atomic bool stop;
	bool started;
	pthread_t thread;
} drive;

/* Of a polling thread. */
static __thread struct {
	unsigned int empty_polls;
	unsigned int polls_to_offer;
	unsigned int polls_per_offer;
} poller;

/* The engine's clock is fresh enough: an idle poll makes a round now and then. */
static void mark_polled(struct engine *engine)
{
	uint64_t now_ns = atomic_load_explicit(&engine->now_ns, memory_order_relaxed);

	atomic_store_explicit(&drive.polled_ns, now_ns, memory_order_relaxed);
	fabric_mark_polled(engine->fabric, now_ns);
}

/*
 * Two programs that poll on one core must give it to each other or wait for the scheduler's slice;
 * on a core of its own a program only loses time by the offer. Which it is shows in how long the
 * last offer took.
 */
static void offer_core(void)
{
	uint64_t before = clock_ns();

	sched_yield();
	if (clock_ns() - before >= ACCEPTED_NS)
		poller.polls_per_offer = LEAST_POLLS_PER_OFFER;
	else if (poller.polls_per_offer < MOST_POLLS_PER_OFFER)
		poller.polls_per_offer = poller.polls_per_offer * 2 + LEAST_POLLS_PER_OFFER;
	poller.polls_to_offer = poller.polls_per_offer;
}

static void count_poll(void)
{
	uint32_t polls = atomic_load_explicit(&drive.polls_since_armed, memory_order_relaxed);

	if (polls <= SPINNING_POLLS)
		atomic_store_explicit(&drive.polls_since_armed, polls + 1, memory_order_relaxed);
}

uint32_t drive_completions(void)
{
	return atomic_load_explicit(&drive.engine->completions, memory_order_acquire);
}

bool drive_poll(void)
{
	struct engine *engine = drive.engine;

	count_poll();
	if (engine_poll(engine)) {
		mark_polled(engine);
		return true;
	}
	if (++poller.empty_polls % POLLS_PER_MARK == 0)
		mark_polled(engine);
	if (poller.polls_to_offer-- == 0)
		offer_core();
	return false;
}

/* Work that had to stop, for want of ring space, goes on by itself only if somebody drives. */
static void wake_for_pending(struct engine *engine)
{
	if (!atomic_load_explicit(&engine->idle_mask, memory_order_relaxed))
		fabric_wake_self(engine->fabric);
}

void drive_kick(struct qp *qp)
{
	engine_kick(drive.engine, qp);
	wake_for_pending(drive.engine);
}

static bool any_cq_armed(struct engine *engine)
{
	bool armed = false;

	for (unsigned int i = 0; i < engine->num_hcas; i++)
		list_for_each (node, &engine->hcas[i]->channel_cqs)
			armed |= cq_look_armed(list_entry(node, struct cq, with_channel));
	return armed;
}

/* Tells senders whether a completion would wake somebody; with the engine lock held. */
static void look_armed(struct engine *engine)
{
	fabric_set_armed(engine->fabric, any_cq_armed(engine));
}

static void end_pause(void)
{
	if (atomic_exchange(&drive.pausing, 0))
		syscall(SYS_futex, &drive.pausing, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void drive_armed(void)
{
	struct engine *engine = drive.engine;

	engine_lock(engine);
	look_armed(engine);
	/* What came before senders could see the arming is handled here and now. */
	engine_round(engine);
	engine_unlock(engine);
	atomic_store_explicit(&drive.polls_since_armed, 0, memory_order_relaxed);
	end_pause();
	wake_for_pending(engine);
}

static bool program_spins(uint64_t now_ns)
{
	return atomic_load_explicit(&drive.polls_since_armed, memory_order_relaxed) >
		       SPINNING_POLLS &&
	       now_ns - atomic_load_explicit(&drive.polled_ns, memory_order_relaxed) <
		       POLLED_RECENTLY_NS;
}

static bool any_cq_unpolled(struct engine *engine)
{
	for (unsigned int i = 0; i < engine->num_hcas; i++) {
		list_for_each (node, &engine->hcas[i]->cq_list) {
			const struct cq *cq = list_entry(node, struct cq, link);

			if (engine->hcas[i]->family->cq_unpolled(cq))
				return true;
		}
	}
	return false;
}

/*
 * The program polls, but has lost its core for a while, and completions wait for it. To go on
 * receiving for it would only use up its receive queue: what a datagram finds empty is lost.
 */
static bool program_lags(struct engine *engine, uint64_t now_ns)
{
	bool lags;

	if (now_ns - atomic_load_explicit(&drive.polled_ns, memory_order_relaxed) >
	    POLLED_LATELY_NS)
		return false;
	if (!engine_trylock(engine))
		return false;
	lags = !any_cq_armed(engine) && any_cq_unpolled(engine);
	engine_unlock(engine);
	return lags;
}

static bool program_drives(struct engine *engine, uint64_t now_ns)
{
	return program_spins(now_ns) || program_lags(engine, now_ns);
}

static void pause_thread(struct engine *engine)
{
	struct timespec timeout = {0, (long)PAUSE_NS};

	atomic_store(&drive.pausing, 1);
	if (!drive.stop && program_drives(engine, clock_ns()))
		syscall(SYS_futex, &drive.pausing, FUTEX_WAIT_PRIVATE, 1, &timeout, NULL, 0);
	atomic_store(&drive.pausing, 0);
}

static void run_until_idle(struct engine *engine)
{
	uint64_t now = clock_ns(), busy = now;
	unsigned int rounds = 0;

	while (now - busy < RUN_IDLE_NS && !drive.stop && !program_drives(engine, now)) {
		unsigned int moved = engine_poll(engine);

		now = clock_ns();
		if (moved)
			busy = now;
		else if (++rounds % ROUNDS_PER_YIELD == 0)
			sched_yield();
	}
}

/* How long to wait for the fabric, having told senders what is armed. */
static uint64_t prepare_wait(struct engine *engine)
{
	uint64_t idle;

	engine_lock(engine);
	engine_sweep(engine);
	look_armed(engine);
	idle = engine_idle_ns(engine);
	engine_unlock(engine);
	return idle < WAIT_NS ? idle : WAIT_NS;
}

/* For those who read the clock without a call that could be seen. */
static void keep_time(struct engine *engine)
{
	if (!engine_trylock(engine))
		return;
	files_tick(membership_current());
	engine_unlock(engine);
}

static void *background(void *arg)
{
	struct engine *engine = arg;

	while (!drive.stop) {
		ports_look();
		ucm_look(membership_current());
		keep_time(engine);
		if (program_drives(engine, clock_ns())) {
			pause_thread(engine);
			continue;
		}
		run_until_idle(engine);
		if (!drive.stop && !program_drives(engine, clock_ns()))
			fabric_wait(engine->fabric, prepare_wait(engine));
	}
	return NULL;
}

int drive_start(struct engine *engine)
{
	sigset_t all, before;
	int rc;

	drive.engine = engine;
	drive.stop = false;
	atomic_store(&engine->completions, drive.earlier_completions);
	/* The thread is ours: the program's signals are for the program's threads. Faults of its
	 * own are for the guard (memory/guard.h): what is copied may have been unmapped. */
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&drive.thread, NULL, background, engine);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	drive.started = rc == 0;
	return rc;
}

static void ask_to_stop(void)
{
	drive.stop = true;
	end_pause();
	fabric_wake_self(drive.engine->fabric);
}

void drive_forget(void)
{
	drive.earlier_completions = drive_completions();
	drive.started = false;
}

void drive_stop(void)
{
	if (!drive.started)
		return;
	ask_to_stop();
	pthread_join(drive.thread, NULL);
	drive_forget();
}

bool drive_stop_within(uint64_t ns)
{
	uint64_t end_ns = clock_ns() + ns;

	if (!drive.started)
		return true;
	ask_to_stop();
	drive.started = false;
	while (pthread_tryjoin_np(drive.thread, NULL)) {
		if (clock_ns() >= end_ns) {
			pthread_detach(drive.thread);
			return false;
		}
		sched_yield();
	}
	return true;
}
