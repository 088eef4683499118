/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory is there before the first request wants it. */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

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
	enum { BYTES = 1 << 20 };
	struct ibv_context *context = open_first();
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	unsigned char there[BYTES / 4096];
	struct ibv_sge range;
	struct ibv_mr *mr;
	char *memory;
	int count = 0;

	memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "mmap");
	mr = must(ibv_reg_mr(pd, memory, BYTES, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_ON_DEMAND),
		  "ibv_reg_mr");
	range = (struct ibv_sge){(uintptr_t)memory, BYTES / 2, mr->lkey};
	check(ibv_advise_mr(pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, IBV_ADVISE_MR_FLAG_FLUSH,
			    &range, 1),
	      "ibv_advise_mr");
	if (mincore(memory, BYTES, there))
		err(1, "mincore");
	for (int page = 0; page < BYTES / 4096; page++)
		count += there[page] & 1;
	printf("half of the memory is there: %s\n", count == BYTES / 4096 / 2 ? "yes" : "no");

	check(ibv_dereg_mr(mr), "ibv_dereg_mr");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
