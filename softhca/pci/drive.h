/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The thread that drives the engine when the guest does nothing: packets that arrive, timers, and
 * changes of the port. It sleeps while there is nothing of these.
 */
#ifndef SOFTHCA_PCI_DRIVE_H
#define SOFTHCA_PCI_DRIVE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct engine;

struct drive {
	struct engine *engine;
	/* Called with the engine lock held. */
	void (*port_changed)(void *arg);
	void *arg;
	/* Of the port when it was last looked at. */
	uint32_t port_generation;
	/* When the thread will look at the engine by itself; 0 while it runs. Changed with the
	 * engine lock held, or to 0. */
	_Atomic uint64_t wakes_ns;
	_Atomic bool stop;
	pthread_t thread;
};

/* Starts the thread, with the program's signals blocked in it, for an engine with one HCA or none.
 * 0 or a positive errno. The engine must outlive drive_end(). */
int drive_begin(struct drive *drive, struct engine *engine, void (*port_changed)(void *arg),
		void *arg);
void drive_end(struct drive *drive);

/* With the engine lock held: does what a doorbell has asked for, at once; what is left, and timers,
 * are the thread's. */
void drive_work(struct drive *drive);

#endif
