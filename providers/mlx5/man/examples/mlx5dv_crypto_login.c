/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Logs in to a device that may not encrypt. */
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
	struct mlx5dv_crypto_login_attr attr = {.credential_id = 1, .import_kek_id = 1};
	enum mlx5dv_crypto_login_state state = MLX5DV_CRYPTO_LOGIN_STATE_VALID;
	struct ibv_context *context = open_first();
	int error = mlx5dv_crypto_login(context, &attr);

	printf("login: %s\n", error ? strerror(error) : "done");
	if (!mlx5dv_crypto_login_query_state(context, &state))
		printf("logged in: %s\n",
		       state == MLX5DV_CRYPTO_LOGIN_STATE_NO_LOGIN ? "no" : "yes");
	if (!error)
		mlx5dv_crypto_logout(context);
	ibv_close_device(context);
	return 0;
}
