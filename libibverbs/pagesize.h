/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How large the pages behind a range of addresses are. */
#ifndef LIBIBVERBS_PAGESIZE_H
#define LIBIBVERBS_PAGESIZE_H

#include <stddef.h>
#include <stdint.h>

/* The largest page size of the mappings in [start, end), at least base_page_size. */
size_t pagesize_of_range(uintptr_t start, uintptr_t end, size_t base_page_size);

#endif
