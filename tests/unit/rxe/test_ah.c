/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Address handles, of kernels that number them and of those that want the address. */

#include <errno.h>

#include "bench.h"

static int open_old(void **state)
{
	(void)state;
	fake_reset();
	fake.ah_num = 0;
	bench_open();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bench_close();
	return 0;
}

static struct ibv_ah_attr to_ipv4(void)
{
	return (struct ibv_ah_attr){
		.grh = {.dgid.raw = {[10] = 0xff, 0xff, 192, 168, 77, 2},
			.flow_label = 0x12345,
			.sgid_index = 0,
			.hop_limit = 64,
			.traffic_class = 0x20},
		.is_global = 1,
		.port_num = 1,
	};
}

static void a_number_is_all_a_newer_kernel_needs(void **state)
{
	struct ibv_ah_attr attr = to_ipv4();
	struct ibv_ah *ah;

	(void)state;
	fake.ah_num = 0xabcd;
	/* Nobody has to be asked for a MAC address. */
	fake.fail_mac = EHOSTUNREACH;
	ah = rxe_create_ah(bench.pd, &attr);
	assert_non_null(ah);
	assert_int_equal(to_rxe_ah(ah)->ah_num, 0xabcd);
	assert_int_equal(rxe_destroy_ah(ah), 0);
}

static void an_ipv4_address_is_written_out(void **state)
{
	struct ibv_ah_attr attr = to_ipv4();
	struct ibv_ah *ah = rxe_create_ah(bench.pd, &attr);

	(void)state;
	assert_non_null(ah);
	assert_int_equal(sizeof(to_rxe_ah(ah)->av), 88);
	expect_bytes(&to_rxe_ah(ah)->av, "01 01 021122334455"
					 "00000000000000000000ffffc0a84d02"
					 "45230100 00 40 20 00"
					 "0200 0000 c0a84d01 0000000000000000"
					 "000000000000000000000000"
					 "0200 0000 c0a84d02 0000000000000000"
					 "000000000000000000000000");
	assert_int_equal(rxe_destroy_ah(ah), 0);
}

static void an_ipv6_address_is_written_out(void **state)
{
	struct ibv_ah_attr attr = to_ipv4();
	const union ibv_gid dgid = {.raw = {0x20, 0x01, 0x0d, 0xb8, [15] = 2}};
	struct ibv_ah *ah;

	(void)state;
	attr.grh.dgid = dgid;
	attr.grh.sgid_index = 1;
	ah = rxe_create_ah(bench.pd, &attr);
	assert_non_null(ah);
	expect_bytes(&to_rxe_ah(ah)->av, "01 02 021122334455"
					 "20010db8000000000000000000000002"
					 "45230100 01 40 20 00"
					 "0a00 0000 00000000 20010db8000000000000000000000001"
					 "00000000"
					 "0a00 0000 00000000 20010db8000000000000000000000002"
					 "00000000");
	assert_int_equal(rxe_destroy_ah(ah), 0);
}

static void an_address_that_cannot_be_reached_is_no_handle(void **state)
{
	struct ibv_ah_attr attr = to_ipv4();
	unsigned int before = fake.objects;

	(void)state;
	fake.fail_mac = EHOSTUNREACH;
	assert_null(rxe_create_ah(bench.pd, &attr));
	assert_int_equal(errno, EHOSTUNREACH);
	fake.fail_mac = 0;
	/* The source is IPv6, the destination is not. */
	attr.grh.sgid_index = 1;
	assert_null(rxe_create_ah(bench.pd, &attr));
	assert_int_equal(errno, EINVAL);
	attr.grh.sgid_index = 2;
	assert_null(rxe_create_ah(bench.pd, &attr));
	assert_int_equal(errno, EINVAL);
	attr.is_global = 0;
	assert_null(rxe_create_ah(bench.pd, &attr));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(fake.objects, before);
}

static void a_refusal_of_the_kernel_is_passed_on(void **state)
{
	struct ibv_ah_attr attr = to_ipv4();

	(void)state;
	fake.fail = ENOMEM;
	assert_null(rxe_create_ah(bench.pd, &attr));
	assert_int_equal(errno, ENOMEM);
}

#define AH_TEST(name) cmocka_unit_test_setup_teardown(name, open_old, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AH_TEST(a_number_is_all_a_newer_kernel_needs),
		AH_TEST(an_ipv4_address_is_written_out),
		AH_TEST(an_ipv6_address_is_written_out),
		AH_TEST(an_address_that_cannot_be_reached_is_no_handle),
		AH_TEST(a_refusal_of_the_kernel_is_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
