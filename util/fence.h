/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two threads that each store a word and then load the other's need a full fence on both sides, or
 * both may read the old value. Where one side is hot and the other is rare, the rare one can pay
 * for both: it makes the system fence every thread that runs (membarrier(2)), and the hot side is
 * left with fence_light(), which only keeps the compiler from reordering.
 *
 * ThreadSanitizer does not know of such fences, so programs built with it have none.
 */
#ifndef UTIL_FENCE_H
#define UTIL_FENCE_H

#include <linux/membarrier.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_THREAD__)
#define FENCE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FENCE_SANITIZED 1
#endif
#endif

static inline bool fence_command(int command)
{
#ifdef FENCE_SANITIZED
	(void)command;
	return false;
#else
	return syscall(SYS_membarrier, command, 0, 0) == 0;
#endif
}

/* The hot side. */
static inline void fence_light(void)
{
	atomic_signal_fence(memory_order_seq_cst);
}

/* Once, before any thread relies on fence_light() against another of this process. False where the
 * system (before Linux 4.14, or a filter) has no such fence: both sides need full ones then. */
static inline bool fence_register_threads(void)
{
	return fence_command(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
}

/* The rare side: a full fence here and in every thread of this process. Some microseconds. */
static inline void fence_threads(void)
{
	if (!fence_command(MEMBARRIER_CMD_PRIVATE_EXPEDITED))
		atomic_thread_fence(memory_order_seq_cst);
}

/* The same among all processes that have called it. */
static inline bool fence_register_processes(void)
{
	return fence_command(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
}

static inline void fence_processes(void)
{
	if (!fence_command(MEMBARRIER_CMD_GLOBAL_EXPEDITED))
		atomic_thread_fence(memory_order_seq_cst);
}

#endif
