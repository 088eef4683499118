/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Data that arrives in a region is for processor 0. */
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
	static _Alignas(4096) char buffer[65536];
	struct ibv_context *context = open_first();
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	struct ibv_dmah_init_attr hints = {
		.comp_mask = IBV_DMAH_INIT_ATTR_MASK_CPU_ID | IBV_DMAH_INIT_ATTR_MASK_TPH_MEM_TYPE,
		.cpu_id = 0,
		.tph_mem_type = IBV_TPH_MEM_TYPE_VM,
	};
	struct ibv_dmah *dmah = must(ibv_alloc_dmah(context, &hints), "ibv_alloc_dmah");
	struct ibv_mr_init_attr attr = {
		.comp_mask = IBV_REG_MR_MASK_ADDR | IBV_REG_MR_MASK_DMAH,
		.addr = buffer,
		.length = sizeof(buffer),
		.access = IBV_ACCESS_LOCAL_WRITE,
		.dmah = dmah,
	};
	struct ibv_mr *mr = must(ibv_reg_mr_ex(pd, &attr), "ibv_reg_mr_ex");

	printf("as long as there is the region: %s\n", strerror(ibv_dealloc_dmah(dmah)));
	check(ibv_dereg_mr(mr), "ibv_dereg_mr");
	check(ibv_dealloc_dmah(dmah), "ibv_dealloc_dmah");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
