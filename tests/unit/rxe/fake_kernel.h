/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The part of libibverbs the rxe provider stands on, replaced by one that has no kernel: commands
 * succeed with the replies set here, and the rings lie in a file that provider and test both map.
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <rdma/rdma_user_rxe.h>

#include "libibverbs/driver.h"

enum {
	FAKE_QPN = 0x000011,
	FAKE_SRQN = 0x000007,
	FAKE_MW_RKEY = 0x00ab12ff,
	FAKE_RING_BYTES = 65536, /* file space of each ring */
};

enum fake_ring_name {
	FAKE_CQ,
	FAKE_SQ,
	FAKE_RQ,
	FAKE_SRQ,
	FAKE_RESIZED, /* of a CQ or an SRQ */
	FAKE_RINGS,
};

/* What the kernel says of a ring, in the answer to the command and in the ring's header. */
struct fake_ring {
	uint64_t offset;
	uint32_t size;
	uint32_t log2_elem_size;
	uint32_t index_mask;
	uint32_t start; /* both indices when the ring is made */
};

struct fake_kernel {
	/* replies */
	struct fake_ring rings[FAKE_RINGS];
	uint32_t ah_num; /* 0: a kernel that wants address vectors */
	int fail;	 /* errno for the next command that creates or changes, 0: succeed */
	int fail_ring;	 /* errno for waking the kernel */
	int fail_mac;	 /* errno for looking up a MAC address */

	/* what came in */
	unsigned int objects; /* alive */
	unsigned int send_rings;
	unsigned int error_orders; /* MODIFY_QP into the error state */
	int armed;		   /* solicited_only of the last REQ_NOTIFY_CQ */

	uint8_t *memory; /* the file */
};
extern struct fake_kernel fake;

/* Rings of four elements: 512 bytes in the send queue, 128 in the others. */
void fake_reset(void);
struct ibv_context *fake_open(void);
void fake_close(struct ibv_context *context);

/* The kernel's view, by literal offsets: the element at index, and both indices. */
uint8_t *fake_elem(enum fake_ring_name ring, uint32_t index);
uint32_t fake_producer(enum fake_ring_name ring);
uint32_t fake_consumer(enum fake_ring_name ring);
void fake_set_producer(enum fake_ring_name ring, uint32_t index);
void fake_set_consumer(enum fake_ring_name ring, uint32_t index);

/* The kernel completes something: the 48 bytes of a completion, then its index. */
void fake_complete(enum fake_ring_name ring, uint32_t index, const uint8_t bytes[48]);

#endif
