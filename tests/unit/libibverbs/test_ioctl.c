/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The attribute builder, byte by byte. */
#include "open_fake.h"

static void up_to_8_bytes_travel_inside_the_attribute(void **state)
{
	const uint8_t bytes[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	struct verbs_ioctl call;

	UNUSED;
	verbs_ioctl_begin(&call, 3, 4);
	verbs_ioctl_in(&call, 0x1000, bytes, 8);
	verbs_ioctl_in(&call, 0x1001, bytes, 9);
	assert_int_equal(call.hdr.object_id, 3);
	assert_int_equal(call.hdr.method_id, 4);
	assert_int_equal(call.num_attrs, 2);
	assert_int_equal(call.hdr.attrs[0].len, 8);
	assert_memory_equal(&call.hdr.attrs[0].data, bytes, 8);
	assert_int_equal(call.hdr.attrs[1].len, 9);
	assert_ptr_equal((void *)(uintptr_t)call.hdr.attrs[1].data, bytes);
}

static void outputs_are_pointed_at_and_zeroed(void **state)
{
	uint32_t answer = 0xffffffff;
	struct verbs_ioctl call;

	UNUSED;
	verbs_ioctl_begin(&call, 0, 0);
	verbs_ioctl_out(&call, 5, &answer, sizeof(answer));
	assert_int_equal(answer, 0);
	assert_int_equal(call.hdr.attrs[0].len, 4);
	assert_ptr_equal((void *)(uintptr_t)call.hdr.attrs[0].data, &answer);
}

static void handles_and_descriptors_have_no_length(void **state)
{
	struct verbs_ioctl call;

	UNUSED;
	verbs_ioctl_begin(&call, 0, 0);
	verbs_ioctl_in_handle(&call, 1, 42);
	verbs_ioctl_in_fd(&call, 2, -1);
	assert_int_equal(call.hdr.attrs[0].len, 0);
	assert_int_equal(call.hdr.attrs[0].data, 42);
	assert_int_equal(call.hdr.attrs[1].len, 0);
	assert_int_equal(call.hdr.attrs[1].data_s64, -1);
}

static void flags_of_zero_are_not_sent(void **state)
{
	struct verbs_ioctl call;

	UNUSED;
	verbs_ioctl_begin(&call, 0, 0);
	verbs_ioctl_in_flags(&call, 1, 0);
	assert_int_equal(call.num_attrs, 0);
	verbs_ioctl_in_flags(&call, 1, 4);
	assert_int_equal(call.hdr.attrs[0].len, 8);
}

static void attributes_are_mandatory_unless_said_otherwise(void **state)
{
	struct verbs_ioctl call;

	UNUSED;
	verbs_ioctl_begin(&call, 0, 0);
	verbs_ioctl_in_u32(&call, 1, 1);
	verbs_ioctl_in_u32(&call, 2, 1);
	verbs_ioctl_optional(&call);
	assert_int_equal(call.hdr.attrs[0].flags, UVERBS_ATTR_F_MANDATORY);
	assert_int_equal(call.hdr.attrs[1].flags, 0);
}

static void enum_choice_stands_beside_its_data(void **state)
{
	struct verbs_ioctl call;

	UNUSED;
	verbs_ioctl_begin(&call, 0, 0);
	verbs_ioctl_in_enum(&call, 1, 3, NULL, 0);
	assert_int_equal(call.hdr.attrs[0].attr_data.enum_data.elem_id, 3);
	assert_int_equal(call.hdr.attrs[0].len, 0);
}

static void too_many_attributes_are_refused_without_a_system_call(void **state)
{
	struct ibv_context *context = open_fake();
	struct verbs_ioctl call;
	unsigned int before;

	UNUSED;
	assert_non_null(context);
	before = fake_kernel.methods;
	verbs_ioctl_begin(&call, 0, 1);
	for (int i = 0; i <= VERBS_IOCTL_MAX_ATTRS; i++)
		verbs_ioctl_in_u32(&call, i, i);
	assert_int_equal(verbs_ioctl_run(context, &call), E2BIG);
	assert_int_equal(fake_kernel.methods, before);
	assert_int_equal(ibv_close_device(context), 0);
}

static void a_write_only_kernel_has_no_methods(void **state)
{
	struct ibv_context *context;
	struct verbs_ioctl call;

	UNUSED;
	fake_kernel.has_ioctl = false;
	context = open_fake();
	assert_non_null(context);
	verbs_ioctl_begin(&call, UVERBS_OBJECT_DM, UVERBS_METHOD_DM_ALLOC);
	assert_int_equal(verbs_ioctl_run(context, &call), EPROTONOSUPPORT);
	assert_int_equal(ibv_close_device(context), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(up_to_8_bytes_travel_inside_the_attribute, setup),
		cmocka_unit_test_setup(outputs_are_pointed_at_and_zeroed, setup),
		cmocka_unit_test_setup(handles_and_descriptors_have_no_length, setup),
		cmocka_unit_test_setup(flags_of_zero_are_not_sent, setup),
		cmocka_unit_test_setup(attributes_are_mandatory_unless_said_otherwise, setup),
		cmocka_unit_test_setup(enum_choice_stands_beside_its_data, setup),
		cmocka_unit_test_setup(too_many_attributes_are_refused_without_a_system_call,
				       setup),
		cmocka_unit_test_setup(a_write_only_kernel_has_no_methods, setup),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
