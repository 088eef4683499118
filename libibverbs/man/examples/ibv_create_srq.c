/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Makes a shared receive queue, fills it, and arms its limit. */
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
	static char buffer[4][64];
	struct ibv_context *context = open_first();
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	struct ibv_mr *mr =
		must(ibv_reg_mr(pd, buffer, sizeof(buffer), IBV_ACCESS_LOCAL_WRITE), "ibv_reg_mr");
	struct ibv_srq_init_attr init = {.attr = {.max_wr = 4, .max_sge = 1}};
	struct ibv_srq *srq = must(ibv_create_srq(pd, &init), "ibv_create_srq");
	struct ibv_srq_attr attr = {.srq_limit = 2};

	for (uint64_t i = 0; i < 4; i++) {
		struct ibv_sge sge = {(uintptr_t)buffer[i], sizeof(buffer[i]), mr->lkey};
		struct ibv_recv_wr *bad, wr = {.wr_id = i, .sg_list = &sge, .num_sge = 1};

		check(ibv_post_srq_recv(srq, &wr, &bad), "ibv_post_srq_recv");
	}
	check(ibv_modify_srq(srq, &attr, IBV_SRQ_LIMIT), "ibv_modify_srq");
	check(ibv_query_srq(srq, &attr), "ibv_query_srq");
	printf("an event comes when fewer than %u receives are left\n", attr.srq_limit);

	check(ibv_destroy_srq(srq), "ibv_destroy_srq");
	check(ibv_dereg_mr(mr), "ibv_dereg_mr");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
