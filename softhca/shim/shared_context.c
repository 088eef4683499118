/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The shared part of a device file. What is read of it was written by other processes of one user,
 * and is checked where it could lead astray. */
#include "softhca/shim/shared_context.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "softhca/fabric/fabric.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/environment.h"

enum { SHARED_OFFSET = FILE_MAP_BYTES / 2 };

_Static_assert(sizeof(struct shared_context) <= FILE_MAP_BYTES - SHARED_OFFSET,
	       "the shared part lies beyond the end of the device file");

/* "softhca" and the version of this layout. */
static const uint64_t magic_number = 0x01616368746673ull << 8 | 2;

static const char *fabric_name(void)
{
	const char *name = getenv(SOFTHCA_ENV_FABRIC);

	return name ? name : "";
}

int shared_context_map(struct shim_file *file)
{
	void *shared = mmap(NULL, sizeof(struct shared_context), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_NORESERVE, file->fd, SHARED_OFFSET);

	if (shared == MAP_FAILED)
		return errno;
	madvise(shared, sizeof(struct shared_context), MADV_DONTDUMP);
	file->shared = shared;
	return 0;
}

void shared_context_unmap(struct shim_file *file)
{
	if (file->shared)
		munmap(file->shared, sizeof(struct shared_context));
	file->shared = NULL;
}

static void take_seat(struct shim_file *file, uint32_t seat)
{
	file->seat = seat;
	atomic_store(&file->shared->pids[seat], (uint32_t)getpid());
	file->handles.base = seat << SHARED_SEAT_SHIFT;
}

void shared_context_publish(struct shim_file *file)
{
	struct shared_context *shared = file->shared;

	shared->node_guid = file->hca->shared->node_guid;
	strncpy(shared->fabric, fabric_name(), sizeof(shared->fabric) - 1);
	strncpy(shared->family, file->abi->family, sizeof(shared->family) - 1);
	shared->static_bfregs = file->static_bfregs;
	shared->low_latency_bfregs = file->low_latency_bfregs;
	shared->dynamic_uars = file->dynamic_uars;
	shared->cqe_version = file->cqe_version;
	take_seat(file, 0);
	atomic_store(&shared->seats, 1);
	atomic_store_explicit(&shared->magic, magic_number, memory_order_release);
}

bool shared_context_is_one(const struct shared_context *shared)
{
	return atomic_load_explicit(&shared->magic, memory_order_acquire) == magic_number;
}

int shared_context_join(struct shim_file *file)
{
	struct shared_context *shared = file->shared;
	uint32_t seat;

	if (!shared_context_is_one(shared) ||
	    strncmp(shared->fabric, fabric_name(), sizeof(shared->fabric) - 1) ||
	    strncmp(shared->family, file->abi->family, sizeof(shared->family) - 1) ||
	    shared->node_guid != file->hca->shared->node_guid)
		return EBADF;
	seat = atomic_fetch_add(&shared->seats, 1);
	if (seat >= SHARED_SEATS)
		return ENFILE;
	take_seat(file, seat);
	file->static_bfregs = shared->static_bfregs;
	file->low_latency_bfregs = shared->low_latency_bfregs;
	file->dynamic_uars = shared->dynamic_uars;
	file->cqe_version = shared->cqe_version;
	return 0;
}

static bool is_alive(uint32_t pid)
{
	return pid && (!kill((pid_t)pid, 0) || errno != ESRCH);
}

bool shared_context_is_seated(const struct shared_context *shared, uint32_t seat)
{
	return seat < SHARED_SEATS && is_alive(atomic_load(&shared->pids[seat]));
}

static struct shared_object *own_entry(const struct handle *handle)
{
	const struct shim_file *file = handle->file;
	uint32_t index = handle->number - file->handles.base;

	return file->shared && index < SHARED_HANDLES ? &file->shared->objects[file->seat][index]
						      : NULL;
}

/* Readers who meet a change find nothing. */
void shared_object_put(const struct handle *handle, const struct shared_object *object)
{
	struct shared_object *entry = own_entry(handle);

	if (!entry)
		return;
	atomic_store(&entry->type, 0);
	entry->number = object->number;
	entry->length = object->length;
	entry->iova = object->iova;
	entry->page = object->page;
	entry->num_pages = object->num_pages;
	entry->fd = object->fd;
	if (!++entry->generation)
		entry->generation = 1;
	atomic_store_explicit(&entry->type, handle->type + 1, memory_order_release);
}

void shared_object_drop(const struct handle *handle)
{
	struct shared_object *entry = own_entry(handle);

	if (entry)
		atomic_store(&entry->type, 0);
}

/* NULL: it cannot be one of another process. */
static const struct shared_object *others_entry(const struct shim_file *file, uint32_t number)
{
	uint32_t seat = number >> SHARED_SEAT_SHIFT;
	uint32_t index = number & ((1u << SHARED_SEAT_SHIFT) - 1);

	if (!file->shared || seat >= SHARED_SEATS || seat == file->seat || index >= SHARED_HANDLES)
		return NULL;
	return &file->shared->objects[seat][index];
}

bool shared_object_find(const struct shim_file *file, enum handle_type type, uint32_t number,
			struct shared_object *object)
{
	uint32_t before = shared_object_generation(file, type, number);

	if (!before)
		return false;
	memcpy(object, others_entry(file, number), sizeof(*object));
	object->pid = atomic_load(&file->shared->pids[number >> SHARED_SEAT_SHIFT]);
	atomic_thread_fence(memory_order_acquire);
	/* Otherwise the copy may be half of one object and half of the next. */
	return shared_object_generation(file, type, number) == before && is_alive(object->pid);
}

uint32_t shared_object_generation(const struct shim_file *file, enum handle_type type,
				  uint32_t number)
{
	const struct shared_object *entry = others_entry(file, number);

	if (!entry || atomic_load_explicit(&entry->type, memory_order_acquire) != type + 1)
		return 0;
	return entry->generation;
}
