/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Makes a completion queue without locks, in a parent domain with a thread domain. */
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
	struct ibv_context *context = open_first();
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	struct ibv_td_init_attr td_attr = {};
	struct ibv_td *td = must(ibv_alloc_td(context, &td_attr), "ibv_alloc_td");
	struct ibv_parent_domain_init_attr attr = {.pd = pd, .td = td};
	struct ibv_pd *parent =
		must(ibv_alloc_parent_domain(context, &attr), "ibv_alloc_parent_domain");
	struct ibv_cq_init_attr_ex cq_attr = {
		.cqe = 16,
		.wc_flags = IBV_WC_STANDARD_FLAGS,
		.comp_mask = IBV_CQ_INIT_ATTR_MASK_PD,
		.parent_domain = parent,
	};
	struct ibv_cq_ex *cq = must(ibv_create_cq_ex(context, &cq_attr), "ibv_create_cq_ex");

	puts("a completion queue for one thread at a time");
	check(ibv_destroy_cq(ibv_cq_ex_to_cq(cq)), "ibv_destroy_cq");
	/* The parent domain goes before what it was made from. */
	check(ibv_dealloc_pd(parent), "ibv_dealloc_pd of the parent domain");
	check(ibv_dealloc_td(td), "ibv_dealloc_td");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
