/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Device memory, for the families whose methods allocate it and for the hook that maps it. */
#ifndef SOFTHCA_SHIM_METHODS_DM_H
#define SOFTHCA_SHIM_METHODS_DM_H

#include <stdbool.h>

#include "softhca/shim/file.h"
#include "softhca/shim/objects.h"

/* `length` bytes, at most FILE_DM_PAGES pages; the place is aligned to 2^log_alignment, less than
 * 32. ENOMEM: no room in the window, or no memory. */
int dm_create(struct shim_file *file, uint64_t length, uint32_t log_alignment,
	      struct dm_object **created);

/* As the arguments of mmap(). */
struct dm_mapping {
	void *address;
	size_t length;
	int protection, flags;
	uint64_t offset;
};

/* Whether device memory is mapped at this offset of the device file. */
bool dm_is_window(const struct shim_file *file, uint64_t offset);
/* As mmap(); EINVAL where there is no device memory, or not as much. */
void *dm_map(struct shim_file *file, const struct dm_mapping *mapping);

#endif
