/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Objects that exist as methods of the ioctl interface only: which attributes each call has, with
 * which bytes. A kernel that takes commands by write() has none of them.
 */
#include "open_fake.h"

#include "libibverbs/command.h"

static struct ibv_context *context;
static struct ibv_pd pd;
static int refuse;

/* The last call, its data in copied out of where the attributes point. */
static struct {
	unsigned int object, method, count;
	struct {
		struct ib_uverbs_attr attr;
		uint8_t data[64];
	} attrs[16];
} seen;

/* Attribute 0 is the new object of all these calls but the ones that end, change, read or advise.
 */
static bool makes_object(const struct ib_uverbs_ioctl_hdr *header)
{
	if (header->object_id == UVERBS_OBJECT_MR)
		return header->method_id != UVERBS_METHOD_ADVISE_MR;
	return !header->method_id;
}

/* Keys are the last two attributes of a registration. */
static void answer(struct ib_uverbs_ioctl_hdr *header)
{
	if (!makes_object(header))
		return;
	for (unsigned int i = 0; i < header->num_attrs; i++) {
		struct ib_uverbs_attr *attr = &header->attrs[i];
		const uint32_t key = 0x1000 + attr->attr_id;

		if (!attr->attr_id)
			attr->data = 0x55;
		else if (header->object_id == UVERBS_OBJECT_MR && i + 2 >= header->num_attrs)
			memcpy((void *)(uintptr_t)attr->data, &key, sizeof(key));
	}
}

static int keep(struct ib_uverbs_ioctl_hdr *header)
{
	seen.object = header->object_id;
	seen.method = header->method_id;
	seen.count = header->num_attrs;
	assert_true(seen.count <= 16);
	for (unsigned int i = 0; i < seen.count; i++) {
		const struct ib_uverbs_attr *attr = &header->attrs[i];

		seen.attrs[i].attr = *attr;
		if (attr->len > 8 && attr->len <= 64)
			memcpy(seen.attrs[i].data, (void *)(uintptr_t)attr->data, attr->len);
	}
	if (!refuse)
		answer(header);
	return refuse;
}

static int setup_open(void **state)
{
	setup(state);
	context = open_fake();
	pd = (struct ibv_pd){.context = context, .handle = 11};
	memset(&seen, 0, sizeof(seen));
	refuse = 0;
	fake_kernel.method = keep;
	return !context;
}

static int teardown_close(void **state)
{
	UNUSED;
	return ibv_close_device(context);
}

static void expect_call(unsigned int object, unsigned int method, unsigned int count)
{
	assert_int_equal(seen.object, object);
	assert_int_equal(seen.method, method);
	assert_int_equal(seen.count, count);
}

static unsigned int find(uint16_t attr_id)
{
	unsigned int i = 0;

	while (i < seen.count && seen.attrs[i].attr.attr_id != attr_id)
		i++;
	assert_true(i < seen.count);
	assert_int_equal(seen.attrs[i].attr.flags, UVERBS_ATTR_F_MANDATORY);
	return i;
}

static void expect(uint16_t attr_id, size_t len, uint64_t value)
{
	unsigned int i = find(attr_id);

	assert_int_equal(seen.attrs[i].attr.len, len);
	assert_true(seen.attrs[i].attr.data == value);
}

