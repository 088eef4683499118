/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads the clock of the device as nanoseconds. */
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
	struct ibv_values_ex values = {.comp_mask = IBV_VALUES_MASK_RAW_CLOCK};
	struct mlx5dv_clock_info info;
	uint64_t before, after;

	check(mlx5dv_get_clock_info(context, &info), "mlx5dv_get_clock_info");
	check(ibv_query_rt_values_ex(context, &values), "ibv_query_rt_values_ex");
	before = mlx5dv_ts_to_ns(&info, (uint64_t)values.raw_clock.tv_nsec);
	check(ibv_query_rt_values_ex(context, &values), "ibv_query_rt_values_ex");
	after = mlx5dv_ts_to_ns(&info, (uint64_t)values.raw_clock.tv_nsec);
	printf("time goes forward: %s\n", after >= before && before ? "yes" : "no");
	ibv_close_device(context);
	return 0;
}
