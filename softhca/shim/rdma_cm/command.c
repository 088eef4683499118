/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Commands: a header and a struct of uapi rdma/rdma_user_cm.h in one write(). What is checked, and
 * with which errno, is as the kernel does, but for input that is shorter than its command, where a
 * kernel reads on and this is EINVAL.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "softhca/core/trace.h"
#include "softhca/shim/drive.h"
#include "softhca/shim/rdma_cm/ucm.h"
#include "softhca/shim/user.h"

struct command {
	ucm_command_fn *run;
	uint16_t in_size; /* the least that there is */
	const char *name;
};

/* Those that have grown are good in their first size. */
#define COMMAND(function, type)                                                                    \
	{                                                                                          \
		function, sizeof(struct type), #type                                               \
	}
#define GROWN(function, type, last)                                                                \
	{                                                                                          \
		function, offsetof(struct type, last) + sizeof(((struct type *)NULL)->last), #type \
	}

static const struct command commands[] = {
	[RDMA_USER_CM_CMD_CREATE_ID] = COMMAND(ucm_create_id, rdma_ucm_create_id),
	[RDMA_USER_CM_CMD_DESTROY_ID] = COMMAND(ucm_destroy_id, rdma_ucm_destroy_id),
	[RDMA_USER_CM_CMD_BIND_IP] = COMMAND(ucm_bind_ip, rdma_ucm_bind_ip),
	[RDMA_USER_CM_CMD_RESOLVE_IP] = COMMAND(ucm_resolve_ip, rdma_ucm_resolve_ip),
	[RDMA_USER_CM_CMD_RESOLVE_ROUTE] = COMMAND(ucm_resolve_way, rdma_ucm_resolve_route),
	[RDMA_USER_CM_CMD_QUERY_ROUTE] = COMMAND(ucm_query_route, rdma_ucm_query),
	[RDMA_USER_CM_CMD_CONNECT] = GROWN(ucm_connect, rdma_ucm_connect, reserved),
	[RDMA_USER_CM_CMD_LISTEN] = COMMAND(ucm_listen, rdma_ucm_listen),
	[RDMA_USER_CM_CMD_ACCEPT] = GROWN(ucm_accept, rdma_ucm_accept, reserved),
	[RDMA_USER_CM_CMD_REJECT] = COMMAND(ucm_reject, rdma_ucm_reject),
	[RDMA_USER_CM_CMD_DISCONNECT] = COMMAND(ucm_disconnect, rdma_ucm_disconnect),
	[RDMA_USER_CM_CMD_INIT_QP_ATTR] = COMMAND(ucm_init_qp_attr, rdma_ucm_init_qp_attr),
	[RDMA_USER_CM_CMD_GET_EVENT] = COMMAND(ucm_get_event, rdma_ucm_get_event),
	[RDMA_USER_CM_CMD_SET_OPTION] = COMMAND(ucm_set_option, rdma_ucm_set_option),
	[RDMA_USER_CM_CMD_NOTIFY] = COMMAND(ucm_notify, rdma_ucm_notify),
	[RDMA_USER_CM_CMD_JOIN_IP_MCAST] = COMMAND(ucm_join_ip, rdma_ucm_join_ip_mcast),
	[RDMA_USER_CM_CMD_LEAVE_MCAST] = COMMAND(ucm_leave, rdma_ucm_destroy_id),
	[RDMA_USER_CM_CMD_MIGRATE_ID] = COMMAND(ucm_migrate_id, rdma_ucm_migrate_id),
	[RDMA_USER_CM_CMD_QUERY] = COMMAND(ucm_query, rdma_ucm_query),
	[RDMA_USER_CM_CMD_BIND] = COMMAND(ucm_bind_address, rdma_ucm_bind),
	[RDMA_USER_CM_CMD_RESOLVE_ADDR] = COMMAND(ucm_resolve_any, rdma_ucm_resolve_addr),
	[RDMA_USER_CM_CMD_JOIN_MCAST] = COMMAND(ucm_join, rdma_ucm_join_mcast),
	[RDMA_USER_CM_CMD_RESOLVE_IB_SERVICE] =
		COMMAND(ucm_resolve_service, rdma_ucm_resolve_ib_service),
	[RDMA_USER_CM_CMD_WRITE_CM_EVENT] = COMMAND(ucm_write_event, rdma_ucm_write_cm_event),
};

