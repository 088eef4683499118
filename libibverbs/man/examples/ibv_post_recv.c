/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fills a receive queue until it is full. */
#include <err.h>
#include <errno.h>
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
	struct ibv_cq *cq = must(ibv_create_cq(context, 64, NULL, NULL, 0), "ibv_create_cq");
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_UD,
		.send_cq = cq,
		.recv_cq = cq,
		.cap = {.max_send_wr = 1, .max_recv_wr = 10, .max_recv_sge = 1},
	};
	struct ibv_qp *qp = must(ibv_create_qp(pd, &init), "ibv_create_qp");
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_INIT, .port_num = 1, .qkey = 0x1234};
	/* Without a buffer: takes the immediate of a message, and nothing longer. */
	struct ibv_recv_wr *bad, wr = {.wr_id = 1};
	unsigned int posted = 0;
	int error;

	check(ibv_modify_qp(qp, &attr,
			    IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_QKEY),
	      "ibv_modify_qp");
	while (!(error = ibv_post_recv(qp, &wr, &bad)))
		posted++;
	if (error != ENOMEM || bad != &wr)
		check(error, "ibv_post_recv");
	printf("all %s receives posted\n", posted == init.cap.max_recv_wr ? "its" : "other");
	check(ibv_destroy_qp(qp), "ibv_destroy_qp");
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
