/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Commands for what Ethernet ports offer besides RoCE: refused on an InfiniBand port, and what a
 * rule says, byte by byte. Layouts: uapi rdma/ib_user_verbs.h.
 */
#include "harness.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rdma/ib_user_ioctl_verbs.h>

#include "softhca/shim/environment.h"
#include "softhca/shim/flow_spec.h"

/* ---- extended commands ---- */

/* Words of 8 bytes in either direction; the answer is the core's alone. */
static int extended(const struct device *device, uint32_t command, const void *core,
		    size_t core_bytes, const void *driver, size_t driver_bytes, void *answer,
		    size_t answer_bytes)
{
	struct {
		struct ib_uverbs_cmd_hdr head;
		struct ib_uverbs_ex_cmd_hdr more;
		uint8_t bytes[512];
	} wire = {
		.head = {.command = command | IB_USER_VERBS_CMD_FLAG_EXTENDED,
			 .in_words = (uint16_t)((core_bytes + 7) / 8),
			 .out_words = (uint16_t)(answer_bytes / 8)},
		.more = {.response = (uintptr_t)answer,
			 .provider_in_words = (uint16_t)((driver_bytes + 7) / 8)},
	};
	size_t core_room = wire.head.in_words * 8u, room = wire.more.provider_in_words * 8u;
	size_t total = sizeof(wire.head) + sizeof(wire.more) + core_room + room;

	memcpy(wire.bytes, core, core_bytes);
	if (driver_bytes)
		memcpy(wire.bytes + core_room, driver, driver_bytes);
	return write_command(device->file, &wire, total) == (ssize_t)total ? 0 : errno;
}

/* ---- the wrong kind of port ---- */

static int create_wq(const struct device *device, struct queue *queue, uint32_t pd, uint32_t cq,
		     uint32_t flags, struct ib_uverbs_ex_create_wq_resp *answer)
{
	struct ib_uverbs_ex_create_wq core = {
		.pd_handle = pd, .cq_handle = cq, .max_wr = 4, .max_sge = 1, .create_flags = flags};
	struct mlx5_ib_create_wq driver = {.buf_addr = (uintptr_t)queue->memory,
					   .db_addr = (uintptr_t)queue->record,
					   .rq_wqe_count = 4,
					   .rq_wqe_shift = 4,
					   .user_index = 5};

	return extended(device, IB_USER_VERBS_EX_CMD_CREATE_WQ, &core, sizeof(core), &driver,
			sizeof(driver), answer, sizeof(*answer));
}

/* One queue or two, however many the size asks for. */
static int create_table(const struct device *device, uint32_t log_size, const uint32_t *wqs,
			struct ib_uverbs_ex_create_rwq_ind_table_resp *answer)
{
	uint32_t core[2 + 2] = {0, log_size};
	size_t count = log_size ? 2 : 1;

	memcpy(core + 2, wqs, count * sizeof(*wqs));
	return extended(device, IB_USER_VERBS_EX_CMD_CREATE_RWQ_IND_TBL, core,
			(2 + count) * sizeof(*wqs), NULL, 0, answer, sizeof(*answer));
}

static int create_flow(const struct device *device, uint32_t qp, uint16_t size, uint8_t specs,
		       uint32_t flags)
{
	struct ib_uverbs_create_flow core = {
		.qp_handle = qp,
		.flow_attr = {.size = size, .num_of_specs = specs, .port = 1, .flags = flags}};
	struct ib_uverbs_create_flow_resp answer;

	return extended(device, IB_USER_VERBS_EX_CMD_CREATE_FLOW, &core, sizeof(core), NULL, 0,
			&answer, sizeof(answer));
}

static int create_counters(const struct device *device, uint32_t *handle)
{
	struct ib_uverbs_attr attr = attr_id(UVERBS_ATTR_CREATE_COUNTERS_HANDLE, 0);
	int rc = call(device, UVERBS_OBJECT_COUNTERS, UVERBS_METHOD_COUNTERS_CREATE, &attr, 1);

	*handle = (uint32_t)attr.data;
	return rc;
}

static void an_infiniband_port_has_none_of_it(void **state)
{
	struct ib_uverbs_ex_create_rwq_ind_table_resp table;
	struct ib_uverbs_ex_create_wq_resp wq;
	struct device device = device_open_with_context();
	struct queue cq_queue, queue = queue_make(4096);
	uint32_t pd = make_pd(&device), cq = make_cq(&device, &cq_queue, 0, -1), none = 0;

	(void)state;
	assert_int_equal(create_wq(&device, &queue, pd, cq, 0, &wq), EOPNOTSUPP);
	assert_int_equal(create_table(&device, 0, &none, &table), EOPNOTSUPP);
	assert_int_equal(create_flow(&device, none, 0, 0, 0), EOPNOTSUPP);
	assert_int_equal(create_counters(&device, &none), EOPNOTSUPP);
	device_close(&device);
	queue_free(&queue);
	queue_free(&cq_queue);
}

