/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Agrees on the options of the peer, here those of a pair of the same kind. */
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
	struct ibv_cq *cq = must(ibv_create_cq(context, 4, NULL, NULL, 0), "ibv_create_cq");
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RC,
		.send_cq = cq,
		.recv_cq = cq,
		.cap = {.max_send_wr = 1, .max_send_sge = 1},
	};
	struct ibv_qp *qp = must(ibv_create_qp(pd, &init), "ibv_create_qp");
	struct ibv_ece ece = {};
	int error = ibv_query_ece(qp, &ece);

	/* No options is something that all pairs agree on. */
	if (error == EOPNOTSUPP)
		ece = (struct ibv_ece){};
	else
		check(error, "ibv_query_ece");
	check(ibv_set_ece(qp, &ece), "ibv_set_ece");
	printf("agreed: vendor 0x%x, options 0x%x\n", ece.vendor_id, ece.options);
	check(ibv_destroy_qp(qp), "ibv_destroy_qp");
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
