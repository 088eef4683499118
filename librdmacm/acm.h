/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages between programs and ibacm, the daemon that knows addresses and routes of an InfiniBand
 * subnet. Numbers are in the host's order, but for what path records and addresses have inside.
 * Source: observation of Debian's librdmacm, which tests/witness/test_ibacm.py repeats.
 */
#ifndef RDMACM_ACM_H
#define RDMACM_ACM_H

#include <stdint.h>

#include <infiniband/sa.h>

enum {
	ACM_VERSION = 1,
	ACM_RESOLVE = 0x01,
	ACM_ANSWER = 0x80, /* beside the request's operation */
	ACM_SUCCESS = 0,
};

struct acm_header {
	uint8_t version;
	uint8_t operation;
	uint8_t status;
	uint8_t reserved[3];
	uint16_t length; /* of the message, this header included */
	uint64_t tag;	 /* the answer has the request's */
};

enum acm_entry_type {
	ACM_IPV4 = 2,
	ACM_IPV6 = 3,
	ACM_PATH = 0x10,
};

/* Of an address. Those of a path are IBV_PATH_FLAG_*. */
enum {
	ACM_SOURCE = 1 << 0,
	ACM_DESTINATION = 1 << 1,
	ACM_NO_DELAY = 1 << 30, /* answer what is known already */
};

struct acm_entry {
	uint32_t flags;
	uint16_t type;
	uint16_t reserved;
	union {
		uint8_t address[64];
		struct ibv_path_record path;
	};
};

_Static_assert(sizeof(struct acm_header) == 16, "header");
_Static_assert(sizeof(struct acm_entry) == 72, "entry");
/* What a route of rdma_addrinfo consists of. */
_Static_assert(sizeof(struct acm_entry) == sizeof(struct ibv_path_data), "path");

#endif
