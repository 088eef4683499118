/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Using what other processes have made. */
#include "softhca/shim/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "softhca/core/trace.h"
#include "softhca/shim/page.h"
#include "softhca/shim/shared_context.h"

struct foreign {
	struct list link;
	uint32_t generation; /* of its entry, as it was found */
	union {
		struct handle handle;
		struct pd_object pd;
		struct dm_object dm;
	};
};

/*
 * A domain that its owner has taken back is still this process's as well, until its number is
 * another one's. Device memory has to be its owner's still, and its pages, too.
 */
static bool is_current(const struct foreign *foreign)
{
	const struct handle *handle = &foreign->handle;
	uint32_t now = shared_object_generation(handle->file, handle->type, handle->number);

	if (handle->type == HANDLE_PD)
		return !now || now == foreign->generation;
	return now == foreign->generation &&
	       atomic_load(&handle->file->shared->dm_owner[foreign->dm.page]) ==
		       (handle->number >> SHARED_SEAT_SHIFT) + 1;
}

static struct foreign *find(struct shim_file *file, enum handle_type type, uint32_t number)
{
	list_for_each (node, &file->foreign) {
		struct foreign *foreign = list_entry(node, struct foreign, link);

		if (foreign->handle.type == type && foreign->handle.number == number &&
		    is_current(foreign))
			return foreign;
	}
	return NULL;
}

static void end(struct foreign *foreign)
{
	struct engine *engine = foreign->handle.file->member->engine;

	if (foreign->handle.type == HANDLE_PD) {
		engine_lock(engine);
		pd_destroy(foreign->pd.pd);
		engine_unlock(engine);
	} else {
		munmap(foreign->dm.memory, (size_t)foreign->dm.num_pages * PAGE_BYTES);
		syscall(SYS_close, foreign->dm.fd);
	}
	list_remove(&foreign->link);
	free(foreign);
}

static bool is_used(const struct foreign *foreign)
{
	struct engine *engine = foreign->handle.file->member->engine;
	bool used;

	if (foreign->handle.type == HANDLE_DM)
		return foreign->dm.users;
	engine_lock(engine);
	used = foreign->pd.pd->users;
	engine_unlock(engine);
	return used;
}

/* What is not to be found any more goes when nothing here uses it. Of one type, since the command
 * that looks for it may have found one of another, and not used it yet. */
static void end_unused(struct shim_file *file, enum handle_type type)
{
	list_for_each_safe (node, &file->foreign) {
		struct foreign *foreign = list_entry(node, struct foreign, link);

		if (foreign->handle.type == type && !is_current(foreign) && !is_used(foreign))
			end(foreign);
	}
}

static struct foreign *begin(struct shim_file *file, enum handle_type type, uint32_t number,
			     const struct shared_object *shared)
{
	struct foreign *foreign = calloc(1, sizeof(*foreign));

	if (!foreign)
		return NULL;
	foreign->handle = (struct handle){.type = type, .number = number, .file = file};
	foreign->generation = shared->generation;
	return foreign;
}

/* Into the list, or away if it has come to nothing. */
static struct foreign *finish(struct foreign *foreign, int rc)
{
	if (rc) {
		free(foreign);
		return NULL;
	}
	list_append(&foreign->handle.file->foreign, &foreign->link);
	trace_printf("%s %#x of another process", foreign->handle.type == HANDLE_PD ? "pd" : "dm",
		     foreign->handle.number);
	return foreign;
}

static struct foreign *adopt_pd(struct shim_file *file, uint32_t number)
{
	struct engine *engine = file->member->engine;
	struct shared_object shared;
	struct foreign *foreign;
	int rc;

	if (!shared_object_find(file, HANDLE_PD, number, &shared))
		return NULL;
	end_unused(file, HANDLE_PD);
	foreign = begin(file, HANDLE_PD, number, &shared);
	if (!foreign)
		return NULL;
	engine_lock(engine);
	rc = pd_adopt(file->hca, shared.number, &foreign->pd.pd);
	engine_unlock(engine);
	return finish(foreign, rc);
}

struct pd_object *foreign_pd(struct shim_file *file, uint32_t number)
{
	struct foreign *foreign = find(file, HANDLE_PD, number);

	if (!foreign)
		foreign = adopt_pd(file, number);
	return foreign ? &foreign->pd : NULL;
}

/* The other process may have ended, and its number be somebody else's: the file is looked at. */
static int open_memory(struct dm_object *dm, const struct shared_object *shared)
{
	size_t bytes = (size_t)shared->num_pages * PAGE_BYTES;
	struct stat status;
	char path[64];
	void *memory;

	if (!shared->num_pages || shared->num_pages > FILE_DM_PAGES ||
	    shared->page > FILE_DM_PAGES - shared->num_pages || shared->length > bytes)
		return EINVAL;
	snprintf(path, sizeof(path), "/proc/%u/fd/%d", shared->pid, shared->fd);
	dm->fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	if (dm->fd < 0)
		return errno;
	if (syscall(SYS_fstat, dm->fd, &status) || status.st_nlink ||
	    (uint64_t)status.st_size != bytes)
		goto close_file;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, dm->fd, 0);
	if (memory == MAP_FAILED)
		goto close_file;
	dm->memory = memory;
	dm->length = shared->length;
	dm->page = shared->page;
	dm->num_pages = shared->num_pages;
	return 0;
close_file:
	syscall(SYS_close, dm->fd);
	return ENOENT;
}

struct dm_object *foreign_dm(struct shim_file *file, uint32_t number)
{
	struct foreign *foreign = find(file, HANDLE_DM, number);
	struct shared_object shared;

	if (!foreign && shared_object_find(file, HANDLE_DM, number, &shared)) {
		end_unused(file, HANDLE_DM);
		foreign = begin(file, HANDLE_DM, number, &shared);
		if (foreign)
			foreign = finish(foreign, open_memory(&foreign->dm, &shared));
	}
	return foreign ? &foreign->dm : NULL;
}

struct dm_object *foreign_dm_at(struct shim_file *file, uint64_t page)
{
	list_for_each (node, &file->foreign) {
		struct foreign *foreign = list_entry(node, struct foreign, link);

		if (foreign->handle.type == HANDLE_DM &&
		    page - foreign->dm.page < foreign->dm.num_pages && is_current(foreign))
			return &foreign->dm;
	}
	return NULL;
}

bool foreign_exists(const struct shim_file *file, enum handle_type type, uint32_t number)
{
	struct shared_object shared;

	return shared_object_find(file, type, number, &shared);
}

void foreign_end(struct shim_file *file)
{
	while (!list_empty(&file->foreign))
		end(list_entry(file->foreign.next, struct foreign, link));
}
