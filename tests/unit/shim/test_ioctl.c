/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RDMA_VERBS_IOCTL: header, attributes, and the methods that libraries call by it. */
#include "harness.h"

#include <errno.h>
#include <string.h>

static int invoke(const struct device *device, uint64_t command, const void *in, uint16_t in_bytes,
		  void *out, uint16_t out_bytes)
{
	struct ib_uverbs_attr attrs[3] = {attr_in(UVERBS_ATTR_WRITE_CMD, &command, 8)};
	uint16_t count = 1;

	if (in_bytes)
		attrs[count++] = attr_in(UVERBS_ATTR_CORE_IN, in, in_bytes);
	if (out_bytes)
		attrs[count++] = attr_out(UVERBS_ATTR_CORE_OUT, out, out_bytes);
	return call(device, UVERBS_OBJECT_DEVICE, UVERBS_METHOD_INVOKE_WRITE, attrs, count);
}

/* What libibverbs sends to find out whether the ioctl works at all. */
static void probe_without_buffers_answers_enospc(void **state)
{
	struct device device = device_open();

	(void)state;
	assert_int_equal(invoke(&device, IB_USER_VERBS_CMD_QUERY_DEVICE, NULL, 0, NULL, 0), ENOSPC);
	device_close(&device);
}

static void unknown_objects_methods_and_attributes_are_named_unsupported(void **state)
{
	struct device device = device_open_with_context();
	uint64_t value = 0;
	struct ib_uverbs_attr attrs[2] = {attr_id(UVERBS_ATTR_DESTROY_PD_HANDLE, make_pd(&device)),
					  attr_in(77, &value, 8)};

	(void)state;
	assert_int_equal(call(&device, 0x77, 0, NULL, 0), EPROTONOSUPPORT);
	assert_int_equal(call(&device, UVERBS_OBJECT_PD, 9, NULL, 0), EPROTONOSUPPORT);
	assert_int_equal(call(&device, 0x1000, 0x1000, NULL, 0), EPROTONOSUPPORT);
	assert_int_equal(call(&device, UVERBS_OBJECT_PD, UVERBS_METHOD_PD_DESTROY, attrs, 2),
			 EPROTONOSUPPORT);
	/* The same attribute, not mandatory, is passed over. */
	attrs[1].flags = 0;
	assert_int_equal(call(&device, UVERBS_OBJECT_PD, UVERBS_METHOD_PD_DESTROY, attrs, 2), 0);
	device_close(&device);
}

static void malformed_headers_are_refused(void **state)
{
	struct device device = device_open_with_context();
	struct ib_uverbs_ioctl_hdr header = {.length = sizeof(header),
					     .object_id = UVERBS_OBJECT_PD,
					     .driver_id = RDMA_DRIVER_MLX5};

	(void)state;
	assert_int_equal(ioctl_command(device.file, 8), EFAULT);
	header.length = 8;
	assert_int_equal(ioctl_command(device.file, (uintptr_t)&header), EINVAL);
	header.length = sizeof(header);
	header.num_attrs = 1;
	assert_int_equal(ioctl_command(device.file, (uintptr_t)&header), EINVAL);
	header.num_attrs = 0;
	header.reserved1 = 1;
	assert_int_equal(ioctl_command(device.file, (uintptr_t)&header), EPROTONOSUPPORT);
	header.reserved1 = 0;
	header.driver_id = RDMA_DRIVER_MLX4;
	assert_int_equal(ioctl_command(device.file, (uintptr_t)&header), EINVAL);
	device_close(&device);
}

