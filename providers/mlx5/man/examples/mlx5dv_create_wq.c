/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Makes a work queue and looks at its ring. */
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
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	struct ibv_cq *cq = must(ibv_create_cq(context, 64, NULL, NULL, 0), "ibv_create_cq");
	struct ibv_wq_init_attr attr = {
		.wq_type = IBV_WQT_RQ, .max_wr = 32, .max_sge = 1, .pd = pd, .cq = cq};
	struct mlx5dv_wq_init_attr plain = {};
	struct ibv_wq *wq = must(mlx5dv_create_wq(context, &attr, &plain), "mlx5dv_create_wq");
	struct mlx5dv_rwq ring = {};
	struct mlx5dv_obj obj = {.rwq = {.in = wq, .out = &ring}};

	check(mlx5dv_init_obj(&obj, MLX5DV_OBJ_RWQ), "mlx5dv_init_obj");
	printf("%u receives of %u bytes\n", ring.wqe_cnt, ring.stride);
	check(ibv_destroy_wq(wq), "ibv_destroy_wq");
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
