/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queue pairs of the guest's driver, between the files that make, change and describe them. */
#ifndef SOFTHCA_PCI_MLX5_QP_H
#define SOFTHCA_PCI_MLX5_QP_H

#include "softhca/pci/mlx5/memory.h"

/*
 * A UMR queue pair carries requests that change memory keys and none to a peer, so the core has no
 * use for it: it is a number with a state, and holds what it was made of.
 */
struct mlx5_umr {
	struct fabric_qp *shared; /* its number's entry */
	struct cq *send_cq, *recv_cq;
	enum qp_state state;
};

/* ---- qp.c ---- */
/* Gives back number and CQs of a queue pair of this kind, before they end. */
void mlx5_umr_end(struct mlx5_qp *qp);

/* ---- qp_context.c ---- */
/* Fills in all but the objects that the context names. */
enum mlx5_status mlx5_qp_take_shape(struct mlx5_command *command, const uint8_t *context,
				    struct qp_params *params, uint8_t ***pages);
/* The attributes that a context holds, be they meant or not. */
void mlx5_qp_read_attr(const uint8_t *context, struct qp_attr *attr);
void mlx5_qp_write_attr(const struct qp_attr *attr, uint8_t *context);
uint32_t mlx5_qp_state_code(enum qp_state state);

#endif
