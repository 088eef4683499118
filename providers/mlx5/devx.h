/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DEVX inside the provider: commands of the device that the kernel passes on for a process which it
 * lets do so, and the objects made by them. What direct verbs make of it is in the files dv_*.c.
 */
#ifndef MLX5_DEVX_H
#define MLX5_DEVX_H

#include <infiniband/mlx5dv.h>

#include "libibverbs/ioctl.h"

struct mlx5dv_devx_obj {
	struct ibv_context *context;
	uint32_t handle;
	uint32_t number; /* general objects: what the device calls it */
};

/*
 * 0 or errno: EOPNOTSUPP where the kernel has no such method, which is how one says that device or
 * process have no DEVX. EREMOTEIO: the device has refused, its answer tells why.
 */
int mlx5_devx_run(struct ibv_context *context, struct verbs_ioctl *call);

/*
 * The object that a command makes; NULL and errno. The answer is written in either case.
 */
struct mlx5dv_devx_obj *mlx5_devx_create(struct ibv_context *context, const void *in, size_t in_len,
					 void *out, size_t out_len);
int mlx5_devx_query(const struct mlx5dv_devx_obj *obj, const void *in, size_t in_len, void *out,
		    size_t out_len);
int mlx5_devx_destroy(struct mlx5dv_devx_obj *obj);

/*
 * The errno that stands for what the device says in its answer, where err is EREMOTEIO; otherwise
 * err. For functions whose callers do not see the answer.
 */
int mlx5_devx_errno(int err, const void *out);

/* A command about no object of this process. 0 or errno. */
int mlx5_devx_general(struct ibv_context *context, const void *in, size_t in_len, void *out,
		      size_t out_len);

#endif
