/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether the provider of a device has a call that came later. */
#include <err.h>
#include <stdio.h>

#include <infiniband/verbs.h>

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

	if (!verbs_get_ctx(context))
		errx(1, "a provider of the first interface");
	printf("extended completion queues: %s\n",
	       verbs_get_ctx_op(context, create_cq_ex) ? "yes" : "no");
	ibv_close_device(context);
	return 0;
}