static void attributes_are_checked_against_the_method(void **state)
{
	struct device device = device_open_with_context();
	uint32_t pd = make_pd(&device);
	struct ib_uverbs_attr attrs[2] = {attr_id(UVERBS_ATTR_DESTROY_PD_HANDLE, pd),
					  attr_id(UVERBS_ATTR_DESTROY_PD_HANDLE, pd)};

	(void)state;
	/* Missing, twice, with a length, with reserved flags, with a number that is no handle. */
	assert_int_equal(call(&device, UVERBS_OBJECT_PD, UVERBS_METHOD_PD_DESTROY, NULL, 0),
			 EINVAL);
	assert_int_equal(call(&device, UVERBS_OBJECT_PD, UVERBS_METHOD_PD_DESTROY, attrs, 2),
			 EINVAL);
	attrs[0].len = 4;
	assert_int_equal(call(&device, UVERBS_OBJECT_PD, UVERBS_METHOD_PD_DESTROY, attrs, 1),
			 EINVAL);
	attrs[0].len = 0;
	attrs[0].flags = 0x10;
	assert_int_equal(call(&device, UVERBS_OBJECT_PD, UVERBS_METHOD_PD_DESTROY, attrs, 1),
			 EINVAL);
	attrs[0].flags = UVERBS_ATTR_F_MANDATORY;
	attrs[0].data = 1ULL << 32;
	assert_int_equal(call(&device, UVERBS_OBJECT_PD, UVERBS_METHOD_PD_DESTROY, attrs, 1),
			 ENOENT);
	attrs[0].data = pd + 1;
	assert_int_equal(call(&device, UVERBS_OBJECT_PD, UVERBS_METHOD_PD_DESTROY, attrs, 1),
			 ENOENT);
	device_close(&device);
}

static void outputs_written_are_marked_and_the_rest_cleared(void **state)
{
	struct device device = device_open_with_context();
	uint8_t port = 1;
	struct {
		struct ib_uverbs_query_port_resp_ex port;
		uint8_t beyond[16];
	} answer;
	struct ib_uverbs_attr attrs[2] = {
		attr_in(UVERBS_ATTR_QUERY_PORT_PORT_NUM, &port, 1),
		attr_out(UVERBS_ATTR_QUERY_PORT_RESP, &answer, sizeof(answer))};

	(void)state;
	memset(&answer, 0xee, sizeof(answer));
	assert_int_equal(call(&device, UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_PORT, attrs, 2),
			 0);
	assert_true(attrs[1].flags & UVERBS_ATTR_F_VALID_OUTPUT);
	assert_int_equal(answer.port.legacy_resp.state, PORT_STATE_ACTIVE);
	assert_int_equal(answer.beyond[0], 0);
	assert_int_equal(answer.beyond[15], 0);
	port = 2;
	attrs[0] = attr_in(UVERBS_ATTR_QUERY_PORT_PORT_NUM, &port, 1);
	attrs[1] = attr_out(UVERBS_ATTR_QUERY_PORT_RESP, &answer, sizeof(answer));
	assert_int_equal(call(&device, UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_PORT, attrs, 2),
			 EINVAL);
	device_close(&device);
}

static int query_gid(const struct device *device, uint32_t port, uint32_t index,
		     struct ib_uverbs_gid_entry *entry)
{
	struct ib_uverbs_attr attrs[3] = {
		attr_in(UVERBS_ATTR_QUERY_GID_ENTRY_PORT, &port, 4),
		attr_in(UVERBS_ATTR_QUERY_GID_ENTRY_GID_INDEX, &index, 4),
		attr_out(UVERBS_ATTR_QUERY_GID_ENTRY_RESP_ENTRY, entry, sizeof(*entry))};

	return call(device, UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_GID_ENTRY, attrs, 3);
}

static void gids_that_are_empty_differ_from_those_that_cannot_be(void **state)
{
	struct device device = device_open_with_context();
	struct ib_uverbs_gid_entry entry;

	(void)state;
	assert_int_equal(query_gid(&device, 1, 0, &entry), 0);
	assert_int_equal(entry.port_num, 1);
	assert_int_equal(entry.gid_type, IB_UVERBS_GID_TYPE_IB);
	assert_int_equal(query_gid(&device, 1, FABRIC_GIDS - 1, &entry), ENODATA);
	assert_int_equal(query_gid(&device, 1, FABRIC_GIDS, &entry), EINVAL);
	assert_int_equal(query_gid(&device, 2, 0, &entry), EINVAL);
	device_close(&device);
}

