/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of services and the set of agents. Changed under the lock of the fabric's directory,
 * read without: an entry is filled before it is valid. */
#include "softhca/fabric/service.h"

#include <errno.h>

#include "softhca/fabric/state.h"

enum { BITS = 64 };

/* ---- agents ---- */

void fabric_agent_enter(struct fabric *fabric, struct fabric_hca *hca)
{
	unsigned int self = fabric_self(fabric);

	atomic_fetch_or(&hca->agents[self / BITS], 1ull << self % BITS);
}

static void leave(struct fabric_hca *hca, unsigned int process)
{
	atomic_fetch_and(&hca->agents[process / BITS], ~(1ull << process % BITS));
}

void fabric_agent_leave(struct fabric *fabric, struct fabric_hca *hca)
{
	leave(hca, fabric_self(fabric));
}

bool fabric_agent_is(const struct fabric_hca *hca, unsigned int process)
{
	return process < FABRIC_MAX_PROCESSES &&
	       atomic_load_explicit(&hca->agents[process / BITS], memory_order_acquire) >>
			       process % BITS &
		       1;
}

uint32_t fabric_agent_any(struct fabric *fabric, struct fabric_hca *hca)
{
	for (unsigned int process = 0; process < FABRIC_MAX_PROCESSES; process++)
		if (fabric_agent_is(hca, process) && fabric_process_alive(fabric, process))
			return process;
	return FABRIC_NOWHERE;
}

/* ---- services ---- */

static bool is_valid(const struct fabric_service *service)
{
	return atomic_load_explicit(&service->valid, memory_order_acquire) == 1;
}

static unsigned int used(const struct fabric_hca *hca)
{
	uint32_t count = atomic_load_explicit(&hca->services_used, memory_order_acquire);

	return count < FABRIC_SERVICES ? count : FABRIC_SERVICES;
}

/* Some id is of both. */
static bool overlaps(const struct fabric_service *service, uint64_t id, uint64_t mask)
{
	return !((service->id ^ id) & service->mask & mask);
}

static bool is_taken(const struct fabric_hca *hca, uint64_t id, uint64_t mask)
{
	for (unsigned int i = 0; i < used(hca); i++)
		if (is_valid(&hca->services[i]) && overlaps(&hca->services[i], id, mask))
			return true;
	return false;
}

static int enter(struct fabric *fabric, struct fabric_hca *hca, uint64_t id, uint64_t mask,
		 unsigned int *index)
{
	struct fabric_service *service;
	unsigned int i = 0;

	if (is_taken(hca, id, mask))
		return EADDRINUSE;
	while (i < FABRIC_SERVICES && atomic_load(&hca->services[i].owner))
		i++;
	if (i == FABRIC_SERVICES)
		return ENOMEM;
	service = &hca->services[i];
	service->id = id;
	service->mask = mask;
	atomic_store(&service->owner, fabric_self(fabric) + 1);
	if (i >= used(hca))
		atomic_store_explicit(&hca->services_used, i + 1, memory_order_release);
	atomic_store_explicit(&service->valid, 1, memory_order_release);
	*index = i;
	return 0;
}

int fabric_service_reserve(struct fabric *fabric, struct fabric_hca *hca, uint64_t id,
			   uint64_t mask, unsigned int *index)
{
	int error, lock;

	if (id & ~mask)
		return EINVAL;
	error = segment_lock(fabric, &lock);
	if (error)
		return error;
	error = enter(fabric, hca, id, mask, index);
	if (error) {
		/* The place, or the id, may be one of a process that is no more. */
		process_reap(fabric);
		error = enter(fabric, hca, id, mask, index);
	}
	segment_unlock(lock);
	return error;
}

static void clear(struct fabric_service *service)
{
	atomic_store(&service->valid, 0);
	atomic_store(&service->owner, 0);
}

void fabric_service_release(struct fabric_hca *hca, unsigned int index)
{
	clear(&hca->services[index]);
}

uint32_t fabric_service_find(struct fabric_hca *hca, uint64_t id)
{
	for (unsigned int i = 0; i < used(hca); i++) {
		const struct fabric_service *service = &hca->services[i];
		uint32_t owner = atomic_load_explicit(&service->owner, memory_order_relaxed);

		if (is_valid(service) && overlaps(service, id, UINT64_MAX) && owner &&
		    owner <= FABRIC_MAX_PROCESSES)
			return owner - 1;
	}
	return FABRIC_NOWHERE;
}

void service_forget_process(struct fabric_hca *hca, uint32_t owner)
{
	leave(hca, owner - 1);
	for (unsigned int i = 0; i < used(hca); i++)
		if (atomic_load_explicit(&hca->services[i].owner, memory_order_relaxed) == owner)
			clear(&hca->services[i]);
}
