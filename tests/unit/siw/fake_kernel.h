/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The part of libibverbs the siw provider stands on, replaced by one that has no kernel: commands
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

#include <rdma/siw-abi.h>

#include "libibverbs/driver.h"

enum {
	FAKE_QPN = 0x0a0b0c,
	FAKE_RING_BYTES = 16384, /* file space of each ring; its offset is the ring's key */
	FAKE_CQ_KEY = 0,
	FAKE_SQ_KEY = FAKE_RING_BYTES,
	FAKE_RQ_KEY = 2 * FAKE_RING_BYTES,
	FAKE_SRQ_KEY = 3 * FAKE_RING_BYTES,
	FAKE_FILE_BYTES = 4 * FAKE_RING_BYTES,
};

struct fake_kernel {
	/* replies */
	uint32_t num_cqe, num_sqe, num_rqe, num_srqe;
	int fail_create; /* errno for the next create command, 0: succeed */
	int fail_ring;	 /* errno for waking the kernel */
	/* called when the kernel is woken */
	void (*on_ring)(void);

	/* what came in */
	unsigned int rings; /* times the kernel was woken */
	struct siw_ureq_reg_mr mr_request;
	uint32_t cq_cqes;
	unsigned int objects; /* alive */

	uint8_t *memory; /* the file */
};
extern struct fake_kernel fake;

/* Rings of four elements. */
void fake_reset(void);
struct ibv_context *fake_open(void);
void fake_close(struct ibv_context *context);

/* Bytes of an element as the kernel sees it: sizes are literal, from the ABI. */
uint8_t *fake_sqe(uint32_t index);
uint8_t *fake_rqe(uint32_t index);
uint8_t *fake_srqe(uint32_t index);
uint8_t *fake_cqe(uint32_t index);
/* The word behind the last CQE. */
uint32_t fake_cq_control(void);

/* The kernel takes an element of the send queue: its flags become zero. */
void fake_take_sqe(uint32_t index);
/* The kernel completes something: everything but the flags, then the flags. */
void fake_complete(uint32_t index, uint64_t id, uint8_t flags, uint8_t opcode, uint16_t status,
		   uint32_t bytes, uint32_t inval_stag);

#endif
