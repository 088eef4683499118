/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Event channels: nothing lost, nothing counted twice. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "softhca/fabric/control.h"

static const char owner[1];

struct fixture {
	struct channel *channel;
	int fd;
};

static struct fixture open_channel(size_t event_bytes)
{
	struct fixture fixture;

	assert_int_equal(channel_create(owner, event_bytes, &fixture.channel, &fixture.fd), 0);
	return fixture;
}

static void close_channel(struct fixture *fixture)
{
	descriptor_closing(fixture->fd);
	close(fixture->fd);
	channel_put(fixture->channel);
}

static void post(struct fixture *fixture, struct event_source *source, uint64_t value)
{
	uint64_t event[2] = {value, 0};

	channel_post(fixture->channel, source, event);
}

static uint64_t read_event(struct fixture *fixture)
{
	uint64_t event = 0;

	assert_int_equal(read(fixture->fd, &event, sizeof(event)), sizeof(event));
	return event;
}

static bool is_empty(struct fixture *fixture)
{
	uint64_t event;

	fcntl(fixture->fd, F_SETFL, O_NONBLOCK);
	return read(fixture->fd, &event, sizeof(event)) < 0 && errno == EAGAIN;
}

static void events_arrive_in_order(void **state)
{
	struct fixture fixture = open_channel(8);
	struct event_source source = {0};

	(void)state;
	for (uint64_t i = 0; i < 10; i++)
		post(&fixture, &source, i);
	for (uint64_t i = 0; i < 10; i++)
		assert_int_equal(read_event(&fixture), i);
	assert_true(is_empty(&fixture));
	close_channel(&fixture);
}

static void only_events_that_were_read_are_reported(void **state)
{
	struct fixture fixture = open_channel(8);
	struct event_source source = {0};

	(void)state;
	for (uint64_t i = 0; i < 5; i++)
		post(&fixture, &source, i);
	read_event(&fixture);
	read_event(&fixture);
	channel_forget(fixture.channel, &source);
	assert_int_equal(source.reported, 2);
	assert_true(is_empty(&fixture));
	close_channel(&fixture);
}

static void events_of_others_stay_in_their_order(void **state)
{
	struct fixture fixture = open_channel(8);
	struct event_source gone = {0}, stays = {0};

	(void)state;
	post(&fixture, &stays, 1);
	post(&fixture, &gone, 2);
	post(&fixture, &stays, 3);
	post(&fixture, &gone, 4);
	post(&fixture, &stays, 5);
	assert_int_equal(read_event(&fixture), 1);
	channel_forget(fixture.channel, &gone);
	assert_int_equal(gone.reported, 0);
	assert_int_equal(read_event(&fixture), 3);
	assert_int_equal(read_event(&fixture), 5);
	assert_true(is_empty(&fixture));
	channel_forget(fixture.channel, &stays);
	assert_int_equal(stays.reported, 3);
	close_channel(&fixture);
}

/* Many more than a pipe holds. */
static void events_beyond_the_pipe_wait_and_are_not_lost(void **state)
{
	enum { EVENTS = 20000 };
	struct fixture fixture = open_channel(8);
	struct event_source source = {0};
	uint64_t expected = 0;

	(void)state;
	for (uint64_t i = 0; i < EVENTS; i++)
		post(&fixture, &source, i);
	/* Each further event brings along what has found room. */
	for (unsigned int round = 0; round < 4; round++) {
		for (unsigned int i = 0; i < 5000; i++)
			assert_int_equal(read_event(&fixture), expected++);
		post(&fixture, &source, EVENTS + round);
	}
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(read_event(&fixture), expected++);
	assert_true(is_empty(&fixture));
	channel_forget(fixture.channel, &source);
	assert_int_equal(source.reported, EVENTS + 4);
	close_channel(&fixture);
}

static void posting_to_a_closed_channel_is_harmless(void **state)
{
	struct fixture fixture = open_channel(16);
	struct event_source source = {0};

	(void)state;
	post(&fixture, &source, 1);
	descriptor_closing(fixture.fd);
	close(fixture.fd);
	post(&fixture, &source, 2);
	channel_forget(fixture.channel, &source);
	assert_int_equal(source.reported, 0);
	channel_put(fixture.channel);
}

static void a_descriptor_is_found_only_by_its_owner_and_kind(void **state)
{
	struct fixture fixture = open_channel(8);
	struct channel *found;
	int fds[2];

	(void)state;
	assert_int_equal(channel_find(owner, fixture.fd, 8, &found), 0);
	channel_put(found);
	assert_int_equal(channel_find(owner, fixture.fd, 16, &found), EBADF);
	assert_int_equal(channel_find(&fixture, fixture.fd, 8, &found), EBADF);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(channel_find(owner, fds[0], 8, &found), EBADF);
	assert_int_equal(channel_find(owner, -1, 8, &found), EBADF);
	close(fds[0]);
	close(fds[1]);
	close_channel(&fixture);
}

