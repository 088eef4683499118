/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * RDMA_VERBS_IOCTL: methods as they are, classic commands inside the INVOKE_WRITE method, which
 * hands the kernel's handlers the same core parts that write() does.
 */
#include <sys/ioctl.h>
#include <rdma/rdma_user_ioctl.h>

#include "libibverbs/cmd/carrier.h"

static int run_method(struct ibv_context *context, struct verbs_ioctl *call)
{
	if (call->error)
		return call->error;
	call->hdr.num_attrs = call->num_attrs;
	call->hdr.length = sizeof(call->hdr) + call->num_attrs * sizeof(call->hdr.attrs[0]);
	/* The kernel compares this with the driver that serves the descriptor. */
	call->hdr.driver_id = context_private(context)->driver_id;
	return ioctl(context->cmd_fd, RDMA_VERBS_IOCTL, &call->hdr) ? errno : 0;
}

static int run_command(struct ibv_context *context, const struct command *command)
{
	struct verbs_ioctl call;

	verbs_ioctl_begin(&call, UVERBS_OBJECT_DEVICE, UVERBS_METHOD_INVOKE_WRITE);
	verbs_ioctl_in_u64(&call, UVERBS_ATTR_WRITE_CMD, command->number);
	if (command->in_len)
		verbs_ioctl_in(&call, UVERBS_ATTR_CORE_IN, command->in, command->in_len);
	if (command->out_len)
		verbs_ioctl_out(&call, UVERBS_ATTR_CORE_OUT, command->out, command->out_len);
	verbs_ioctl_udata(&call, command->udata);
	return run_method(context, &call);
}

/*
 * A QUERY_DEVICE with nowhere to put its answer: ENOSPC says that the kernel found the command
 * through INVOKE_WRITE, anything else that it has no such way.
 */
const struct carrier *carrier_probe(struct ibv_context *context)
{
	struct command probe = {.number = IB_USER_VERBS_CMD_QUERY_DEVICE};
	int err = run_command(context, &probe);

	return err == ENOSPC || !err ? &ioctl_carrier : &write_carrier;
}

const struct carrier ioctl_carrier = {
	.name = "ioctl",
	.command = run_command,
	.method = run_method,
};
