/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who drives the engine, and how it is woken when nobody does.
 *
 * A process tells in the first line of its slot when an application thread last polled, whether
 * completion events are awaited, and whether its background thread sleeps. A sender wakes a thread
 * that sleeps if events are awaited or polling has stopped. A process that polls costs it no system
 * call: its wake is put off, and looked at again when the poller has had time. Should the poller
 * stop just then, two things find the packet: the sender's second look, and the receiver's own
 * thread, which only naps as long as polling is recent.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "softhca/fabric/process.h"
#include "softhca/fabric/state.h"
#include "util/clock.h"
#include "util/fence.h"

enum {
	/* Polling is noted at most so often. */
	MARK_NS = 4 * 1000,
	/* Polling longer ago than this has stopped. */
	POLLING_NS = 20 * 1000,
	/* While polling is as recent as this, the background thread naps. */
	RECENT_NS = 2 * 1000 * 1000,
	NAP_NS = 1000 * 1000,
	/* What a capture has in memory is written while nothing happens, too. */
	CAPTURE_NS = 1000 * 1000 * 1000,
};

static void futex_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Whether the time is over. */
static bool futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
	struct timespec timeout = {
		.tv_sec = (time_t)(timeout_ns / NS_PER_S),
		.tv_nsec = (long)(timeout_ns % NS_PER_S),
	};

	return syscall(SYS_futex, word, FUTEX_WAIT, value,
		       timeout_ns == UINT64_MAX ? NULL : &timeout, NULL, 0) &&
	       errno == ETIMEDOUT;
}

/* ---- the sender's side ---- */

void process_wake(struct fabric_process *process)
{
	atomic_fetch_add(&process->wake, 1);
	futex_wake(&process->wake);
}

static void wake_if_asleep(struct fabric_process *process)
{
	if (!atomic_load_explicit(&process->asleep, memory_order_relaxed))
		return;
	process_wake(process);
}

static uint64_t last_poll_ns(const struct fabric_process *process)
{
	return atomic_load_explicit(&process->polled_ns, memory_order_relaxed);
}

static bool polls_itself(const struct fabric_process *process, uint64_t now_ns)
{
	/* Our reading of the clock may be the older one. */
	return !atomic_load_explicit(&process->armed, memory_order_relaxed) &&
	       (int64_t)(now_ns - last_poll_ns(process)) < POLLING_NS;
}

/* Walks a set of process slots; the body may change the set. */
#define for_each_process(slot, set)                                                                \
	for (unsigned int word_ = 0; word_ < FABRIC_MAX_PROCESSES / 64; word_++)                   \
		for (uint64_t bits_ = (set)[word_], slot = 0;                                      \
		     bits_ && ((slot = word_ * 64 + (unsigned int)__builtin_ctzll(bits_)), 1);     \
		     bits_ &= bits_ - 1)

/* Whether all who have been sent something see to the order before they sleep or arm. */
static bool is_fenced(const struct fabric *fabric)
{
	bool fenced = fabric->is_fenced;

	for_each_process(slot, fabric->unflushed) fenced &=
		fabric->segment->processes[slot].fences_senders != 0;
	return fenced;
}

/*
 * The packets were stored before the fence, ours or the receiver's: either it sees them, in its
 * last look before it sleeps or in the round it makes when it arms a CQ, or we see that it sleeps
 * and is armed. Ours would wait for the line that the receiver keeps looking at.
 */
static void flush_sent(struct fabric *fabric, uint64_t now_ns)
{
	if (is_fenced(fabric))
		fence_light();
	else
		atomic_thread_fence(memory_order_seq_cst);
	for_each_process(slot, fabric->unflushed)
	{
		struct fabric_process *process = &fabric->segment->processes[slot];

		if (!polls_itself(process, now_ns)) {
			wake_if_asleep(process);
			continue;
		}
		fabric->any_deferred = true;
		fabric->deferred[slot / 64] |= 1ull << slot % 64;
		fabric->deferred_ns[slot] = now_ns;
		fabric->deferred_polled_ns[slot] = last_poll_ns(process);
	}
	memset(fabric->unflushed, 0, sizeof(fabric->unflushed));
}

