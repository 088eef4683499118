/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One command, two carriers: what reaches the kernel must be the same, and so must what comes back.
 */
#include "open_fake.h"

static char seen[4][256];
static size_t seen_len[4];

/* Keeps the core part of one command; "response" at its start is the carrier's own affair. */
static int keep_create_qp(const struct fake_command *command)
{
	int which = fake_kernel.has_ioctl;

	if (command->number == IB_USER_VERBS_CMD_CREATE_QP) {
		memcpy(seen[which], (const char *)command->in + 8, command->in_len - 8);
		seen_len[which] = command->in_len - 8;
		memcpy(seen[2 + which], command->private_in, command->private_in_len);
		seen_len[2 + which] = command->private_in_len;
		memset(command->private_out, 0x5a, command->private_out_len);
	}
	return fake_kernel_command(command);
}

static void create_one_qp(bool has_ioctl)
{
	struct ibv_qp_init_attr attr = {
		.cap = {.max_send_wr = 1,
			.max_recv_wr = 2,
			.max_send_sge = 3,
			.max_recv_sge = 4,
			.max_inline_data = 5},
		.qp_type = IBV_QPT_UD,
		.sq_sig_all = 1,
	};
	struct ibv_context *context;
	struct ibv_pd *pd;
	struct ibv_qp *qp;

	fake_kernel_reset();
	fake_kernel.has_ioctl = has_ioctl;
	fake_kernel.command = keep_create_qp;
	memset(fake_private.from_kernel, 0, sizeof(fake_private.from_kernel));
	context = open_fake();
	assert_non_null(context);
	pd = ibv_alloc_pd(context);
	assert_non_null(pd);
	assert_int_equal(pd->handle, 11);
	attr.send_cq = attr.recv_cq = ibv_create_cq(context, 10, NULL, NULL, 0);
	assert_non_null(attr.send_cq);
	qp = ibv_create_qp(pd, &attr);
	assert_non_null(qp);
	assert_int_equal(qp->handle, 14);
	assert_int_equal(qp->qp_num, 0x140);
	assert_int_equal(attr.cap.max_recv_sge, 3);
	assert_int_equal(fake_private.from_kernel[2], 0x5a5a5a5a);
	assert_int_equal(ibv_destroy_qp(qp), 0);
	assert_int_equal(ibv_destroy_cq(attr.send_cq), 0);
	assert_int_equal(ibv_dealloc_pd(pd), 0);
	assert_int_equal(ibv_close_device(context), 0);
	assert_nothing_open();
}

static void both_carriers_bring_the_same_command(void **state)
{
	struct ib_uverbs_create_qp in = {};

	UNUSED;
	fake_private.to_kernel[0] = 0x11111111;
	fake_private.to_kernel[3] = 0x44444444;
	create_one_qp(false);
	create_one_qp(true);
	assert_int_equal(seen_len[0], sizeof(in) - 8);
	assert_int_equal(seen_len[1], sizeof(in) - 8);
	memcpy((char *)&in + 8, seen[1], seen_len[1]);
	assert_int_equal(in.pd_handle, 11);
	assert_int_equal(in.send_cq_handle, 13);
	assert_int_equal(in.max_inline_data, 5);
	assert_int_equal(in.qp_type, 4);
	assert_int_equal(in.sq_sig_all, 1);
	/* user_handle is the address of the object, which is another one each time. */
	assert_memory_equal(seen[0] + 8, seen[1] + 8, seen_len[0] - 8);
	assert_int_equal(seen_len[2], sizeof(fake_private.to_kernel));
	assert_int_equal(seen_len[3], sizeof(fake_private.to_kernel));
	assert_memory_equal(seen[2], fake_private.to_kernel, seen_len[2]);
	assert_memory_equal(seen[3], fake_private.to_kernel, seen_len[3]);
}

static void the_probe_decides_once_per_context(void **state)
{
	struct ibv_context *context;
	struct ibv_pd *pd;

	UNUSED;
	context = open_fake();
	assert_non_null(context);
	assert_true(fake_kernel.methods > 0);
	/* An ioctl that fails later is a failure and not a reason to try write(). */
	fake_kernel.has_ioctl = false;
	pd = ibv_alloc_pd(context);
	assert_null(pd);
	assert_int_equal(errno, ENOTTY);
	assert_int_equal(ibv_close_device(context), 0);
}

static void a_command_half_taken_is_an_error(void **state)
{
	struct ibv_context *context;

	UNUSED;
	fake_kernel.has_ioctl = false;
	context = open_fake();
	assert_non_null(context);
	fake_kernel.short_write = 4;
	assert_null(ibv_alloc_pd(context));
	assert_int_equal(errno, EIO);
	assert_int_equal(ibv_close_device(context), 0);
}

static int refuse_extended(const struct fake_command *command)
{
	struct ib_uverbs_query_device_resp answer = {.max_qp = 5, .phys_port_cnt = 2};

	if (command->number & IB_USER_VERBS_CMD_FLAG_EXTENDED)
		return EOPNOTSUPP;
	if (command->number == IB_USER_VERBS_CMD_QUERY_DEVICE) {
		fake_answer(command->out, command->out_len, &answer, sizeof(answer));
		return 0;
	}
	return fake_kernel_command(command);
}

static void an_old_kernel_is_asked_for_limits_the_old_way(void **state)
{
	struct ibv_device_attr_ex attr;
	struct ibv_context *context;

	UNUSED;
	fake_kernel.has_ioctl = false;
	fake_kernel.command = refuse_extended;
	context = open_fake();
	assert_non_null(context);
	assert_int_equal(ibv_query_device_ex(context, NULL, &attr), 0);
	assert_int_equal(attr.orig_attr.max_qp, 5);
	assert_int_equal(attr.phys_port_cnt_ex, 2);
	assert_int_equal(attr.max_dm_size, 0);
	assert_int_equal(ibv_close_device(context), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(both_carriers_bring_the_same_command, setup),
		cmocka_unit_test_setup(the_probe_decides_once_per_context, setup),
		cmocka_unit_test_setup(a_command_half_taken_is_an_error, setup),
		cmocka_unit_test_setup(an_old_kernel_is_asked_for_limits_the_old_way, setup),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
