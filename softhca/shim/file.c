/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Opening and closing the device. The descriptor a program gets is a sparse memory file, so that
 * mapping doorbell pages from it just works.
 */
#include "softhca/shim/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "softhca/core/trace.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/environment.h"
#include "softhca/shim/objects.h"
#include "softhca/shim/tables.h"

typedef int destroy_fn(struct handle *handle);

static destroy_fn *const destroy_functions[HANDLE_TYPES] = {
	[HANDLE_AH] = ah_object_destroy,     [HANDLE_QP] = qp_object_destroy,
	[HANDLE_SRQ] = srq_object_destroy,   [HANDLE_CQ] = cq_object_destroy,
	[HANDLE_MR] = mr_object_destroy,     [HANDLE_PD] = pd_object_destroy,
	[HANDLE_UAR] = uar_object_destroy,   [HANDLE_DM] = dm_object_destroy,
	[HANDLE_DMAH] = dmah_object_destroy,
};

struct shim_file *to_shim_file(struct descriptor *descriptor)
{
	return (struct shim_file *)((char *)descriptor - offsetof(struct shim_file, descriptor));
}

bool file_is_gone(const struct shim_file *file)
{
	return membership_exiting() || (file->hca && file->hca->shared->killed);
}

void *file_new_object(struct shim_file *file, enum handle_type type, size_t size)
{
	struct handle *handle = calloc(1, size);

	if (!handle)
		return NULL;
	handle->file = file;
	if (handle_add(&file->handles, handle, type)) {
		free(handle);
		return NULL;
	}
	return handle;
}

void file_drop_object(struct handle *handle)
{
	handle_remove(&handle->file->handles, handle);
	free(handle);
}

int file_destroy_object(struct handle *handle)
{
	int rc = destroy_functions[handle->type](handle);

	if (!rc)
		file_drop_object(handle);
	return rc;
}

static void destroy_objects(struct shim_file *file, enum handle_type type)
{
	struct handle *handle;

	for (uint32_t number = 0; (handle = handle_next(&file->handles, type, number));) {
		number = handle->number + 1;
		if (type == HANDLE_QP)
			qp_object_leave_groups((struct qp_object *)handle);
		file_destroy_object(handle);
	}
}

void file_close_context(struct shim_file *file)
{
	struct engine *engine = file->member->engine;

	/* In this order nothing is in use any more when its turn comes. */
	for (enum handle_type type = 0; type < HANDLE_TYPES; type++)
		destroy_objects(file, type);
	engine_lock(engine);
	list_remove(&file->link);
	channel_put(file->async);
	file->async = NULL;
	engine_unlock(engine);
	file->member = NULL;
	file->hca = NULL;
	membership_leave();
}

static void file_closing(struct descriptor *descriptor, int fd)
{
	struct shim_file *file = to_shim_file(descriptor);

	(void)fd;
	if (membership_exiting())
		return;
	pthread_mutex_lock(&file->lock);
	if (file->member) {
		tables_forget(file->fd);
		tables_forget_clock(&file->clock);
		file_close_context(file);
	}
	pthread_mutex_unlock(&file->lock);
}

static void file_free(struct descriptor *descriptor)
{
	struct shim_file *file = to_shim_file(descriptor);

	file->abi->close_clock(&file->clock);
	handle_table_free(&file->handles);
	pthread_mutex_destroy(&file->lock);
	free(file);
}

static int create_memory_file(int flags)
{
	struct rlimit limit;
	int fd;

	/* Growing a file beyond this limit would bring a signal. */
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur < FILE_MAP_BYTES) {
		membership_explain("ulimit -f is too small for the device's doorbell pages");
		errno = EFBIG;
		return -1;
	}
	fd = (int)syscall(SYS_memfd_create, "uverbs", flags & O_CLOEXEC ? MFD_CLOEXEC : 0);
	if (fd >= 0 && syscall(SYS_ftruncate, fd, (long)FILE_MAP_BYTES)) {
		int rc = errno;

		syscall(SYS_close, fd);
		errno = rc;
		return -1;
	}
	return fd;
}

int file_open(int flags)
{
	struct shim_file *file = calloc(1, sizeof(*file));
	int rc;

	if (!file)
		return -1;
	trace_enabled = getenv(SOFTHCA_ENV_TRACE) != NULL;
	file->abi = membership_abi();
	file->fd = file->abi ? create_memory_file(flags) : -1;
	if (file->fd < 0) {
		rc = file->abi ? errno : ENXIO;
		if (!file->abi)
			membership_explain(SOFTHCA_ENV_DEVICE " names no family that there is");
		free(file);
		errno = rc;
		return -1;
	}
	descriptor_init(&file->descriptor, DESCRIPTOR_DEVICE);
	file->descriptor.closing = file_closing;
	file->descriptor.destroy = file_free;
	pthread_mutex_init(&file->lock, NULL);
	list_init(&file->link);
	rc = descriptor_install(&file->descriptor, file->fd);
	if (rc)
		syscall(SYS_close, file->fd);
	descriptor_put(&file->descriptor);
	errno = rc;
	return rc ? -1 : file->fd;
}

void file_keep_time(struct shim_file *file)
{
	struct handle *cq;

	if (!file->member || !file->clock.timer)
		return;
	file->abi->tick(&file->clock);
	if (file->clock.context)
		return;
	cq = handle_next(&file->handles, HANDLE_CQ, 0);
	if (cq)
		tables_wrap_clock(((struct cq_object *)cq)->async.user_handle, file);
}

void files_tick(struct membership *member)
{
	list_for_each (node, &member->files) {
		struct shim_file *file = list_entry(node, struct shim_file, link);

		file->abi->tick(&file->clock);
	}
}

void files_report(struct membership *member, enum async_event_type type, uint32_t element)
{
	struct ib_uverbs_async_event_desc event = {.element = element, .event_type = type};

	list_for_each (node, &member->files) {
		struct shim_file *file = list_entry(node, struct shim_file, link);

		if (file->async)
			channel_post(file->async, &file->port_events, &event);
	}
}
