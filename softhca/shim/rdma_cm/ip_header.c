/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "softhca/shim/rdma_cm/ip_header.h"

#include <errno.h>
#include <string.h>

enum { IP4 = 4, IP6 = 6, VERSION_SHIFT = 4, MAPPED_PREFIX_BYTES = 12 };

static void put(uint8_t to[16], const union ucm_address *address)
{
	ucm_address_raw(address, to);
	if (address->family == AF_INET)
		memset(to, 0, MAPPED_PREFIX_BYTES);
}

static void get(const uint8_t from[16], sa_family_t family, __be16 port, union ucm_address *address)
{
	*address = (union ucm_address){.family = family};
	ucm_address_set_raw(address, from);
	ucm_address_set_port(address, port);
}

void ucm_ip_header_make(struct ucm_ip_header *header, const union ucm_address *source,
			const union ucm_address *destination)
{
	uint8_t version = source->family == AF_INET ? IP4 : IP6;

	*header = (struct ucm_ip_header){.ip = (uint8_t)(version << VERSION_SHIFT),
					 .port = ucm_address_port(source)};
	put(header->source, source);
	put(header->destination, destination);
}

int ucm_ip_header_read(const struct ucm_ip_header *header, __be16 port, union ucm_address *source,
		       union ucm_address *destination)
{
	uint8_t version = header->ip >> VERSION_SHIFT;
	sa_family_t family = version == IP4 ? AF_INET : AF_INET6;

	if (header->version || (version != IP4 && version != IP6))
		return EINVAL;
	get(header->source, family, header->port, source);
	get(header->destination, family, port, destination);
	return 0;
}
