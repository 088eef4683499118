/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* GET_CONTEXT, and the two descriptors that bring events: asynchronous ones and completions. */
#include "libibverbs/cmd/carrier.h"
#include "libibverbs/cmd/context.h"

static int get_context_by_method(struct verbs_context *verbs, const struct verbs_udata *udata)
{
	struct ibv_context *context = &verbs->context;
	uint32_t num_comp_vectors;
	uint64_t core_support;
	struct verbs_ioctl call;
	int err;

	verbs_ioctl_begin(&call, UVERBS_OBJECT_DEVICE, UVERBS_METHOD_GET_CONTEXT);
	verbs_ioctl_out(&call, UVERBS_ATTR_GET_CONTEXT_NUM_COMP_VECTORS, &num_comp_vectors,
			sizeof(num_comp_vectors));
	verbs_ioctl_out(&call, UVERBS_ATTR_GET_CONTEXT_CORE_SUPPORT, &core_support,
			sizeof(core_support));
	verbs_ioctl_udata(&call, udata);
	err = verbs_ioctl_run(context, &call);
	if (err)
		return err;
	context->num_comp_vectors = num_comp_vectors;
	verbs->priv->core_support = core_support;
	return 0;
}

/* The classic command opens the async descriptor as well; the method leaves that for later. */
static int get_context_classic(struct verbs_context *verbs, const struct verbs_udata *udata)
{
	struct ib_uverbs_get_context in = {};
	struct ib_uverbs_get_context_resp answer;
	int err;

	err = command_run(&verbs->context, COMMAND(IB_USER_VERBS_CMD_GET_CONTEXT, &in,
						   ANSWER(&answer), .udata = udata));
	if (err)
		return err;
	verbs->context.async_fd = answer.async_fd;
	verbs->context.num_comp_vectors = answer.num_comp_vectors;
	return 0;
}

int ibv_cmd_get_context(struct verbs_context *verbs, const struct verbs_udata *udata)
{
	int err = get_context_by_method(verbs, udata);

	if (err == EPROTONOSUPPORT)
		err = get_context_classic(verbs, udata);
	if (err)
		return err;
	/* A count that does not fit the public int is no count. */
	return verbs->context.num_comp_vectors < 0 ? EIO : 0;
}

int ibv_cmd_query_context(struct verbs_context *verbs, struct verbs_ioctl *call)
{
	uint32_t num_comp_vectors;
	uint64_t core_support;
	struct verbs_ioctl own;
	int err;

	call = method_begin(&own, call, UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_CONTEXT);
	verbs_ioctl_out(call, UVERBS_ATTR_QUERY_CONTEXT_NUM_COMP_VECTORS, &num_comp_vectors,
			sizeof(num_comp_vectors));
	verbs_ioctl_out(call, UVERBS_ATTR_QUERY_CONTEXT_CORE_SUPPORT, &core_support,
			sizeof(core_support));
	err = method_run(&verbs->context, call);
	if (err)
		return err;
	verbs->context.num_comp_vectors = num_comp_vectors;
	verbs->priv->core_support = core_support;
	return verbs->context.num_comp_vectors < 0 ? EIO : 0;
}

int ibv_cmd_alloc_async_fd(struct ibv_context *context)
{
	struct verbs_ioctl call;
	unsigned int fd;
	int err;

	verbs_ioctl_begin(&call, UVERBS_OBJECT_ASYNC_EVENT, UVERBS_METHOD_ASYNC_EVENT_ALLOC);
	fd = verbs_ioctl_new_fd(&call, UVERBS_ATTR_ASYNC_EVENT_ALLOC_FD_HANDLE);
	err = verbs_ioctl_run(context, &call);
	if (!err)
		context->async_fd = (int)verbs_ioctl_u32(&call, fd);
	return err;
}

int ibv_cmd_create_comp_channel(struct ibv_context *context, int *fd)
{
	struct ib_uverbs_create_comp_channel in = {};
	struct ib_uverbs_create_comp_channel_resp answer;
	int err;

	err = command_run(context,
			  COMMAND(IB_USER_VERBS_CMD_CREATE_COMP_CHANNEL, &in, ANSWER(&answer)));
	if (!err)
		*fd = (int)answer.fd;
	return err;
}
