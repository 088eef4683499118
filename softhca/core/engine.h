/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The engine of a process: everything its HCAs do happens under one lock, driven by whichever
 * thread comes by. A thread that finds the lock taken does not wait: it leaves a note, and the
 * holder looks at the notes before and after it lets go. So a polling thread never stands behind
 * another one, and no kick is lost.
 */
#ifndef SOFTHCA_CORE_ENGINE_H
#define SOFTHCA_CORE_ENGINE_H

#include <stdatomic.h>

#include "softhca/core/lock.h"
#include "softhca/core/object.h"

struct fabric;

struct engine {
	struct lock lock;
	/* Set by whoever wanted the lock in vain; the holder then goes round once more. */
	_Atomic uint32_t attention;
	/* QPs kicked in vain, a stack through qp->next_kicked. */
	struct qp *_Atomic kicked;
	/* What an empty poll looks at without the lock: how many polls have been empty, and which
	 * of them makes a round even if no packet waits (that whose count has none of these bits).
	 */
	_Atomic uint32_t idle_mask;
	_Atomic uint32_t idle_polls;
	uint32_t swept_polls; /* idle_polls at the last engine_sweep() of a poll */
	/* Completions landed so far: one who found a CQ empty need not look again before this
	 * grows.
	 */
	_Atomic uint32_t completions;
	struct fabric *fabric;
	/* QPs with work to continue: WQEs to send, responses owed, ring space awaited. */
	struct list pending;
	/* QPs that owe an acknowledgement at the end of this round. */
	struct list acks;
	/* QPs in error or without a kick of their own, whose doorbell records are read each round.
	 */
	struct list watched;
	/* CQs that have just run over, whose QPs go into error at the end of the round. */
	struct list failed_cqs;
	/* Time as read at the start of this round, a few microseconds coarse; timers compare with
	 * it. */
	_Atomic uint64_t now_ns;
	uint64_t clock_cycles; /* cycle counter when now_ns was read */
	/* Earliest timer of any QP or CQ, UINT64_MAX when none runs. */
	uint64_t next_timer_ns;
	struct list timers;
	/* CQs whose event waits for more completions, or for the end of its period. */
	struct list gathering;
	/* Requesters that wait for the pace of their queue pair. */
	struct list paced;
	struct hca *hcas[8];
	unsigned int num_hcas;
	/* By number in the fabric; NULL where this process has not opened it. */
	struct hca *hca_by_index[FABRIC_MAX_HCAS];
	/* Process that has refused access to its memory, by slot: not asked again. */
	uint32_t refused_pid[FABRIC_MAX_PROCESSES];
	/* Strict: what hardware would tolerate but a correct driver never does is refused and named
	 * on the trace. */
	bool strict;
};

int engine_create(struct fabric *fabric, struct engine **engine);
/* All HCAs must have been closed. */
void engine_destroy(struct engine *engine);

int hca_open(struct engine *engine, const struct family_ops *family, const struct front_ops *front,
	     const struct hca_limits *limits, struct hca **hca);
/* Ends what is left of the HCA's objects, in the order QP, SRQ, CQ, MR, PD. */
void hca_close(struct hca *hca);

/* Blocking lock for commands; unlocking handles what others left as notes. */
void engine_lock(struct engine *engine);
bool engine_trylock(struct engine *engine);
void engine_unlock(struct engine *engine);
/* Whether this thread has a lock, or is just taking or releasing it: asked by what runs in a signal
 * handler, for which there is no waiting then. */
bool engine_locked_here(void);

/*
 * One round: drain what has arrived, send what may be sent, answer, run timers. Returns how many
 * packets and requests moved; 0 means idle. engine_poll() does nothing and returns 0 when another
 * thread has the lock. An idle engine_poll() costs some nanoseconds and reads no clock most times.
 */
unsigned int engine_poll(struct engine *engine);
/* The same with the lock held. */
unsigned int engine_round(struct engine *engine);
/*
 * Looks at every QP for work that nobody kicked, so that a kick is never more than that; with the
 * lock held. Polls that stay empty do it now and then.
 */
unsigned int engine_sweep(struct engine *engine);

/* A send was posted to `qp` and its doorbell rung: push it out now, or leave a note. */
void engine_kick(struct engine *engine, struct qp *qp);

/* Nanoseconds until the engine must run even if nothing arrives; UINT64_MAX when idle. With the
 * lock held. */
uint64_t engine_idle_ns(struct engine *engine);

#endif
