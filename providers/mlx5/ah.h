/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Address handles: the address vector, ready to be copied into UD WQEs. */
#ifndef MLX5_AH_H
#define MLX5_AH_H

#include <stdbool.h>

#include "hw/mlx5/wqe.h"
#include "libibverbs/driver.h"

struct mlx5_ah {
	struct ibv_ah ibv_ah;
	struct mlx5_wqe_av av; /* key and QPN empty */
	bool in_kernel;	       /* the kernel has an object for it */
};

static inline struct mlx5_ah *to_mlx5_ah(struct ibv_ah *ah)
{
	return (struct mlx5_ah *)ah;
}

#endif