static void device_memory(void **state)
{
	struct ibv_alloc_dm_attr attr = {.length = 4097, .log_align_req = 6};
	struct ibv_dm dm = {};

	UNUSED;
	assert_int_equal(ibv_cmd_alloc_dm(context, &attr, &dm, NULL), 0);
	expect_call(UVERBS_OBJECT_DM, UVERBS_METHOD_DM_ALLOC, 3);
	expect(UVERBS_ATTR_ALLOC_DM_LENGTH, 8, 4097);
	expect(UVERBS_ATTR_ALLOC_DM_ALIGNMENT, 4, 6);
	assert_int_equal(dm.handle, 0x55);
	assert_int_equal(dm.comp_mask, IBV_DM_MASK_HANDLE);
	assert_ptr_equal(dm.context, context);
	assert_int_equal(ibv_cmd_free_dm(&dm), 0);
	expect_call(UVERBS_OBJECT_DM, UVERBS_METHOD_DM_FREE, 1);
	expect(UVERBS_ATTR_FREE_DM_HANDLE, 0, 0x55);
	refuse = EBUSY;
	assert_int_equal(ibv_cmd_free_dm(&dm), EBUSY);
	attr.comp_mask = 1;
	assert_int_equal(ibv_cmd_alloc_dm(context, &attr, &dm, NULL), EOPNOTSUPP);
}

static void a_driver_adds_attributes_of_its_own(void **state)
{
	struct ibv_alloc_dm_attr attr = {.length = 64};
	struct verbs_ioctl call;
	struct ibv_dm dm = {};

	UNUSED;
	verbs_ioctl_begin(&call, UVERBS_OBJECT_DM, UVERBS_METHOD_DM_ALLOC);
	verbs_ioctl_in_u32(&call, UVERBS_ID_DRIVER_NS, 77);
	assert_int_equal(ibv_cmd_alloc_dm(context, &attr, &dm, &call), 0);
	expect_call(UVERBS_OBJECT_DM, UVERBS_METHOD_DM_ALLOC, 4);
	expect(UVERBS_ID_DRIVER_NS, 4, 77);
	assert_int_equal(dm.handle, 0x55);
}

static void a_region_of_device_memory(void **state)
{
	const struct ibv_dm dm = {.context = context, .handle = 0x66};
	struct verbs_mr mr = {};

	UNUSED;
	assert_int_equal(ibv_cmd_reg_dm_mr(&pd, &dm, 128, 256, 0x21, &mr), 0);
	expect_call(UVERBS_OBJECT_MR, UVERBS_METHOD_DM_MR_REG, 8);
	expect(UVERBS_ATTR_REG_DM_MR_OFFSET, 8, 128);
	expect(UVERBS_ATTR_REG_DM_MR_LENGTH, 8, 256);
	expect(UVERBS_ATTR_REG_DM_MR_PD_HANDLE, 0, 11);
	expect(UVERBS_ATTR_REG_DM_MR_ACCESS_FLAGS, 4, 0x21);
	expect(UVERBS_ATTR_REG_DM_MR_DM_HANDLE, 0, 0x66);
	assert_int_equal(mr.mr.handle, 0x55);
	assert_int_equal(mr.mr.lkey, 0x1000 + UVERBS_ATTR_REG_DM_MR_RESP_LKEY);
	assert_int_equal(mr.mr.rkey, 0x1000 + UVERBS_ATTR_REG_DM_MR_RESP_RKEY);
	assert_int_equal(mr.type, VERBS_MR_TYPE_DM);
	assert_null(mr.mr.addr);
	assert_int_equal(mr.mr.length, 256);
}

static void dma_handles_send_what_is_set(void **state)
{
	struct ibv_dmah_init_attr attr = {
		.comp_mask = IBV_DMAH_INIT_ATTR_MASK_CPU_ID | IBV_DMAH_INIT_ATTR_MASK_PH |
			     IBV_DMAH_INIT_ATTR_MASK_TPH_MEM_TYPE,
		.cpu_id = 5,
		.ph = 2,
		.tph_mem_type = IBV_TPH_MEM_TYPE_PM,
	};
	struct verbs_dmah dmah = {};

	UNUSED;
	assert_int_equal(ibv_cmd_alloc_dmah(context, &attr, &dmah), 0);
	expect_call(UVERBS_OBJECT_DMAH, UVERBS_METHOD_DMAH_ALLOC, 4);
	expect(UVERBS_ATTR_ALLOC_DMAH_CPU_ID, 4, 5);
	expect(UVERBS_ATTR_ALLOC_DMAH_PH, 1, 2);
	expect(UVERBS_ATTR_ALLOC_DMAH_TPH_MEM_TYPE, 8, 1);
	assert_int_equal(dmah.handle, 0x55);
	attr.comp_mask = 0;
	assert_int_equal(ibv_cmd_alloc_dmah(context, &attr, &dmah), 0);
	expect_call(UVERBS_OBJECT_DMAH, UVERBS_METHOD_DMAH_ALLOC, 1);
	assert_int_equal(ibv_cmd_dealloc_dmah(&dmah), 0);
	expect_call(UVERBS_OBJECT_DMAH, UVERBS_METHOD_DMAH_FREE, 1);
	expect(UVERBS_ATTR_FREE_DMA_HANDLE, 0, 0x55);
}

