/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names, rates, sysfs files and the structures of rdma_cm. */
#include <infiniband/sa.h>
#include <rdma/ib_user_sa.h>

#include "libibverbs/library.h"
#include "libibverbs/marshal.h"
#include "open_fake.h"

static void every_value_has_a_name_and_others_have_none(void **state)
{
	UNUSED;
	for (int i = IBV_NODE_CA; i <= IBV_NODE_UNSPECIFIED; i++)
		assert_string_not_equal(ibv_node_type_str(i), "unknown");
	for (int i = IBV_PORT_NOP; i <= IBV_PORT_ACTIVE_DEFER; i++)
		assert_string_not_equal(ibv_port_state_str(i), "unknown");
	for (int i = IBV_EVENT_CQ_ERR; i <= IBV_EVENT_DEVICE_SPEED_CHANGE; i++)
		assert_string_not_equal(ibv_event_type_str(i), "unknown");
	for (int i = IBV_WC_SUCCESS; i <= IBV_WC_TM_RNDV_INCOMPLETE; i++)
		assert_string_not_equal(ibv_wc_status_str(i), "unknown");
	assert_string_equal(ibv_node_type_str(IBV_NODE_UNKNOWN), "unknown");
	assert_string_equal(ibv_port_state_str(6), "unknown");
	assert_string_equal(ibv_event_type_str(-1), "unknown");
	assert_string_equal(ibv_wc_status_str(24), "unknown");
	assert_string_equal(ibv_wr_opcode_str(12), "unknown");
	assert_string_equal(ibv_wr_opcode_str(IBV_WR_SEND), "send");
}

/* The numbers are those that Debian's library gave when it was asked. */
static void rates_convert_both_ways(void **state)
{
	static const struct {
		enum ibv_rate rate;
		int mult, mbps;
	} known[] = {
		{IBV_RATE_2_5_GBPS, 1, 2500},	 {IBV_RATE_10_GBPS, 4, 10000},
		{IBV_RATE_14_GBPS, -1, 14062},	 {IBV_RATE_28_GBPS, 11, 28125},
		{IBV_RATE_100_GBPS, -1, 103125}, {IBV_RATE_400_GBPS, 160, 425000},
		{IBV_RATE_MAX, -1, -1},		 {99, -1, -1},
	};

	UNUSED;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_int_equal(ibv_rate_to_mult(known[i].rate), known[i].mult);
		assert_int_equal(ibv_rate_to_mbps(known[i].rate), known[i].mbps);
		if (known[i].mult > 0)
			assert_int_equal(mult_to_ibv_rate(known[i].mult), known[i].rate);
		if (known[i].mbps > 0)
			assert_int_equal(mbps_to_ibv_rate(known[i].mbps), known[i].rate);
	}
	assert_int_equal(mult_to_ibv_rate(-1), IBV_RATE_MAX);
	assert_int_equal(mult_to_ibv_rate(3), IBV_RATE_MAX);
	assert_int_equal(mbps_to_ibv_rate(1), IBV_RATE_MAX);
}

static void a_file_loses_its_last_newline_and_never_overflows(void **state)
{
	char text[8], folder[256];

	UNUSED;
	strcpy(folder, ibv_get_sysfs_path());
	fake_tree_put("file", "1234567890\n");
	assert_int_equal(ibv_read_sysfs_file(folder, "file", text, sizeof(text)), 7);
	assert_string_equal(text, "1234567");
	fake_tree_put("file", "12\n");
	assert_int_equal(ibv_read_sysfs_file(folder, "file", text, sizeof(text)), 2);
	assert_string_equal(text, "12");
	fake_tree_put("file", "");
	assert_int_equal(ibv_read_sysfs_file(folder, "file", text, sizeof(text)), 0);
	assert_string_equal(text, "");
	assert_int_equal(ibv_read_sysfs_file(folder, "nofile", text, sizeof(text)), -1);
	assert_int_equal(errno, ENOENT);
}

static void numbers_are_digits_and_nothing_else(void **state)
{
	static const char *const bad[] = {"", " 1", "-1", "+1", "1 ", "1x", "x", "256"};
	uint64_t value;

	UNUSED;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fake_tree_put("number", bad[i]);
		assert_int_equal(
			sysfs_read_number(&value, 10, 255, "%s/number", ibv_get_sysfs_path()),
			EINVAL);
	}
	fake_tree_put("number", "255\n");
	assert_int_equal(sysfs_read_number(&value, 10, 255, "%s/number", ibv_get_sysfs_path()), 0);
	assert_int_equal(value, 255);
}

/* Every byte of the source is different, so a field taken from the wrong place shows. */
static void fill(void *to, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)to)[i] = i + 1;
}

static void a_path_record_survives_the_way_there_and_back(void **state)
{
	struct ib_user_path_rec there;
	struct ibv_sa_path_rec back, first;

	UNUSED;
	fill(&there, sizeof(there));
	ibv_copy_path_rec_from_kern(&first, &there);
	assert_int_equal(first.hop_limit, there.hop_limit);
	assert_int_equal(first.mtu, there.mtu & 0xff);
	assert_int_equal(first.preference, 64);
	ibv_copy_path_rec_to_kern(&there, &first);
	ibv_copy_path_rec_from_kern(&back, &there);
	assert_memory_equal(&back, &first, sizeof(back));
}

static void qp_attributes_of_the_kernel_are_taken_over(void **state)
{
	struct ib_uverbs_qp_attr kernel;
	struct ibv_qp_attr attr;

	UNUSED;
	fill(&kernel, sizeof(kernel));
	ibv_copy_qp_attr_from_kern(&attr, &kernel);
	assert_int_equal(attr.qp_state, kernel.qp_state);
	assert_int_equal(attr.rq_psn, kernel.rq_psn);
	assert_int_equal(attr.ah_attr.dlid, kernel.ah_attr.dlid);
	assert_int_equal(attr.ah_attr.port_num, kernel.ah_attr.port_num);
	assert_int_equal(attr.alt_ah_attr.grh.hop_limit, kernel.alt_ah_attr.grh.hop_limit);
	assert_int_equal(attr.cap.max_inline_data, kernel.max_inline_data);
	assert_int_equal(attr.min_rnr_timer, kernel.min_rnr_timer);
	assert_int_equal(attr.alt_timeout, kernel.alt_timeout);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_has_a_name_and_others_have_none),
		cmocka_unit_test(rates_convert_both_ways),
		cmocka_unit_test_setup(a_file_loses_its_last_newline_and_never_overflows, setup),
		cmocka_unit_test_setup(numbers_are_digits_and_nothing_else, setup),
		cmocka_unit_test(a_path_record_survives_the_way_there_and_back),
		cmocka_unit_test(qp_attributes_of_the_kernel_are_taken_over),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
