/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory regions: what is refused before the kernel, and what a failed rereg leaves. */
#include "open_fake.h"

static struct ibv_context *context;
static struct ibv_pd *pd;
static char memory[8192];

static int setup_open(void **state)
{
	setup(state);
	context = open_fake();
	pd = context ? ibv_alloc_pd(context) : NULL;
	return !pd;
}

static int teardown_close(void **state)
{
	UNUSED;
	return ibv_dealloc_pd(pd) || ibv_close_device(context);
}

static uint32_t access_sent;
static uint64_t iova_sent;

static int keep_reg_mr(const struct fake_command *command)
{
	struct ib_uverbs_reg_mr in;

	if (command->number == IB_USER_VERBS_CMD_REG_MR) {
		memcpy(&in, command->in, sizeof(in));
		access_sent = in.access_flags;
		iova_sent = in.hca_va;
	}
	return fake_kernel_command(command);
}

static void a_region_knows_its_memory(void **state)
{
	struct ibv_mr *mr;

	UNUSED;
	fake_kernel.command = keep_reg_mr;
	mr = ibv_reg_mr_iova(pd, memory, sizeof(memory), 0x10000, IBV_ACCESS_LOCAL_WRITE);
	assert_non_null(mr);
	assert_ptr_equal(mr->addr, memory);
	assert_int_equal(mr->length, sizeof(memory));
	assert_ptr_equal(mr->pd, pd);
	assert_int_equal(mr->lkey, 0x1200);
	assert_int_equal(mr->rkey, 0x1201);
	assert_int_equal(iova_sent, 0x10000);
	assert_int_equal(ibv_dereg_mr(mr), 0);
}

static void optional_access_is_dropped_for_a_kernel_that_does_not_know_it(void **state)
{
	struct ibv_mr *mr;

	UNUSED;
	fake_kernel.command = keep_reg_mr;
	mr = ibv_reg_mr_iova2(pd, memory, 1, (uintptr_t)memory, IBV_ACCESS_RELAXED_ORDERING);
	assert_non_null(mr);
	assert_int_equal(access_sent, 0);
	assert_int_equal(ibv_dereg_mr(mr), 0);
}

static void impossible_requests_never_reach_the_kernel(void **state)
{
	unsigned int before = fake_kernel.commands;

	UNUSED;
	assert_null(ibv_reg_mr(pd, memory, 1, IBV_ACCESS_REMOTE_WRITE));
	assert_int_equal(errno, EINVAL);
	assert_null(ibv_reg_mr(pd, memory, 1, IBV_ACCESS_REMOTE_ATOMIC));
	assert_int_equal(errno, EINVAL);
	assert_null(ibv_reg_mr(pd, memory, SIZE_MAX, IBV_ACCESS_LOCAL_WRITE));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(fake_kernel.commands, before);
}

static int refuse_rereg(const struct fake_command *command)
{
	return command->number == IB_USER_VERBS_CMD_REREG_MR ? ENOMEM
							     : fake_kernel_command(command);
}

static void a_failed_rereg_leaves_the_region_as_it_was(void **state)
{
	struct ibv_mr *mr = ibv_reg_mr(pd, memory, 100, IBV_ACCESS_LOCAL_WRITE);
	const int move = IBV_REREG_MR_CHANGE_TRANSLATION;

	UNUSED;
	assert_non_null(mr);
	assert_int_equal(ibv_rereg_mr(mr, 0, NULL, NULL, 0, 0), IBV_REREG_MR_ERR_INPUT);
	assert_int_equal(ibv_rereg_mr(mr, 8, NULL, NULL, 0, 0), IBV_REREG_MR_ERR_INPUT);
	assert_int_equal(ibv_rereg_mr(mr, move, NULL, memory, 0, 0), IBV_REREG_MR_ERR_INPUT);
	assert_int_equal(ibv_rereg_mr(mr, IBV_REREG_MR_CHANGE_PD, NULL, NULL, 0, 0),
			 IBV_REREG_MR_ERR_INPUT);
	fake_kernel.command = refuse_rereg;
	assert_int_equal(ibv_rereg_mr(mr, move, NULL, memory + 100, 200, 0), IBV_REREG_MR_ERR_CMD);
	assert_int_equal(errno, ENOMEM);
	assert_ptr_equal(mr->addr, memory);
	assert_int_equal(mr->length, 100);
	assert_int_equal(mr->lkey, 0x1200);
	fake_kernel.command = fake_kernel_command;
	assert_int_equal(ibv_rereg_mr(mr, move, NULL, memory + 100, 200, 0), 0);
	assert_ptr_equal(mr->addr, memory + 100);
	assert_int_equal(mr->length, 200);
	assert_int_equal(mr->lkey, 0x1300);
	assert_int_equal(ibv_dereg_mr(mr), 0);
}

static void reg_mr_ex_checks_what_describes_the_memory(void **state)
{
	struct ibv_mr_init_attr attr = {
		.addr = memory, .length = 64, .iova = 0x5000, .access = IBV_ACCESS_LOCAL_WRITE};
	struct ibv_mr *mr;

	UNUSED;
	assert_null(ibv_reg_mr_ex(pd, &attr));
	assert_int_equal(errno, EINVAL);
	attr.comp_mask = 1 << 20;
	assert_null(ibv_reg_mr_ex(pd, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr.comp_mask = IBV_REG_MR_MASK_FD;
	assert_null(ibv_reg_mr_ex(pd, &attr));
	assert_int_equal(errno, EINVAL);
	attr.comp_mask = IBV_REG_MR_MASK_FD | IBV_REG_MR_MASK_FD_OFFSET;
	assert_null(ibv_reg_mr_ex(pd, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr.comp_mask = IBV_REG_MR_MASK_ADDR | IBV_REG_MR_MASK_IOVA;
	fake_kernel.command = keep_reg_mr;
	mr = ibv_reg_mr_ex(pd, &attr);
	assert_non_null(mr);
	assert_int_equal(iova_sent, 0x5000);
	assert_int_equal(ibv_dereg_mr(mr), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_open, teardown_close)
	const struct CMUnitTest tests[] = {
		TEST(a_region_knows_its_memory),
		TEST(optional_access_is_dropped_for_a_kernel_that_does_not_know_it),
		TEST(impossible_requests_never_reach_the_kernel),
		TEST(a_failed_rereg_leaves_the_region_as_it_was),
		TEST(reg_mr_ex_checks_what_describes_the_memory),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
