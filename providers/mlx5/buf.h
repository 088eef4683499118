/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory of queues: whole pages of their own, kept out of forked children, zeroed. Huge pages on
 * request of MLX_QP_ALLOC_TYPE and its relatives (HUGE, PREFER_HUGE; anything else: normal pages).
 */
#ifndef MLX5_BUF_H
#define MLX5_BUF_H

#include <stddef.h>
#include <stdint.h>

struct ibv_pd;

enum mlx5_buf_pages {
	MLX5_BUF_NORMAL,
	MLX5_BUF_PREFER_HUGE, /* falls back to normal pages */
	MLX5_BUF_HUGE,
};

struct mlx5_buf {
	char *addr;
	size_t bytes; /* of the mapping */
	/* allocator.c: the domain whose functions gave it and take it back; NULL: a mapping */
	struct ibv_pd *domain;
	uint64_t resource_type;
};

/* 0 or errno. */
int mlx5_buf_alloc(struct mlx5_buf *buf, size_t bytes, enum mlx5_buf_pages pages);
void mlx5_buf_free(struct mlx5_buf *buf);

#endif
