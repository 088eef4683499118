/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Send WQEs of DC initiators, byte by byte as stock libmlx5 44 writes them (recorded by
 * tests/witness/mlx5/dv_bytes.c; number, address and keys are the test's own), to requests.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

static struct send_request request;

#define ADDRESS                                                                                    \
	0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, /* access key */                           \
		0x80, 0x0a, 0x0b, 0x0c, 0x03, 0x01, 0x00,                                          \
		0x11, /* extended, target; SL 3, bits 1, LID */                                    \
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* MAC */              \
		0x08, 0x09, 0x40, 0x01, 0x23, 0x45, /* class, hops; GRH, index 0, flow label */    \
		0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x48, 0x43, 0x00, 0x00,      \
		0x01, 0x01, 0x01

static int setup(void **state)
{
	rig_reset(state);
	rig.qp.type = QP_TYPE_DCI;
	return 0;
}

static int decode(uint32_t index)
{
	memset(&request, 0xee, sizeof(request));
	return softhca_mlx5_family.send_decode(&rig.qp, index, &request);
}

static void expect_address(void)
{
	static const uint8_t gid[16] = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 2, 0x48, 0x43, 0, 0, 1, 1, 1};

	assert_true(request.access_key == 0x1122334455667788);
	assert_int_equal(request.ud.qpn, 0x0a0b0c);
	assert_int_equal(request.ud.dlid, 0x11);
	assert_int_equal(request.ud.sl, 3);
	assert_int_equal(request.ud.path_bits, 1);
	assert_true(request.ud.grh);
	assert_int_equal(request.ud.traffic_class, 8);
	assert_int_equal(request.ud.hop_limit, 9);
	assert_int_equal(request.ud.flow_label, 0x12345);
	assert_memory_equal(request.ud.dgid, gid, 16);
}

static const uint8_t write_imm[] = {
	0x00,	 0x00, 0x00, 0x09, 0x12, 0x34, 0x56, 0x06,	 /* RDMA_WRITE_IMM, 6 DS */
	0x00,	 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x09,	 /* signaled; immediate */
	ADDRESS, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, /* remote address */
	0x00,	 0x00, 0xab, 0xcd, 0x00, 0x00, 0x00, 0x00,	 /* rkey */
	0x00,	 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x01,	 /* length, lkey */
	0x00,	 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,	 /* address */
};

static void a_write_names_its_target(void **state)
{
	static const uint8_t immediate[] = {0, 0, 0, 9};

	(void)state;
	rig_put(0, write_imm, sizeof(write_imm));
	rig_ring(2);
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.opcode, REQUEST_WRITE_IMM);
	assert_int_equal(request.units, 2);
	expect_address();
	assert_memory_equal(&request.immediate, immediate, 4);
	assert_true(request.remote_address == 0x0102030405060708);
	assert_int_equal(request.rkey, 0xabcd);
	assert_int_equal(request.num_sge, 1);
	assert_int_equal(request.length, 3);
}

/* Of the last block the ring has only the address; the operands are at its start. */
static void an_atomic_goes_on_at_the_start_of_the_ring(void **state)
{
	static const uint8_t wqe[] = {
		0x00, 0x00, 0x0f, 0x11, 0x12, 0x34, 0x56, 0x07, /* ATOMIC_CS at index 15, 7 DS */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, ADDRESS,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, /* remote address */
		0x00, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00, 0x00, /* rkey */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x06, /* swap */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, /* compare */
		0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x55, /* length, lkey */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x66, /* address */
	};

	(void)state;
	rig_put(15, wqe, sizeof(wqe));
	rig_ring(17);
	rig.qp.sq_consumer = 15;
	assert_int_equal(decode(15), 0);
	assert_int_equal(request.opcode, REQUEST_COMPARE_SWAP);
	expect_address();
	assert_int_equal(request.swap_or_add, 6);
	assert_int_equal(request.compare, 5);
	assert_int_equal(request.length, 8);
}

static void a_request_without_address_is_refused(void **state)
{
	uint8_t wqe[32];

	(void)state;
	memcpy(wqe, write_imm, sizeof(wqe));
	wqe[3] = 0x0a;
	wqe[7] = 2;
	rig_put(0, wqe, sizeof(wqe));
	rig_ring(1);
	assert_int_equal(decode(0), EINVAL);
	assert_int_equal(request.units, 1);
}

/* A target has no ring; what should stand in one is of no type that sends. */
static void a_target_sends_nothing(void **state)
{
	(void)state;
	rig.qp.type = QP_TYPE_DCT;
	rig_put(0, write_imm, sizeof(write_imm));
	rig_ring(2);
	assert_int_equal(decode(0), EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_write_names_its_target, setup),
		cmocka_unit_test_setup(an_atomic_goes_on_at_the_start_of_the_ring, setup),
		cmocka_unit_test_setup(a_request_without_address_is_refused, setup),
		cmocka_unit_test_setup(a_target_sends_nothing, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
