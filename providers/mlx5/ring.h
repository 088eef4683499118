/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Showing the device what the builder has put into the ring of a send queue: barrier, doorbell
 * record, barrier, doorbell register. In line in both places that send, where a call would be a
 * tenth of the way.
 */
#ifndef MLX5_RING_H
#define MLX5_RING_H

#include <string.h>

#include "hw/mlx5/doorbell.h"
#include "util/mmio.h"

#include "bits.h"
#include "qp.h"

/* The request from the ring, which may wrap, into the register. */
static ALWAYS_INLINE void mlx5_bf_copy(const struct mlx5_sq *sq, char *reg, const char *from,
				       size_t bytes)
{
	size_t room = (size_t)(sq->end - from);

	if (unlikely(bytes > room)) {
		mmio_copy64(reg, from, room);
		reg += room;
		from = sq->ring;
		bytes -= room;
	}
	mmio_copy64(reg, from, bytes);
}

/* The first words of the control segment are the doorbell. */
static ALWAYS_INLINE void mlx5_doorbell(void *reg, const struct mlx5_wqe_ctrl_seg *last)
{
	uint64_t doorbell;

	memcpy(&doorbell, last, sizeof(doorbell));
	mmio_write64(reg, doorbell);
}

/* Rings a register that takes whole requests, with the copy of a request if it takes that many
 * bytes. */
static ALWAYS_INLINE void mlx5_bf_ring(const struct mlx5_sq *sq, struct mlx5_bf *bf,
				       const struct mlx5_wqe_ctrl_seg *last, size_t bytes)
{
	mlx5_lock(&bf->lock);
	mmio_start();
	if (bytes <= bf->copy_bytes)
		mlx5_bf_copy(sq, bf->reg + bf->offset, (const char *)last, bytes);
	else
		mlx5_doorbell(bf->reg + bf->offset, last);
	mmio_flush();
	bf->offset ^= bf->copy_bytes;
	mlx5_unlock(&bf->lock);
}

/*
 * Shows the device everything up to and including the request at last. start: sq->pi and sq->head
 * at the doorbell before.
 */
static ALWAYS_INLINE void mlx5_sq_ring(struct mlx5_sq *sq, const struct mlx5_wqe_ctrl_seg *last,
				       uint32_t start_pi, uint32_t start_head)
{
	bool one_request = sq->head == start_head + 1;
	struct mlx5_bf *bf = sq->bf;
	uint32_t pi = sq->pi;

	udma_to_device_barrier();
	sq->dbrec[MLX5_SND_DBR] = mlx5_wqe_count(pi);
	if (bf->copy_bytes) {
		size_t bytes = (size_t)(pi - start_pi) << MLX5_SEND_WQE_SHIFT;

		/* A register takes one request at a time. */
		mlx5_bf_ring(sq, bf, last, one_request ? bytes : SIZE_MAX);
		return;
	}
	mmio_start();
	mlx5_doorbell(bf->reg, last);
	mmio_flush();
}

#endif
