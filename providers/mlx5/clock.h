/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The clock of the device: its timer, which completions are stamped with, and the kernel's notes of
 * how that goes together with the wall clock. Either may be missing.
 */
#ifndef MLX5_CLOCK_H
#define MLX5_CLOCK_H

#include <stdint.h>
#include <rdma/mlx5-abi.h>

struct ibv_context;
struct ibv_values_ex;
struct mlx5_context;

struct mlx5_clock {
	const char *timer_page;
	uint32_t timer_offset; /* in its page */
	const struct mlx5_ib_clock_info *notes;
};

/* Maps what the answer to GET_CONTEXT offers. What cannot be mapped is missing. */
void mlx5_clock_open(struct mlx5_context *context,
		     const struct mlx5_ib_alloc_ucontext_resp *response);
void mlx5_clock_close(struct mlx5_context *context);

/* EOPNOTSUPP when there is no timer, EINVAL for values that are not known. */
int mlx5_query_rt_values(struct ibv_context *context, struct ibv_values_ex *values);

/* The notes as of now: all of them of one update. */
struct mlx5_ib_clock_info mlx5_clock_notes(const struct mlx5_ib_clock_info *notes);
/* Wall clock, in nanoseconds since 1970, when the timer stood at `timestamp`. Only where there are
 * notes.
 */
uint64_t mlx5_clock_wall_ns(const struct mlx5_ib_clock_info *notes, uint64_t timestamp);

#endif
