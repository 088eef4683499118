/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Device memory. Each piece is a memory file of whole pages, so that it can be mapped, handed out
 * as a dma-buf and shared with other processes. Programs map it through the device, in a window of
 * pages whose place is the family's; hooks/map.c sends such a mapping here.
 */
#include "softhca/shim/methods/dm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "softhca/core/trace.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/foreign.h"
#include "softhca/shim/methods/commands.h"
#include "softhca/shim/page.h"
#include "softhca/shim/shared_context.h"

struct dm_object *find_dm(struct shim_file *file, uint32_t number)
{
	struct handle *handle = handle_find(&file->handles, HANDLE_DM, number);

	return handle ? (struct dm_object *)handle : foreign_dm(file, number);
}

static void give_pages(struct shim_file *file, uint32_t first, uint32_t count)
{
	while (count--)
		atomic_store(&file->shared->dm_owner[first + count], 0);
}

/* What a process had when it was killed is free. */
static bool take_page(struct shim_file *file, uint32_t page)
{
	_Atomic uint8_t *owner = &file->shared->dm_owner[page];
	uint8_t found = atomic_load(owner);

	if (found && shared_context_is_seated(file->shared, found - 1u))
		return false;
	return atomic_compare_exchange_strong(owner, &found, (uint8_t)(file->seat + 1));
}

/* All or none: other processes of this context take pages, too. */
static bool take_pages(struct shim_file *file, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!take_page(file, first + i)) {
			give_pages(file, first, i);
			return false;
		}
	return true;
}

/* The first free pages, at a multiple of `step`; FILE_DM_PAGES if there are none. */
static uint32_t find_pages(struct shim_file *file, uint32_t count, uint32_t step)
{
	uint32_t first;

	for (first = 0; first + count <= FILE_DM_PAGES; first += step)
		if (take_pages(file, first, count))
			return first;
	return FILE_DM_PAGES;
}

static int create_file(struct dm_object *dm)
{
	size_t bytes = (size_t)dm->num_pages * PAGE_BYTES;
	void *memory;
	int rc;

	dm->fd = (int)syscall(SYS_memfd_create, "device memory", MFD_CLOEXEC);
	if (dm->fd < 0)
		return errno;
	if (syscall(SYS_ftruncate, dm->fd, (long)bytes)) {
		rc = errno;
		goto close_file;
	}
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, dm->fd, 0);
	if (memory == MAP_FAILED) {
		rc = errno;
		goto close_file;
	}
	dm->memory = memory;
	return 0;
close_file:
	syscall(SYS_close, dm->fd);
	return rc;
}

int dm_create(struct shim_file *file, uint64_t length, uint32_t log_alignment,
	      struct dm_object **created)
{
	uint32_t step = log_alignment > LOG_PAGE_BYTES ? 1u << (log_alignment - LOG_PAGE_BYTES) : 1;
	struct dm_object *dm;
	int rc;

	dm = file_new_object(file, HANDLE_DM, sizeof(*dm));
	if (!dm)
		return ENOMEM;
	dm->length = length;
	dm->num_pages = (uint32_t)((length + PAGE_BYTES - 1) / PAGE_BYTES);
	dm->page = find_pages(file, dm->num_pages, step);
	rc = dm->page < FILE_DM_PAGES ? create_file(dm) : ENOMEM;
	if (rc && dm->page < FILE_DM_PAGES)
		give_pages(file, dm->page, dm->num_pages);
	if (rc) {
		file_drop_object(&dm->handle);
		return rc;
	}
	shared_object_put(&dm->handle, &(struct shared_object){.length = length,
							       .page = dm->page,
							       .num_pages = dm->num_pages,
							       .fd = dm->fd});
	trace_printf("dm %u: %" PRIu64 " bytes at page %u", dm->handle.number, length, dm->page);
	*created = dm;
	return 0;
}

int dm_object_destroy(struct handle *handle)
{
	struct dm_object *dm = (struct dm_object *)handle;

	if (dm->users)
		return EBUSY;
	munmap(dm->memory, (size_t)dm->num_pages * PAGE_BYTES);
	syscall(SYS_close, dm->fd);
	give_pages(handle->file, dm->page, dm->num_pages);
	return 0;
}

/* The device memory of which `page` of the device file is a page; *at is its place in there. */
static const struct dm_object *find_by_page(struct shim_file *file, uint64_t page, uint64_t *at)
{
	struct handle *handle = handle_next(&file->handles, HANDLE_DM, 0);
	const struct dm_object *foreign;

	for (; handle; handle = handle_next(&file->handles, HANDLE_DM, handle->number + 1)) {
		const struct dm_object *dm = (struct dm_object *)handle;

		*at = page - file->abi->dm_window_page - dm->page;
		if (*at < dm->num_pages)
			return dm;
	}
	foreign = foreign_dm_at(file, page - file->abi->dm_window_page);
	if (foreign)
		*at = page - file->abi->dm_window_page - foreign->page;
	return foreign;
}

bool dm_is_window(const struct shim_file *file, uint64_t offset)
{
	uint64_t page = offset / PAGE_BYTES - file->abi->dm_window_page;

	return file->abi->dm_window_page && page < FILE_DM_PAGES;
}

void *dm_map(struct shim_file *file, const struct dm_mapping *mapping)
{
	uint64_t pages = (mapping->length + PAGE_BYTES - 1) / PAGE_BYTES, at;
	void *result = MAP_FAILED;
	const struct dm_object *dm;

	pthread_mutex_lock(&file->lock);
	dm = find_by_page(file, mapping->offset / PAGE_BYTES, &at);
	if (dm && pages <= dm->num_pages - at)
		result = (void *)syscall(SYS_mmap, mapping->address, mapping->length,
					 mapping->protection, mapping->flags, dm->fd,
					 at * PAGE_BYTES);
	else
		errno = EINVAL;
	pthread_mutex_unlock(&file->lock);
	return result;
}

static int free_method(struct attrs *attrs)
{
	struct dm_object *dm =
		find_dm(attrs->file, (uint32_t)attr_number(attrs, UVERBS_ATTR_FREE_DM_HANDLE));

	return dm ? file_destroy_object(&dm->handle) : ENOENT;
}

/* A dma-buf over what can be mapped at a page of the device file. */
static int export_method(struct attrs *attrs)
{
	const struct dm_object *dm;
	uint64_t page, at;
	int fd;
	int rc = attr_get_u64(attrs, UVERBS_ATTR_ALLOC_DMABUF_PGOFF, &page);

	if (rc)
		return rc;
	dm = find_by_page(attrs->file, page, &at);
	if (!dm || at)
		return EINVAL;
	fd = (int)syscall(SYS_fcntl, dm->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	attrs->made.fd = fd;
	return attr_put_number(attrs, UVERBS_ATTR_ALLOC_DMABUF_HANDLE, fd);
}

static const struct attr_spec free_attrs[] = {
	{UVERBS_ATTR_FREE_DM_HANDLE, ATTR_HANDLE, true, 0, 0},
};

static const struct attr_spec export_attrs[] = {
	{UVERBS_ATTR_ALLOC_DMABUF_HANDLE, ATTR_NEW_FD, true, 0, 0},
	{UVERBS_ATTR_ALLOC_DMABUF_PGOFF, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
};

const struct method_entry dm_methods[] = {
	METHOD(UVERBS_OBJECT_DM, UVERBS_METHOD_DM_FREE, free_attrs, free_method, true),
	METHOD(UVERBS_OBJECT_DMABUF, UVERBS_METHOD_DMABUF_ALLOC, export_attrs, export_method, true),
	{.handle = NULL},
};