static void gid_table_takes_entries_of_the_programs_size(void **state)
{
	struct device device = device_open_with_context();
	uint64_t entry_size = sizeof(struct ib_uverbs_gid_entry), count = 0;
	struct ib_uverbs_gid_entry entries[FABRIC_GIDS];
	struct ib_uverbs_attr attrs[3] = {
		attr_in(UVERBS_ATTR_QUERY_GID_TABLE_ENTRY_SIZE, &entry_size, 8),
		attr_out(UVERBS_ATTR_QUERY_GID_TABLE_RESP_ENTRIES, entries, sizeof(entries)),
		attr_out(UVERBS_ATTR_QUERY_GID_TABLE_RESP_NUM_ENTRIES, &count, 8)};

	(void)state;
	assert_int_equal(
		call(&device, UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_GID_TABLE, attrs, 3), 0);
	assert_true(count >= 1);
	assert_int_equal(entries[0].gid_index, 0);
	attrs[1] = attr_out(UVERBS_ATTR_QUERY_GID_TABLE_RESP_ENTRIES, entries, 8);
	attrs[2] = attr_out(UVERBS_ATTR_QUERY_GID_TABLE_RESP_NUM_ENTRIES, &count, 8);
	assert_int_equal(
		call(&device, UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_GID_TABLE, attrs, 3),
		EINVAL);
	device_close(&device);
}

static int alloc_uar(const struct device *device, uint32_t *handle, uint64_t *offset,
		     uint32_t *page)
{
	uint64_t type = 1;
	uint32_t length = 0;
	struct ib_uverbs_attr attrs[5] = {
		attr_id(MLX5_IB_ATTR_UAR_OBJ_ALLOC_HANDLE, 0),
		attr_in(MLX5_IB_ATTR_UAR_OBJ_ALLOC_TYPE, &type, 8),
		attr_out(MLX5_IB_ATTR_UAR_OBJ_ALLOC_MMAP_OFFSET, offset, 8),
		attr_out(MLX5_IB_ATTR_UAR_OBJ_ALLOC_MMAP_LENGTH, &length, 4),
		attr_out(MLX5_IB_ATTR_UAR_OBJ_ALLOC_PAGE_ID, page, 4)};
	int rc = call(device, MLX5_IB_OBJECT_UAR, MLX5_IB_METHOD_UAR_OBJ_ALLOC, attrs, 5);

	if (!rc)
		assert_int_equal(length, 4096);
	*handle = (uint32_t)attrs[0].data;
	return rc;
}

static void uars_have_pages_of_their_own_and_come_to_an_end(void **state)
{
	struct device device = device_open_with_context();
	uint32_t handle[2], page[2], last;
	uint64_t offset[2];
	struct ib_uverbs_attr destroy;

	(void)state;
	assert_int_equal(alloc_uar(&device, &handle[0], &offset[0], &page[0]), 0);
	assert_int_equal(alloc_uar(&device, &handle[1], &offset[1], &page[1]), 0);
	assert_int_not_equal(page[0], page[1]);
	assert_true(offset[0] != offset[1] && offset[1] + 4096 <= FILE_MAP_BYTES);
	for (unsigned int i = 2; i < FILE_DYNAMIC_UARS; i++)
		assert_int_equal(alloc_uar(&device, &last, &offset[0], &page[0]), 0);
	assert_int_equal(alloc_uar(&device, &last, &offset[0], &page[0]), ENOMEM);
	destroy = attr_id(MLX5_IB_ATTR_UAR_OBJ_DESTROY_HANDLE, handle[1]);
	assert_int_equal(
		call(&device, MLX5_IB_OBJECT_UAR, MLX5_IB_METHOD_UAR_OBJ_DESTROY, &destroy, 1), 0);
	assert_int_equal(alloc_uar(&device, &last, &offset[0], &page[0]), 0);
	assert_int_equal(page[0], page[1]);
	device_close(&device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probe_without_buffers_answers_enospc),
		cmocka_unit_test(unknown_objects_methods_and_attributes_are_named_unsupported),
		cmocka_unit_test(malformed_headers_are_refused),
		cmocka_unit_test(attributes_are_checked_against_the_method),
		cmocka_unit_test(outputs_written_are_marked_and_the_rest_cleared),
		cmocka_unit_test(gids_that_are_empty_differ_from_those_that_cannot_be),
		cmocka_unit_test(gid_table_takes_entries_of_the_programs_size),
		cmocka_unit_test(uars_have_pages_of_their_own_and_come_to_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
