/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lock of one queue on the data path. It is held for tens of instructions, so waiting is spinning;
 * the waiter yields before long, because the holder may have been preempted on this very core. A
 * queue that one thread at a time works on has it switched off.
 */
#ifndef UTIL_QUEUE_LOCK_H
#define UTIL_QUEUE_LOCK_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

enum {
	QUEUE_LOCK_SPINS = 100, /* several times what a holder needs */
};

struct queue_lock {
	atomic_bool taken;
	bool needed;
};

static inline void queue_lock_init(struct queue_lock *lock, bool needed)
{
	atomic_init(&lock->taken, false);
	lock->needed = needed;
}

static inline __attribute__((cold)) void queue_lock_wait(struct queue_lock *lock)
{
	unsigned int spins = 0;

	do {
		while (atomic_load_explicit(&lock->taken, memory_order_relaxed)) {
			if (++spins % QUEUE_LOCK_SPINS == 0)
				sched_yield();
		}
	} while (atomic_exchange_explicit(&lock->taken, true, memory_order_acquire));
}

static inline void queue_lock(struct queue_lock *lock)
{
	if (!lock->needed)
		return;
	if (__builtin_expect(atomic_exchange_explicit(&lock->taken, true, memory_order_acquire), 0))
		queue_lock_wait(lock);
}

static inline void queue_unlock(struct queue_lock *lock)
{
	if (lock->needed)
		atomic_store_explicit(&lock->taken, false, memory_order_release);
}

#endif
