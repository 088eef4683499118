/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Commands that only providers of software devices send: what adapters have registers for, and
 * memory windows.
 */
#include "open_fake.h"

#include "libibverbs/command.h"

static struct ibv_context *context;
static uint32_t sent[8];
static size_t sent_len;

/* Keeps the core part behind "response", if there is one; a handle of 99 is answered with EINVAL.
 */
static int keep(const struct fake_command *command)
{
	size_t skip = command->out ? sizeof(uint64_t) : 0;

	switch (command->number) {
	case IB_USER_VERBS_CMD_POST_SEND:
	case IB_USER_VERBS_CMD_REQ_NOTIFY_CQ:
	case IB_USER_VERBS_CMD_DEALLOC_MW:
		sent_len = command->in_len - skip;
		memcpy(sent, (const char *)command->in + skip, sent_len);
		return sent[0] == 99 ? EINVAL : 0;
	case IB_USER_VERBS_CMD_ALLOC_MW: {
		const struct ib_uverbs_alloc_mw_resp answer = {.mw_handle = 21, .rkey = 0x2100};

		memcpy(sent, (const char *)command->in + skip, command->in_len - skip);
		fake_answer(command->out, command->out_len, &answer, sizeof(answer));
		return 0;
	}
	default:
		return fake_kernel_command(command);
	}
}

static int setup_open(void **state)
{
	setup(state);
	context = open_fake();
	fake_kernel.command = keep;
	return !context;
}

static int setup_open_write(void **state)
{
	setup(state);
	fake_kernel.has_ioctl = false;
	context = open_fake();
	fake_kernel.command = keep;
	return !context;
}

static int teardown_close(void **state)
{
	UNUSED;
	return ibv_close_device(context);
}

/* No requests, no pieces, but the size a request would have: kernels check it. */
static void ringing_posts_nothing(void **state)
{
	struct ibv_qp qp = {.context = context, .handle = 14};

	UNUSED;
	assert_int_equal(ibv_cmd_ring_send_queue(&qp), 0);
	assert_int_equal(fake_kernel.last_number, IB_USER_VERBS_CMD_POST_SEND);
	assert_int_equal(sent_len, 16);
	assert_int_equal(sent[0], 14);
	assert_int_equal(sent[1], 0);
	assert_int_equal(sent[2], 0);
	assert_int_equal(sent[3], 56);
	qp.handle = 99;
	assert_int_equal(ibv_cmd_ring_send_queue(&qp), EINVAL);
}

static unsigned int refusals;

static int refuse_the_first(const struct fake_command *command)
{
	return refusals++ ? keep(command) : EACCES;
}

static void a_process_of_other_rights_rings_by_ioctl(void **state)
{
	struct ibv_qp qp = {.context = context, .handle = 14};

	UNUSED;
	refusals = 0;
	fake_kernel.command = refuse_the_first;
	assert_int_equal(ibv_cmd_ring_send_queue(&qp), 0);
	assert_int_equal(refusals, 2);
	assert_int_equal(sent[0], 14);
	assert_int_equal(sent[3], 56);
}

static void a_ring_half_heard_is_an_error(void **state)
{
	struct ibv_qp qp = {.context = context, .handle = 14};

	UNUSED;
	fake_kernel.short_write = 4;
	assert_int_equal(ibv_cmd_ring_send_queue(&qp), EIO);
	fake_kernel.short_write = 0;
}

static void asking_for_events_says_which(void **state)
{
	struct ibv_cq cq = {.context = context, .handle = 13};

	UNUSED;
	assert_int_equal(ibv_cmd_req_notify_cq(&cq, 0), 0);
	assert_int_equal(fake_kernel.last_number, IB_USER_VERBS_CMD_REQ_NOTIFY_CQ);
	assert_int_equal(sent_len, 8);
	assert_int_equal(sent[0], 13);
	assert_int_equal(sent[1], 0);
	assert_int_equal(ibv_cmd_req_notify_cq(&cq, 5), 0);
	assert_int_equal(sent[1], 1);
	cq.handle = 99;
	assert_int_equal(ibv_cmd_req_notify_cq(&cq, 0), EINVAL);
}

static void a_window_belongs_to_a_domain(void **state)
{
	struct ibv_pd pd = {.context = context, .handle = 11};
	struct ibv_mw mw = {};

	UNUSED;
	assert_int_equal(ibv_cmd_alloc_mw(&pd, IBV_MW_TYPE_2, &mw, NULL), 0);
	assert_int_equal(sent[0], 11);
	assert_int_equal(sent[1] & 0xff, 2);
	assert_ptr_equal(mw.context, context);
	assert_ptr_equal(mw.pd, &pd);
	assert_int_equal(mw.type, IBV_MW_TYPE_2);
	assert_int_equal(mw.rkey, 0x2100);
	assert_int_equal(ibv_cmd_dealloc_mw(&mw), 0);
	assert_int_equal(fake_kernel.last_number, IB_USER_VERBS_CMD_DEALLOC_MW);
	assert_int_equal(sent[0], 21);
}

int main(void)
{
#define TEST(name)	 cmocka_unit_test_setup_teardown(name, setup_open, teardown_close)
#define WRITE_TEST(name) cmocka_unit_test_setup_teardown(name, setup_open_write, teardown_close)
	const struct CMUnitTest tests[] = {
		TEST(ringing_posts_nothing),
		WRITE_TEST(ringing_posts_nothing),
		TEST(asking_for_events_says_which),
		WRITE_TEST(asking_for_events_says_which),
		TEST(a_process_of_other_rights_rings_by_ioctl),
		TEST(a_ring_half_heard_is_an_error),
		TEST(a_window_belongs_to_a_domain),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
