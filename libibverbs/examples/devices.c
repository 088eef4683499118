/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ibv_devices: the RDMA devices of this host and their node GUIDs. */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <infiniband/verbs.h>

#include "common/device.h"
#include "common/options.h"

static int list_devices(void)
{
	struct ibv_device **list;
	int err = tool_device_list(&list, NULL);

	if (err)
		return err;
	printf("    %-16s\t   node GUID\n", "device");
	printf("    %-16s\t----------------\n", "------");
	for (struct ibv_device **device = list; *device; device++)
		printf("    %-16s\t%016" PRIx64 "\n", ibv_get_device_name(*device),
		       be64toh(ibv_get_device_guid(*device)));
	ibv_free_device_list(list);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct tool_option options[] = {{0}};
	const struct tool_usage usage = {
		.purpose = "Lists the RDMA devices of this host and their node GUIDs.",
		.options = options,
	};

	switch (tool_options_parse(argc, argv, &usage)) {
	case TOOL_OPTIONS_HELP:
		return EXIT_SUCCESS;
	case TOOL_OPTIONS_BAD:
		return EXIT_FAILURE;
	case TOOL_OPTIONS_RUN:
		break;
	}
	return list_devices() ? EXIT_FAILURE : EXIT_SUCCESS;
}
