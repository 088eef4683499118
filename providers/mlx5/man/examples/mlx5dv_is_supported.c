/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opens the first device of mlx5, with DEVX if it can be had. */
#include <err.h>
#include <stdio.h>

#include <infiniband/mlx5dv.h>

/* Ends the program where a call that makes an object has made none. */
static void *must(void *object, const char *call)
{
	if (!object)
		err(1, "%s", call);
	return object;
}

int main(void)
{
	struct ibv_device **list = must(ibv_get_device_list(NULL), "ibv_get_device_list");
	struct mlx5dv_context_attr attr = {.flags = MLX5DV_CONTEXT_FLAGS_DEVX};
	struct ibv_context *context;
	struct ibv_device **device = list;

	while (*device && !mlx5dv_is_supported(*device))
		device++;
	if (!*device)
		errx(1, "no device of mlx5");
	context = mlx5dv_open_device(*device, &attr);
	printf("with DEVX: %s\n", context ? "yes" : "no");
	attr.flags = 0;
	if (!context)
		context = must(mlx5dv_open_device(*device, &attr), "mlx5dv_open_device");
	ibv_free_device_list(list);
	ibv_close_device(context);
	return 0;
}
