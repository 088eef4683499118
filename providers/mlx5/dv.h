/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of the direct verbs have in common. */
#ifndef MLX5_DV_H
#define MLX5_DV_H

#include <infiniband/mlx5dv.h>

#include "context.h"

#define EXPORT __attribute__((visibility("default")))

/* Direct verbs get whatever context a program has, and devices of other providers as well. */
static inline bool mlx5dv_is_ours(struct ibv_context *context)
{
	return verbs_device_is(context->device, &mlx5_device_ops);
}

#endif
