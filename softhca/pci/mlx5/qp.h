/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queue pairs of the guest's driver, between the files that make, change and describe them. */
#ifndef SOFTHCA_PCI_MLX5_QP_H
#define SOFTHCA_PCI_MLX5_QP_H

#include "softhca/pci/mlx5/memory.h"

/* ---- qp_context.c ---- */
/* Fills in all but the objects that the context names. */
enum mlx5_status mlx5_qp_take_shape(struct mlx5_command *command, const uint8_t *context,
				    struct qp_params *params, uint8_t ***pages);
/* The attributes that a context holds, be they meant or not. */
void mlx5_qp_read_attr(const uint8_t *context, struct qp_attr *attr);
void mlx5_qp_write_attr(const struct qp_attr *attr, uint8_t *context);
uint32_t mlx5_qp_state_code(enum qp_state state);

#endif
