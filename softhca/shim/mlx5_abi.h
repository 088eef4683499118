/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of mlx5's driver-private data share. */
#ifndef SOFTHCA_SHIM_MLX5_ABI_H
#define SOFTHCA_SHIM_MLX5_ABI_H

#include <rdma/mlx5-abi.h>

#include "softhca/shim/driver_abi.h"

enum {
	MLX5_MAX_WQES = 1 << 15,
	MLX5_MAX_LOG_STRIDE = 10, /* of receives */
};

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

/* mlx5_abi.c */
/* Finds the buffer and the doorbell record of a queue present. */
int mlx5_pin_queue(struct pin *pin, struct queue_memory *memory, uint64_t address,
		   uint64_t doorbell_record);
int mlx5_check_user_index(const struct shim_file *file, uint32_t given, uint32_t *user_index);
/* EOPNOTSUPP for flags that a queue pair of that type has not. */
int mlx5_check_qp_flags(const struct shim_file *file, const struct mlx5_ib_create_qp *request,
			enum qp_type type);

/* mlx5_abi_ethernet.c */
int mlx5_create_raw_qp(struct shim_file *file, const struct driver_data *driver,
		       struct qp_params *params, struct pin *pin, struct pin *rq_pin);
int mlx5_create_wq(struct shim_file *file, const struct driver_data *driver,
		   struct wq_params *params, struct pin *pin);
int mlx5_modify_wq(const struct driver_data *driver);
int mlx5_create_rss(const struct driver_data *driver, struct rss_params *params);
int mlx5_bind_counters(const struct driver_data *driver, struct flow_params *params);
void mlx5_created_other(struct driver_data *driver);
/* What an Ethernet port can do. */
void mlx5_describe_ethernet(struct mlx5_ib_query_device_resp *answer);

#endif
