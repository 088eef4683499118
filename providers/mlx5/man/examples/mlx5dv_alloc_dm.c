/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keeps a number in the memory of the device. */
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
	struct ibv_alloc_dm_attr attr = {.length = 64};
	struct mlx5dv_alloc_dm_attr kind = {.type = MLX5DV_DM_TYPE_MEMIC};
	struct ibv_dm *dm = must(mlx5dv_alloc_dm(context, &attr, &kind), "mlx5dv_alloc_dm");
	unsigned int number = 42;

	check(ibv_memcpy_to_dm(dm, 0, &number, sizeof(number)), "ibv_memcpy_to_dm");
	number = 0;
	check(ibv_memcpy_from_dm(&number, dm, 0, sizeof(number)), "ibv_memcpy_from_dm");
	printf("the device has %u\n", number);
	check(ibv_free_dm(dm), "ibv_free_dm");
	ibv_close_device(context);
	return 0;
}
