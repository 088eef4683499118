/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Nothing is kept of what was found: the owner may take a key back at any time, and the directory
 * is looked at again under the hold, before each copy.
 */
#include "softhca/memory/foreign.h"

#include <sys/uio.h>

#include "softhca/core/engine.h"
#include "softhca/fabric/fabric.h"
#include "softhca/fabric/hold.h"
#include "softhca/memory/guard.h"

/* A list of pieces is checked as a whole before the first is touched. */
enum { SLOTS = 2 * REQUEST_MAX_SGE };

static bool belongs(const struct fabric_key *key, const struct hca *hca, uint32_t pdn)
{
	uint32_t owner = atomic_load(&key->owner);

	return owner && owner - 1 != fabric_self(hca->engine->fabric) && key->pdn == pdn &&
	       !key->qpn && key->linear;
}

struct mr *foreign_find(const struct hca *hca, const struct pd *pd, uint32_t number)
{
	static _Thread_local struct mr slots[SLOTS];
	static _Thread_local unsigned int next;
	const struct fabric_key *key = fabric_key_find(hca->shared, number);
	struct mr *mr;

	if (!pd || !key || !belongs(key, hca, pd->pdn))
		return NULL;
	mr = &slots[next++ % SLOTS];
	*mr = (struct mr){
		.iova = key->iova,
		.length = key->length,
		.foreign = true,
		.key = number,
		.access = key->access & ~(uint32_t)ACCESS_REMOTE_ATOMIC,
		.pd = (struct pd *)(uintptr_t)pd,
		.hca = (struct hca *)(uintptr_t)hca,
	};
	return mr;
}

/* What the key leads to has not changed since it was found. */
static bool is_same(const struct mr *mr, const struct fabric_key *key)
{
	return atomic_load(&key->key) == mr->key && belongs(key, mr->hca, mr->pd->pdn) &&
	       key->iova == mr->iova && key->length == mr->length;
}

/* The end comes after the rest, as programs wait for it: see ORDERED_BYTES. */
static ssize_t copy_across(pid_t pid, uint64_t there, uint8_t *here, uint32_t length, bool writing)
{
	uint32_t end = length < ORDERED_BYTES ? length : ORDERED_BYTES;
	struct iovec local[2] = {{here, length - end}, {here + length - end, end}};
	struct iovec remote = {(void *)(uintptr_t)there, length};

	return writing ? process_vm_writev(pid, local, 2, &remote, 1, 0)
		       : process_vm_readv(pid, local, 2, &remote, 1, 0);
}

static bool copy(const struct mr *mr, uint64_t address, void *here, uint32_t length, bool writing)
{
	struct fabric *fabric = mr->hca->engine->fabric;
	const struct fabric_key *key = fabric_key_find(mr->hca->shared, mr->key);
	ssize_t copied = -1;

	if (!key)
		return false;
	fabric_hold(fabric, mr->hca->index, 0, mr->key);
	if (is_same(mr, key) && fabric_process_alive(fabric, atomic_load(&key->owner) - 1)) {
		pid_t pid = (pid_t)fabric_process_pid(fabric, atomic_load(&key->owner) - 1);

		copied = copy_across(pid, key->address + (address - key->iova), here, length,
				     writing);
	}
	fabric_let_go(fabric);
	return copied == (ssize_t)length;
}

bool foreign_read(const struct mr *mr, uint64_t address, void *to, uint32_t length)
{
	return copy(mr, address, to, length, false);
}

bool foreign_write(const struct mr *mr, uint64_t address, const void *from, uint32_t length)
{
	return copy(mr, address, (void *)(uintptr_t)from, length, true);
}
