/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A key for data needs a login. */
#include <err.h>
#include <errno.h>
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

/* With DEVX if it can be had. */
static struct ibv_context *open_first(void)
{
	struct ibv_device **list = must(ibv_get_device_list(NULL), "ibv_get_device_list");
	struct mlx5dv_context_attr attr = {.flags = MLX5DV_CONTEXT_FLAGS_DEVX};
	struct ibv_context *context;

	if (!list[0] || !mlx5dv_is_supported(list[0]))
		errx(1, "no device of mlx5");
	context = mlx5dv_open_device(list[0], &attr);
	if (!context)
		context = must(ibv_open_device(list[0]), "ibv_open_device");
	ibv_free_device_list(list);
	return context;
}

int main(void)
{
	struct ibv_context *context = open_first();
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	struct mlx5dv_dek_init_attr attr = {
		.key_size = MLX5DV_CRYPTO_KEY_SIZE_256,
		.key_purpose = MLX5DV_CRYPTO_KEY_PURPOSE_AES_XTS,
		.pd = pd,
	};
	struct mlx5dv_dek *dek = mlx5dv_dek_create(context, &attr);

	printf("without login: %s\n", dek ? "made" : strerror(errno));
	if (dek)
		mlx5dv_dek_destroy(dek);
	ibv_dealloc_pd(pd);
	ibv_close_device(context);
	return 0;
}