/* ---- the right one ---- */

static struct device open_ethernet(void)
{
	struct device device;

	setenv(SOFTHCA_ENV_PORT_TYPE, "eth", 1);
	device = device_open_with_context();
	unsetenv(SOFTHCA_ENV_PORT_TYPE);
	return device;
}

static void what_the_device_says_of_itself(void **state)
{
	struct ib_uverbs_ex_query_device core = {0};
	struct ib_uverbs_ex_query_device_resp answer = {0};
	struct device device = open_ethernet();

	(void)state;
	assert_int_equal(extended(&device, IB_USER_VERBS_EX_CMD_QUERY_DEVICE, &core, sizeof(core),
				  NULL, 0, &answer, sizeof(answer)),
			 0);
	assert_int_equal(answer.rss_caps.supported_qpts, 1 << 8);
	assert_int_equal(answer.rss_caps.max_rwq_indirection_table_size, 256);
	assert_true(answer.rss_caps.max_rwq_indirection_tables > 0);
	assert_true(answer.max_wq_type_rq > 0);
	assert_int_equal(answer.raw_packet_caps, 7);
	assert_true(answer.base.device_cap_flags & IB_UVERBS_DEVICE_MANAGED_FLOW_STEERING);
	device_close(&device);
}

static void work_queues_and_tables(void **state)
{
	struct ib_uverbs_ex_create_rwq_ind_table_resp table;
	struct ib_uverbs_ex_create_wq_resp wq;
	struct device device = open_ethernet();
	struct queue cq_queue, queue = queue_make(4096);
	uint32_t pd = make_pd(&device), cq = make_cq(&device, &cq_queue, 0, -1), wrong[2] = {0};
	struct ib_uverbs_ex_destroy_wq destroy = {0};
	struct ib_uverbs_ex_destroy_rwq_ind_table destroy_table = {0};
	struct ib_uverbs_ex_destroy_wq_resp destroyed;

	(void)state;
	/* Delayed drop, padding. */
	assert_int_equal(create_wq(&device, &queue, pd, cq, 4, &wq), EOPNOTSUPP);
	assert_int_equal(create_wq(&device, &queue, pd, cq, 8, &wq), EOPNOTSUPP);
	assert_int_equal(create_wq(&device, &queue, pd + 77, cq, 0, &wq), EINVAL);
	assert_int_equal(create_wq(&device, &queue, pd, pd, 0, &wq), EINVAL);
	assert_int_equal(create_wq(&device, &queue, pd, cq, 3, &wq), 0);
	assert_int_equal(wq.max_wr, 4);
	wrong[0] = wq.wq_handle, wrong[1] = cq;
	assert_int_equal(create_table(&device, 1, wrong, &table), EINVAL);
	assert_int_equal(create_table(&device, 9, wrong, &table), EINVAL);
	assert_int_equal(create_table(&device, 14, wrong, &table), EINVAL);
	assert_int_equal(create_table(&device, 0, wrong, &table), 0);
	destroy.wq_handle = wq.wq_handle;
	assert_int_equal(extended(&device, IB_USER_VERBS_EX_CMD_DESTROY_WQ, &destroy,
				  sizeof(destroy), NULL, 0, &destroyed, sizeof(destroyed)),
			 EBUSY);
	destroy_table.ind_tbl_handle = table.ind_tbl_handle;
	assert_int_equal(extended(&device, IB_USER_VERBS_EX_CMD_DESTROY_RWQ_IND_TBL, &destroy_table,
				  sizeof(destroy_table), NULL, 0, NULL, 0),
			 0);
	assert_int_equal(extended(&device, IB_USER_VERBS_EX_CMD_DESTROY_WQ, &destroy,
				  sizeof(destroy), NULL, 0, &destroyed, sizeof(destroyed)),
			 0);
	assert_int_equal(destroyed.events_reported, 0);
	device_close(&device);
	queue_free(&queue);
	queue_free(&cq_queue);
}

