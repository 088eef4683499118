/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The contended half of the queue lock. */

#include <sched.h>

#include "lock.h"

enum {
	SPINS_BEFORE_YIELD = 100, /* several times what a holder needs */
};

void mlx5_lock_wait(struct mlx5_lock *lock)
{
	unsigned int spins = 0;

	do {
		while (atomic_load_explicit(&lock->taken, memory_order_relaxed)) {
			if (++spins % SPINS_BEFORE_YIELD == 0)
				sched_yield();
		}
	} while (atomic_exchange_explicit(&lock->taken, true, memory_order_acquire));
}
