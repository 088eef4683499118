/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* rdma_xclient: connects and sends a message, over an RC or an XRC queue pair. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "common/endpoint.h"
#include "libibverbs/examples/common/options.h"
#include "libibverbs/examples/common/report.h"

enum { TYPE_RC, TYPE_XRC };

static struct cm_place place = {
	.server = "127.0.0.1", .port = 7471, .space = RDMA_PS_TCP, .type = IBV_QPT_RC};
static long type = TYPE_RC;

static const struct tool_option options[] = {
	{'s', NULL, "ADDR", "connect to the server at ADDR (default 127.0.0.1)", TOOL_TEXT,
	 &place.server, 0, 0},
	{'p', NULL, "PORT", "port of the server", TOOL_NUMBER, &place.port, 1, 65535},
	{'c', NULL, "r|x", "kind of connection: r for RC (default), x for XRC", TOOL_CHOICE, &type,
	 0, 0},
	{0},
};

/* An XRC message names the shared queue of the server; see rdma_xserver.c. */
static int learn_srqn(struct cm_endpoint *endpoint)
{
	const struct rdma_cm_event *event = endpoint->end.id->event;
	__be32 number;

	if (type != TYPE_XRC)
		return 0;
	if (!event || event->param.conn.private_data_len < sizeof(number))
		return tool_error(EPROTO, "the server has not told where messages go: both sides "
					  "want the same -c");
	memcpy(&number, event->param.conn.private_data, sizeof(number));
	endpoint->srqn = be32toh(number);
	return 0;
}

static int talk(struct cm_endpoint *endpoint)
{
	const struct cm_end_wish wish = {.type = place.type,
					 .sends = 1,
					 .memory = 2 * CM_ENDPOINT_SIZE,
					 .access = IBV_ACCESS_LOCAL_WRITE};
	int err = cm_endpoint_resolve(endpoint, &place);

	if (!err)
		err = cm_end_open(&endpoint->end, endpoint->end.id, &wish);
	if (!err)
		err = cm_endpoint_connect(endpoint, NULL);
	if (!err)
		err = learn_srqn(endpoint);
	return err ? err : cm_endpoint_send(endpoint);
}

static int run(void)
{
	if (type == TYPE_XRC) {
		place.space = RDMA_PS_IB;
		place.type = IBV_QPT_XRC_SEND;
	}
	return cm_endpoint_run(program_invocation_name, talk);
}

int main(int argc, char **argv)
{
	const struct tool_usage usage = {
		.purpose = "Connects to rdma_xserver and sends it a message.",
		.options = options,
	};

	return tool_main(argc, argv, &usage, run);
}
