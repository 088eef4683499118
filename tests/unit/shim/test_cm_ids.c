/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ids and events of the connection manager: what is accepted, and with which errno the rest is
 * refused. Witness of the errnos: Linux, by tests/traffic/rdmacm in the guest. */
#include "cm_harness.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

/* CREATE_ID = 0, 24 bytes in, 4 out; then uid, address of the answer, port space 0x106. */
static void create_id_of_literal_words_answers_a_number(void **state)
{
	uint32_t answer = ~0u, words[8] = {0, 24 | 4 << 16, 7, 0};
	uint64_t address = (uintptr_t)&answer;
	int fd = cm_open();

	(void)state;
	memcpy(&words[4], &address, sizeof(address));
	words[6] = 0x106;
	assert_int_equal(ucm_write(descriptor_get(fd), fd, words, sizeof(words)), sizeof(words));
	assert_int_equal(answer, 0);
	cm_close(fd);
}

static void headers_must_be_right(void **state)
{
	uint8_t bytes[2000] = {0};
	int fd = cm_open();

	(void)state;
	assert_int_equal(ucm_write(descriptor_get(fd), fd, bytes, 7), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ucm_write(descriptor_get(fd), fd, bytes, sizeof(bytes)), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ucm_write(descriptor_get(fd), fd, (void *)16, 8), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(cm_command(fd, RDMA_USER_CM_CMD_CREATE_ID, bytes, 23, 4), EINVAL);
	assert_int_equal(cm_command(fd, 1000, bytes, 8, 8), EINVAL);
	/* GET_OPTION has never been there. */
	assert_int_equal(cm_command(fd, RDMA_USER_CM_CMD_GET_OPTION, bytes, 64, 64), ENOSYS);
	cm_close(fd);
}

static void answers_need_room_and_memory(void **state)
{
	struct rdma_ucm_create_id create = {.ps = RDMA_PS_TCP, .response = 8};
	struct rdma_ucm_get_event get = {8};
	int fd = cm_open();
	uint32_t id = cm_create(fd, RDMA_PS_TCP, 1);

	(void)state;
	assert_int_equal(cm_command(fd, RDMA_USER_CM_CMD_CREATE_ID, &create, sizeof(create), 3),
			 ENOSPC);
	assert_int_equal(cm_command(fd, RDMA_USER_CM_CMD_CREATE_ID, &create, sizeof(create), 4),
			 EFAULT);
	assert_int_equal(cm_write_event(fd, id, UCM_EVENT_USER, 9), 0);
	assert_int_equal(cm_command(fd, RDMA_USER_CM_CMD_GET_EVENT, &get, 8, 323), ENOSPC);
	assert_int_equal(cm_command(fd, RDMA_USER_CM_CMD_GET_EVENT, &get, 8, 324), EFAULT);
	/* It waits on, and the id that nobody has heard of is not there. */
	cm_event(fd, UCM_EVENT_USER);
	assert_int_equal(cm_create(fd, RDMA_PS_TCP, 1), id + 1);
	cm_close(fd);
}

static void there_are_four_port_spaces(void **state)
{
	struct rdma_ucm_create_id wire = {.ps = RDMA_PS_IB, .qp_type = QP_TYPE_UC};
	struct rdma_ucm_create_id_resp answer;
	int fd = cm_open();

	(void)state;
	cm_create(fd, RDMA_PS_UDP, 1);
	cm_create(fd, RDMA_PS_IPOIB, 1);
	assert_int_equal(cm_ask(fd, RDMA_USER_CM_CMD_CREATE_ID, &wire, &answer), 0);
	wire.ps = 0x107;
	assert_int_equal(cm_ask(fd, RDMA_USER_CM_CMD_CREATE_ID, &wire, &answer), EINVAL);
	cm_close(fd);
}

static void ids_belong_to_one_file(void **state)
{
	struct rdma_ucm_destroy_id wire = {.id = 12345};
	struct rdma_ucm_destroy_id_resp answer;
	int one = cm_open(), other = cm_open();
	uint32_t id = cm_create(one, RDMA_PS_TCP, 1);

	(void)state;
	assert_int_equal(cm_ask(one, RDMA_USER_CM_CMD_DESTROY_ID, &wire, &answer), ENOENT);
	wire.id = id;
	assert_int_equal(cm_ask(other, RDMA_USER_CM_CMD_DESTROY_ID, &wire, &answer), EINVAL);
	cm_destroy_id(one, id, 0);
	assert_int_equal(cm_ask(one, RDMA_USER_CM_CMD_DESTROY_ID, &wire, &answer), ENOENT);
	cm_close(one);
	cm_close(other);
}

static void events_of_the_program_come_in_order(void **state)
{
	struct rdma_ucm_event_resp event;
	int fd = cm_open();
	uint32_t id = cm_create(fd, RDMA_PS_TCP, 77);
	uint64_t argument;

	(void)state;
	assert_false(cm_is_readable(fd));
	assert_int_equal(cm_write_event(fd, id, UCM_EVENT_ESTABLISHED, 0), EINVAL);
	assert_int_equal(cm_write_event(fd, id + 1, UCM_EVENT_USER, 0), ENOENT);
	assert_int_equal(cm_write_event(fd, id, UCM_EVENT_USER, 1ull << 40), 0);
	assert_int_equal(cm_write_event(fd, id, UCM_EVENT_INTERNAL, 2), 0);
	assert_true(cm_is_readable(fd));
	event = cm_event(fd, UCM_EVENT_USER);
	assert_int_equal(event.uid, 77);
	assert_int_equal(event.id, id);
	assert_int_equal(event.status, 5);
	memcpy(&argument, event.param.arg32, sizeof(argument));
	assert_int_equal(argument, 1ull << 40);
	assert_true(cm_is_readable(fd));
	cm_event(fd, UCM_EVENT_INTERNAL);
	assert_false(cm_is_readable(fd));
	cm_destroy_id(fd, id, 2);
	cm_close(fd);
}

static void no_event_is_eagain_when_not_blocking(void **state)
{
	struct rdma_ucm_event_resp answer;
	struct rdma_ucm_get_event wire;
	int fd = cm_open();

	(void)state;
	assert_int_equal(cm_ask(fd, RDMA_USER_CM_CMD_GET_EVENT, &wire, &answer), EAGAIN);
	cm_close(fd);
}

struct waiter {
	int fd;
	struct rdma_ucm_event_resp event;
};

static void *wait_for_event(void *arg)
{
	struct waiter *waiter = arg;

	waiter->event = cm_event(waiter->fd, UCM_EVENT_USER);
	return NULL;
}

static void get_event_waits_for_one(void **state)
{
	struct waiter waiter = {.fd = cm_open()};
	uint32_t id = cm_create(waiter.fd, RDMA_PS_TCP, 5);
	pthread_t thread;

	(void)state;
	assert_int_equal(fcntl(waiter.fd, F_SETFL, 0), 0);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_event, &waiter), 0);
	assert_int_equal(cm_write_event(waiter.fd, id, UCM_EVENT_USER, 3), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(waiter.event.uid, 5);
	cm_close(waiter.fd);
}

