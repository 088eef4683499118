/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flow rules, their counters, and the ESP actions they name. */
#ifndef MLX5_FLOW_H
#define MLX5_FLOW_H

#include <pthread.h>

#include "libibverbs/driver.h"

struct mlx5_ib_flow_counters_desc;

/*
 * A set of counters. What is counted goes to the kernel with the first rule that names the set, and
 * is fixed as long as there is one.
 */
struct mlx5_counters {
	struct verbs_counters verbs;
	pthread_mutex_t mutex; /* for what follows */
	unsigned int flows;    /* rules that name it */
	struct mlx5_ib_flow_counters_desc *descs;
	uint32_t num_descs;
};

struct mlx5_flow {
	struct ibv_flow flow;
	struct mlx5_counters *counters; /* NULL: not counted */
};

static inline struct mlx5_counters *to_mlx5_counters(struct ibv_counters *counters)
{
	return (struct mlx5_counters *)counters;
}

static inline struct mlx5_flow *to_mlx5_flow(struct ibv_flow *flow)
{
	return (struct mlx5_flow *)flow;
}

/* flow.c */
struct ibv_flow *mlx5_create_flow(struct ibv_qp *qp, struct ibv_flow_attr *attr);
int mlx5_destroy_flow(struct ibv_flow *flow);
struct ibv_flow_action *mlx5_create_flow_action_esp(struct ibv_context *context,
						    struct ibv_flow_action_esp_attr *attr);
int mlx5_modify_flow_action_esp(struct ibv_flow_action *action,
				struct ibv_flow_action_esp_attr *attr);
int mlx5_destroy_flow_action(struct ibv_flow_action *action);

/* counters.c */
struct ibv_counters *mlx5_create_counters(struct ibv_context *context,
					  struct ibv_counters_init_attr *attr);
int mlx5_destroy_counters(struct ibv_counters *counters);
int mlx5_attach_counters_point_flow(struct ibv_counters *counters,
				    struct ibv_counter_attach_attr *attr, struct ibv_flow *flow);
int mlx5_read_counters(struct ibv_counters *counters, uint64_t *values, uint32_t count,
		       uint32_t flags);

#endif
