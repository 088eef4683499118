/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses of datagrams, and the headers that carry them. */
#include <netinet/in.h>

#include "librdmacm/rsocket/datagram.h"

static struct sockaddr_in *v4(const struct sockaddr_storage *address)
{
	return (struct sockaddr_in *)(uintptr_t)address;
}

static struct sockaddr_in6 *v6(const struct sockaddr_storage *address)
{
	return (struct sockaddr_in6 *)(uintptr_t)address;
}

socklen_t rs_address_length(const struct sockaddr_storage *address)
{
	return cma_address_length((const struct sockaddr *)address);
}

in_port_t *rs_port_of(struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? &v4(address)->sin_port : &v6(address)->sin6_port;
}

bool rs_address_is_any(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET)
		return v4(address)->sin_addr.s_addr == INADDR_ANY;
	return IN6_IS_ADDR_UNSPECIFIED(&v6(address)->sin6_addr);
}

bool rs_same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET)
		return v4(a)->sin_port == v4(b)->sin_port &&
		       v4(a)->sin_addr.s_addr == v4(b)->sin_addr.s_addr;
	return v6(a)->sin6_port == v6(b)->sin6_port &&
	       IN6_ARE_ADDR_EQUAL(&v6(a)->sin6_addr, &v6(b)->sin6_addr);
}

int rs_take_address(const struct rs_socket *rs, const struct sockaddr *from, socklen_t length,
		    struct sockaddr_storage *address)
{
	if (!from)
		return EFAULT;
	if (length < sizeof(from->sa_family) || length > sizeof(*address))
		return EINVAL;
	memset(address, 0, sizeof(*address));
	memcpy(address, from, length);
	if (address->ss_family != rs->domain)
		return EAFNOSUPPORT;
	return length < rs_address_length(address) ? EINVAL : 0;
}

size_t rs_udp_header_pack(struct rs_udp_header *header, enum rs_operation operation, uint32_t qpn,
			  const struct sockaddr_storage *address)
{
	bool ipv4 = address->ss_family == AF_INET;

	*header = (struct rs_udp_header){
		.tag = htobe32(RS_UDP_TAG),
		.version = ipv4 ? 4 : 6,
		.operation = (uint8_t)operation,
		.length = ipv4 ? RS_UDP_IPV4_LENGTH : RS_UDP_IPV6_LENGTH,
		.qpn = htobe32(qpn),
	};
	if (ipv4)
		memcpy(header->address, &v4(address)->sin_addr, sizeof(struct in_addr));
	else
		memcpy(header->address + 4, &v6(address)->sin6_addr, 12);
	return header->length;
}

size_t rs_udp_header_check(const struct rs_udp_header *header, size_t length)
{
	size_t wanted = header->version == 4 ? RS_UDP_IPV4_LENGTH : RS_UDP_IPV6_LENGTH;

	if (length < RS_UDP_IPV4_LENGTH || header->tag != htobe32(RS_UDP_TAG) ||
	    (header->version != 4 && header->version != 6) || header->length != wanted ||
	    (header->operation != RS_OP_DATA && header->operation != RS_OP_CONTROL))
		return 0;
	return length < wanted ? 0 : wanted;
}

void rs_datagram_header_pack(struct rs_datagram_header *header,
			     const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET) {
		*header = (struct rs_datagram_header){.version = 4,
						      .length = RS_DATAGRAM_IPV4_LENGTH,
						      .port = v4(address)->sin_port,
						      .ipv4 = v4(address)->sin_addr.s_addr};
		return;
	}
	*header = (struct rs_datagram_header){.version = 6,
					      .length = RS_DATAGRAM_IPV6_LENGTH,
					      .port = v6(address)->sin6_port,
					      .ipv6.flow = v6(address)->sin6_flowinfo};
	memcpy(header->ipv6.address, &v6(address)->sin6_addr, sizeof(header->ipv6.address));
}

size_t rs_datagram_header_check(const struct rs_datagram_header *header, size_t length,
				struct sockaddr_storage *from)
{
	memset(from, 0, sizeof(*from));
	if (length >= RS_DATAGRAM_IPV4_LENGTH && header->version == 4 &&
	    header->length == RS_DATAGRAM_IPV4_LENGTH) {
		*v4(from) = (struct sockaddr_in){.sin_family = AF_INET,
						 .sin_port = header->port,
						 .sin_addr.s_addr = header->ipv4};
		return header->length;
	}
	if (length >= RS_DATAGRAM_IPV6_LENGTH && header->version == 6 &&
	    header->length == RS_DATAGRAM_IPV6_LENGTH) {
		*v6(from) = (struct sockaddr_in6){.sin6_family = AF_INET6,
						  .sin6_port = header->port,
						  .sin6_flowinfo = header->ipv6.flow};
		memcpy(&v6(from)->sin6_addr, header->ipv6.address, sizeof(header->ipv6.address));
		return header->length;
	}
	return 0;
}
