/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A region of a dma-buf, for which device memory serves here. */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
	struct ibv_alloc_dm_attr attr = {.length = 8192};
	struct ibv_dm *dm = must(ibv_alloc_dm(context, &attr), "ibv_alloc_dm");
	int fd = ibv_dm_export_dmabuf_fd(dm);
	struct ibv_mr *mr;

	if (fd < 0)
		err(1, "ibv_dm_export_dmabuf_fd");
	mr = must(ibv_reg_dmabuf_mr(pd, 4096, 4096, 0x100000, fd,
				    IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE),
		  "ibv_reg_dmabuf_mr");
	/* The region keeps the memory. */
	close(fd);
	printf("peers write %zu bytes at 0x100000\n", mr->length);
	check(ibv_dereg_mr(mr), "ibv_dereg_mr");
	check(ibv_free_dm(dm), "ibv_free_dm");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
