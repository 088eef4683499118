/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Guest memory as the client has described it: ranges of guest addresses and the files behind them.
 *
 * Firmware moves its shadow areas about, so that the same RAM comes and goes in pieces, many times.
 * A file is therefore mapped once, whole, and ranges are only views of it: pieces that are adjacent
 * for the guest are adjacent here, and what has been handed out outlives the range that it was
 * found in.
 *
 * The size of a file is checked when a range of it comes. That the client does not make it shorter
 * afterwards is taken on trust: queues are read without a guard.
 */
#ifndef SOFTHCA_PCI_DMA_TABLE_H
#define SOFTHCA_PCI_DMA_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/list.h"

struct dma_file;

struct dma_range {
	uint64_t address;
	uint64_t bytes;
	struct dma_file *file; /* NULL: nothing that can be accessed */
	uint8_t *place;	       /* of the first byte, if there is a file */
	bool readable, writable;
};

struct dma_table {
	struct dma_range *ranges; /* by address */
	size_t num_ranges, room;
	struct list files;
	unsigned int num_files;
};

enum {
	DMA_TABLE_MAX_RANGES = 65535,
	DMA_TABLE_MAX_FILES = 256,
};

void dma_table_init(struct dma_table *table);
void dma_table_end(struct dma_table *table);

/* A range, which lies at `offset` in the file `fd`, or nowhere if fd is -1. EINVAL for what cannot
 * be, EEXIST when a range is there, ENOSPC, ENOMEM. The fd stays the caller's. */
int dma_table_map(struct dma_table *table, const struct dma_range *range, int fd, uint64_t offset);
/* Takes away the ranges inside [address, address + bytes) and says how many bytes that was. EINVAL
 * when a range is only partly inside, ENOENT when there is none. */
int dma_table_unmap(struct dma_table *table, uint64_t address, uint64_t bytes, uint64_t *unmapped);
void dma_table_unmap_all(struct dma_table *table, uint64_t *unmapped);

/* The byte at `address` and how many follow it in one piece; NULL if it cannot be accessed. It
 * stays mapped until dma_table_settle() or the end. */
uint8_t *dma_table_place(struct dma_table *table, uint64_t address, bool writing,
			 uint64_t *together);
/* Nothing that was handed out is in use any more. */
void dma_table_settle(struct dma_table *table);

#endif
