/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A futex lock: 0 free, 1 taken, 2 taken and somebody may sleep. Uncontended it is two atomics. Who
 * waits spins for about as long as a round takes before it goes to sleep.
 */
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "softhca/core/internal.h"

enum { FREE, TAKEN, CONTENDED };

enum { SPINS = 200 };

/* True from before a lock is taken until after it is released, so that a signal handler sees a lock
 * of the thread it interrupts whenever there is one. */
static __thread volatile sig_atomic_t held;

/* Looks first: a failing exchange would still take the cache line from the holder. The look is in
 * the one order of all that engine_unlock() relies on. */
bool lock_try(_Atomic uint32_t *lock)
{
	uint32_t expected = FREE;

	if (atomic_load(lock) != FREE)
		return false;
	held = true;
	if (atomic_compare_exchange_strong(lock, &expected, TAKEN))
		return true;
	held = false;
	return false;
}

static void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

void lock_take(_Atomic uint32_t *lock)
{
	for (unsigned int i = 0; i < SPINS; i++) {
		if (lock_try(lock))
			return;
		relax();
	}
	held = true;
	while (atomic_exchange(lock, CONTENDED) != FREE)
		syscall(SYS_futex, lock, FUTEX_WAIT_PRIVATE, CONTENDED, NULL, NULL, 0);
}

void lock_release(_Atomic uint32_t *lock)
{
	if (atomic_exchange(lock, FREE) == CONTENDED)
		syscall(SYS_futex, lock, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	held = false;
}

bool lock_held_here(void)
{
	return held;
}
