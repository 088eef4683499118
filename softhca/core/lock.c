/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A futex lock: 0 free, 1 taken, 2 taken and somebody may sleep. Uncontended it is two atomics. */
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "softhca/core/internal.h"

enum { FREE, TAKEN, CONTENDED };

bool lock_try(_Atomic uint32_t *lock)
{
	uint32_t expected = FREE;

	return atomic_compare_exchange_strong(lock, &expected, TAKEN);
}

void lock_take(_Atomic uint32_t *lock)
{
	if (lock_try(lock))
		return;
	while (atomic_exchange(lock, CONTENDED) != FREE)
		syscall(SYS_futex, lock, FUTEX_WAIT_PRIVATE, CONTENDED, NULL, NULL, 0);
}

void lock_release(_Atomic uint32_t *lock)
{
	if (atomic_exchange(lock, FREE) == CONTENDED)
		syscall(SYS_futex, lock, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
