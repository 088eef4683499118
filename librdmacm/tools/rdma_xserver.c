/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* rdma_xserver: takes one client and waits for its message, over an RC or an XRC queue pair. */
#include <endian.h>
#include <errno.h>

#include "common/endpoint.h"
#include "libibverbs/examples/common/options.h"
#include "libibverbs/examples/common/report.h"

enum { TYPE_RC, TYPE_XRC };

static struct cm_place place = {.port = 7471, .space = RDMA_PS_TCP, .type = IBV_QPT_RC};
static long type = TYPE_RC;

static const struct tool_option options[] = {
	{'p', NULL, "PORT", "port to listen at", TOOL_NUMBER, &place.port, 1, 65535},
	{'c', NULL, "r|x", "kind of connection: r for RC (default), x for XRC", TOOL_CHOICE, &type,
	 0, 0},
	{0},
};

/* The client has to know to which shared queue it sends (observed on Debian's rdma_xserver). */
static int accept_client(struct cm_endpoint *endpoint)
{
	struct rdma_conn_param wish = {.retry_count = 7, .rnr_retry_count = 7};
	__be32 number;
	uint32_t srqn;
	int err;

	if (!endpoint->end.srq)
		return cm_endpoint_accept(endpoint, NULL);
	err = ibv_get_srq_num(endpoint->end.srq, &srqn);
	if (err)
		return tool_error(err, "cannot learn the number of a shared receive queue");
	number = htobe32(srqn);
	wish.private_data = &number;
	wish.private_data_len = sizeof(number);
	return cm_endpoint_accept(endpoint, &wish);
}

static int talk(struct cm_endpoint *endpoint)
{
	const struct cm_end_wish wish = {.type = place.type,
					 .receives = 1,
					 .memory = 2 * CM_ENDPOINT_SIZE,
					 .access = IBV_ACCESS_LOCAL_WRITE};
	int err = cm_endpoint_await_client(endpoint, &place);

	if (!err)
		err = cm_end_open(&endpoint->end, endpoint->end.id, &wish);
	if (!err)
		err = cm_endpoint_post_receive(endpoint);
	if (!err)
		err = accept_client(endpoint);
	return err ? err : cm_endpoint_receive(endpoint);
}

static int run(void)
{
	if (type == TYPE_XRC) {
		place.space = RDMA_PS_IB;
		place.type = IBV_QPT_XRC_RECV;
	}
	return cm_endpoint_run(program_invocation_name, talk);
}

int main(int argc, char **argv)
{
	const struct tool_usage usage = {
		.purpose = "Waits for rdma_xclient and a message of it.",
		.options = options,
	};

	return tool_main(argc, argv, &usage, run);
}
