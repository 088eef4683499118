/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* rdma_client: connects, sends a message, and waits for one. */
#include "common/endpoint.h"
#include "libibverbs/examples/common/options.h"

static struct cm_place place = {
	.server = "127.0.0.1", .port = 7471, .space = RDMA_PS_TCP, .type = IBV_QPT_RC};

static const struct tool_option options[] = {
	{'s', NULL, "ADDR", "connect to the server at ADDR (default 127.0.0.1)", TOOL_TEXT,
	 &place.server, 0, 0},
	{'p', NULL, "PORT", "port of the server", TOOL_NUMBER, &place.port, 1, 65535},
	{0},
};

static int talk(struct cm_endpoint *endpoint)
{
	const struct cm_end_wish wish = {.type = IBV_QPT_RC,
					 .sends = 1,
					 .receives = 1,
					 .memory = 2 * CM_ENDPOINT_SIZE,
					 .access = IBV_ACCESS_LOCAL_WRITE};
	int err = cm_endpoint_resolve(endpoint, &place);

	if (!err)
		err = cm_end_open(&endpoint->end, endpoint->end.id, &wish);
	if (!err)
		err = cm_endpoint_post_receive(endpoint);
	if (!err)
		err = cm_endpoint_connect(endpoint, NULL);
	if (!err)
		err = cm_endpoint_send(endpoint);
	return err ? err : cm_endpoint_receive(endpoint);
}

static int run(void)
{
	return cm_endpoint_run("rdma_client", talk);
}

int main(int argc, char **argv)
{
	const struct tool_usage usage = {
		.purpose = "Connects to rdma_server and exchanges a message with it.",
		.options = options,
	};

	return tool_main(argc, argv, &usage, run);
}
