/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * User access regions: pages of device registers mapped into the process, and the send doorbell
 * registers in them.
 *
 * Older kernels hand out a fixed set of pages at open and choose a register for each QP (static).
 * Newer ones hand out pages one by one as objects, and the library chooses (dynamic).
 */
#ifndef MLX5_UAR_H
#define MLX5_UAR_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <rdma/mlx5-abi.h>
#include <rdma/mlx5_user_ioctl_verbs.h>

#include "lock.h"

struct mlx5_context;

/*
 * One send doorbell register, used by one or more send queues. copy_bytes is how large a work
 * request it takes whole (BlueFlame), 0 when it is for plain doorbells only. The register has two
 * buffers of that size, used in turn; a copy to a shared register needs the lock.
 */
struct mlx5_bf {
	char *reg;
	uint32_t copy_bytes;
	uint32_t offset;
	struct mlx5_lock lock;
	/* cold */
	uint32_t index; /* for CREATE_QP: register index (static) or page id (dynamic) */
	uint32_t users;
};

/* A dynamic page and its object. */
struct mlx5_uar {
	char *page; /* NULL: none */
	uint32_t bytes;
	uint32_t handle;
	uint32_t page_id;
	off_t mmap_offset;
};

enum {
	MLX5_DEDICATED_BFS = 4, /* dynamic pages for one QP each, first come, first served */
	MLX5_SHARED_BFS = 12,	/* dynamic pages the QPs after those share */
	MLX5_MAX_STATIC_BFS = 512,
};

struct mlx5_uars {
	char *cq_page; /* where CQs are armed */
	uint32_t cq_page_id;
	bool dynamic;

	/* static */
	char **pages;
	uint32_t num_pages;
	struct mlx5_bf *bfs;
	uint32_t num_bfs;
	uint32_t bfs_per_page;

	/* dynamic: nc is for CQs, and for QPs when there is no BlueFlame */
	pthread_mutex_t mutex;
	struct mlx5_uar nc;
	struct mlx5_bf nc_bf;
	struct mlx5_uar wc[MLX5_DEDICATED_BFS + MLX5_SHARED_BFS];
	struct mlx5_bf wc_bfs[MLX5_DEDICATED_BFS + MLX5_SHARED_BFS];
};

/* What GET_CONTEXT said about the registers. */
struct mlx5_uar_layout {
	uint32_t num_bfs;     /* 0: dynamic pages only */
	uint32_t low_latency; /* the last so many static registers belong to one QP each */
	uint32_t uars_per_page;
	uint32_t bf_reg_bytes; /* both buffers of a register; 0: no BlueFlame */
};

/* Where the kernel has the pages of a kind, in its device file. */
off_t mlx5_mmap_offset(enum mlx5_ib_mmap_cmd cmd, uint32_t index);

/* 0 or errno. */
int mlx5_uars_open(struct mlx5_context *context, const struct mlx5_uar_layout *layout);
void mlx5_uars_close(struct mlx5_context *context);

/* A page of its own. 0 or errno. */
int mlx5_uar_alloc(struct mlx5_context *context, enum mlx5_ib_uapi_uar_alloc_type type,
		   struct mlx5_uar *uar);
void mlx5_uar_free(struct mlx5_context *context, struct mlx5_uar *uar);

/* The register for a new QP before it is created (dynamic), NULL when the kernel will choose. */
struct mlx5_bf *mlx5_bf_choose(struct mlx5_context *context);
/* Undoes mlx5_bf_choose(), also for NULL and for registers the kernel chose. */
void mlx5_bf_release(struct mlx5_context *context, struct mlx5_bf *bf);
/* Where the page of a register is in the device file. */
off_t mlx5_bf_mmap_offset(const struct mlx5_context *context, const struct mlx5_bf *bf);
/* The register the kernel chose (static), NULL when the index is none of ours. */
struct mlx5_bf *mlx5_bf_by_index(struct mlx5_context *context, uint32_t index);

#endif