static void modify_is_checked(void **state)
{
	struct ib_uverbs_ex_modify_wq core = {0};
	struct ib_uverbs_ex_create_wq_resp wq;
	struct mlx5_ib_modify_wq driver = {0};
	struct device device = open_ethernet();
	struct queue cq_queue, queue = queue_make(4096);
	uint32_t pd = make_pd(&device), cq = make_cq(&device, &cq_queue, 0, -1);
	const struct {
		uint32_t mask, state, current, flags;
		int result;
	} steps[] = {
		{0, 0, 0, 0, EINVAL},	  {8, 0, 0, 0, EINVAL}, {1, 3, 0, 0, EINVAL},
		{3, 1, 1, 0, EINVAL},	  {3, 1, 0, 0, 0},	{1, 2, 0, 0, 0},
		{1, 1, 0, 0, EINVAL},	  {1, 0, 0, 0, 0},	{4, 0, 0, 1, 0},
		{4, 0, 0, 2, EOPNOTSUPP},
	};

	(void)state;
	assert_int_equal(create_wq(&device, &queue, pd, cq, 0, &wq), 0);
	core.wq_handle = wq.wq_handle;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		core.attr_mask = steps[i].mask;
		core.wq_state = steps[i].state;
		core.curr_wq_state = steps[i].current;
		core.flags = core.flags_mask = steps[i].flags;
		assert_int_equal(extended(&device, IB_USER_VERBS_EX_CMD_MODIFY_WQ, &core,
					  sizeof(core), &driver, sizeof(driver), NULL, 0),
				 steps[i].result);
	}
	device_close(&device);
	queue_free(&queue);
	queue_free(&cq_queue);
}

static void rules_are_checked(void **state)
{
	struct device device = open_ethernet();

	(void)state;
	assert_int_equal(create_flow(&device, 99, 0, 0, 0), EINVAL);
	assert_int_equal(create_flow(&device, 0, 8, 1, 0), EINVAL);
	assert_int_equal(create_flow(&device, 0, 0, 1, 0), EINVAL);
	assert_int_equal(create_flow(&device, 0, 0, 0, 1), EINVAL);
	assert_int_equal(create_flow(&device, 0, 0, 0, 4), EOPNOTSUPP);
	device_close(&device);
}

static void counters_are_checked(void **state)
{
	struct device device = open_ethernet();
	struct ib_uverbs_attr attrs[2];
	uint64_t values[2];
	uint32_t handle;

	(void)state;
	assert_int_equal(create_counters(&device, &handle), 0);
	attrs[0] = attr_id(UVERBS_ATTR_READ_COUNTERS_HANDLE, handle);
	attrs[1] = attr_out(UVERBS_ATTR_READ_COUNTERS_BUFF, values, sizeof(values));
	assert_int_equal(
		call(&device, UVERBS_OBJECT_COUNTERS, UVERBS_METHOD_COUNTERS_READ, attrs, 2),
		EINVAL);
	attrs[0] = attr_id(UVERBS_ATTR_DESTROY_COUNTERS_HANDLE, handle);
	assert_int_equal(
		call(&device, UVERBS_OBJECT_COUNTERS, UVERBS_METHOD_COUNTERS_DESTROY, attrs, 1), 0);
	assert_int_equal(
		call(&device, UVERBS_OBJECT_COUNTERS, UVERBS_METHOD_COUNTERS_DESTROY, attrs, 1),
		ENOENT);
	device_close(&device);
}

/* ---- what a rule says ---- */

static struct flow_specs specs;

static int read_specs(const uint8_t *bytes, size_t length, unsigned int count)
{
	return flow_specs_read(bytes, length, count, &specs);
}

/* Type, size, reserved; destination, source, type, VLAN; the same as masks. */
static const uint8_t ethernet[40] = {
	0x20, 0,    0, 0,  40, 0,  0,	 0,    1,    2,	   3,	 4,    5,    6,
	7,    8,    9, 10, 11, 12, 0x08, 0x00, 0x01, 0x23, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0, 0,  0,  0,  0,	 0xff, 0xff, 0xff, 0x0f, 0xff,
};

static void an_ethernet_specification(void **state)
{
	(void)state;
	assert_int_equal(read_specs(ethernet, sizeof(ethernet), 1), 0);
	assert_memory_equal(specs.value.destination_mac, "\1\2\3\4\5\6", 6);
	assert_memory_equal(specs.mask.source_mac, "\0\0\0\0\0\xff", 6);
	assert_int_equal(be16toh(specs.value.type), 0x0800);
	assert_int_equal(be16toh(specs.value.vlan), 0x0123);
	assert_int_equal(be16toh(specs.mask.vlan), 0x0fff);
	assert_int_equal(specs.value.headers, FLOW_TAGGED);
	assert_int_equal(specs.mask.headers, FLOW_TAGGED);
}

/* The filter of IPv4 once had addresses only. */
static const uint8_t short_ip4[24] = {
	0x30, 0, 0, 0, 24, 0, 0, 0, 10, 1, 1, 1, 10, 1, 1, 2, 255, 255, 255, 0, 255, 255, 255, 255,
};

static const uint8_t long_ip4[32] = {
	0x30, 0,    0,	0, 32, 0, 0, 0, 10, 1, 1, 1, 10,   1,	 1, 2,
	17,   0x20, 64, 2, 0,  0, 0, 0, 0,  0, 0, 0, 0xff, 0xfc, 0, 0,
};

