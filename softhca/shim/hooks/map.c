/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Mapping the device: its file serves register pages as it is, notes of the clock at another place
 * for each process; device memory lies elsewhere. */
#include "softhca/shim/hooks/next.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "softhca/shim/methods/dm.h"

/* The two names are one function, since offsets have 64 bits. */
typedef void *mmap_fn(void *address, size_t length, int protection, int flags, int fd,
		      off_t offset);

/* The open device behind the descriptor, with a reference, if it is one. */
static struct descriptor *get_device(int fd)
{
	struct descriptor *descriptor = descriptor_get(fd);

	if (descriptor &&
	    (descriptor->kind != DESCRIPTOR_DEVICE || descriptor_is_dead(descriptor))) {
		descriptor_put(descriptor);
		return NULL;
	}
	return descriptor;
}

static void *map_plainly(void *address, size_t length, int protection, int flags, int fd,
			 off_t offset)
{
	return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}

/* Looking for the next function may allocate, and allocating may map. */
static mmap_fn *find_next(void)
{
	static _Thread_local bool looking __attribute__((tls_model("initial-exec")));
	mmap_fn *next;

	if (looking)
		return map_plainly;
	looking = true;
	next = NEXT(mmap_fn, "mmap");
	looking = false;
	return next;
}

static void *map(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	struct descriptor *device = descriptor_possible(fd) ? get_device(fd) : NULL;
	const struct dm_mapping mapping = {.address = address,
					   .length = length,
					   .protection = protection,
					   .flags = flags,
					   .offset = (uint64_t)offset};
	struct shim_file *file;
	void *result;

	if (!device)
		return find_next()(address, length, protection, flags, fd, offset);
	file = to_shim_file(device);
	if (dm_is_window(file, mapping.offset))
		result = dm_map(file, &mapping);
	else
		result = find_next()(address, length, protection, flags, fd,
				     (off_t)file_own_offset(file, mapping.offset));
	descriptor_put(device);
	return result;
}

HOOK void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	return map(address, length, protection, flags, fd, offset);
}

HOOK void *mmap64(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	return map(address, length, protection, flags, fd, offset);
}
