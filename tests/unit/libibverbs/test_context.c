/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opening and closing, and answers of a kernel that cannot be true. Nothing may leak. */
#include <time.h>

#include "open_fake.h"

static void a_missing_node_fails_at_once(void **state)
{
	struct timespec before, after;

	UNUSED;
	fake_kernel.device_node = false;
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_null(open_fake());
	assert_int_equal(errno, ENOENT);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec < 2);
	assert_nothing_open();
}

static void a_node_of_another_device_is_not_used(void **state)
{
	UNUSED;
	fake_kernel.node_minor = FAKE_DEV_MINOR + 1;
	assert_null(open_fake());
	assert_int_equal(errno, ENXIO);
	assert_nothing_open();
}

static int refuse_context(struct ib_uverbs_ioctl_hdr *header)
{
	if (header->method_id == UVERBS_METHOD_GET_CONTEXT)
		return EACCES;
	return fake_kernel_method(header);
}

static void a_refused_context_leaves_nothing_behind(void **state)
{
	UNUSED;
	fake_kernel.method = refuse_context;
	assert_null(open_fake());
	assert_int_equal(errno, EACCES);
	assert_nothing_open();
}

static int refuse_async(struct ib_uverbs_ioctl_hdr *header)
{
	return header->object_id == UVERBS_OBJECT_ASYNC_EVENT ? EMFILE : fake_kernel_method(header);
}

static void without_async_events_there_is_no_context(void **state)
{
	UNUSED;
	fake_kernel.method = refuse_async;
	assert_null(open_fake());
	assert_int_equal(errno, EMFILE);
	assert_nothing_open();
}

static int no_methods(struct ib_uverbs_ioctl_hdr *header)
{
	(void)header;
	return EPROTONOSUPPORT;
}

static void a_kernel_without_the_method_gives_the_async_fd_with_the_context(void **state)
{
	struct ibv_context *context;

	UNUSED;
	fake_kernel.method = no_methods;
	context = open_fake();
	assert_non_null(context);
	assert_true(context->async_fd >= 0);
	assert_int_equal(context->num_comp_vectors, 2);
	assert_int_equal(ibv_close_device(context), 0);
	assert_nothing_open();
}

static int garbage_device(const struct fake_command *command)
{
	struct ib_uverbs_ex_query_device_resp answer = {.response_length = 100000};

	if (command->number !=
	    (IB_USER_VERBS_EX_CMD_QUERY_DEVICE | IB_USER_VERBS_CMD_FLAG_EXTENDED))
		return fake_kernel_command(command);
	fake_answer(command->out, command->out_len, &answer, sizeof(answer));
	return 0;
}

static void an_impossible_response_length_is_refused(void **state)
{
	struct ibv_device_attr attr;
	struct ibv_context *context = open_fake();

	UNUSED;
	assert_non_null(context);
	fake_kernel.command = garbage_device;
	assert_int_equal(ibv_query_device(context, &attr), EIO);
	assert_int_equal(ibv_close_device(context), 0);
}

static int garbage_port(const struct fake_command *command)
{
	struct ib_uverbs_query_port_resp answer = {.gid_tbl_len = 0xfffffff0};

	if (command->number != IB_USER_VERBS_CMD_QUERY_PORT)
		return fake_kernel_command(command);
	fake_answer(command->out, command->out_len, &answer, sizeof(answer));
	return 0;
}

static void a_gid_table_of_negative_length_is_refused(void **state)
{
	struct ibv_context *context = open_fake();
	struct ibv_port_attr attr;

	UNUSED;
	assert_non_null(context);
	fake_kernel.command = garbage_port;
	assert_int_equal(ibv_query_port(context, 1, &attr), EIO);
	assert_int_equal(ibv_close_device(context), 0);
}

static int garbage_cq(const struct fake_command *command)
{
	struct ib_uverbs_create_cq_resp answer = {.cqe = 0x80000000};

	if (command->number != IB_USER_VERBS_CMD_CREATE_CQ)
		return fake_kernel_command(command);
	fake_answer(command->out, command->out_len, &answer, sizeof(answer));
	return 0;
}

static void a_cq_of_negative_size_is_refused(void **state)
{
	struct ibv_context *context = open_fake();
	struct ibv_comp_channel *channel;

	UNUSED;
	assert_non_null(context);
	channel = ibv_create_comp_channel(context);
	assert_non_null(channel);
	fake_kernel.command = garbage_cq;
	assert_null(ibv_create_cq(context, 10, NULL, channel, 0));
	assert_int_equal(errno, EIO);
	assert_int_equal(ibv_destroy_comp_channel(channel), 0);
	assert_int_equal(ibv_close_device(context), 0);
	assert_nothing_open();
}

