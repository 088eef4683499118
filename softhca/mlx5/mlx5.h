/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The mlx5 family for the core: how ConnectX-4 and later lay out queues, completions and doorbell
 * records. Formats are those of hw/mlx5/.
 */
#ifndef SOFTHCA_MLX5_MLX5_H
#define SOFTHCA_MLX5_MLX5_H

#include "softhca/core/family.h"

extern const struct family_ops softhca_mlx5_family;

enum {
	/* User index of a queue whose owner speaks CQE version 0: completions then name the SRQ. */
	MLX5_NO_USER_INDEX = 0xffffff,
};

#endif
