/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Makes a receiving pair of XRC, opens it a second time, and goes on with the second one alone. */
#include <err.h>
#include <fcntl.h>
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
	struct ibv_xrcd_init_attr domain = {
		.comp_mask = IBV_XRCD_INIT_ATTR_FD | IBV_XRCD_INIT_ATTR_OFLAGS,
		.fd = -1,
		.oflags = O_CREAT,
	};
	struct ibv_xrcd *xrcd = must(ibv_open_xrcd(context, &domain), "ibv_open_xrcd");
	struct ibv_qp_init_attr_ex init = {
		.qp_type = IBV_QPT_XRC_RECV,
		.comp_mask = IBV_QP_INIT_ATTR_XRCD,
		.xrcd = xrcd,
	};
	struct ibv_qp *made = must(ibv_create_qp_ex(context, &init), "ibv_create_qp_ex");
	struct ibv_qp_open_attr open = {
		.comp_mask = IBV_QP_OPEN_ATTR_NUM | IBV_QP_OPEN_ATTR_XRCD | IBV_QP_OPEN_ATTR_TYPE,
		.qp_num = made->qp_num,
		.xrcd = xrcd,
		.qp_type = IBV_QPT_XRC_RECV,
	};
	struct ibv_qp *opened = must(ibv_open_qp(context, &open), "ibv_open_qp");
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_INIT, .port_num = 1};
	struct ibv_qp_init_attr answer;

	check(ibv_destroy_qp(made), "ibv_destroy_qp");
	check(ibv_modify_qp(opened, &attr,
			    IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS),
	      "ibv_modify_qp");
	check(ibv_query_qp(opened, &attr, IBV_QP_STATE, &answer), "ibv_query_qp");
	printf("the pair goes on: %s\n", attr.qp_state == IBV_QPS_INIT ? "yes" : "no");

	check(ibv_destroy_qp(opened), "ibv_destroy_qp");
	check(ibv_close_xrcd(xrcd), "ibv_close_xrcd");
	ibv_close_device(context);
	return 0;
}
