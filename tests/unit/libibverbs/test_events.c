/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events and their acknowledgements, and destruction that waits for them. */
#include <fcntl.h>
#include <pthread.h>

#include "open_fake.h"

static uint32_t reported;

/* The kernel's count of events that were read, in the answer to the destroying command. */
static int report_events(const struct fake_command *command)
{
	struct ib_uverbs_destroy_cq_resp cq = {.comp_events_reported = reported};
	struct ib_uverbs_destroy_qp_resp qp = {.events_reported = reported};

	if (command->number == IB_USER_VERBS_CMD_DESTROY_CQ)
		fake_answer(command->out, command->out_len, &cq, sizeof(cq));
	else if (command->number == IB_USER_VERBS_CMD_DESTROY_QP)
		fake_answer(command->out, command->out_len, &qp, sizeof(qp));
	else
		return fake_kernel_command(command);
	return 0;
}

static void send_comp_event(struct ibv_cq *cq)
{
	struct ib_uverbs_comp_event_desc event = {.cq_handle = (uintptr_t)cq};

	assert_int_equal(write(fake_channel_writer(), &event, sizeof(event)), sizeof(event));
}

static void send_async_event(enum ibv_event_type type, uint64_t element)
{
	struct ib_uverbs_async_event_desc event = {.element = element, .event_type = type};

	assert_int_equal(write(fake_async_writer(), &event, sizeof(event)), sizeof(event));
}

static void a_completion_event_names_its_queue(void **state)
{
	struct ibv_context *context = open_fake();
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq, *from;
	void *cq_context;
	int mark;

	UNUSED;
	assert_non_null(context);
	channel = ibv_create_comp_channel(context);
	assert_non_null(channel);
	cq = ibv_create_cq(context, 10, &mark, channel, 1);
	assert_non_null(cq);
	assert_int_equal(cq->cqe, 63);
	send_comp_event(cq);
	assert_int_equal(ibv_get_cq_event(channel, &from, &cq_context), 0);
	assert_ptr_equal(from, cq);
	assert_ptr_equal(cq_context, &mark);
	ibv_ack_cq_events(cq, 1);
	assert_int_equal(ibv_destroy_comp_channel(channel), EBUSY);
	reported = 1;
	fake_kernel.command = report_events;
	assert_int_equal(ibv_destroy_cq(cq), 0);
	assert_int_equal(ibv_destroy_comp_channel(channel), 0);
	assert_int_equal(ibv_close_device(context), 0);
	assert_nothing_open();
}

static void a_piece_of_an_event_is_an_error(void **state)
{
	struct ibv_context *context = open_fake();
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq;
	void *cq_context;

	UNUSED;
	assert_non_null(context);
	channel = ibv_create_comp_channel(context);
	assert_int_equal(write(fake_channel_writer(), "abc", 3), 3);
	assert_int_equal(ibv_get_cq_event(channel, &cq, &cq_context), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(ibv_destroy_comp_channel(channel), 0);
	assert_int_equal(ibv_close_device(context), 0);
}

static void an_empty_channel_that_does_not_block_says_so(void **state)
{
	struct ibv_context *context = open_fake();
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq;
	void *cq_context;

	UNUSED;
	assert_non_null(context);
	channel = ibv_create_comp_channel(context);
	assert_int_equal(fcntl(channel->fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(ibv_get_cq_event(channel, &cq, &cq_context), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(ibv_destroy_comp_channel(channel), 0);
	assert_int_equal(ibv_close_device(context), 0);
}

struct acknowledger {
	struct ibv_cq *cq;
	pthread_barrier_t start;
	bool acknowledged;
};

static void *acknowledge_twice(void *arg)
{
	struct acknowledger *acknowledger = arg;

	pthread_barrier_wait(&acknowledger->start);
	ibv_ack_cq_events(acknowledger->cq, 1);
	acknowledger->acknowledged = true;
	ibv_ack_cq_events(acknowledger->cq, 1);
	return NULL;
}

static void destruction_waits_for_every_acknowledgement(void **state)
{
	struct ibv_context *context = open_fake();
	struct acknowledger acknowledger = {};
	pthread_t thread;

	UNUSED;
	assert_non_null(context);
	acknowledger.cq = ibv_create_cq(context, 10, NULL, NULL, 0);
	assert_non_null(acknowledger.cq);
	reported = 2;
	fake_kernel.command = report_events;
	assert_int_equal(pthread_barrier_init(&acknowledger.start, NULL, 2), 0);
	assert_int_equal(pthread_create(&thread, NULL, acknowledge_twice, &acknowledger), 0);
	pthread_barrier_wait(&acknowledger.start);
	assert_int_equal(ibv_destroy_cq(acknowledger.cq), 0);
	assert_true(acknowledger.acknowledged);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(pthread_barrier_destroy(&acknowledger.start), 0);
	assert_int_equal(ibv_close_device(context), 0);
}

static void async_events_carry_what_they_are_about(void **state)
{
	struct ibv_context *context = open_fake();
	struct ibv_async_event event;
	struct ibv_qp_init_attr attr = {.qp_type = IBV_QPT_RC};
	struct ibv_pd *pd;
	struct ibv_qp *qp;

	UNUSED;
	assert_non_null(context);
	pd = ibv_alloc_pd(context);
	attr.send_cq = attr.recv_cq = ibv_create_cq(context, 10, NULL, NULL, 0);
	qp = ibv_create_qp(pd, &attr);
	assert_non_null(qp);
	send_async_event(IBV_EVENT_QP_FATAL, (uintptr_t)qp);
	send_async_event(IBV_EVENT_PORT_ERR, 1);
	assert_int_equal(ibv_get_async_event(context, &event), 0);
	assert_int_equal(event.event_type, IBV_EVENT_QP_FATAL);
	assert_ptr_equal(event.element.qp, qp);
	ibv_ack_async_event(&event);
	assert_int_equal(ibv_get_async_event(context, &event), 0);
	assert_int_equal(event.event_type, IBV_EVENT_PORT_ERR);
	assert_int_equal(event.element.port_num, 1);
	ibv_ack_async_event(&event);
	reported = 1;
	fake_kernel.command = report_events;
	assert_int_equal(ibv_destroy_qp(qp), 0);
	reported = 0;
	assert_int_equal(ibv_destroy_cq(attr.send_cq), 0);
	assert_int_equal(ibv_dealloc_pd(pd), 0);
	assert_int_equal(ibv_close_device(context), 0);
}

static void an_event_of_a_newer_kernel_touches_no_object(void **state)
{
	struct ibv_context *context = open_fake();
	struct ibv_async_event event;

	UNUSED;
	assert_non_null(context);
	send_async_event(200, 3);
	assert_int_equal(ibv_get_async_event(context, &event), 0);
	assert_int_equal(event.event_type, 200);
	assert_int_equal(event.element.port_num, 3);
	ibv_ack_async_event(&event);
	assert_int_equal(ibv_close_device(context), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_completion_event_names_its_queue, setup),
		cmocka_unit_test_setup(a_piece_of_an_event_is_an_error, setup),
		cmocka_unit_test_setup(an_empty_channel_that_does_not_block_says_so, setup),
		cmocka_unit_test_setup(destruction_waits_for_every_acknowledgement, setup),
		cmocka_unit_test_setup(async_events_carry_what_they_are_about, setup),
		cmocka_unit_test_setup(an_event_of_a_newer_kernel_touches_no_object, setup),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