static void a_region_with_a_dma_handle(void **state)
{
	struct verbs_dmah dmah = {.dmah.context = context, .handle = 0x77};
	struct ibv_mr_init_attr attr = {
		.length = 4096,
		.access = 7,
		.comp_mask = IBV_REG_MR_MASK_ADDR | IBV_REG_MR_MASK_DMAH,
		.addr = &seen,
		.dmah = &dmah.dmah,
	};
	struct verbs_mr mr = {};

	UNUSED;
	assert_int_equal(ibv_cmd_reg_mr_ex(&pd, &attr, &mr, NULL), 0);
	expect_call(UVERBS_OBJECT_MR, UVERBS_METHOD_REG_MR, 9);
	expect(UVERBS_ATTR_REG_MR_PD_HANDLE, 0, 11);
	expect(UVERBS_ATTR_REG_MR_DMA_HANDLE, 0, 0x77);
	expect(UVERBS_ATTR_REG_MR_ADDR, 8, (uintptr_t)&seen);
	expect(UVERBS_ATTR_REG_MR_IOVA, 8, (uintptr_t)&seen);
	expect(UVERBS_ATTR_REG_MR_LENGTH, 8, 4096);
	expect(UVERBS_ATTR_REG_MR_ACCESS_FLAGS, 4, 7);
	assert_int_equal(mr.mr.handle, 0x55);
	assert_int_equal(mr.mr.lkey, 0x1000 + UVERBS_ATTR_REG_MR_RESP_LKEY);
	assert_ptr_equal(mr.mr.addr, &seen);
	assert_int_equal(mr.type, VERBS_MR_TYPE_MR);

	attr.comp_mask = IBV_REG_MR_MASK_FD | IBV_REG_MR_MASK_FD_OFFSET | IBV_REG_MR_MASK_IOVA;
	attr.fd = 9;
	attr.fd_offset = 0x2000;
	attr.iova = 0x3000;
	assert_int_equal(ibv_cmd_reg_mr_ex(&pd, &attr, &mr, NULL), 0);
	expect_call(UVERBS_OBJECT_MR, UVERBS_METHOD_REG_MR, 9);
	expect(UVERBS_ATTR_REG_MR_FD, 0, 9);
	expect(UVERBS_ATTR_REG_MR_FD_OFFSET, 8, 0x2000);
	expect(UVERBS_ATTR_REG_MR_IOVA, 8, 0x3000);
	assert_int_equal(mr.type, VERBS_MR_TYPE_DMABUF);
	attr.comp_mask |= IBV_REG_MR_MASK_BUF;
	assert_int_equal(ibv_cmd_reg_mr_ex(&pd, &attr, &mr, NULL), EOPNOTSUPP);
}

