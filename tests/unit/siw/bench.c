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
	bench.pd = siw_alloc_pd(bench.context);
	assert_non_null(bench.pd);
	bench.cq = siw_create_cq(bench.context, 3, NULL, NULL, 0);
	assert_non_null(bench.cq);
}

void bench_qp(uint64_t send_ops_flags, int sq_sig_all)
{
	struct ibv_qp_init_attr_ex attr = {
		.send_cq = bench.cq,
		.recv_cq = bench.cq,
		.srq = bench.srq,
		.cap = {.max_send_wr = 3,
			.max_recv_wr = 3,
			.max_send_sge = 2,
			.max_recv_sge = 2,
			.max_inline_data = 60},
		.qp_type = IBV_QPT_RC,
		.sq_sig_all = sq_sig_all,
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = bench.pd,
		.send_ops_flags = send_ops_flags,
	};

	if (send_ops_flags)
		attr.comp_mask |= IBV_QP_INIT_ATTR_SEND_OPS_FLAGS;
	bench.qp = siw_create_qp_ex(bench.context, &attr);
	assert_non_null(bench.qp);
}

void bench_close(void)
{
	if (bench.qp)
		assert_int_equal(siw_destroy_qp(bench.qp), 0);
	if (bench.srq)
		assert_int_equal(siw_destroy_srq(bench.srq), 0);
	assert_int_equal(siw_destroy_cq(bench.cq), 0);
	assert_int_equal(siw_dealloc_pd(bench.pd), 0);
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