static void filters_grow(void **state)
{
	uint8_t bytes[40];

	(void)state;
	assert_int_equal(read_specs(short_ip4, sizeof(short_ip4), 1), 0);
	assert_memory_equal(specs.mask.source_ip, "\xff\xff\xff\0\0", 5);
	assert_memory_equal(specs.value.destination_ip, "\x0a\1\1\2", 4);
	assert_int_equal(specs.mask.protocol, 0);
	assert_int_equal(read_specs(long_ip4, sizeof(long_ip4), 1), 0);
	assert_int_equal(specs.value.protocol, 17);
	assert_int_equal(specs.mask.service, 0xfc);
	assert_int_equal(specs.value.headers, FLOW_IP4);
	/* One that is longer still, with four bytes more in each half. */
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, long_ip4, 20);
	bytes[4] = 40;
	assert_int_equal(read_specs(bytes, sizeof(bytes), 1), 0);
	bytes[39] = 1;
	assert_int_equal(read_specs(bytes, sizeof(bytes), 1), EOPNOTSUPP);
}

static void fields_that_the_adapter_does_not_look_at(void **state)
{
	uint8_t bytes[32];

	(void)state;
	memcpy(bytes, long_ip4, sizeof(bytes));
	bytes[30] = 0xff;
	assert_int_equal(read_specs(bytes, sizeof(bytes), 1), EOPNOTSUPP);
	bytes[30] = 0, bytes[31] = 1;
	assert_int_equal(read_specs(bytes, sizeof(bytes), 1), EOPNOTSUPP);
}

static void what_is_cut_short_or_left_over(void **state)
{
	(void)state;
	for (size_t length = 0; length < sizeof(ethernet); length++)
		assert_int_equal(read_specs(ethernet, length, 1), EINVAL);
	assert_int_equal(read_specs(ethernet, sizeof(ethernet), 0), EINVAL);
	assert_int_equal(read_specs(ethernet, sizeof(ethernet), 2), EINVAL);
}

static void what_stands_there_twice(void **state)
{
	static const uint8_t drop[16] = {0x01, 0x10, 0, 0, 8, 0, 0, 0, 0x01, 0x10, 0, 0, 8};
	uint8_t bytes[80];

	(void)state;
	memcpy(bytes, ethernet, 40);
	memcpy(bytes + 40, ethernet, 40);
	assert_int_equal(read_specs(bytes, 80, 2), EINVAL);
	memcpy(bytes, short_ip4, 24);
	memcpy(bytes + 24, short_ip4, 24);
	assert_int_equal(read_specs(bytes, 48, 2), EINVAL);
	assert_int_equal(read_specs(drop, 16, 2), EINVAL);
	assert_int_equal(read_specs(drop, 8, 1), 0);
	assert_true(specs.drop);
}

static void actions_with_numbers(void **state)
{
	uint8_t bytes[32] = {0x00, 0x10, 0, 0,	  16,	0, 0, 0,  0x56, 0x34, 0x12, 0x00, 0,
			     0,	   0,	 0, 0x03, 0x10, 0, 0, 16, 0,	0,    0,    0x07};

	(void)state;
	assert_int_equal(read_specs(bytes, sizeof(bytes), 2), 0);
	assert_true(specs.has_tag && specs.counts);
	assert_int_equal(specs.tag, 0x123456);
	assert_int_equal(specs.counters, 7);
	bytes[11] = 1;
	assert_int_equal(read_specs(bytes, sizeof(bytes), 2), EINVAL);
}

static void specifications_that_are_not_known(void **state)
{
	/* ESP, GRE, MPLS, an action of its own kind, an inner header. */
	static const uint16_t types[] = {0x34, 0x51, 0x60, 0x1002, 0x130};
	uint8_t bytes[24];

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		memcpy(bytes, short_ip4, sizeof(bytes));
		memcpy(bytes, &types[i], sizeof(types[i]));
		assert_int_equal(read_specs(bytes, sizeof(bytes), 1), EOPNOTSUPP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_infiniband_port_has_none_of_it),
		cmocka_unit_test(what_the_device_says_of_itself),
		cmocka_unit_test(work_queues_and_tables),
		cmocka_unit_test(modify_is_checked),
		cmocka_unit_test(rules_are_checked),
		cmocka_unit_test(counters_are_checked),
		cmocka_unit_test(an_ethernet_specification),
		cmocka_unit_test(filters_grow),
		cmocka_unit_test(fields_that_the_adapter_does_not_look_at),
		cmocka_unit_test(what_is_cut_short_or_left_over),
		cmocka_unit_test(what_stands_there_twice),
		cmocka_unit_test(actions_with_numbers),
		cmocka_unit_test(specifications_that_are_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
