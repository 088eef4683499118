/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A guest on a whole PCI function: its memory is a file that comes by DMA maps, in several ranges,
 * and registers are reached through the function.
 */
#ifndef TESTS_PCI_MLX5_WHOLE_H
#define TESTS_PCI_MLX5_WHOLE_H

#include "rig.h"
#include "softhca/pci/function.h"

enum {
	/* Behind the guest's memory in the same file, and never given to the function. */
	WHOLE_PRIVATE_BYTES = 1 << 20,
	WHOLE_RANGES = 4,
	WHOLE_RANGE_BYTES = GUEST_BYTES / WHOLE_RANGES,
	WHOLE_READ_ONLY = 0x8000000, /* the first range once more, for reading */
	WHOLE_NO_MEMORY = 0x4000000,
};

/* Resets the function, gives it its memory, and has it answer. */
void whole_plug(void);
/* Switches memory decoding and bus mastering on. */
void whole_enable(void);
/* Maps a range of the file; refusals are the caller's to judge. */
int whole_map(uint64_t address, uint64_t bytes, uint64_t offset, bool writable);
/* All zeros, at little cost. */
void whole_clear(void);
/* Nobody has touched the private part. */
void whole_check_private(void);

#endif
