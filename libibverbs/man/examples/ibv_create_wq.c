/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Makes a work queue, gives it receives, and takes them back by an error. */
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

static void change(struct ibv_wq *wq, enum ibv_wq_state state)
{
	struct ibv_wq_attr attr = {.attr_mask = IBV_WQ_ATTR_STATE, .wq_state = state};

	check(ibv_modify_wq(wq, &attr), "ibv_modify_wq");
}

int main(void)
{
	static char memory[2][2048];
	struct ibv_context *context = open_first();
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	struct ibv_cq *cq = must(ibv_create_cq(context, 8, NULL, NULL, 0), "ibv_create_cq");
	struct ibv_mr *mr =
		must(ibv_reg_mr(pd, memory, sizeof(memory), IBV_ACCESS_LOCAL_WRITE), "ibv_reg_mr");
	struct ibv_wq_init_attr init = {
		.wq_type = IBV_WQT_RQ, .max_wr = 2, .max_sge = 1, .pd = pd, .cq = cq};
	struct ibv_wq *wq = must(ibv_create_wq(context, &init), "ibv_create_wq");
	struct ibv_wc wc;

	/* An indirection table would lead packets here: see ibv_create_rwq_ind_table(3). */
	change(wq, IBV_WQS_RDY);
	for (uint64_t i = 0; i < 2; i++) {
		struct ibv_sge sge = {(uintptr_t)memory[i], sizeof(memory[i]), mr->lkey};
		struct ibv_recv_wr *bad_wr, wr = {.wr_id = i, .sg_list = &sge, .num_sge = 1};

		check(ibv_post_wq_recv(wq, &wr, &bad_wr), "ibv_post_wq_recv");
	}
	change(wq, IBV_WQS_ERR);
	for (int left = 2; left; left--) {
		while (!ibv_poll_cq(cq, 1, &wc))
			;
		printf("receive %llu: %s\n", (unsigned long long)wc.wr_id,
		       ibv_wc_status_str(wc.status));
	}

	check(ibv_destroy_wq(wq), "ibv_destroy_wq");
	check(ibv_dereg_mr(mr), "ibv_dereg_mr");
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
