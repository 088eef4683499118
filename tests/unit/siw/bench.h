/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Objects most tests start from: an open device with a PD, a CQ and a QP. */
#ifndef BENCH_H
#define BENCH_H

#include "fake_kernel.h"

#include "providers/siw/context.h"
#include "providers/siw/cq.h"
#include "providers/siw/qp.h"
#include "providers/siw/srq.h"

struct bench {
	struct ibv_context *context;
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	struct ibv_qp *qp;
	struct ibv_srq *srq;
};
extern struct bench bench;

/* cmocka setup: no QP yet. Replies can be changed between fake_reset() and bench_open(). */
void bench_open(void);
void bench_qp(uint64_t send_ops_flags, int sq_sig_all);
/* Everything that was made. */
void bench_close(void);

/* Compares with bytes written as in a manual: hexadecimal digits, blanks as one likes. */
void expect_bytes(const void *memory, const char *hex);

#endif
