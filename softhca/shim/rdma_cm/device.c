/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Open files of the connection manager. As in a kernel, a file ends when nobody uses it any more,
 * which is later than its last close() if a thread still waits in it for an event.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "softhca/core/trace.h"
#include "softhca/shim/environment.h"
#include "softhca/shim/rdma_cm/ucm.h"
#include "util/clock.h"

/* How long who closes a file waits for its reader, at the most. */
static const uint64_t READER_NS = 50 * NS_PER_MS;

/* Under the engine lock. */
static struct list files = {&files, &files};

static void close_file(struct ucm_file *file)
{
	struct engine *engine = file->member->engine;

	engine_lock(engine);
	list_remove(&file->link);
	while (!list_empty(&file->ids))
		ucm_id_destroy(list_entry(file->ids.next, struct ucm_id, link));
	engine_round(engine);
	engine_unlock(engine);
	membership_leave();
}

static bool reader_is_coming(const struct ucm_file *file)
{
	uint32_t reader = atomic_load(&file->reader);

	return atomic_load(&file->reader_away) && reader != (uint32_t)syscall(SYS_gettid) &&
	       !syscall(SYS_tgkill, file->descriptor.pid, reader, 0);
}

/*
 * A program may end its ids and close the file while another thread is on its way back to wait for
 * events: a kernel takes long enough to end an id for that thread to be there by then, and to sleep
 * until the program exits. If it came later it would find no file any more, and call that a fault.
 */
static void await_reader(struct descriptor *descriptor)
{
	struct ucm_file *file = to_ucm_file(descriptor);
	uint64_t end_ns = clock_ns() + READER_NS;
	const struct timespec timeout = {0, (long)READER_NS};

	while (reader_is_coming(file) && clock_ns() < end_ns)
		syscall(SYS_futex, &file->reader_away, FUTEX_WAIT_PRIVATE, 1, &timeout, NULL, 0);
}

static void file_destroy(struct descriptor *descriptor)
{
	struct ucm_file *file = to_ucm_file(descriptor);

	/* What is left at exit has been ended with the fabric. */
	if (membership_exiting())
		return;
	if (file->member)
		close_file(file);
	event_pipe_close(&file->pipe);
	free(file);
}

static int make_file(struct ucm_file **made, int *fd)
{
	struct ucm_file *file = calloc(1, sizeof(*file));
	int rc = file ? event_pipe_open(&file->pipe, fd) : ENOMEM;

	if (rc) {
		free(file);
		return rc;
	}
	descriptor_init(&file->descriptor, DESCRIPTOR_RDMA_CM);
	file->descriptor.closing = NULL;
	file->descriptor.before_closing = await_reader;
	file->descriptor.destroy = file_destroy;
	list_init(&file->ids);
	list_init(&file->events);
	*made = file;
	return 0;
}

static int join(struct ucm_file *file)
{
	struct membership *member;
	int rc = membership_enter(&member);

	if (rc)
		return rc;
	engine_lock(member->engine);
	file->member = member;
	list_append(&files, &file->link);
	engine_unlock(member->engine);
	return 0;
}

/* The flags of open() that mean something later. */
static int set_flags(int fd, int flags)
{
	if (!(flags & O_CLOEXEC) && syscall(SYS_fcntl, fd, F_SETFD, 0))
		return errno;
	if (flags & O_NONBLOCK && syscall(SYS_fcntl, fd, F_SETFL, O_NONBLOCK))
		return errno;
	return 0;
}

static int open_file(int flags, int *fd)
{
	struct ucm_file *file;
	int rc = make_file(&file, fd);

	if (rc)
		return rc;
	rc = set_flags(*fd, flags);
	if (!rc)
		rc = join(file);
	if (!rc)
		rc = descriptor_install(&file->descriptor, *fd);
	descriptor_put(&file->descriptor);
	if (rc)
		syscall(SYS_close, *fd);
	return rc;
}

int ucm_open(int flags)
{
	int fd, rc;

	trace_enabled = getenv(SOFTHCA_ENV_TRACE) != NULL;
	rc = membership_abi() ? open_file(flags, &fd) : ENXIO;
	if (!rc)
		return fd;
	errno = rc;
	return -1;
}

int ucm_borrow_file(struct ucm_call *call, int fd)
{
	struct descriptor *descriptor = descriptor_get(fd);

	if (!descriptor)
		return syscall(SYS_fcntl, fd, F_GETFD) < 0 ? ENOENT : EINVAL;
	/* Given back later, since it may be the last reference. */
	call->borrowed = descriptor;
	return descriptor->kind == DESCRIPTOR_RDMA_CM && !descriptor_is_dead(descriptor) ? 0
											 : EINVAL;
}

void ucm_after_fork(void)
{
	list_init(&files);
	ucm_ids_forget();
	ucm_resolving_forget();
	ucm_groups_forget();
	ucm_services_forget();
}

/* Of a device that has gone an id tells, and lets go; all that is left to do is destroy it. */
static void remove_device(struct ucm_id *id)
{
	if (!id->hca || id->state == UCM_REMOVED)
		return;
	ucm_id_let_go(id);
	id->state = UCM_REMOVED;
	ucm_event_tell(id, UCM_EVENT_DEVICE_REMOVAL, 0);
}

void ucm_device_gone(void)
{
	list_for_each (file, &files)
		list_for_each (id, &list_entry(file, struct ucm_file, link)->ids)
			remove_device(list_entry(id, struct ucm_id, link));
}
