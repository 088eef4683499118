/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keys of other processes of this host, in a protection domain that several of them have: the
 * memory is reached through the system, as the one-sided shortcuts do, under a hold on the key.
 * Atomics cannot be done so and find no memory.
 */
#ifndef SOFTHCA_MEMORY_FOREIGN_H
#define SOFTHCA_MEMORY_FOREIGN_H

#include "softhca/core/object.h"

/* The key as the shared directory tells it, if it belongs to another process and to this domain;
 * else NULL. Good until this thread has looked for a few more. */
struct mr *foreign_find(const struct hca *hca, const struct pd *pd, uint32_t key);

/* False: the key or its owner has gone, or the memory refuses; a part may have been copied. */
bool foreign_read(const struct mr *mr, uint64_t address, void *to, uint32_t length);
bool foreign_write(const struct mr *mr, uint64_t address, const void *from, uint32_t length);

#endif