/* The second look: whoever has not polled since it was sent something is woken. Clocks do not tell,
 * since both sides read them some time before they act; whether the receiver's mark has moved does.
 */
static void flush_deferred(struct fabric *fabric, uint64_t now_ns)
{
	uint64_t left = 0;

	for_each_process(slot, fabric->deferred)
	{
		struct fabric_process *process = &fabric->segment->processes[slot];

		if ((int64_t)(now_ns - fabric->deferred_ns[slot]) <= POLLING_NS) {
			left++;
			continue;
		}
		fabric->deferred[slot / 64] &= ~(1ull << slot % 64);
		if (last_poll_ns(process) == fabric->deferred_polled_ns[slot])
			wake_if_asleep(process);
	}
	fabric->any_deferred = left > 0;
}

static bool any_unflushed(const struct fabric *fabric)
{
	uint64_t sent = 0;

	for (unsigned int word = 0; word < FABRIC_MAX_PROCESSES / 64; word++)
		sent |= fabric->unflushed[word];
	return sent != 0;
}

void fabric_send_flush(struct fabric *fabric, uint64_t now_ns)
{
	bool sent = any_unflushed(fabric);

	if (fabric->any_deferred)
		flush_deferred(fabric, now_ns);
	if (sent)
		flush_sent(fabric, now_ns);
}

/* ---- the receiver's side ---- */

void fabric_mark_polled(struct fabric *fabric, uint64_t now_ns)
{
	struct fabric_process *own = fabric->own;
	uint64_t last = atomic_load_explicit(&own->polled_ns, memory_order_relaxed);

	if (now_ns - last < MARK_NS)
		return;
	atomic_store_explicit(&own->polled_ns, now_ns, memory_order_relaxed);
	/* Senders rely on naps from now on. */
	if (__builtin_expect(atomic_load_explicit(&fabric->deep_sleep, memory_order_relaxed), 0))
		fabric_wake_self(fabric);
}

void fabric_set_armed(struct fabric *fabric, bool armed)
{
	if (atomic_load_explicit(&fabric->own->armed, memory_order_relaxed) == armed)
		return;
	atomic_store(&fabric->own->armed, armed);
	if (armed)
		fence_processes();
}

void fabric_wake_self(struct fabric *fabric)
{
	atomic_fetch_add(&fabric->own->wake, 1);
	if (atomic_load(&fabric->own->asleep))
		futex_wake(&fabric->own->wake);
}

static uint64_t nap_or_sleep(struct fabric *fabric, uint64_t timeout_ns)
{
	uint64_t polled = atomic_load_explicit(&fabric->own->polled_ns, memory_order_relaxed);
	bool recent = clock_ns() - polled < RECENT_NS;

	atomic_store_explicit(&fabric->deep_sleep, !recent, memory_order_relaxed);
	if (fabric->capture && timeout_ns > CAPTURE_NS)
		timeout_ns = CAPTURE_NS;
	return recent && timeout_ns > NAP_NS ? NAP_NS : timeout_ns;
}

enum fabric_wakeup fabric_wait(struct fabric *fabric, uint64_t timeout_ns)
{
	struct fabric_process *own = fabric->own;
	bool timed_out = false;
	uint32_t wake;

	timeout_ns = nap_or_sleep(fabric, timeout_ns);
	atomic_store(&own->asleep, 1);
	fence_processes();
	wake = atomic_load(&own->wake);
	if (wake == fabric->seen_wake && !fabric_receive_pending(fabric))
		timed_out = futex_wait(&own->wake, wake, timeout_ns);
	atomic_store(&own->asleep, 0);
	atomic_store_explicit(&fabric->deep_sleep, 0, memory_order_relaxed);
	wake = atomic_load(&own->wake);
	/* A waker counts first and then wakes: we may be woken for what we have seen already. */
	if (wake == fabric->seen_wake && timed_out && !fabric_receive_pending(fabric))
		return FABRIC_TIMED_OUT;
	fabric->seen_wake = wake;
	return FABRIC_WOKEN;
}
