/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Extended reliable connections: domains, and the receiving half of a queue pair, which has no
 * rings and no CQs. What arrives there goes to the SRQs of its domain and completes with them. The
 * sending half is a queue pair like others, whose requests name the SRQ at the other end.
 */
#ifndef MLX5_XRC_H
#define MLX5_XRC_H

#include "qp.h"

struct ibv_xrcd *mlx5_open_xrcd(struct ibv_context *context, struct ibv_xrcd_init_attr *attr);
int mlx5_close_xrcd(struct ibv_xrcd *xrcd);

struct ibv_qp *mlx5_create_target(struct mlx5_context *context, struct ibv_qp_init_attr_ex *attr);
struct ibv_qp *mlx5_open_qp(struct ibv_context *context, struct ibv_qp_open_attr *attr);

/* A queue pair that is such a half: no ring is there to be looked at. */
static inline bool mlx5_qp_is_target(const struct mlx5_qp *qp)
{
	return qp->verbs.qp.qp_type == IBV_QPT_XRC_RECV;
}

#endif
