/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of mlx5's driver-private data share. */
#ifndef SOFTHCA_SHIM_MLX5_ABI_H
#define SOFTHCA_SHIM_MLX5_ABI_H

#include <rdma/mlx5-abi.h>

#include "softhca/shim/driver_abi.h"

/* Whether `page` is the number of a UAR that this device file has allocated. */
bool mlx5_uar_is_allocated(const struct shim_file *file, uint32_t page);

/* mlx5_dc.c: of struct driver_abi. */
int mlx5_driver_qp_type(const struct driver_data *driver, enum qp_type *type);
int mlx5_check_modify_qp(const struct qp *qp, enum qp_state state,
			 const struct driver_data *driver);
void mlx5_modified_qp(const struct qp *qp, struct driver_data *driver);

/* mlx5_clock.c. Open maps the pages of a device file: 0 or ENOMEM. */
int mlx5_clock_open(struct shim_file *file);
void mlx5_clock_close(struct device_clock *clock);
void mlx5_clock_tick(struct device_clock *clock);

extern const struct method_entry mlx5_uar_methods[];
extern const struct method_entry mlx5_dm_methods[];
extern const struct method_entry mlx5_import_methods[];

/* What a library learns about an open context, in `room` bytes. */
void mlx5_describe_context(const struct shim_file *file, size_t room,
			   struct mlx5_ib_alloc_ucontext_resp *answer);

/* mlx5_abi_mw.c */
int mlx5_abi_alloc_mw(struct driver_data *driver);

#endif
