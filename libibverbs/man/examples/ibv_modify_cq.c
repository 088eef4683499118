/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Has a completion queue raise an event for 16 completions, or after 100 us. */
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
	struct ibv_cq *cq = must(ibv_create_cq(context, 64, NULL, NULL, 0), "ibv_create_cq");
	struct ibv_modify_cq_attr attr = {
		.attr_mask = IBV_CQ_ATTR_MODERATE,
		.moderate = {.cq_count = 16, .cq_period = 100},
	};
	int error = ibv_modify_cq(cq, &attr);

	if (error == EOPNOTSUPP)
		puts("this device raises an event for each completion");
	else
		check(error, "ibv_modify_cq");
	if (!error)
		puts("events are moderated");
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	ibv_close_device(context);
	return 0;
}
