/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ibv_devinfo: what the RDMA devices of this host are and can do. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <infiniband/verbs.h>

#include "common/device.h"
#include "common/options.h"
#include "common/report.h"
#include "devinfo.h"

static struct {
	const char *device;
	long port; /* 0: all */
	bool list, verbose;
} config;

static const struct tool_option options[] = {
	{'d', "ib-dev", "DEV", "only device DEV (default: all)", TOOL_TEXT, &config.device, 0, 0},
	{'i', "ib-port", "N", "only port N (default: all)", TOOL_NUMBER, &config.port, 1, 255},
	{'l', "list", NULL, "only the names of the devices", TOOL_FLAG, &config.list, 0, 0},
	{'v', "verbose", NULL, "every attribute", TOOL_FLAG, &config.verbose, 0, 0},
	{0},
};

/* A provider without the extended query still has the classic one; the rest is then zero. */
static int query(struct ibv_context *context, struct ibv_device_attr_ex *attr)
{
	int err = ibv_query_device_ex(context, NULL, attr);

	if (err != EOPNOTSUPP && err != ENOSYS)
		return err;
	memset(attr, 0, sizeof(*attr));
	err = ibv_query_device(context, &attr->orig_attr);
	attr->phys_port_cnt_ex = attr->orig_attr.phys_port_cnt;
	return err;
}

static int print_ports(struct ibv_context *context, uint32_t count)
{
	uint32_t first = config.port ? (uint32_t)config.port : 1;
	uint32_t last = config.port ? first : count;
	int err = 0;

	if (first > count && config.port)
		return tool_refuse("%s has ports 1 to %u, no port %u; see --ib-port",
				   ibv_get_device_name(context->device), count, first);
	for (uint32_t number = first; number <= last && number <= UINT8_MAX && !err; number++)
		err = devinfo_print_port(context, (uint8_t)number, config.verbose);
	return err;
}

static int print_open_device(struct ibv_context *context)
{
	struct ibv_device *device = context->device;
	struct ibv_device_attr_ex attr;
	uint32_t ports;
	int err = query(context, &attr);

	if (err)
		return tool_error(err, "cannot query %s", ibv_get_device_name(device));
	printf("hca_id:\t%s\n", ibv_get_device_name(device));
	devinfo_print_identity(device, &attr.orig_attr);
	if (config.verbose) {
		devinfo_print_limits(&attr.orig_attr);
		devinfo_print_caps(&attr);
		devinfo_field(DEVINFO_DEVICE, "num_comp_vectors", "%d", context->num_comp_vectors);
	}
	ports = attr.phys_port_cnt_ex > attr.orig_attr.phys_port_cnt ? attr.phys_port_cnt_ex
								     : attr.orig_attr.phys_port_cnt;
	return print_ports(context, ports);
}

static int print_device(struct ibv_device *device)
{
	struct ibv_context *context = ibv_open_device(device);
	int err;

	if (!context)
		return tool_error(errno, "cannot open %s", ibv_get_device_name(device));
	err = print_open_device(context);
	if (ibv_close_device(context))
		err = tool_error(errno, "cannot close %s", ibv_get_device_name(device));
	return err;
}

static void print_names(struct ibv_device **list, int count)
{
	printf("%d HCA%s found:\n", count, count == 1 ? "" : "s");
	for (; *list; list++)
		printf("\t%s\n", ibv_get_device_name(*list));
	putchar('\n');
}

/* One broken device does not hide the others; the first error decides the exit status. */
static int print_all(struct ibv_device **list)
{
	int err = 0;

	for (; *list; list++) {
		int failed = print_device(*list);

		err = err ? err : failed;
	}
	return err;
}

static int print_one(const char *name)
{
	struct ibv_context *context;
	int err = tool_device_open(name, &context);

	if (err)
		return err;
	err = print_open_device(context);
	if (ibv_close_device(context))
		err = tool_error(errno, "cannot close %s", name);
	return err;
}

static int print_selected(void)
{
	struct ibv_device **list;
	int count, err;

	if (config.device && !config.list)
		return print_one(config.device);
	err = tool_device_list(&list, &count);
	if (err)
		return err;
	if (config.list)
		print_names(list, count);
	else if (!count)
		err = tool_error(ENODEV,
				 "there is no RDMA device (no adapter, or no driver for it)");
	else
		err = print_all(list);
	ibv_free_device_list(list);
	return err;
}

int main(int argc, char **argv)
{
	const struct tool_usage usage = {
		.purpose = "Shows what the RDMA devices of this host are and can do.",
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
	return print_selected() ? EXIT_FAILURE : EXIT_SUCCESS;
}
