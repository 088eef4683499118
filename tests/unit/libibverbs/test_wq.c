/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Work queues and indirection tables, over both carriers. */
#include "open_fake.h"

#include "libibverbs/command.h"

static struct ibv_context *context;
static struct ibv_pd pd;
static struct ibv_cq cq;
static uint32_t number;
static uint8_t sent[256];
static size_t sent_len;
static int refuse;

static int keep(const struct fake_command *command)
{
	number = command->number & ~(uint32_t)IB_USER_VERBS_CMD_FLAG_EXTENDED;
	sent_len = command->in_len;
	memcpy(sent, command->in, sent_len < sizeof(sent) ? sent_len : sizeof(sent));
	return refuse ? refuse : fake_kernel_command(command);
}

static int open_with(void **state, bool has_ioctl)
{
	setup(state);
	fake_kernel.has_ioctl = has_ioctl;
	context = open_fake();
	pd = (struct ibv_pd){.context = context, .handle = 11};
	cq = (struct ibv_cq){.context = context, .handle = 13};
	fake_kernel.command = keep;
	refuse = 0;
	return !context;
}

static int setup_ioctl(void **state)
{
	return open_with(state, true);
}

static int setup_write(void **state)
{
	return open_with(state, false);
}

static int teardown_close(void **state)
{
	UNUSED;
	return ibv_close_device(context);
}

static void make_wq(struct ibv_wq *wq)
{
	struct ibv_wq_init_attr attr = {.pd = &pd, .cq = &cq, .max_wr = 1, .max_sge = 1};

	memset(wq, 0, sizeof(*wq));
	assert_int_equal(ibv_cmd_create_wq(context, &attr, wq, NULL), 0);
	pthread_mutex_init(&wq->mutex, NULL);
	pthread_cond_init(&wq->cond, NULL);
}

static void creation_tells_what_the_queue_has(void **state)
{
	struct ibv_wq_init_attr attr = {
		.wq_context = &pd,
		.max_wr = 100,
		.max_sge = 3,
		.pd = &pd,
		.cq = &cq,
		.comp_mask = IBV_WQ_INIT_ATTR_FLAGS,
		.create_flags = IBV_WQ_FLAGS_SCATTER_FCS,
	};
	struct ib_uverbs_ex_create_wq in;
	struct ibv_wq wq = {};

	UNUSED;
	assert_int_equal(ibv_cmd_create_wq(context, &attr, &wq, NULL), 0);
	assert_int_equal(number, IB_USER_VERBS_EX_CMD_CREATE_WQ);
	assert_int_equal(sent_len, 40);
	memcpy(&in, sent, sizeof(in));
	assert_true(in.user_handle == (uintptr_t)&wq);
	assert_int_equal(in.pd_handle, 11);
	assert_int_equal(in.cq_handle, 13);
	assert_int_equal(in.max_wr, 100);
	assert_int_equal(in.max_sge, 3);
	assert_int_equal(in.create_flags, 2);
	assert_ptr_equal(wq.wq_context, &pd);
	assert_ptr_equal(wq.context, context);
	assert_int_equal(wq.handle, 21);
	assert_int_equal(wq.wq_num, 0x210);
	assert_int_equal(wq.state, IBV_WQS_RESET);
	assert_int_equal(attr.max_wr, 127);
	assert_int_equal(attr.max_sge, 4);
	/* Without its bit the member is not looked at. */
	attr.comp_mask = 0;
	assert_int_equal(ibv_cmd_create_wq(context, &attr, &wq, NULL), 0);
	memcpy(&in, sent, sizeof(in));
	assert_int_equal(in.create_flags, 0);
	refuse = ENOMEM;
	assert_int_equal(ibv_cmd_create_wq(context, &attr, &wq, NULL), ENOMEM);
}

static void a_change_sends_what_its_mask_names(void **state)
{
	struct ibv_wq_attr attr = {
		.attr_mask = IBV_WQ_ATTR_STATE,
		.wq_state = IBV_WQS_RDY,
		.curr_wq_state = IBV_WQS_ERR,
		.flags = 1,
		.flags_mask = 1,
	};
	struct ib_uverbs_ex_modify_wq in;
	struct ibv_wq wq;

	UNUSED;
	make_wq(&wq);
	refuse = EINVAL;
	assert_int_equal(ibv_cmd_modify_wq(&wq, &attr, NULL), EINVAL);
	assert_int_equal(wq.state, IBV_WQS_RESET);
	refuse = 0;
	assert_int_equal(ibv_cmd_modify_wq(&wq, &attr, NULL), 0);
	assert_int_equal(wq.state, IBV_WQS_RDY);
	assert_int_equal(number, IB_USER_VERBS_EX_CMD_MODIFY_WQ);
	memcpy(&in, sent, sizeof(in));
	assert_int_equal(in.wq_handle, 21);
	assert_int_equal(in.attr_mask, IBV_WQ_ATTR_STATE);
	assert_int_equal(in.wq_state, IBV_WQS_RDY);
	assert_int_equal(in.curr_wq_state, 0);
	assert_int_equal(in.flags_mask, 0);
	attr.attr_mask = IBV_WQ_ATTR_RESERVED;
	assert_int_equal(ibv_cmd_modify_wq(&wq, &attr, NULL), EINVAL);
}