static void *wait_in_vain(void *arg)
{
	int fd = *(int *)arg;
	struct rdma_ucm_event_resp answer;
	struct rdma_ucm_get_event wire;

	cm_ask(fd, RDMA_USER_CM_CMD_GET_EVENT, &wire, &answer);
	return NULL;
}

/* Also one that is cancelled before it sleeps has left nothing locked. */
static void a_thread_that_waits_can_be_cancelled(void **state)
{
	int fd = cm_open();
	pthread_t thread;
	void *result;

	(void)state;
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	assert_int_equal(pthread_create(&thread, NULL, wait_in_vain, &fd), 0);
	assert_int_equal(pthread_cancel(thread), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	cm_create(fd, RDMA_PS_TCP, 1);
	cm_close(fd);
}

struct reader {
	int fd;
	bool found_file;
};

/* Reads an event, and comes back to wait for another one. */
static void *read_again_and_again(void *arg)
{
	struct reader *reader = arg;
	struct rdma_ucm_event_resp answer;
	struct rdma_ucm_get_event wire;
	struct descriptor *descriptor;

	cm_event(reader->fd, UCM_EVENT_USER);
	descriptor = descriptor_get(reader->fd);
	reader->found_file = descriptor != NULL;
	if (descriptor)
		descriptor_put(descriptor);
	cm_ask(reader->fd, RDMA_USER_CM_CMD_GET_EVENT, &wire, &answer);
	return NULL;
}

/* It sleeps in there then, until it is cancelled. */
static void a_file_is_closed_when_its_reader_is_back(void **state)
{
	struct reader reader = {.fd = cm_open()};
	uint32_t id = cm_create(reader.fd, RDMA_PS_TCP, 1);
	struct pollfd wish = {.fd = reader.fd, .events = POLLIN};
	pthread_t thread;

	(void)state;
	assert_int_equal(fcntl(reader.fd, F_SETFL, 0), 0);
	assert_int_equal(pthread_create(&thread, NULL, read_again_and_again, &reader), 0);
	assert_int_equal(cm_write_event(reader.fd, id, UCM_EVENT_USER, 3), 0);
	while (poll(&wish, 1, 0))
		sched_yield();
	cm_close(reader.fd);
	assert_int_equal(pthread_cancel(thread), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(reader.found_file);
}

static int migrate(int to, uint32_t id, int from, uint32_t *events)
{
	struct rdma_ucm_migrate_id wire = {.id = id, .fd = (uint32_t)from};
	struct rdma_ucm_migrate_resp answer = {~0u};
	int rc = cm_ask(to, RDMA_USER_CM_CMD_MIGRATE_ID, &wire, &answer);

	*events = answer.events_reported;
	return rc;
}

static void unread_events_move_with_their_id(void **state)
{
	int from = cm_open(), to = cm_open();
	uint32_t id = cm_create(from, RDMA_PS_TCP, 1), stays = cm_create(from, RDMA_PS_TCP, 2);
	uint32_t events;

	(void)state;
	assert_int_equal(cm_write_event(from, id, UCM_EVENT_USER, 1), 0);
	assert_int_equal(cm_write_event(from, stays, UCM_EVENT_USER, 1), 0);
	assert_int_equal(cm_write_event(from, id, UCM_EVENT_INTERNAL, 1), 0);
	cm_event(from, UCM_EVENT_USER);
	assert_int_equal(migrate(to, id, from, &events), 0);
	assert_int_equal(events, 1);
	assert_int_equal(cm_event(to, UCM_EVENT_INTERNAL).uid, 1);
	assert_false(cm_is_readable(to));
	assert_int_equal(cm_event(from, UCM_EVENT_USER).uid, 2);
	assert_false(cm_is_readable(from));
	cm_destroy_id(to, id, 2);
	assert_int_equal(migrate(to, id, from, &events), ENOENT);
	assert_int_equal(migrate(to, stays, to, &events), EINVAL);
	assert_int_equal(migrate(to, stays, 0, &events), EINVAL);
	assert_int_equal(migrate(to, stays, 999, &events), ENOENT);
	assert_int_equal(migrate(from, stays, from, &events), 0);
	cm_close(from);
	cm_close(to);
}

static void unread_events_go_with_their_id(void **state)
{
	int fd = cm_open();
	uint32_t id = cm_create(fd, RDMA_PS_TCP, 1);

	(void)state;
	assert_int_equal(cm_write_event(fd, id, UCM_EVENT_USER, 1), 0);
	cm_destroy_id(fd, id, 0);
	assert_false(cm_is_readable(fd));
	cm_close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create_id_of_literal_words_answers_a_number),
		cmocka_unit_test(headers_must_be_right),
		cmocka_unit_test(answers_need_room_and_memory),
		cmocka_unit_test(there_are_four_port_spaces),
		cmocka_unit_test(ids_belong_to_one_file),
		cmocka_unit_test(events_of_the_program_come_in_order),
		cmocka_unit_test(no_event_is_eagain_when_not_blocking),
		cmocka_unit_test(get_event_waits_for_one),
		cmocka_unit_test(a_thread_that_waits_can_be_cancelled),
		cmocka_unit_test(a_file_is_closed_when_its_reader_is_back),
		cmocka_unit_test(unread_events_move_with_their_id),
		cmocka_unit_test(unread_events_go_with_their_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
