/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ordering between this CPU and a device that reads and writes the same host memory.
 *
 * Each barrier is named after what it is for; the prose says which accesses it keeps apart. They
 * order memory (DMA) accesses only. What reaches a device register is the business of util/mmio.h,
 * which builds on these. None of them orders CPUs against each other: that takes locks or atomics.
 */
#ifndef UTIL_UDMA_BARRIER_H
#define UTIL_UDMA_BARRIER_H

#include <stdatomic.h>

/*
 * Between filling memory the device will read and telling the device about it, where the telling
 * is a store to memory as well (a doorbell record, an owner bit, a valid flag). A device that sees
 * the later store sees every earlier one.
 *
 * x86 keeps stores in order and devices snoop its caches, so only the compiler has to be held.
 */
static inline void udma_to_device_barrier(void)
{
#if defined(__x86_64__)
	atomic_signal_fence(memory_order_seq_cst);
#elif defined(__aarch64__)
	__asm__ volatile("dmb oshst" ::: "memory");
#else
	atomic_thread_fence(memory_order_seq_cst);
#endif
}

/*
 * Between reading the word by which the device says "written" (an owner bit, a producer counter)
 * and reading what it wrote. Without it the body could be read before the word and be stale.
 */
static inline void udma_from_device_barrier(void)
{
#if defined(__x86_64__)
	atomic_signal_fence(memory_order_seq_cst);
#elif defined(__aarch64__)
	__asm__ volatile("dmb oshld" ::: "memory");
#else
	atomic_thread_fence(memory_order_seq_cst);
#endif
}

/*
 * Between reading memory the device wrote and handing that memory back by a store (a consumer
 * index in a doorbell record). The device must not overwrite what is still being read.
 *
 * Load-then-store order is given on x86.
 */
static inline void udma_release_to_device_barrier(void)
{
#if defined(__x86_64__)
	atomic_signal_fence(memory_order_seq_cst);
#elif defined(__aarch64__)
	__asm__ volatile("dmb osh" ::: "memory");
#else
	atomic_thread_fence(memory_order_seq_cst);
#endif
}

#endif
