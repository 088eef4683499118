/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Holds on queue pairs and keys. A hold is one word, so that it is taken with one store: the queue
 * pair's place in its upper half, the key's in the lower, both counted from one. */
#include "softhca/fabric/hold.h"

#include <sched.h>
#include <stdio.h>

#include "softhca/fabric/process.h"
#include "softhca/fabric/state.h"
#include "util/clock.h"

enum { KEY_SHIFT = 8 };

/* Whoever waits longer learns for whom: a copy takes less than a millisecond. */
static const uint64_t PATIENCE_NS = 2 * NS_PER_S;

static const uint64_t QP_HALF = 0xffffffffull << 32;
static const uint64_t KEY_HALF = 0xffffffffull;

static uint64_t qp_place(unsigned int hca, uint32_t index)
{
	return (uint64_t)(hca * FABRIC_QPS + index + 1) << 32;
}

static uint64_t key_place(unsigned int hca, uint32_t index)
{
	return (uint64_t)hca * FABRIC_KEYS + index + 1;
}

/* ---- the initiator ---- */

void fabric_hold(struct fabric *fabric, unsigned int hca, uint32_t qpn, uint32_t key)
{
	uint64_t hold = qp_place(hca, qpn % FABRIC_QPS);

	if (key >> KEY_SHIFT < FABRIC_KEYS)
		hold |= key_place(hca, key >> KEY_SHIFT);
	atomic_store(&fabric->own->hold, hold);
}

void fabric_let_go(struct fabric *fabric)
{
	atomic_store_explicit(&fabric->own->hold, 0, memory_order_release);
}

/* ---- the owner ---- */

static unsigned int index_of(const struct fabric *fabric, const struct fabric_hca *hca)
{
	unsigned int index = 0;

	while (fabric->hcas[index] != hca)
		index++;
	return index;
}

static void tell(const struct fabric *fabric, const struct fabric_process *holder)
{
	fprintf(stderr,
		"softhca: process %u (%.16s) of fabric \"%s\" stands still in the middle of an "
		"access to our memory; waiting for it to go on or to end\n",
		atomic_load(&holder->pid), holder->command, fabric->name);
}

static void wait_for(struct fabric *fabric, unsigned int slot, uint64_t half, uint64_t place)
{
	const struct fabric_process *holder = &fabric->segment->processes[slot];
	uint64_t started_ns = clock_ns();
	bool told = false;

	while ((atomic_load(&holder->hold) & half) == place && fabric_process_alive(fabric, slot)) {
		if (!told && clock_ns() - started_ns > PATIENCE_NS) {
			tell(fabric, holder);
			told = true;
		}
		sched_yield();
	}
}

/* Our own shortcuts are made under the lock that the caller has. */
static void settle(struct fabric *fabric, uint64_t half, uint64_t place)
{
	for (unsigned int slot = 0; slot < process_num_slots(fabric); slot++) {
		const struct fabric_process *process = &fabric->segment->processes[slot];

		if (slot != fabric->slot && (atomic_load(&process->hold) & half) == place)
			wait_for(fabric, slot, half, place);
	}
}

void fabric_qp_settle(struct fabric *fabric, struct fabric_hca *hca, struct fabric_qp *qp)
{
	settle(fabric, QP_HALF, qp_place(index_of(fabric, hca), (uint32_t)(qp - hca->qps)));
}

void fabric_key_settle(struct fabric *fabric, struct fabric_hca *hca, struct fabric_key *key)
{
	settle(fabric, KEY_HALF, key_place(index_of(fabric, hca), (uint32_t)(key - hca->keys)));
}
