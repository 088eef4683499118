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
#include "softhca/shim/foreign.h"
#include "softhca/shim/objects.h"
#include "softhca/shim/shared_context.h"
#include "softhca/shim/tables.h"

/* Two threads that come upon the same descriptor make one open device of it. */
static pthread_mutex_t adopting = PTHREAD_MUTEX_INITIALIZER;

typedef int destroy_fn(struct handle *handle);

static destroy_fn *const destroy_functions[HANDLE_TYPES] = {
	[HANDLE_AH] = ah_object_destroy,
	[HANDLE_QP] = qp_object_destroy,
	[HANDLE_SRQ] = srq_object_destroy,
	[HANDLE_CQ] = cq_object_destroy,
	[HANDLE_MR] = mr_object_destroy,
	[HANDLE_PD] = pd_object_destroy,
	[HANDLE_UAR] = uar_object_destroy,
	[HANDLE_DM] = dm_object_destroy,
	[HANDLE_DMAH] = dmah_object_destroy,
	[HANDLE_MW] = mw_object_destroy,
	[HANDLE_FLOW] = flow_object_destroy,
	[HANDLE_COUNTERS] = counters_object_destroy,
	[HANDLE_WQ_TABLE] = wq_table_object_destroy,
	[HANDLE_WQ] = wq_object_destroy,
	[HANDLE_XRCD] = xrcd_object_destroy,
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
	shared_object_drop(handle);
	handle_remove(&handle->file->handles, handle);
	free(handle);
}

/* What another process has made is for it to end. */
static bool is_foreign(const struct handle *handle)
{
	return handle->number >> SHARED_SEAT_SHIFT != handle->file->seat;
}

int file_destroy_object(struct handle *handle)
{
	int rc = is_foreign(handle) ? EOPNOTSUPP : destroy_functions[handle->type](handle);

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
	foreign_end(file);
	engine_lock(engine);
	list_remove(&file->link);
	channel_put(file->async);
	file->async = NULL;
	engine_unlock(engine);
	file->member = NULL;
	file->hca = NULL;
	membership_leave();
}

static void file_closing(struct descriptor *descriptor, int fd, bool last)
{
	struct shim_file *file = to_shim_file(descriptor);

	if (membership_exiting())
		return;
	tables_forget(fd);
	if (!last)
		return;
	pthread_mutex_lock(&file->lock);
	if (file->member) {
		tables_forget_clock(&file->clock);
		file_close_context(file);
	}
	pthread_mutex_unlock(&file->lock);
}

static void file_free(struct descriptor *descriptor)
{
	struct shim_file *file = to_shim_file(descriptor);

	file->abi->close_clock(&file->clock);
	shared_context_unmap(file);
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

/* With one reference. */
static int make_file(int fd, struct shim_file **made)
{
	struct shim_file *file = calloc(1, sizeof(*file));
	int rc;

	if (!file)
		return ENOMEM;
	file->abi = membership_abi();
	file->fd = fd;
	descriptor_init(&file->descriptor, DESCRIPTOR_DEVICE);
	file->descriptor.closing = file_closing;
	file->descriptor.destroy = file_free;
	pthread_mutex_init(&file->lock, NULL);
	list_init(&file->link);
	list_init(&file->foreign);
	rc = shared_context_map(file);
	if (rc) {
		descriptor_put(&file->descriptor);
		return rc;
	}
	*made = file;
	return 0;
}

static int open_file(int flags, int *fd)
{
	struct shim_file *file;
	int rc;

	*fd = create_memory_file(flags);
	if (*fd < 0)
		return errno;
	rc = make_file(*fd, &file);
	if (!rc) {
		rc = descriptor_install(&file->descriptor, *fd);
		descriptor_put(&file->descriptor);
	}
	if (rc)
		syscall(SYS_close, *fd);
	return rc;
}

int file_open(int flags)
{
	int fd, rc = ENXIO;

	trace_enabled = getenv(SOFTHCA_ENV_TRACE) != NULL;
	if (membership_abi())
		rc = open_file(flags, &fd);
	else
		membership_explain(SOFTHCA_ENV_DEVICE " names no family that there is");
	errno = rc;
	return rc ? -1 : fd;
}

bool file_looks_adoptable(const struct stat *status)
{
	return S_ISREG(status->st_mode) && !status->st_nlink && status->st_size == FILE_MAP_BYTES;
}

static int join_context(struct shim_file *file)
{
	struct membership *member;
	int rc = shared_context_is_one(file->shared) ? membership_enter(&member) : EBADF;

	if (rc)
		return rc;
	file->hca = member->hca;
	rc = shared_context_join(file);
	if (rc) {
		file->hca = NULL;
		membership_leave();
		return rc;
	}
	file->member = member;
	engine_lock(member->engine);
	list_append(&member->files, &file->link);
	engine_unlock(member->engine);
	return 0;
}

static struct descriptor *adopt(int fd)
{
	struct shim_file *file;

	trace_enabled = getenv(SOFTHCA_ENV_TRACE) != NULL;
	if (!membership_abi() || make_file(fd, &file))
		return NULL;
	if (join_context(file))
		goto put;
	if (file->abi->reopen_context(file) || descriptor_install(&file->descriptor, fd)) {
		file_close_context(file);
		goto put;
	}
	return &file->descriptor;
put:
	descriptor_put(&file->descriptor);
	return NULL;
}

struct descriptor *file_adopt(int fd)
{
	struct descriptor *descriptor;
	struct stat status;

	if (syscall(SYS_fstat, fd, &status) || !file_looks_adoptable(&status))
		return NULL;
	pthread_mutex_lock(&adopting);
	descriptor = descriptor_rejoin(fd);
	if (!descriptor)
		descriptor = adopt(fd);
	pthread_mutex_unlock(&adopting);
	return descriptor;
}

void file_after_fork(void)
{
	pthread_mutex_init(&adopting, NULL);
}

uint64_t file_own_offset(const struct shim_file *file, uint64_t offset)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);

	if (!file->abi->notes_page || offset / page_bytes != file->abi->notes_page)
		return offset;
	return offset + file->seat * page_bytes;
}

void file_keep_time(struct shim_file *file)
{
	struct handle *cq;

	if (!file->member || !__atomic_load_n(&file->clock.timer, __ATOMIC_ACQUIRE))
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
