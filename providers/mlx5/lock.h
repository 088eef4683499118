/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lock of one queue on the data path. It is held for tens of instructions, so waiting is spinning;
 * the waiter yields before long, because the holder may have been preempted on this very core.
 * A queue that belongs to one thread (thread domain, MLX5_SINGLE_THREADED) has it switched off.
 */
#ifndef MLX5_LOCK_H
#define MLX5_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>

struct mlx5_lock {
	atomic_bool taken;
	bool needed;
};

static inline void mlx5_lock_init(struct mlx5_lock *lock, bool needed)
{
	atomic_init(&lock->taken, false);
	lock->needed = needed;
}

void mlx5_lock_wait(struct mlx5_lock *lock);

static inline void mlx5_lock(struct mlx5_lock *lock)
{
	if (!lock->needed)
		return;
	if (__builtin_expect(atomic_exchange_explicit(&lock->taken, true, memory_order_acquire), 0))
		mlx5_lock_wait(lock);
}

static inline void mlx5_unlock(struct mlx5_lock *lock)
{
	if (lock->needed)
		atomic_store_explicit(&lock->taken, false, memory_order_release);
}

#endif
