/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The leaning lock. Where two sides each store and then look (the favourite entering and who upsets
 * it, the one who releases and who goes to sleep), the favourite's side is light and the other one
 * makes the system fence both; see util/fence.h. Without such fences the lock leans to nobody and
 * every release is an atomic exchange.
 */
#include "softhca/core/lock.h"

#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fence.h"

enum {
	/* For about as long as a round takes. */
	SPINS = 200,
	/* Takings in a row that make a favourite: at first, and each upset doubles it. */
	ENOUGH_AT_FIRST = 64,
	ENOUGH_AT_MOST = 1 << 16,
};

/*
 * True from before a lock is taken until after it is released, so that a signal handler sees a lock
 * of the thread it interrupts whenever there is one. Its address tells threads apart.
 */
static __thread volatile sig_atomic_t held;
/* 1 while this thread is one of the sleepers. */
static __thread uint32_t asleep;

static const void *this_thread(void)
{
	return (const void *)(uintptr_t)&held;
}

void lock_init(struct lock *lock)
{
	*lock = (struct lock){.leans = fence_register_threads(), .enough = ENOUGH_AT_FIRST};
}

void lock_fence(const struct lock *lock)
{
	if (lock->leans)
		fence_threads();
	else
		atomic_thread_fence(memory_order_seq_cst);
}

/* ---- releasing ---- */

static void wake_sleepers(struct lock *lock)
{
	atomic_fetch_add(&lock->released, 1);
	syscall(SYS_futex, &lock->released, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* Wakes all but the thread itself, which may do this while it tries to get the lock. */
static void clear(struct lock *lock, _Atomic uint32_t *mark)
{
	if (lock->leans)
		atomic_store_explicit(mark, 0, memory_order_release);
	else
		atomic_exchange(mark, 0);
	fence_light();
	if (__builtin_expect(atomic_load_explicit(&lock->sleepers, memory_order_relaxed) != asleep,
			     0))
		wake_sleepers(lock);
}

void lock_release(struct lock *lock)
{
	struct lock_seat *entered = lock->entered;

	clear(lock, entered ? &entered->inside : &lock->word);
	held = false;
}

/* ---- taking ---- */

/* Thread-local variables of threads lie a stack apart, so it takes more than their lowest bits. */
static struct lock_seat *seat_of_this_thread(struct lock *lock)
{
	uint64_t hash = (uint64_t)(uintptr_t)this_thread() * 0x9e3779b97f4a7c15ull;

	return &lock->seats[(hash >> 32) % LOCK_SEATS];
}

/* Nothing of another thread's is to be acquired: a lock leans to who had it last. */
static bool enter_as_favourite(struct lock *lock)
{
	struct lock_seat *seat = seat_of_this_thread(lock);
	sig_atomic_t held_before = held;

	if (atomic_load_explicit(&seat->inside, memory_order_relaxed))
		return false;
	held = true;
	atomic_store_explicit(&seat->inside, 1, memory_order_relaxed);
	fence_light();
	if (atomic_load_explicit(&lock->favourite, memory_order_relaxed) == this_thread()) {
		lock->entered = seat;
		return true;
	}
	clear(lock, &seat->inside);
	held = held_before;
	return false;
}

/* With the word. False while the last favourite is inside. */
static bool upset(struct lock *lock)
{
	if (atomic_load_explicit(&lock->favourite, memory_order_relaxed)) {
		atomic_store_explicit(&lock->favourite, NULL, memory_order_relaxed);
		fence_threads();
		if (lock->enough < ENOUGH_AT_MOST)
			lock->enough *= 2;
	}
	if (lock->leaving && atomic_load_explicit(&lock->leaving->inside, memory_order_acquire))
		return false;
	lock->leaving = NULL;
	return true;
}

/* A thread whose seat is another one's has no luck. */
static void choose_favourite(struct lock *lock)
{
	struct lock_seat *seat = seat_of_this_thread(lock);

	if (!seat->thread)
		seat->thread = this_thread();
	if (seat->thread != this_thread())
		return;
	lock->leaving = seat;
	atomic_store_explicit(&lock->favourite, this_thread(), memory_order_relaxed);
}

static void count_taking(struct lock *lock)
{
	if (lock->last != this_thread()) {
		lock->last = this_thread();
		lock->in_a_row = 0;
	}
	if (++lock->in_a_row < lock->enough)
		return;
	lock->in_a_row = 0;
	if (lock->leans)
		choose_favourite(lock);
}

/* Looks first: a failing exchange would still take the cache line from the holder. */
static bool take_word(struct lock *lock)
{
	sig_atomic_t held_before = held;
	uint32_t nobody = 0;

	if (atomic_load(&lock->word))
		return false;
	held = true;
	if (!atomic_compare_exchange_strong(&lock->word, &nobody, 1))
		goto busy;
	if (!upset(lock)) {
		clear(lock, &lock->word);
		goto busy;
	}
	lock->entered = NULL;
	count_taking(lock);
	return true;

busy:
	held = held_before;
	return false;
}

bool lock_try(struct lock *lock)
{
	if (atomic_load_explicit(&lock->favourite, memory_order_relaxed) == this_thread())
		return enter_as_favourite(lock);
	return take_word(lock);
}

/* Back at once if the lock has been released since `released` was read. */
static void sleep_until_released(struct lock *lock, uint32_t released)
{
	syscall(SYS_futex, &lock->released, FUTEX_WAIT_PRIVATE, released, NULL, NULL, 0);
}

static void take_asleep(struct lock *lock)
{
	atomic_fetch_add(&lock->sleepers, 1);
	asleep = 1;
	for (;;) {
		uint32_t released = atomic_load(&lock->released);

		lock_fence(lock);
		if (lock_try(lock))
			break;
		sleep_until_released(lock, released);
	}
	asleep = 0;
	atomic_fetch_sub(&lock->sleepers, 1);
}

void lock_take(struct lock *lock)
{
	for (unsigned int i = 0; i < SPINS; i++) {
		if (lock_try(lock))
			return;
		lock_relax();
	}
	take_asleep(lock);
}

bool lock_held_here(void)
{
	return held;
}
