/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Objects that another process has made in a context that this one has as well, for use here:
 * domains as domains of the same number, device memory by its file. They are found by their
 * handles at first use, and forgotten with the context, or when their numbers are given again and
 * they are no longer used here. With the file's lock held.
 */
#ifndef SOFTHCA_SHIM_FOREIGN_H
#define SOFTHCA_SHIM_FOREIGN_H

#include "softhca/shim/file.h"
#include "softhca/shim/objects.h"

/* NULL: no other process of this context has such an object, or it cannot be used. */
struct pd_object *foreign_pd(struct shim_file *file, uint32_t number);
struct dm_object *foreign_dm(struct shim_file *file, uint32_t number);
/* The device memory used so far of which `page` of the window is a page. */
struct dm_object *foreign_dm_at(struct shim_file *file, uint64_t page);

bool foreign_exists(const struct shim_file *file, enum handle_type type, uint32_t number);

/* The context closes, and nothing of it uses them any more. */
void foreign_end(struct shim_file *file);

#endif
