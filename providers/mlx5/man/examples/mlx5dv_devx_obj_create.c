/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Asks the device for its capabilities by its own command. */
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

enum { QUERY_HCA_CAP = 0x100, ANSWER_BYTES = 0x1010 };

int main(void)
{
	/* Opcode at byte 0; general capabilities, those of now: 1 at byte 7. */
	unsigned char in[16] = {QUERY_HCA_CAP >> 8, QUERY_HCA_CAP & 0xff, [7] = 1};
	static unsigned char out[ANSWER_BYTES];
	struct ibv_context *context = open_first();
	int error = mlx5dv_devx_general_cmd(context, in, sizeof(in), out, sizeof(out));

	if (error == EREMOTEIO)
		printf("the device says %#x\n", out[0]);
	else
		printf("capabilities: %s\n", error ? strerror(error) : "read");
	ibv_close_device(context);
	return 0;
}
