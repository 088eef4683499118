/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A buffer that any device can use, and a dma-buf of it where the machine makes them. */
#include <err.h>
#include <errno.h>
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
	struct ibv_buf *buf;
	char *memory = must(ibv_alloc_buf(pd, 65536, &buf), "ibv_alloc_buf");
	struct ibv_mr *mr =
		must(ibv_reg_buf_mr(pd, buf, memory + 4096, 4096, IBV_ACCESS_LOCAL_WRITE),
		     "ibv_reg_buf_mr");
	int fd = ibv_export_buf_dmabuf_fd(buf);

	printf("a region of %zu bytes\n", mr->length);
	printf("a dma-buf: %s\n", fd < 0 ? strerror(errno) : "yes");
	if (fd >= 0)
		close(fd);
	check(ibv_dereg_mr(mr), "ibv_dereg_mr");
	ibv_free_buf(buf);
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
