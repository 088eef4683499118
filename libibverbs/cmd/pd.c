/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Protection domains and XRC domains. */
#include "libibverbs/cmd/carrier.h"

int ibv_cmd_alloc_pd(struct ibv_context *context, struct ibv_pd *pd,
		     const struct verbs_udata *udata)
{
	struct ib_uverbs_alloc_pd in = {};
	struct ib_uverbs_alloc_pd_resp answer;
	int err;

	err = command_run(
		context, COMMAND(IB_USER_VERBS_CMD_ALLOC_PD, &in, ANSWER(&answer), .udata = udata));
	if (err)
		return err;
	pd->context = context;
	pd->handle = answer.pd_handle;
	return 0;
}

int ibv_cmd_dealloc_pd(struct ibv_pd *pd)
{
	struct ib_uverbs_dealloc_pd in = {.pd_handle = pd->handle};

	return destroy_result(command_run(pd->context, COMMAND(IB_USER_VERBS_CMD_DEALLOC_PD, &in)));
}

int ibv_cmd_open_xrcd(struct ibv_context *context, const struct ibv_xrcd_init_attr *attr,
		      struct verbs_xrcd *xrcd, const struct verbs_udata *udata)
{
	struct ib_uverbs_open_xrcd in = {.fd = attr->fd, .oflags = attr->oflags};
	struct ib_uverbs_open_xrcd_resp answer;
	int err;

	err = command_run(context, COMMAND(IB_USER_VERBS_CMD_OPEN_XRCD, &in, ANSWER(&answer),
					   .udata = udata));
	if (err)
		return err;
	xrcd->xrcd.context = context;
	xrcd->handle = answer.xrcd_handle;
	return 0;
}

int ibv_cmd_close_xrcd(struct verbs_xrcd *xrcd)
{
	struct ib_uverbs_close_xrcd in = {.xrcd_handle = xrcd->handle};

	return destroy_result(
		command_run(xrcd->xrcd.context, COMMAND(IB_USER_VERBS_CMD_CLOSE_XRCD, &in)));
}
