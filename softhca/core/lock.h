/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A lock that leans to the thread that takes it most. That thread enters and leaves with plain
 * stores: an atomic exchange would wait each time until everything stored before is visible, and
 * what the engine stores last is the line another core keeps looking at. Any other thread takes the
 * lock's word, upsets the leaning, and from then on the word is the lock, until some thread has
 * taken it many times in a row.
 */
#ifndef SOFTHCA_CORE_LOCK_H
#define SOFTHCA_CORE_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { LOCK_SEATS = 16 };

/* Where a favourite says that it is inside. One thread's for good: it may be about to enter, on the
 * strength of a look long ago, when others have been favourites since. */
struct lock_seat {
	_Atomic uint32_t inside;
	const void *thread; /* NULL: nobody's yet; under the lock */
};

struct lock {
	_Atomic(const void *) favourite; /* a thread, NULL: none. Changed by who has `word` */
	_Atomic uint32_t word;		 /* 1: somebody has it, or is upsetting the leaning */
	_Atomic uint32_t sleepers;
	_Atomic uint32_t released; /* futex word, grows while anybody sleeps */
	bool leans;		   /* the system has the fences this needs */
	/* ---- under the lock ---- */
	struct lock_seat *entered; /* how it is held: through this seat, or NULL by the word */
	struct lock_seat *leaving; /* of a favourite that was inside when it was upset */
	const void *last;
	uint32_t in_a_row; /* how often the thread `last` has taken the word */
	uint32_t enough;   /* how often makes it the favourite */
	struct lock_seat seats[LOCK_SEATS];
};

void lock_init(struct lock *lock);
/* Never waits. False as well for a thread that has the lock already. */
bool lock_try(struct lock *lock);
void lock_take(struct lock *lock);
void lock_release(struct lock *lock);
/*
 * For a thread that stores something the lock's holder is to see when it has released it: after
 * this either lock_try() here finds the lock released, or the holder, if it looks after its
 * release, sees what was stored.
 */
void lock_fence(const struct lock *lock);
/* Between two tries. */
static inline void lock_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Whether this thread has a lock, or is just taking or releasing it. */
bool lock_held_here(void);

#endif
