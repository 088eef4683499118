/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A counter on the adapter, which peers could reach by its offset. */
#include <err.h>
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

int main(void)
{
	struct ibv_context *context = open_first();
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	struct ibv_alloc_dm_attr attr = {.length = 4096};
	unsigned long long counter = 41;
	struct ibv_dm *dm;
	struct ibv_mr *mr;

	dm = must(ibv_alloc_dm(context, &attr), "ibv_alloc_dm");
	check(ibv_memcpy_to_dm(dm, 64, &counter, sizeof(counter)), "ibv_memcpy_to_dm");
	mr = must(ibv_reg_dm_mr(pd, dm, 64, sizeof(counter),
				IBV_ACCESS_ZERO_BASED | IBV_ACCESS_LOCAL_WRITE |
					IBV_ACCESS_REMOTE_ATOMIC),
		  "ibv_reg_dm_mr");
	printf("for peers it is at 0 of a region of %zu bytes\n", mr->length);
	printf("as long as there is the region: %s\n", strerror(ibv_free_dm(dm)));

	counter = 0;
	check(ibv_memcpy_from_dm(&counter, dm, 64, sizeof(counter)), "ibv_memcpy_from_dm");
	printf("the adapter has %llu\n", counter);
	check(ibv_dereg_mr(mr), "ibv_dereg_mr");
	check(ibv_free_dm(dm), "ibv_free_dm");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
