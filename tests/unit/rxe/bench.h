/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Objects most tests start from: an open device with a PD, a CQ and a QP. */
#ifndef BENCH_H
#define BENCH_H

#include "fake_kernel.h"

#include "providers/rxe/ah.h"
#include "providers/rxe/context.h"
#include "providers/rxe/cq.h"
#include "providers/rxe/qp.h"
#include "providers/rxe/srq.h"

struct bench {
	struct ibv_context *context;
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	struct ibv_qp *qp;
	struct ibv_srq *srq;
};
extern struct bench bench;

/* No QP yet. Replies can be changed between fake_reset() and bench_open(). */
void bench_open(void);
/* The QP is made ready to send. Room for three requests, two pieces, 60 bytes of inline data. */
void bench_qp(enum ibv_qp_type type, uint64_t send_ops_flags);
void bench_qp_to(enum ibv_qp_state state);
/* Everything that was made. */
void bench_close(void);

/* Compares with bytes written as in a manual: hexadecimal digits, blanks as one likes. */
void expect_bytes(const void *memory, const char *hex);
void expect_zeros(const void *memory, size_t bytes);

#endif
