/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests that work on a memory key, from begin to finish, in sq->wqe; with the queue locked. */
#ifndef MLX5_UMR_H
#define MLX5_UMR_H

#include "qp.h"

void mlx5_wqe_local_inv(struct mlx5_sq *sq, unsigned int send_flags, uint32_t rkey, uint64_t wr_id);

/* EINVAL, EOPNOTSUPP: nothing has been written. */
int mlx5_wqe_bind_mw(struct mlx5_sq *sq, unsigned int send_flags, const struct ibv_mw *mw,
		     uint32_t rkey, const struct ibv_mw_bind_info *info, uint64_t wr_id);

#endif
