/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Asks for a queue pair that no device has, and tells why there is none. */
#include <err.h>
#include <stdio.h>

#include <infiniband/verbs_explain.h>

/* Ends the program where a call that makes an object has made none. */
static void *must(void *object, const char *call)
{
	if (!object)
		err(1, "%s", call);
	return object;
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
	struct ibv_cq *cq = must(ibv_create_cq(context, 16, NULL, NULL, 0), "ibv_create_cq");
	struct ibv_qp_init_attr attr = {
		.send_cq = cq,
		.recv_cq = cq,
		.cap = {.max_send_wr = 100000000, .max_recv_wr = 1},
		.qp_type = IBV_QPT_RC,
	};
	struct ibv_qp *qp = ibv_create_qp(pd, &attr);

	if (qp)
		errx(1, "a queue of a hundred million requests");
	puts(ibv_explain_last_error());
	ibv_destroy_cq(cq);
	ibv_dealloc_pd(pd);
	ibv_close_device(context);
	return 0;
}