static void device_pages_as_a_dma_buf(void **state)
{
	int fd = -1;

	UNUSED;
	assert_int_equal(ibv_cmd_alloc_dmabuf(context, 0x123456789, &fd), 0);
	expect_call(UVERBS_OBJECT_DMABUF, UVERBS_METHOD_DMABUF_ALLOC, 2);
	expect(UVERBS_ATTR_ALLOC_DMABUF_PGOFF, 8, 0x123456789);
	assert_int_equal(fd, 0x55);
	refuse = EPROTONOSUPPORT;
	fd = -1;
	assert_int_equal(ibv_cmd_alloc_dmabuf(context, 0, &fd), EOPNOTSUPP);
	assert_int_equal(fd, -1);
}

static void counters_are_read_into_the_callers_array(void **state)
{
	struct ibv_counters_init_attr attr = {};
	struct verbs_counters counters = {};
	uint64_t values[3];

	UNUSED;
	assert_int_equal(ibv_cmd_create_counters(context, &attr, &counters, NULL), 0);
	expect_call(UVERBS_OBJECT_COUNTERS, UVERBS_METHOD_COUNTERS_CREATE, 1);
	assert_int_equal(counters.handle, 0x55);
	assert_int_equal(ibv_cmd_read_counters(&counters, values, 3, 1, NULL), 0);
	expect_call(UVERBS_OBJECT_COUNTERS, UVERBS_METHOD_COUNTERS_READ, 3);
	expect(UVERBS_ATTR_READ_COUNTERS_HANDLE, 0, 0x55);
	expect(UVERBS_ATTR_READ_COUNTERS_BUFF, 24, (uintptr_t)values);
	expect(UVERBS_ATTR_READ_COUNTERS_FLAGS, 4, 1);
	assert_int_equal(ibv_cmd_read_counters(&counters, values, 0, 0, NULL), EINVAL);
	assert_int_equal(ibv_cmd_read_counters(&counters, values, 8192, 0, NULL), EINVAL);
	assert_int_equal(ibv_cmd_destroy_counters(&counters), 0);
	expect_call(UVERBS_OBJECT_COUNTERS, UVERBS_METHOD_COUNTERS_DESTROY, 1);
	expect(UVERBS_ATTR_DESTROY_COUNTERS_HANDLE, 0, 0x55);
	refuse = EPROTONOSUPPORT;
	assert_int_equal(ibv_cmd_create_counters(context, &attr, &counters, NULL), EOPNOTSUPP);
	attr.comp_mask = 1;
	assert_int_equal(ibv_cmd_create_counters(context, &attr, &counters, NULL), EOPNOTSUPP);
}