static void destroying_a_cq_takes_its_events_back(void **state)
{
	struct device device = device_open_with_context();
	struct ib_uverbs_create_comp_channel create = {0};
	struct ib_uverbs_destroy_cq destroy = {0};
	struct ib_uverbs_destroy_cq_resp answer = {0};
	struct queue queue;
	struct fixture fixture;
	struct cq_object *cq;
	uint32_t fd;

	(void)state;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_CREATE_COMP_CHANNEL, &create,
				 sizeof(create), NULL, 0, &fd, sizeof(fd), 0),
			 0);
	fixture.fd = (int)fd;
	destroy.cq_handle = make_cq(&device, &queue, 0x1234, (int)fd);
	cq = find_cq(device.file, destroy.cq_handle);
	shim_front_ops.cq_event(cq->cq);
	shim_front_ops.cq_event(cq->cq);
	shim_front_ops.async_event(NULL, EVENT_CQ_ERROR, EVENT_SCOPE_CQ, cq->cq);
	assert_int_equal(read_event(&fixture), 0x1234);
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_DESTROY_CQ, &destroy, sizeof(destroy),
				 NULL, 0, &answer, sizeof(answer), 0),
			 0);
	assert_int_equal(answer.comp_events_reported, 1);
	assert_int_equal(answer.async_events_reported, 0);
	assert_true(is_empty(&fixture));
	descriptor_closing(fixture.fd);
	close(fixture.fd);
	device_close(&device);
	queue_free(&queue);
}

static void asynchronous_events_name_the_programs_object(void **state)
{
	struct device device = device_open_with_context();
	struct queue cq_queue, queue;
	uint32_t pd = make_pd(&device), cq = make_cq(&device, &cq_queue, 1, -1);
	uint32_t qp = make_qp(&device, &queue, pd, cq, 0xabcd);
	struct ib_uverbs_async_event_desc event;

	(void)state;
	shim_front_ops.async_event(NULL, EVENT_COMM_ESTABLISHED, EVENT_SCOPE_QP,
				   find_qp(device.file, qp)->qp);
	files_report(device.file->member, EVENT_PORT_ERROR, 1);
	assert_int_equal(read(last_async_fd, &event, sizeof(event)), sizeof(event));
	assert_int_equal(event.element, 0xabcd);
	assert_int_equal(event.event_type, EVENT_COMM_ESTABLISHED);
	assert_int_equal(read(last_async_fd, &event, sizeof(event)), sizeof(event));
	assert_int_equal(event.element, 1);
	assert_int_equal(event.event_type, EVENT_PORT_ERROR);
	device_close(&device);
	queue_free(&cq_queue);
	queue_free(&queue);
}

static void expect_port_event(enum async_event_type type)
{
	struct ib_uverbs_async_event_desc event;

	assert_int_equal(read(last_async_fd, &event, sizeof(event)), sizeof(event));
	assert_int_equal(event.event_type, type);
	assert_int_equal(event.element, 1);
}

static void a_link_that_flaps_is_an_error_and_active_again(void **state)
{
	struct device device = device_open_with_context();
	struct fabric *fabric = device.file->member->fabric;
	unsigned int count;

	(void)state;
	assert_int_equal(fabric_set_link(fabric, 0, false, &count), 0);
	assert_int_equal(fabric_set_link(fabric, 0, true, &count), 0);
	expect_port_event(EVENT_PORT_ERROR);
	expect_port_event(EVENT_PORT_ACTIVE);
	assert_int_equal(fabric_set_link(fabric, 0, false, &count), 0);
	expect_port_event(EVENT_PORT_ERROR);
	device_close(&device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_arrive_in_order),
		cmocka_unit_test(only_events_that_were_read_are_reported),
		cmocka_unit_test(events_of_others_stay_in_their_order),
		cmocka_unit_test(events_beyond_the_pipe_wait_and_are_not_lost),
		cmocka_unit_test(posting_to_a_closed_channel_is_harmless),
		cmocka_unit_test(a_descriptor_is_found_only_by_its_owner_and_kind),
		cmocka_unit_test(destroying_a_cq_takes_its_events_back),
		cmocka_unit_test(asynchronous_events_name_the_programs_object),
		cmocka_unit_test(a_link_that_flaps_is_an_error_and_active_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
