/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tells how completions name queues, and whether some can be compressed. */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include <infiniband/mlx5dv.h>

/* Ends the program where a call that makes an object has made none. */
static void *must(void *object, const char *call)
{
	if (!object)
		err(1, "%s", call);
	return object;
}

/* Ends the program where a call that returns an errno value has failed. */
static void check(int error, const char *call)
{
	if (error)
		errx(1, "%s: %s", call, strerror(error));
}

static struct ibv_context *open_first(void)
{
	struct ibv_device **list = must(ibv_get_device_list(NULL), "ibv_get_device_list");
	struct ibv_context *context;

	if (!list[0] || !mlx5dv_is_supported(list[0]))
		errx(1, "no device of mlx5");
	context = must(ibv_open_device(list[0]), "ibv_open_device");
	ibv_free_device_list(list);
	return context;
}

int main(void)
{
	struct ibv_context *context = open_first();
	struct mlx5dv_context attr = {.comp_mask = MLX5DV_CONTEXT_MASK_CQE_COMPRESION};

	check(mlx5dv_query_device(context, &attr), "mlx5dv_query_device");
	printf("completions name queues by %s\n",
	       attr.flags & MLX5DV_CONTEXT_FLAGS_CQE_V1 ? "an index" : "their number");
	if (attr.comp_mask & MLX5DV_CONTEXT_MASK_CQE_COMPRESION)
		printf("one entry stands for %u completions\n",
		       attr.cqe_comp_caps.max_num ? attr.cqe_comp_caps.max_num : 1);
	ibv_close_device(context);
	return 0;
}