static void an_esp_action_has_a_key_and_more(void **state)
{
	struct ib_uverbs_flow_action_esp_keymat_aes_gcm key = {.iv = 0x0102030405060708, .salt = 9};
	struct ib_uverbs_flow_action_esp_replay_bmp replay = {.size = 64};
	struct ib_uverbs_flow_action_esp_encap encap = {.len = 20, .type = 0x30};
	struct ib_uverbs_flow_action_esp esp = {.spi = 0x11, .hard_limit_pkts = 7};
	struct ibv_flow_action_esp_attr attr = {
		.esp_attr = &esp,
		.keymat_len = sizeof(key),
		.keymat_ptr = &key,
		.replay_proto = IB_UVERBS_FLOW_ACTION_ESP_REPLAY_BMP,
		.replay_len = sizeof(replay),
		.replay_ptr = &replay,
		.esp_encap = &encap,
		.comp_mask = IBV_FLOW_ACTION_ESP_MASK_ESN,
		.esn = 0x33,
	};
	struct verbs_flow_action action = {};
	unsigned int i;

	UNUSED;
	assert_int_equal(ibv_cmd_create_flow_action_esp(context, &attr, &action, NULL), 0);
	expect_call(UVERBS_OBJECT_FLOW_ACTION, UVERBS_METHOD_FLOW_ACTION_ESP_CREATE, 6);
	assert_int_equal(action.handle, 0x55);
	expect(UVERBS_ATTR_FLOW_ACTION_ESP_ESN, 4, 0x33);
	expect(UVERBS_ATTR_FLOW_ACTION_ESP_REPLAY, 4, 64);
	i = find(UVERBS_ATTR_FLOW_ACTION_ESP_REPLAY);
	assert_int_equal(seen.attrs[i].attr.attr_data.enum_data.elem_id, 1);
	i = find(UVERBS_ATTR_FLOW_ACTION_ESP_KEYMAT);
	assert_int_equal(seen.attrs[i].attr.attr_data.enum_data.elem_id, 0);
	assert_memory_equal(seen.attrs[i].data, &key, sizeof(key));
	i = find(UVERBS_ATTR_FLOW_ACTION_ESP_ATTRS);
	assert_memory_equal(seen.attrs[i].data, &esp, sizeof(esp));
	i = find(UVERBS_ATTR_FLOW_ACTION_ESP_ENCAP);
	assert_memory_equal(seen.attrs[i].data, &encap, sizeof(encap));

	attr = (struct ibv_flow_action_esp_attr){.esp_attr = &esp};
	assert_int_equal(ibv_cmd_modify_flow_action_esp(&action, &attr, NULL), 0);
	expect_call(UVERBS_OBJECT_FLOW_ACTION, UVERBS_METHOD_FLOW_ACTION_ESP_MODIFY, 2);
	expect(UVERBS_ATTR_MODIFY_FLOW_ACTION_ESP_HANDLE, 0, 0x55);
	attr.comp_mask = 1 << 20;
	assert_int_equal(ibv_cmd_modify_flow_action_esp(&action, &attr, NULL), EOPNOTSUPP);
	assert_int_equal(ibv_cmd_destroy_flow_action(&action), 0);
	expect_call(UVERBS_OBJECT_FLOW_ACTION, UVERBS_METHOD_FLOW_ACTION_DESTROY, 1);
	expect(UVERBS_ATTR_DESTROY_FLOW_ACTION_HANDLE, 0, 0x55);
}

static void a_region_of_a_dma_buf(void **state)
{
	struct verbs_mr mr = {};

	UNUSED;
	assert_int_equal(ibv_cmd_reg_dmabuf_mr(&pd, 0x1000, 0x2000, 0x3000, 9, 7, &mr), 0);
	expect_call(UVERBS_OBJECT_MR, UVERBS_METHOD_REG_DMABUF_MR, 9);
	expect(UVERBS_ATTR_REG_DMABUF_MR_PD_HANDLE, 0, 11);
	expect(UVERBS_ATTR_REG_DMABUF_MR_OFFSET, 8, 0x1000);
	expect(UVERBS_ATTR_REG_DMABUF_MR_LENGTH, 8, 0x2000);
	expect(UVERBS_ATTR_REG_DMABUF_MR_IOVA, 8, 0x3000);
	expect(UVERBS_ATTR_REG_DMABUF_MR_FD, 4, 9);
	expect(UVERBS_ATTR_REG_DMABUF_MR_ACCESS_FLAGS, 4, 7);
	assert_int_equal(mr.mr.handle, 0x55);
	assert_int_equal(mr.mr.rkey, 0x1000 + UVERBS_ATTR_REG_DMABUF_MR_RESP_RKEY);
	refuse = EPROTONOSUPPORT;
	assert_int_equal(ibv_cmd_reg_dmabuf_mr(&pd, 0, 1, 0, 9, 0, &mr), EOPNOTSUPP);
}

/* The list is pointed at, in the kernel's own layout. */
static void advice_goes_with_its_list(void **state)
{
	struct ibv_sge list[2] = {{.addr = 0x1000, .length = 64, .lkey = 5}, {.addr = 0x2000}};
	unsigned int i;

	UNUSED;
	assert_int_equal(
		ibv_cmd_advise_mr(&pd, IB_UVERBS_ADVISE_MR_ADVICE_PREFETCH_WRITE, 1, list, 2), 0);
	expect_call(UVERBS_OBJECT_MR, UVERBS_METHOD_ADVISE_MR, 4);
	expect(UVERBS_ATTR_ADVISE_MR_ADVICE, 8, 1);
	expect(UVERBS_ATTR_ADVISE_MR_FLAGS, 4, 1);
	i = find(UVERBS_ATTR_ADVISE_MR_SGE_LIST);
	assert_int_equal(seen.attrs[i].attr.len, 32);
	assert_memory_equal(seen.attrs[i].data, list, sizeof(list));
	assert_int_equal(ibv_cmd_advise_mr(&pd, 0, 0, list, 4096), E2BIG);
}

