/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* rdma_server: takes one client, waits for its message, and answers it. */
#include "common/endpoint.h"
#include "libibverbs/examples/common/options.h"

static struct cm_place place = {.port = 7471, .space = RDMA_PS_TCP, .type = IBV_QPT_RC};

static const struct tool_option options[] = {
	{'s', NULL, "ADDR", "listen at ADDR (default: all IPv4 addresses)", TOOL_TEXT, &place.local,
	 0, 0},
	{'p', NULL, "PORT", "port to listen at", TOOL_NUMBER, &place.port, 1, 65535},
	{0},
};

static int talk(struct cm_endpoint *endpoint)
{
	const struct cm_end_wish wish = {.type = IBV_QPT_RC,
					 .sends = 1,
					 .receives = 1,
					 .memory = 2 * CM_ENDPOINT_SIZE,
					 .access = IBV_ACCESS_LOCAL_WRITE};
	int err = cm_endpoint_await_client(endpoint, &place);

	if (!err)
		err = cm_end_open(&endpoint->end, endpoint->end.id, &wish);
	if (!err)
		err = cm_endpoint_post_receive(endpoint);
	if (!err)
		err = cm_endpoint_accept(endpoint, NULL);
	if (!err)
		err = cm_endpoint_receive(endpoint);
	return err ? err : cm_endpoint_send(endpoint);
}

static int run(void)
{
	return cm_endpoint_run("rdma_server", talk);
}

int main(int argc, char **argv)
{
	const struct tool_usage usage = {
		.purpose = "Waits for rdma_client and exchanges a message with it.",
		.options = options,
	};

	return tool_main(argc, argv, &usage, run);
}
