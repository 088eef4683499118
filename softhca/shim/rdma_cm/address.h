/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Addresses as programs give them to the connection manager: IPv4, IPv6 and AF_IB, and which
 * adapter of the fabric has them.
 */
#ifndef SOFTHCA_SHIM_RDMA_CM_ADDRESS_H
#define SOFTHCA_SHIM_RDMA_CM_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

struct fabric_hca;
struct hca;

/* The kernel's struct sockaddr_ib, which no uapi header has (rdma/ib.h of Linux). */
struct ucm_ib_address {
	uint16_t family; /* AF_IB */
	__be16 pkey;
	__be32 flow_info;
	uint8_t gid[16];
	__be64 service_id;
	__be64 service_mask;
	uint64_t scope_id;
};

enum { UCM_AF_IB = 27, UCM_ADDRESS_BYTES = 128 };

union ucm_address {
	sa_family_t family; /* 0: none */
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
	struct ucm_ib_address ib;
	uint8_t bytes[UCM_ADDRESS_BYTES]; /* struct __kernel_sockaddr_storage */
};

/* Bytes of an address of its family; 0 for unknown families. */
size_t ucm_address_size(const union ucm_address *address);
bool ucm_address_is_any(const union ucm_address *address);
/* An IPv6 address of the link that does not say which link. */
bool ucm_address_lacks_scope(const union ucm_address *address);

/* IPv4 as mapped into IPv6; a GID as it is. */
void ucm_address_raw(const union ucm_address *address, uint8_t raw[16]);
/* Sets the address part of one whose family is set. */
void ucm_address_set_raw(union ucm_address *address, const uint8_t raw[16]);

/* In network byte order; of AF_IB the low bits of the service id. */
__be16 ucm_address_port(const union ucm_address *address);
void ucm_address_set_port(union ucm_address *address, __be16 port);

/* IBTA annex A11: what an id of that port space listens to, or asks for, at this address. */
uint64_t ucm_service_id(const union ucm_address *address, uint16_t space);

/* Whether an address of any host of the fabric, or of this machine, is one of the adapter's own. */
bool ucm_address_is_own(const union ucm_address *address, const struct hca *hca);
/* Number of the adapter that has it, for who asks on `hca`; -1: none has. */
int ucm_address_find(const union ucm_address *address, const struct hca *hca);
/* What `hca` is known by to that address. */
void ucm_address_source_for(const union ucm_address *to, const struct hca *hca,
			    union ucm_address *source);
/* The entry of a GID in the adapter's table; -1: it has none such. */
int ucm_gid_find(const uint8_t gid[16], const struct fabric_hca *hca);
/* The entry in the table of GIDs of adapter `hca` (by its number) that stands for an address. */
unsigned int ucm_gid_index(const union ucm_address *address, const struct hca *viewer, int hca);

#endif
