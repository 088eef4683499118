/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who drives the engine of this process. Application threads do, from inside the calls they make
 * anyway; one background thread covers what they leave: timers, programs asleep on a completion
 * channel or busy elsewhere, queues written without a call. It sleeps while applications poll, so
 * that on few cores it never takes the core, or the lock, that a polling thread needs.
 */
#ifndef SOFTHCA_SHIM_DRIVE_H
#define SOFTHCA_SHIM_DRIVE_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct qp;

/* Starts the background thread, with every signal blocked in it. 0 or a positive errno. The engine
 * must outlive drive_stop(). */
int drive_start(struct engine *engine);
/* Waits for the thread to end. Nothing drives the engine after this. */
void drive_stop(void);
/* The same at exit, when the thread may wait for a lock that is never released: false if it has not
 * ended after `ns`; it is then left to itself. */
bool drive_stop_within(uint64_t ns);
/* In the child after a fork, where there is no thread and nothing may be driven. */
void drive_forget(void);

/* Completions landed in this process so far, whichever queue they went to. */
uint32_t drive_completions(void);
/* From an application's poll that found nothing: one round. True if it moved anything, so that
 * polling again makes sense. Gives the core away after some tens of empty rounds. */
bool drive_poll(void);
/* After an application's send: push it out. */
void drive_kick(struct qp *qp);
/* After an application asked for a completion event: it may go to sleep next. */
void drive_armed(void);

#endif
