/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ibv_asyncwatch: prints the asynchronous events of a device as they come, until it is stopped. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <infiniband/verbs.h>

#include "common/device.h"
#include "common/names.h"
#include "common/options.h"
#include "common/report.h"

static bool concerns_port(enum ibv_event_type type)
{
	switch (type) {
	case IBV_EVENT_PORT_ACTIVE:
	case IBV_EVENT_PORT_ERR:
	case IBV_EVENT_LID_CHANGE:
	case IBV_EVENT_PKEY_CHANGE:
	case IBV_EVENT_SM_CHANGE:
	case IBV_EVENT_CLIENT_REREGISTER:
	case IBV_EVENT_GID_CHANGE:
	case IBV_EVENT_DEVICE_SPEED_CHANGE:
		return true;
	default:
		return false;
	}
}

/* The program has no queues, so events of queues do not come; one that does is shown all the same.
 */
static void print_event(const struct ibv_async_event *event)
{
	printf("  event_type %s (%d)", tool_event_name(event->event_type), event->event_type);
	if (concerns_port(event->event_type))
		printf(", port %d", event->element.port_num);
	putchar('\n');
}

static int watch(const char *name)
{
	struct ibv_async_event event;
	struct ibv_context *context;
	int err = tool_device_open(name, &context);

	if (err)
		return err;
	printf("%s: async event FD %d\n", ibv_get_device_name(context->device), context->async_fd);
	while (!ibv_get_async_event(context, &event)) {
		print_event(&event);
		ibv_ack_async_event(&event);
	}
	err = tool_error(errno, "cannot read the next event");
	ibv_close_device(context);
	return err;
}

int main(int argc, char **argv)
{
	static const char *name;
	static const struct tool_option options[] = {
		{'d', "ib-dev", "DEV", "watch device DEV (default: the first)", TOOL_TEXT, &name, 0,
		 0},
		{0},
	};
	const struct tool_usage usage = {
		.purpose = "Prints the asynchronous events of an RDMA device until it is stopped.",
		.options = options,
	};

	tool_lines();
	switch (tool_options_parse(argc, argv, &usage)) {
	case TOOL_OPTIONS_HELP:
		return EXIT_SUCCESS;
	case TOOL_OPTIONS_BAD:
		return EXIT_FAILURE;
	case TOOL_OPTIONS_RUN:
		break;
	}
	return watch(name) ? EXIT_FAILURE : EXIT_SUCCESS;
}
