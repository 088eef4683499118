/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Prints some limits of a device. */
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
	struct ibv_device_attr_ex attr;

	check(ibv_query_device_ex(context, NULL, &attr), "ibv_query_device_ex");
	printf("firmware %s, %d ports\n", attr.orig_attr.fw_ver, attr.orig_attr.phys_port_cnt);
	printf("up to %d queue pairs of %d requests, %d completions a queue\n",
	       attr.orig_attr.max_qp, attr.orig_attr.max_qp_wr, attr.orig_attr.max_cqe);
	if (attr.completion_timestamp_mask)
		printf("completions are stamped by a clock of %llu kHz\n",
		       (unsigned long long)attr.hca_core_clock);
	printf("segmentation on raw packet queue pairs: %s\n",
	       ibv_is_qpt_supported(attr.tso_caps.supported_qpts, IBV_QPT_RAW_PACKET) ? "yes"
										      : "no");
	ibv_close_device(context);
	return 0;
}
