/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tells by the clock of the device how long it takes to make a completion queue. */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <infiniband/verbs.h>

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

	if (!list[0])
		errx(1, "no RDMA device");
	context = must(ibv_open_device(list[0]), "ibv_open_device");
	ibv_free_device_list(list);
	return context;
}

static uint64_t read_clock(struct ibv_context *context)
{
	struct ibv_values_ex values = {.comp_mask = IBV_VALUES_MASK_RAW_CLOCK};

	check(ibv_query_rt_values_ex(context, &values), "ibv_query_rt_values_ex");
	return (uint64_t)values.raw_clock.tv_nsec;
}

int main(void)
{
	struct ibv_context *context = open_first();
	struct ibv_device_attr_ex device;
	uint64_t before, ticks;
	struct ibv_cq *cq;

	check(ibv_query_device_ex(context, NULL, &device), "ibv_query_device_ex");
	printf("the clock runs at %" PRIu64 " kHz\n", device.hca_core_clock);
	before = read_clock(context);
	cq = must(ibv_create_cq(context, 1000, NULL, NULL, 0), "ibv_create_cq");
	ticks = read_clock(context) - before;
	printf("a completion queue was made in %" PRIu64 " us\n",
	       ticks * 1000 / device.hca_core_clock);
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	ibv_close_device(context);
	return 0;
}
