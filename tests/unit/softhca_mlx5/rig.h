/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A queue pair, CQ and SRQ over plain memory, as the family sees them. Bytes that go in and come
 * out are literal in the tests: typed from the documented formats, not made by the headers.
 */
#ifndef TESTS_UNIT_SOFTHCA_MLX5_RIG_H
#define TESTS_UNIT_SOFTHCA_MLX5_RIG_H

#include "softhca/core/engine.h"
#include "softhca/mlx5/mlx5.h"

enum {
	RIG_QPN = 0x123456,
	RIG_SQ_UNITS = 16,
	RIG_RQ_COUNT = 8,
	RIG_LOG_STRIDE = 6,
	RIG_RQ_BYTES = RIG_RQ_COUNT << RIG_LOG_STRIDE,
	RIG_CQES = 4,
	RIG_SRQ_COUNT = 4,
	RIG_WINDOW = 0x4700,
};

struct rig {
	_Alignas(64) uint8_t queue[RIG_RQ_BYTES + RIG_SQ_UNITS * 64]; /* RQ first, then SQ */
	_Alignas(64) uint8_t cqes[RIG_CQES * 128];
	_Alignas(64) uint8_t srq_queue[RIG_SRQ_COUNT << RIG_LOG_STRIDE];
	_Alignas(8) uint8_t qp_record[8], cq_record[8], srq_record[8];
	struct engine engine;
	struct fabric_hca adapter;
	struct hca hca;
	struct mr *keys[FABRIC_KEYS];
	struct mr window; /* has key RIG_WINDOW */
	struct qp qp;
	struct cq cq;
	struct srq srq;
};

extern struct rig rig;

/* Afresh; for use as a cmocka setup function. */
int rig_reset(void **state);

/* Copies `length` bytes into the send ring at block `slot`, wrapping at its end. */
void rig_put(unsigned int slot, const uint8_t *bytes, size_t length);
/* Sets the send counter of the doorbell record. */
void rig_ring(uint16_t counter);

#endif
