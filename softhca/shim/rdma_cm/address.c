/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What addresses mean on a fabric. A host has the addresses that its number gives it, by which all
 * hosts find it; besides, each address of the real machine is the asking host's own.
 */
#include "softhca/shim/rdma_cm/address.h"

#include <endian.h>
#include <ifaddrs.h>
#include <string.h>

#include "hw/wire/address.h"
#include "softhca/core/engine.h"
#include "softhca/fabric/fabric.h"

static const uint8_t zeros[16];

size_t ucm_address_size(const union ucm_address *address)
{
	switch (address->family) {
	case AF_INET:
		return sizeof(address->ip4);
	case AF_INET6:
		return sizeof(address->ip6);
	case UCM_AF_IB:
		return sizeof(address->ib);
	default:
		return 0;
	}
}

static const uint8_t *part_of(const union ucm_address *address)
{
	return address->family == AF_INET6 ? address->ip6.sin6_addr.s6_addr : address->ib.gid;
}

bool ucm_address_is_any(const union ucm_address *address)
{
	if (address->family == AF_INET)
		return !address->ip4.sin_addr.s_addr;
	return !memcmp(part_of(address), zeros, sizeof(zeros));
}

static bool is_link_local(const uint8_t raw[16])
{
	return raw[0] == 0xfe && (raw[1] & 0xc0) == 0x80;
}

bool ucm_address_lacks_scope(const union ucm_address *address)
{
	return address->family == AF_INET6 && is_link_local(part_of(address)) &&
	       !address->ip6.sin6_scope_id;
}

void ucm_address_raw(const union ucm_address *address, uint8_t raw[16])
{
	if (address->family != AF_INET) {
		memcpy(raw, part_of(address), 16);
		return;
	}
	memset(raw, 0, 10);
	raw[10] = raw[11] = 0xff;
	memcpy(raw + 12, &address->ip4.sin_addr, 4);
}

void ucm_address_set_raw(union ucm_address *address, const uint8_t raw[16])
{
	if (address->family == AF_INET)
		memcpy(&address->ip4.sin_addr, raw + 12, 4);
	else if (address->family == AF_INET6)
		memcpy(&address->ip6.sin6_addr, raw, 16);
	else
		memcpy(address->ib.gid, raw, 16);
}

__be16 ucm_address_port(const union ucm_address *address)
{
	switch (address->family) {
	case AF_INET:
		return address->ip4.sin_port;
	case AF_INET6:
		return address->ip6.sin6_port;
	default:
		return htobe16((uint16_t)be64toh(address->ib.service_id));
	}
}

void ucm_address_set_port(union ucm_address *address, __be16 port)
{
	switch (address->family) {
	case AF_INET:
		address->ip4.sin_port = port;
		break;
	case AF_INET6:
		address->ip6.sin6_port = port;
		break;
	default:
		address->ib.service_id =
			htobe64((be64toh(address->ib.service_id) & ~0xffffull) | be16toh(port));
	}
}

uint64_t ucm_service_id(const union ucm_address *address, uint16_t space)
{
	if (address->family == UCM_AF_IB)
		return be64toh(address->ib.service_id);
	return (uint64_t)space << 16 | be16toh(ucm_address_port(address));
}

/* ---- whose they are ---- */

static bool is_loopback(const union ucm_address *address)
{
	uint8_t raw[16];

	ucm_address_raw(address, raw);
	if (wire_gid_is_ip4(raw))
		return raw[12] == IN_LOOPBACKNET;
	return !memcmp(raw, zeros, 15) && raw[15] == 1;
}

static bool is_same(const struct sockaddr *interface, const union ucm_address *address)
{
	union ucm_address copy = {.family = interface->sa_family};
	uint8_t one[16], other[16];

	if (interface->sa_family != address->family)
		return false;
	memcpy(&copy, interface, ucm_address_size(&copy));
	ucm_address_raw(&copy, one);
	ucm_address_raw(address, other);
	return !memcmp(one, other, sizeof(one));
}

static bool is_of_machine(const union ucm_address *address)
{
	struct ifaddrs *list;
	bool found = false;

	if (address->family == UCM_AF_IB || getifaddrs(&list))
		return false;
	for (const struct ifaddrs *one = list; one && !found; one = one->ifa_next)
		found = one->ifa_addr && is_same(one->ifa_addr, address);
	freeifaddrs(list);
	return found;
}

int ucm_address_find(const union ucm_address *address, const struct hca *hca)
{
	struct fabric *fabric = hca->engine->fabric;
	uint8_t raw[16];
	int found;

	if (ucm_address_is_any(address) || is_loopback(address))
		return (int)hca->index;
	ucm_address_raw(address, raw);
	found = address->family == UCM_AF_IB ? -1 : fabric_hca_by_ip(fabric, raw);
	/* A GID is an address as well, be it one of the link or not. */
	if (found < 0)
		found = fabric_hca_by_gid(fabric, raw);
	if (found < 0 && is_of_machine(address))
		found = (int)hca->index;
	return found;
}

bool ucm_address_is_own(const union ucm_address *address, const struct hca *hca)
{
	return ucm_address_find(address, hca) == (int)hca->index;
}

void ucm_address_source_for(const union ucm_address *to, const struct hca *hca,
			    union ucm_address *source)
{
	*source = (union ucm_address){.family = to->family};
	if (to->family == UCM_AF_IB) {
		memcpy(source->ib.gid, hca->shared->gids[0].raw, sizeof(source->ib.gid));
		source->ib.pkey = htobe16(hca->shared->pkeys[0]);
	} else if (ucm_address_is_any(to)) {
		source->ip4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		if (to->family == AF_INET6)
			source->ip6.sin6_addr = in6addr_loopback;
	} else if (ucm_address_is_own(to, hca)) {
		*source = *to;
		ucm_address_set_port(source, 0);
	} else if (to->family == AF_INET) {
		memcpy(&source->ip4.sin_addr, hca->shared->ipv4, 4);
	} else {
		memcpy(&source->ip6.sin6_addr, hca->shared->ipv6, 16);
	}
}

/* RoCE carries IPv4 between IPv4 addresses and IPv6 between IPv6 ones; version 2 is preferred, as
 * the kernel does by default. */
int ucm_gid_find(const uint8_t gid[16], const struct fabric_hca *hca)
{
	int found = -1;

	for (int i = 0; i < FABRIC_GIDS; i++)
		if (hca->gids[i].valid && !memcmp(hca->gids[i].raw, gid, 16) &&
		    (found < 0 || hca->gids[i].type == FABRIC_GID_ROCE_V2))
			found = i;
	return found;
}

unsigned int ucm_gid_index(const union ucm_address *address, const struct hca *viewer, int hca)
{
	const struct fabric_hca *shared = fabric_hca_at(viewer->engine->fabric, (unsigned int)hca);
	uint8_t raw[16];
	int found;

	if (!shared || shared->port_type == FABRIC_PORT_IB)
		return 0;
	ucm_address_raw(address, raw);
	found = ucm_gid_find(raw, shared);
	if (found >= 0)
		return (unsigned int)found;
	/* One of the machine's: the host's own stands for it. */
	if (wire_gid_is_ip4(raw))
		memcpy(raw + 12, shared->ipv4, 4);
	else
		memcpy(raw, shared->ipv6, 16);
	found = ucm_gid_find(raw, shared);
	return found < 0 ? 0 : (unsigned int)found;
}