static void attributes_that_cannot_be_never_reach_the_kernel(void **state)
{
	struct ibv_context *context = open_fake();
	struct ibv_cq_init_attr_ex attr = {.cqe = 1, .wc_flags = 1ull << 40};
	unsigned int before;

	UNUSED;
	assert_non_null(context);
	before = fake_kernel.commands;
	assert_null(ibv_create_cq(context, 0, NULL, NULL, 0));
	assert_int_equal(errno, EINVAL);
	assert_null(ibv_create_cq(context, -5, NULL, NULL, 0));
	assert_int_equal(errno, EINVAL);
	assert_null(ibv_create_cq(context, 1, NULL, NULL, 2));
	assert_int_equal(errno, EINVAL);
	assert_null(ibv_create_cq(context, 1, NULL, NULL, -1));
	assert_int_equal(errno, EINVAL);
	assert_null(ibv_create_cq_ex(context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr.wc_flags = 0;
	attr.comp_mask = IBV_CQ_INIT_ATTR_MASK_PD;
	assert_null(ibv_create_cq_ex(context, &attr));
	assert_int_equal(errno, EINVAL);
	attr.comp_mask = IBV_CQ_INIT_ATTR_MASK_FLAGS;
	attr.flags = 1 << 30;
	assert_null(ibv_create_cq_ex(context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_int_equal(fake_kernel.commands, before);
	assert_int_equal(ibv_close_device(context), 0);
}

static void verbs_that_the_provider_lacks_say_so(void **state)
{
	struct ibv_context *context = open_fake();
	struct ibv_recv_wr recv = {}, *bad_recv = NULL;
	struct ibv_send_wr send = {}, *bad_send = NULL;
	struct ibv_pd pd = {.context = context};
	struct verbs_qp qp = {.qp.context = context};
	struct verbs_cq cq = {.cq.context = context};

	UNUSED;
	assert_non_null(context);
	assert_int_equal(ibv_post_send(&qp.qp, &send, &bad_send), EOPNOTSUPP);
	assert_ptr_equal(bad_send, &send);
	assert_int_equal(ibv_post_recv(&qp.qp, &recv, &bad_recv), EOPNOTSUPP);
	assert_ptr_equal(bad_recv, &recv);
	assert_true(ibv_poll_cq(&cq.cq, 1, NULL) < 0);
	assert_int_equal(ibv_resize_cq(&cq.cq, 100), EOPNOTSUPP);
	assert_null(ibv_alloc_mw(&pd, IBV_MW_TYPE_1));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_null(ibv_import_pd(context, 1));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_int_equal(ibv_close_device(context), 0);
}

/* As kernel 7.2 was seen to do: an attribute of another length is refused. */
static int answer_speed(struct ib_uverbs_ioctl_hdr *header)
{
	const uint64_t speed = 4000;
	struct ib_uverbs_attr *port, *answer;

	if (header->method_id != UVERBS_METHOD_QUERY_PORT_SPEED)
		return fake_kernel_method(header);
	port = fake_attr(header, UVERBS_ATTR_QUERY_PORT_SPEED_PORT_NUM);
	answer = fake_attr(header, UVERBS_ATTR_QUERY_PORT_SPEED_RESP);
	if (port->len != 8 || port->data != 1 || answer->len != 8)
		return EINVAL;
	memcpy((void *)(uintptr_t)answer->data, &speed, sizeof(speed));
	return 0;
}

static void the_speed_of_a_port_is_asked_for_in_the_kernels_sizes(void **state)
{
	struct ibv_context *context = open_fake();
	uint64_t speed = 0;

	UNUSED;
	assert_non_null(context);
	fake_kernel.method = answer_speed;
	assert_int_equal(ibv_query_port_speed(context, 1, &speed), 0);
	assert_int_equal(speed, 4000);
	assert_int_equal(ibv_close_device(context), 0);
}

static int device_is_gone(const struct fake_command *command)
{
	(void)command;
	return EIO;
}

static void an_unplugged_device_gives_memory_back_only_when_asked_to(void **state)
{
	struct ibv_context *context = open_fake();
	struct ibv_pd *pd;

	UNUSED;
	assert_non_null(context);
	pd = ibv_alloc_pd(context);
	assert_non_null(pd);
	fake_kernel.command = device_is_gone;
	assert_int_equal(ibv_dealloc_pd(pd), EIO);
	assert_int_equal(setenv("RDMAV_ALLOW_DISASSOC_DESTROY", "1", 1), 0);
	assert_int_equal(ibv_dealloc_pd(pd), 0);
	assert_int_equal(unsetenv("RDMAV_ALLOW_DISASSOC_DESTROY"), 0);
	assert_int_equal(ibv_close_device(context), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_missing_node_fails_at_once, setup),
		cmocka_unit_test_setup(a_node_of_another_device_is_not_used, setup),
		cmocka_unit_test_setup(a_refused_context_leaves_nothing_behind, setup),
		cmocka_unit_test_setup(without_async_events_there_is_no_context, setup),
		cmocka_unit_test_setup(
			a_kernel_without_the_method_gives_the_async_fd_with_the_context, setup),
		cmocka_unit_test_setup(an_impossible_response_length_is_refused, setup),
		cmocka_unit_test_setup(a_gid_table_of_negative_length_is_refused, setup),
		cmocka_unit_test_setup(a_cq_of_negative_size_is_refused, setup),
		cmocka_unit_test_setup(attributes_that_cannot_be_never_reach_the_kernel, setup),
		cmocka_unit_test_setup(verbs_that_the_provider_lacks_say_so, setup),
		cmocka_unit_test_setup(the_speed_of_a_port_is_asked_for_in_the_kernels_sizes,
				       setup),
		cmocka_unit_test_setup(an_unplugged_device_gives_memory_back_only_when_asked_to,
				       setup),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
