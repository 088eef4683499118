/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "softhca/pci/drive.h"

#include <sched.h>
#include <signal.h>

#include "softhca/core/engine.h"
#include "softhca/fabric/fabric.h"
#include "util/clock.h"

enum {
	/* Rounds in a row for one doorbell, while they move something: a message from the guest to
	 * itself comes back through the fabric. */
	ROUNDS_PER_DOORBELL = 8,
	/* Idle rounds of the thread between offers of its core to others. */
	ROUNDS_PER_YIELD = 8,
};

/* How long the thread runs idle before it waits: the answer to what it has just sent is likely to
 * come within the time that a wake-up costs. */
static const uint64_t RUN_IDLE_NS = 30 * NS_PER_US;
/* The longest wait, after which the fabric is told that we live and looks who else does. */
static const uint64_t WAIT_NS = 50 * NS_PER_MS;

/* ---- the port ---- */

static uint32_t port_generation(const struct engine *engine)
{
	return engine->num_hcas ? engine->hcas[0]->shared->port_generation : 0;
}

static void look_at_port(struct drive *drive)
{
	uint32_t generation = port_generation(drive->engine);

	if (generation == drive->port_generation)
		return;
	drive->port_generation = generation;
	drive->port_changed(drive->arg);
}

/* ---- the thread ---- */

static void run_until_idle(struct drive *drive)
{
	uint64_t now_ns = clock_ns(), busy_ns = now_ns;
	unsigned int rounds = 0;

	while (now_ns - busy_ns < RUN_IDLE_NS && !drive->stop) {
		unsigned int moved = engine_poll(drive->engine);

		now_ns = clock_ns();
		if (moved)
			busy_ns = now_ns;
		else if (++rounds % ROUNDS_PER_YIELD == 0)
			sched_yield();
	}
}

/* When the engine must run even if nothing arrives; with the engine lock held. */
static uint64_t due_ns(struct engine *engine)
{
	uint64_t idle_ns = engine_idle_ns(engine);

	return idle_ns == UINT64_MAX ? UINT64_MAX : clock_ns() + idle_ns;
}

/* Who makes work after this sees when we wake up, and wakes us if that is too late. */
static uint64_t prepare_wait(struct drive *drive)
{
	uint64_t now_ns, wakes_ns;

	engine_lock(drive->engine);
	look_at_port(drive);
	now_ns = clock_ns();
	wakes_ns = due_ns(drive->engine);
	if (wakes_ns > now_ns + WAIT_NS)
		wakes_ns = now_ns + WAIT_NS;
	atomic_store(&drive->wakes_ns, wakes_ns);
	engine_unlock(drive->engine);
	return wakes_ns > now_ns ? wakes_ns - now_ns : 0;
}

static void *background(void *arg)
{
	struct drive *drive = arg;

	while (!drive->stop) {
		uint64_t wait_ns;

		run_until_idle(drive);
		wait_ns = prepare_wait(drive);
		if (!drive->stop)
			fabric_wait(drive->engine->fabric, wait_ns);
		atomic_store(&drive->wakes_ns, 0);
	}
	return NULL;
}

/* All but the two faults that the engine's access to memory is guarded against: the kernel kills
 * who has one of these while it is blocked. */
static int start_thread(struct drive *drive)
{
	sigset_t blocked, before;
	int rc;

	sigfillset(&blocked);
	sigdelset(&blocked, SIGSEGV);
	sigdelset(&blocked, SIGBUS);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	rc = pthread_create(&drive->thread, NULL, background, drive);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

int drive_begin(struct drive *drive, struct engine *engine, void (*port_changed)(void *arg),
		void *arg)
{
	drive->engine = engine;
	drive->port_changed = port_changed;
	drive->arg = arg;
	drive->port_generation = port_generation(engine);
	atomic_store(&drive->wakes_ns, 0);
	drive->stop = false;
	/* Nobody polls for the guest: whatever arrives has to wake us. */
	fabric_set_armed(engine->fabric, true);
	return start_thread(drive);
}

void drive_end(struct drive *drive)
{
	drive->stop = true;
	fabric_wake_self(drive->engine->fabric);
	pthread_join(drive->thread, NULL);
}

void drive_work(struct drive *drive)
{
	struct engine *engine = drive->engine;

	for (unsigned int i = 0; i < ROUNDS_PER_DOORBELL && engine_round(engine); i++)
		;
	if (due_ns(engine) < atomic_load(&drive->wakes_ns))
		fabric_wake_self(engine->fabric);
}
