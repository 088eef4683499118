/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opens a domain by a file, twice, and makes a shared receive queue that peers can name. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

static struct ibv_xrcd *open_domain(struct ibv_context *context, int fd, int oflags)
{
	struct ibv_xrcd_init_attr attr = {
		.comp_mask = IBV_XRCD_INIT_ATTR_FD | IBV_XRCD_INIT_ATTR_OFLAGS,
		.fd = fd,
		.oflags = oflags,
	};

	return must(ibv_open_xrcd(context, &attr), "ibv_open_xrcd");
}

int main(void)
{
	char path[] = "/tmp/domain-XXXXXX";
	int fd = mkstemp(path);
	struct ibv_context *context = open_first();
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	struct ibv_cq *cq = must(ibv_create_cq(context, 16, NULL, NULL, 0), "ibv_create_cq");
	struct ibv_xrcd *xrcd, *again;
	struct ibv_srq_init_attr_ex init = {
		.attr = {.max_wr = 16, .max_sge = 1},
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD |
			     IBV_SRQ_INIT_ATTR_XRCD | IBV_SRQ_INIT_ATTR_CQ,
		.srq_type = IBV_SRQT_XRC,
		.pd = pd,
		.cq = cq,
	};
	struct ibv_srq *srq;
	uint32_t number;

	if (fd < 0)
		err(1, "%s", path);
	/* Another process would open the file and the domain with 0 as here the second time. */
	xrcd = open_domain(context, fd, O_CREAT);
	again = open_domain(context, fd, 0);
	init.xrcd = xrcd;
	srq = must(ibv_create_srq_ex(context, &init), "ibv_create_srq_ex");
	check(ibv_get_srq_num(srq, &number), "ibv_get_srq_num");
	printf("peers send to number 0x%x\n", number);

	check(ibv_destroy_srq(srq), "ibv_destroy_srq");
	check(ibv_close_xrcd(again), "ibv_close_xrcd");
	check(ibv_close_xrcd(xrcd), "ibv_close_xrcd");
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	unlink(path);
	close(fd);
	return 0;
}