static int report_one_event(const struct fake_command *command)
{
	const struct ib_uverbs_ex_destroy_wq_resp answer = {.response_length = sizeof(answer),
							    .events_reported = 1};

	keep(command);
	fake_answer(command->out, command->out_len, &answer, sizeof(answer));
	return 0;
}

static void *acknowledge_later(void *arg)
{
	struct ibv_async_event event = {.event_type = IBV_EVENT_WQ_FATAL, .element.wq = arg};

	ibv_ack_async_event(&event);
	return NULL;
}

static void destruction_waits_for_acknowledgements(void **state)
{
	struct ibv_wq wq;
	pthread_t thread;

	UNUSED;
	make_wq(&wq);
	refuse = EBUSY;
	assert_int_equal(ibv_cmd_destroy_wq(&wq), EBUSY);
	refuse = 0;
	fake_kernel.command = report_one_event;
	assert_int_equal(pthread_create(&thread, NULL, acknowledge_later, &wq), 0);
	assert_int_equal(ibv_cmd_destroy_wq(&wq), 0);
	assert_int_equal(wq.events_completed, 1);
	assert_int_equal(number, IB_USER_VERBS_EX_CMD_DESTROY_WQ);
	assert_int_equal(sent[4], 21);
	pthread_join(thread, NULL);
}

/* One handle alone is filled up to 8 bytes. */
static void a_table_lists_its_queues(void **state)
{
	struct ibv_wq one = {.context = context, .handle = 31};
	struct ibv_wq two = {.context = context, .handle = 32};
	struct ibv_wq *queues[] = {&one, &two, &two, &one};
	struct ibv_rwq_ind_table_init_attr attr = {.log_ind_tbl_size = 2, .ind_tbl = queues};
	const uint32_t four[] = {0, 2, 31, 32, 32, 31}, single[] = {0, 0, 31, 0};
	struct ibv_rwq_ind_table table = {};

	UNUSED;
	assert_int_equal(ibv_cmd_create_rwq_ind_table(context, &attr, &table, NULL), 0);
	assert_int_equal(number, IB_USER_VERBS_EX_CMD_CREATE_RWQ_IND_TBL);
	assert_int_equal(sent_len, sizeof(four));
	assert_memory_equal(sent, four, sizeof(four));
	assert_int_equal(table.ind_tbl_handle, 22);
	assert_int_equal(table.ind_tbl_num, 0x220);
	assert_ptr_equal(table.context, context);
	attr.log_ind_tbl_size = 0;
	assert_int_equal(ibv_cmd_create_rwq_ind_table(context, &attr, &table, NULL), 0);
	assert_int_equal(sent_len, sizeof(single));
	assert_memory_equal(sent, single, sizeof(single));
	attr.log_ind_tbl_size = 14;
	assert_int_equal(ibv_cmd_create_rwq_ind_table(context, &attr, &table, NULL), EINVAL);
	assert_int_equal(ibv_cmd_destroy_rwq_ind_table(&table), 0);
	assert_int_equal(number, IB_USER_VERBS_EX_CMD_DESTROY_RWQ_IND_TBL);
	assert_int_equal(sent[4], 22);
	refuse = EBUSY;
	assert_int_equal(ibv_cmd_destroy_rwq_ind_table(&table), EBUSY);
	assert_int_equal(ibv_cmd_create_rwq_ind_table(context, &attr, &table, NULL), EINVAL);
}

int main(void)
{
#define BOTH(name)                                                                                 \
	{#name " (ioctl)", name, setup_ioctl, teardown_close, NULL},                               \
	{                                                                                          \
#name " (write)", name, setup_write, teardown_close, NULL                          \
	}
	const struct CMUnitTest tests[] = {
		BOTH(creation_tells_what_the_queue_has),
		BOTH(a_change_sends_what_its_mask_names),
		BOTH(destruction_waits_for_acknowledgements),
		BOTH(a_table_lists_its_queues),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
