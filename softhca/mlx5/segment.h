/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sixteen bytes of a WQE, copied out of the application's memory before anything looks at them: the
 * application may change a queue at any time, so what has been checked must be what is used.
 */
#ifndef SOFTHCA_MLX5_SEGMENT_H
#define SOFTHCA_MLX5_SEGMENT_H

#include <endian.h>

#include "hw/mlx5/wqe.h"
#include "softhca/core/queue.h"

union segment {
	uint64_t words[2];
	struct mlx5_wqe_ctrl_seg ctrl;
	struct mlx5_wqe_raddr_seg raddr;
	struct mlx5_wqe_atomic_seg atomic;
	struct mlx5_wqe_xrc_seg xrc;
	struct mlx5_wqe_data_seg data;
	struct mlx5_wqe_srq_next_seg next;
	struct mlx5_wqe_umr_klm_seg klm;
	/* The beginning of a longer one. */
	struct {
		__be32 reserved0;
		uint8_t cs_flags;
		uint8_t reserved1;
		__be16 mss;
		__be32 reserved2;
		__be16 inline_hdr_sz;
		uint8_t inline_hdr_start[2];
	} ethernet;
};

/* Volatile, so that the compiler cannot read a word again instead of keeping it. */
static inline void segment_load(union segment *segment, const struct queue_memory *memory,
				size_t offset)
{
	const volatile uint64_t *from = (const volatile uint64_t *)queue_at(memory, offset);

	segment->words[0] = from[0];
	segment->words[1] = from[1];
}

/* What a byte count of 0 stands for, and the longest message there is. */
#define SEGMENT_MAX_BYTES (1u << 31)

static inline uint32_t segment_data_length(const struct mlx5_wqe_data_seg *data)
{
	uint32_t count = be32toh(data->byte_count);

	return count ? count : SEGMENT_MAX_BYTES;
}

#endif
