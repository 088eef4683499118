/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table of bound ports. When two want one number, the rules are those of the kernel's
 * connection manager: both may have it if both share, or if they are of two families and neither
 * wildcard reaches into the other's, or at two different addresses.
 */
#include "softhca/fabric/port.h"

#include <errno.h>
#include <string.h>

#include "softhca/fabric/state.h"

enum {
	/* Where clients get their ports, as Linux does by default. */
	FIRST_CLIENT_PORT = 32768,
	CLIENT_PORTS = 60999 - FIRST_CLIENT_PORT + 1,
};

static const uint8_t any_address[16];

static unsigned int used(const struct fabric_hca *hca)
{
	uint32_t count = atomic_load_explicit(&hca->ports_used, memory_order_acquire);

	return count < FABRIC_PORTS ? count : FABRIC_PORTS;
}

static bool is_any(const uint8_t address[16])
{
	return !memcmp(address, any_address, sizeof(any_address));
}

static int compare(const struct fabric_port *bound, const struct fabric_port_wish *wish)
{
	if (bound->flags & wish->flags & FABRIC_PORT_SHARED)
		return 0;
	if (bound->flags & wish->flags & FABRIC_PORT_ONE_FAMILY && bound->family != wish->family)
		return 0;
	if (is_any(bound->address) || is_any(wish->address))
		return EADDRNOTAVAIL;
	if (bound->family == wish->family &&
	    !memcmp(bound->address, wish->address, sizeof(bound->address)))
		return EADDRINUSE;
	return 0;
}

/* Against all but the one at `except`. */
static int find_conflict(const struct fabric_hca *hca, const struct fabric_port_wish *wish,
			 unsigned int except)
{
	for (unsigned int i = 0; i < used(hca); i++) {
		const struct fabric_port *bound = &hca->ports[i];
		int rc;

		if (i == except || bound->number != wish->number || bound->space != wish->space ||
		    !atomic_load_explicit(&bound->owner, memory_order_relaxed))
			continue;
		rc = compare(bound, wish);
		if (rc)
			return rc;
	}
	return 0;
}

static bool is_bound(const struct fabric_hca *hca, uint16_t space, uint64_t number)
{
	for (unsigned int i = 0; i < used(hca); i++)
		if (hca->ports[i].number == number && hca->ports[i].space == space &&
		    atomic_load_explicit(&hca->ports[i].owner, memory_order_relaxed))
			return true;
	return false;
}

/* A number that nobody has at all; those that were in use lately come last. */
static int choose_number(struct fabric_hca *hca, struct fabric_port_wish *wish)
{
	for (unsigned int i = 0; i < CLIENT_PORTS; i++) {
		uint32_t next = atomic_fetch_add(&hca->next_port, 1);

		wish->number = FIRST_CLIENT_PORT + next % CLIENT_PORTS;
		if (!is_bound(hca, wish->space, wish->number))
			return 0;
	}
	wish->number = 0;
	return EADDRNOTAVAIL;
}

static int enter(struct fabric *fabric, struct fabric_hca *hca, const struct fabric_port_wish *wish,
		 unsigned int *index)
{
	struct fabric_port *port;
	unsigned int i = 0;

	while (i < FABRIC_PORTS && atomic_load(&hca->ports[i].owner))
		i++;
	if (i == FABRIC_PORTS)
		return ENOMEM;
	port = &hca->ports[i];
	port->space = wish->space;
	port->flags = wish->flags;
	port->family = wish->family;
	port->number = wish->number;
	memcpy(port->address, wish->address, sizeof(port->address));
	atomic_store_explicit(&port->owner, fabric_self(fabric) + 1, memory_order_release);
	if (i >= used(hca))
		atomic_store_explicit(&hca->ports_used, i + 1, memory_order_release);
	*index = i;
	return 0;
}

int fabric_port_bind(struct fabric *fabric, struct fabric_hca *hca, struct fabric_port_wish *wish,
		     unsigned int *index)
{
	int error, lock;

	error = segment_lock(fabric, &lock);
	if (error)
		return error;
	/* Those of a process that has died unnoticed are free. */
	process_reap(fabric);
	error = wish->number ? find_conflict(hca, wish, FABRIC_PORTS) : choose_number(hca, wish);
	if (!error)
		error = enter(fabric, hca, wish, index);
	segment_unlock(lock);
	return error;
}

int fabric_port_unshare(struct fabric *fabric, struct fabric_hca *hca, unsigned int index)
{
	struct fabric_port *port = &hca->ports[index];
	struct fabric_port_wish wish = {
		.space = port->space,
		.flags = port->flags & (uint8_t)~FABRIC_PORT_SHARED,
		.family = port->family,
		.number = port->number,
	};
	int error, lock;

	memcpy(wish.address, port->address, sizeof(wish.address));
	error = segment_lock(fabric, &lock);
	if (error)
		return error;
	error = find_conflict(hca, &wish, index);
	if (!error)
		port->flags = wish.flags;
	segment_unlock(lock);
	return error;
}

void fabric_port_release(struct fabric_hca *hca, unsigned int index)
{
	atomic_store_explicit(&hca->ports[index].owner, 0, memory_order_release);
}

void port_forget_process(struct fabric_hca *hca, uint32_t owner)
{
	for (unsigned int i = 0; i < used(hca); i++)
		if (atomic_load_explicit(&hca->ports[i].owner, memory_order_relaxed) == owner)
			atomic_store(&hca->ports[i].owner, 0);
}
