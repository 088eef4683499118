/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds the ring of a completion queue. */
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
	struct ibv_cq *cq = must(ibv_create_cq(context, 100, NULL, NULL, 0), "ibv_create_cq");
	struct mlx5dv_cq ring = {};
	struct mlx5dv_obj obj = {.cq = {.in = cq, .out = &ring}};

	check(mlx5dv_init_obj(&obj, MLX5DV_OBJ_CQ), "mlx5dv_init_obj");
	printf("%u entries of %u bytes\n", ring.cqe_cnt, ring.cqe_size);
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	ibv_close_device(context);
	return 0;
}
