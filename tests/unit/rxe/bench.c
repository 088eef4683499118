/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Objects most tests start from. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

struct bench bench;

void bench_open(void)
{
	memset(&bench, 0, sizeof(bench));
	bench.context = fake_open();
	assert_non_null(bench.context);
	bench.pd = rxe_alloc_pd(bench.context);
	assert_non_null(bench.pd);
	bench.cq = rxe_create_cq(bench.context, 3, NULL, NULL, 0);
	assert_non_null(bench.cq);
}

void bench_qp(enum ibv_qp_type type, uint64_t send_ops_flags)
{
	struct ibv_qp_init_attr_ex attr = {
		.send_cq = bench.cq,
		.recv_cq = bench.cq,
		.srq = bench.srq,
		.cap = {.max_send_wr = 2,
			.max_recv_wr = 2,
			.max_send_sge = 2,
			.max_recv_sge = 2,
			.max_inline_data = 60},
		.qp_type = type,
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = bench.pd,
		.send_ops_flags = send_ops_flags,
	};

	if (send_ops_flags)
		attr.comp_mask |= IBV_QP_INIT_ATTR_SEND_OPS_FLAGS;
	bench.qp = rxe_create_qp_ex(bench.context, &attr);
	assert_non_null(bench.qp);
	assert_int_equal(attr.cap.max_send_wr, 3);
	bench_qp_to(IBV_QPS_RTS);
}

/* The state is the library's to keep. */
void bench_qp_to(enum ibv_qp_state state)
{
	struct ibv_qp_attr attr = {.qp_state = state};

	assert_int_equal(rxe_modify_qp(bench.qp, &attr, IBV_QP_STATE), 0);
	bench.qp->state = state;
}

void bench_close(void)
{
	if (bench.qp)
		assert_int_equal(rxe_destroy_qp(bench.qp), 0);
	if (bench.srq)
		assert_int_equal(rxe_destroy_srq(bench.srq), 0);
	assert_int_equal(rxe_destroy_cq(bench.cq), 0);
	assert_int_equal(rxe_dealloc_pd(bench.pd), 0);
	fake_close(bench.context);
}

void expect_bytes(const void *memory, const char *hex)
{
	const uint8_t *actual = memory;
	char digits[3] = {};

	for (size_t at = 0; *hex;) {
		if (isspace((unsigned char)*hex)) {
			hex++;
			continue;
		}
		memcpy(digits, hex, 2);
		if (actual[at] != strtoul(digits, NULL, 16))
			fail_msg("byte %zu is %02x, not %s", at, actual[at], digits);
		hex += 2;
		at++;
	}
}

void expect_zeros(const void *memory, size_t bytes)
{
	const uint8_t *actual = memory;

	for (size_t at = 0; at < bytes; at++) {
		if (actual[at])
			fail_msg("byte %zu is %02x, not 00", at, actual[at]);
	}
}
