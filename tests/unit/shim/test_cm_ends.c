/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What ends ids that their program has not ended: a fork, and the loss of the adapter. */
#include "cm_harness.h"

#include <sys/wait.h>
#include <unistd.h>

static void a_child_has_nothing_of_its_parent(void **state)
{
	int fd = cm_open(), status;
	uint32_t id = cm_create(fd, RDMA_PS_TCP, 1);
	pid_t child = fork();

	(void)state;
	if (!child) {
		bool dead = cm_write_event(fd, id, UCM_EVENT_USER, 1) == EIO;
		int own = cm_open();

		_exit(!dead || cm_create(own, RDMA_PS_TCP, 1) != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	assert_int_equal(cm_write_event(fd, id, UCM_EVENT_USER, 1), 0);
	cm_event(fd, UCM_EVENT_USER);
	cm_close(fd);
}

/* As the background thread does it when it sees that the adapter has been killed. */
static void kill_adapter(int fd, bool killed)
{
	struct descriptor *descriptor = descriptor_get(fd);
	struct membership *member = to_ucm_file(descriptor)->member;

	engine_lock(member->engine);
	member->hca->shared->killed = killed;
	if (killed)
		ucm_device_gone();
	engine_unlock(member->engine);
	descriptor_put(descriptor);
}

static void ids_of_a_lost_adapter_can_only_be_destroyed(void **state)
{
	struct sockaddr_in address = cm_ip4(CM_OWN, 0);
	int fd = cm_open();
	uint32_t bound = cm_create(fd, RDMA_PS_TCP, 7), free_id = cm_create(fd, RDMA_PS_TCP, 8);

	(void)state;
	assert_int_equal(cm_bind(fd, bound, &address, sizeof(address)), 0);
	kill_adapter(fd, true);
	assert_int_equal(cm_event(fd, UCM_EVENT_DEVICE_REMOVAL).uid, 7);
	assert_false(cm_is_readable(fd));
	assert_int_equal(cm_listen_at(fd, bound, 1), EIO);
	assert_int_equal(cm_write_event(fd, bound, UCM_EVENT_USER, 1), EIO);
	assert_int_equal(cm_bind(fd, free_id, &address, sizeof(address)), ENODEV);
	cm_destroy_id(fd, bound, 1);
	kill_adapter(fd, false);
	assert_int_equal(cm_bind(fd, free_id, &address, sizeof(address)), 0);
	cm_close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_has_nothing_of_its_parent),
		cmocka_unit_test(ids_of_a_lost_adapter_can_only_be_destroyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
