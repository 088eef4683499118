/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters of flow rules. flow.c tells the kernel what they count. */

#include <errno.h>
#include <stdlib.h>
#include <rdma/mlx5-abi.h>

#include "flow.h"

struct ibv_counters *mlx5_create_counters(struct ibv_context *context,
					  struct ibv_counters_init_attr *attr)
{
	struct mlx5_counters *counters = calloc(1, sizeof(*counters));
	int err;

	if (!counters)
		return NULL;
	err = ibv_cmd_create_counters(context, attr, &counters->verbs, NULL);
	if (err) {
		free(counters);
		errno = err;
		return NULL;
	}
	pthread_mutex_init(&counters->mutex, NULL);
	return &counters->verbs.counters;
}

int mlx5_destroy_counters(struct ibv_counters *ibv_counters)
{
	struct mlx5_counters *counters = to_mlx5_counters(ibv_counters);
	int err = ibv_cmd_destroy_counters(&counters->verbs);

	if (err)
		return err;
	pthread_mutex_destroy(&counters->mutex);
	free(counters->descs);
	free(counters);
	return 0;
}

static int add_desc(struct mlx5_counters *counters, const struct ibv_counter_attach_attr *attr)
{
	struct mlx5_ib_flow_counters_desc *descs;

	for (uint32_t i = 0; i < counters->num_descs; i++)
		if (counters->descs[i].index == attr->index) {
			verbs_explain("place %u is taken", attr->index);
			return EINVAL;
		}
	descs = realloc(counters->descs, (counters->num_descs + 1) * sizeof(*descs));
	if (!descs)
		return ENOMEM;
	descs[counters->num_descs++] = (struct mlx5_ib_flow_counters_desc){
		.description = attr->counter_desc,
		.index = attr->index,
	};
	counters->descs = descs;
	return 0;
}

/* The kernel takes the description with a rule and cannot add to one that it has. */
int mlx5_attach_counters_point_flow(struct ibv_counters *ibv_counters,
				    struct ibv_counter_attach_attr *attr, struct ibv_flow *flow)
{
	struct mlx5_counters *counters = to_mlx5_counters(ibv_counters);
	int err;

	if (flow)
		return EOPNOTSUPP;
	pthread_mutex_lock(&counters->mutex);
	err = counters->flows ? EBUSY : add_desc(counters, attr);
	pthread_mutex_unlock(&counters->mutex);
	if (err == EBUSY)
		verbs_explain("rules count with this set, which is described before the first");
	return err;
}

int mlx5_read_counters(struct ibv_counters *counters, uint64_t *values, uint32_t count,
		       uint32_t flags)
{
	return ibv_cmd_read_counters(to_verbs_counters(counters), values, count, flags, NULL);
}