enum {
	COMMANDS = sizeof(commands) / sizeof(commands[0]),
	INPUT_BYTES = 1024, /* more than any command that we know */
};

void ucm_input(const struct ucm_call *call, void *to, size_t size)
{
	size_t given = call->in_length < size ? call->in_length : size;

	memcpy(to, call->in, given);
	memset((uint8_t *)to + given, 0, size - given);
}

int ucm_answer(const struct ucm_call *call, uint64_t address, const void *from, size_t size)
{
	return user_write(address, from, call->out_room < size ? call->out_room : size);
}

/* ---- waiting for events ---- */

static void put_descriptor(void *descriptor)
{
	descriptor_put(descriptor);
}

/*
 * A system call that a thread may be cancelled in, as in write(), and which is begun again after a
 * signal exactly when the kernel's would be: it has no timeout.
 */
static int wait_cancellably(struct ucm_file *file, uint32_t seen)
{
	int before, rc = 0;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &before);
	if (syscall(SYS_futex, &file->posted, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0))
		rc = errno == EAGAIN ? 0 : errno;
	pthread_setcanceltype(before, NULL);
	return rc;
}

static int sleep_until_posted(struct ucm_file *file, uint32_t seen)
{
	int rc;

	pthread_cleanup_push(put_descriptor, &file->descriptor);
	rc = wait_cancellably(file, seen);
	pthread_cleanup_pop(0);
	return rc;
}

static bool is_nonblocking(int fd)
{
	long flags = syscall(SYS_fcntl, fd, F_GETFL);

	return flags >= 0 && flags & O_NONBLOCK;
}

static int run(struct ucm_call *call, const struct command *command)
{
	struct engine *engine = call->file->member->engine;
	int rc;

	engine_lock(engine);
	rc = command->run(call);
	/* What it has sent goes out. */
	engine_round(engine);
	engine_unlock(engine);
	if (call->borrowed)
		descriptor_put(call->borrowed);
	return rc;
}

static void reader_comes(struct ucm_file *file)
{
	atomic_store(&file->reader, (uint32_t)syscall(SYS_gettid));
	if (atomic_exchange(&file->reader_away, 0))
		syscall(SYS_futex, &file->reader_away, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static int wait_for_event(struct ucm_call *call, const struct command *command, int fd)
{
	struct ucm_file *file = call->file;

	call->waits = !is_nonblocking(fd);
	if (call->waits)
		reader_comes(file);
	for (;;) {
		uint32_t seen = atomic_load(&file->posted);
		int rc = run(call, command);

		if (rc != EAGAIN || is_nonblocking(fd))
			return rc;
		/* Whoever has polled until now does so no more. */
		drive_armed();
		rc = sleep_until_posted(file, seen);
		if (rc)
			return rc;
	}
}

/* ---- write() ---- */

static int parse(const uint8_t *bytes, size_t count, const struct command **found,
		 struct ucm_call *call)
{
	struct rdma_ucm_cmd_hdr header;

	memcpy(&header, bytes, sizeof(header));
	if (header.cmd >= COMMANDS || header.in + sizeof(header) > count)
		return EINVAL;
	*found = &commands[header.cmd];
	if (!(*found)->run)
		return ENOSYS;
	if (header.in < (*found)->in_size)
		return EINVAL;
	call->in = bytes + sizeof(header);
	call->in_length = header.in;
	call->out_room = header.out;
	return 0;
}

ssize_t ucm_write(struct descriptor *descriptor, int fd, const void *buffer, size_t count)
{
	struct ucm_call call = {.file = to_ucm_file(descriptor)};
	const struct command *command = NULL;
	uint8_t bytes[INPUT_BYTES];
	int rc = 0;

	if (descriptor_is_dead(descriptor) || membership_exiting())
		rc = EIO;
	else if (count < sizeof(struct rdma_ucm_cmd_hdr) || count > sizeof(bytes))
		rc = EINVAL;
	if (!rc)
		rc = user_read(bytes, (uintptr_t)buffer, count);
	if (!rc)
		rc = parse(bytes, count, &command, &call);
	if (!rc)
		rc = command->run == ucm_get_event ? wait_for_event(&call, command, fd)
						   : run(&call, command);
	if (command && command->run)
		trace_printf("rdma_cm: %s: %s", command->name, rc ? strerror(rc) : "ok");
	descriptor_put(descriptor);
	if (!rc)
		return (ssize_t)count;
	errno = rc;
	return -1;
}
