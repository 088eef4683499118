/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An adapter as a guest has it: opened on an engine in a fabric of its own, queues in pages, a key
 * for all memory, requests written into the queues as the driver writes them.
 */
#ifndef TESTS_UNIT_ADAPTER_RIG_H
#define TESTS_UNIT_ADAPTER_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "softhca/core/engine.h"
#include "softhca/fabric/fabric.h"
#include "softhca/mlx5/mlx5.h"

enum {
	RIG_SQ_UNITS = 16,
	RIG_RQ_COUNT = 16,
	RIG_PAGE = 4096,
	RIG_MEMORY = 1 << 20, /* of the "guest", from address 0 */
};

/* A queue pair and the memory of its driver. */
struct guest_qp {
	struct qp *qp;
	uint8_t *pages[1]; /* RQ, then SQ */
	_Alignas(64) uint8_t record[8];
	uint16_t posted;
};

struct guest_cq {
	struct cq *cq;
	uint8_t *pages[1];
	_Alignas(64) uint8_t record[8];
};

struct rig {
	struct fabric *fabric;
	struct engine *engine;
	struct hca *hca;
	struct pd *pd;
	struct mr *mr; /* all of the memory */
	uint8_t *memory;
	unsigned int events;
};

extern struct rig rig;

/* Fabric and engine, without an adapter. */
void rig_open(void);
void rig_close(void);
/* The adapter with a PD and the key. */
void rig_power_on(void);
/* Closes the adapter with all that is alive. */
void rig_reset(void);

void guest_cq_make(struct guest_cq *cq, uint32_t cqe_count);
void guest_cq_forget(struct guest_cq *cq); /* its memory, once the CQ has gone */
void guest_qp_make(struct guest_qp *qp, enum qp_type type, struct cq *cq, struct srq *srq);
void guest_qp_forget(struct guest_qp *qp);
/* As far as `state`, the peer being QP `dest_qpn` at `dlid`. */
void guest_qp_bring_to(struct guest_qp *qp, enum qp_state state, uint16_t dlid, uint32_t dest_qpn);

/* Writes a request and the doorbell record; the doorbell is the caller's. `address` is of the
 * guest's memory: where the message lies, or what the peer is to read. */
void guest_post_send(struct guest_qp *qp, uint64_t address, uint32_t length);
void guest_post_read(struct guest_qp *qp, uint64_t address, uint32_t length);
void guest_post_nonsense(struct guest_qp *qp);
/* Buffers of 4 KB, one behind the other from `address` on. */
void guest_post_recv(struct guest_qp *qp, uint64_t address, unsigned int count);

#endif