static int too_many_vectors(struct ib_uverbs_ioctl_hdr *header)
{
	const uint32_t vectors = UINT32_MAX;
	struct ib_uverbs_attr *attr = fake_attr(header, UVERBS_ATTR_QUERY_CONTEXT_NUM_COMP_VECTORS);

	memcpy((void *)(uintptr_t)attr->data, &vectors, sizeof(vectors));
	return 0;
}

static void a_count_of_vectors_that_is_none(void **state)
{
	UNUSED;
	fake_kernel.method = too_many_vectors;
	assert_int_equal(ibv_cmd_query_context(verbs_get_ctx(context), NULL), EIO);
}

static int setup_write(void **state)
{
	setup(state);
	fake_kernel.has_ioctl = false;
	context = open_fake();
	pd = (struct ibv_pd){.context = context, .handle = 11};
	return !context;
}

static void a_kernel_without_ioctl_has_none_of_them(void **state)
{
	struct ibv_mr_init_attr mr_attr = {.length = 1, .comp_mask = IBV_REG_MR_MASK_ADDR};
	struct ibv_counters_init_attr counters_attr = {};
	struct ibv_flow_action_esp_attr esp_attr = {};
	struct ibv_alloc_dm_attr dm_attr = {.length = 1};
	struct ibv_dmah_init_attr dmah_attr = {};
	struct verbs_counters counters;
	struct verbs_flow_action action;
	struct verbs_dmah dmah;
	struct verbs_mr mr;
	struct ibv_dm dm;
	uint64_t value;
	int fd;

	UNUSED;
	assert_int_equal(ibv_cmd_alloc_dm(context, &dm_attr, &dm, NULL), EOPNOTSUPP);
	assert_int_equal(ibv_cmd_alloc_dmah(context, &dmah_attr, &dmah), EOPNOTSUPP);
	assert_int_equal(ibv_cmd_alloc_dmabuf(context, 0, &fd), EOPNOTSUPP);
	assert_int_equal(ibv_cmd_reg_mr_ex(&pd, &mr_attr, &mr, NULL), EOPNOTSUPP);
	assert_int_equal(ibv_cmd_create_counters(context, &counters_attr, &counters, NULL),
			 EOPNOTSUPP);
	counters = (struct verbs_counters){.counters.context = context};
	assert_int_equal(ibv_cmd_read_counters(&counters, &value, 1, 0, NULL), EOPNOTSUPP);
	assert_int_equal(ibv_cmd_create_flow_action_esp(context, &esp_attr, &action, NULL),
			 EOPNOTSUPP);
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup_teardown(name, setup_open, teardown_close)
	const struct CMUnitTest tests[] = {
		HERE(device_memory),
		HERE(a_driver_adds_attributes_of_its_own),
		HERE(a_region_of_device_memory),
		HERE(dma_handles_send_what_is_set),
		HERE(a_region_with_a_dma_handle),
		HERE(device_pages_as_a_dma_buf),
		HERE(a_region_of_a_dma_buf),
		HERE(advice_goes_with_its_list),
		HERE(a_count_of_vectors_that_is_none),
		HERE(counters_are_read_into_the_callers_array),
		HERE(an_esp_action_has_a_key_and_more),
		cmocka_unit_test_setup_teardown(a_kernel_without_ioctl_has_none_of_them,
						setup_write, teardown_close),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
