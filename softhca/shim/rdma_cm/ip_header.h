/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What requests between IP addresses begin their private data with, so that the other side knows
 * who asks for whom. Source: IBTA vol. 1, annex A11.
 */
#ifndef SOFTHCA_SHIM_RDMA_CM_IP_HEADER_H
#define SOFTHCA_SHIM_RDMA_CM_IP_HEADER_H

#include "softhca/shim/rdma_cm/address.h"

struct ucm_ip_header {
	uint8_t version; /* major and minor, four bits each: 0.0 */
	uint8_t ip;	 /* its version in the upper four bits */
	__be16 port;	 /* of the source; the destination's is in the service id */
	uint8_t source[16], destination[16]; /* IPv4 in the last four bytes, behind zeroes */
};

_Static_assert(sizeof(struct ucm_ip_header) == 36, "IBTA annex A11, figure 10");

void ucm_ip_header_make(struct ucm_ip_header *header, const union ucm_address *source,
			const union ucm_address *destination);
/* EINVAL: it is none. The destination gets that port. */
int ucm_ip_header_read(const struct ucm_ip_header *header, __be16 port, union ucm_address *source,
		       union ucm_address *destination);

#endif
