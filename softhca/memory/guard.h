/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Touching memory that may have gone. Memory is known to be there when it is registered, but the
 * application may unmap it later; a real adapter has pinned the pages and never notices. Here the
 * access faults, and the fault is turned into a return value.
 *
 *	struct guard guard;
 *
 *	if (guard_fault(guard))
 *		return false;
 *	guard_begin(&guard);
 *	... touch ...
 *	guard_end();
 *
 * Costs a few nanoseconds when nothing faults. A program that replaces the handlers after the last
 * guard_install() gets the fault itself, as it would without this.
 */
#ifndef SOFTHCA_MEMORY_GUARD_H
#define SOFTHCA_MEMORY_GUARD_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

struct guard {
	jmp_buf landing;
};

/* Installs the handlers of SIGSEGV and SIGBUS, unless they are there; faults that are not ours go
 * on to whoever handled them before. 0 or a positive errno. */
int guard_install(void);

/* True when control comes back here because of a fault. The frame must not have changed locals
 * between this and the fault that it reads afterwards. */
#define guard_fault(guard) __builtin_expect(_setjmp((guard).landing) != 0, 0)

/* The guard of this thread, while it touches doubtful memory. In the static TLS block: the access
 * is one instruction, and safe in a signal handler. */
extern _Thread_local struct guard *guard_active __attribute__((tls_model("initial-exec")));

static inline void guard_begin(struct guard *guard)
{
	guard_active = guard;
	__asm__ volatile("" ::: "memory");
}

static inline void guard_end(void)
{
	__asm__ volatile("" ::: "memory");
	guard_active = NULL;
}

/* memcpy() that returns false when either side faults. */
bool guard_copy(void *to, const void *from, size_t length);
/* The same for memory that somebody may look at meanwhile: the last of ORDERED_BYTES bytes become
 * visible in their order, after all that are before them. memcpy() promises no order at all. */
enum { ORDERED_BYTES = 64 };
bool guard_copy_in_order(void *to, const void *from, size_t length);

#endif
