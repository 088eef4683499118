/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Devices and ports for the tools; see device.h. */
#include <errno.h>
#include <string.h>

#include "device.h"
#include "report.h"

static struct ibv_device *find(struct ibv_device **list, const char *name)
{
	for (; *list; list++)
		if (!name || !strcmp(ibv_get_device_name(*list), name))
			return *list;
	return NULL;
}

/* Joins the names of the devices for the message that says there is no such device. */
static void name_all(struct ibv_device **list, char *names, size_t size)
{
	size_t used = 0;

	names[0] = '\0';
	for (; *list; list++) {
		const char *name = ibv_get_device_name(*list);
		size_t length = strlen(name);

		if (used + length + 3 > size)
			return;
		if (used) {
			memcpy(names + used, ", ", 3);
			used += 2;
		}
		memcpy(names + used, name, length + 1);
		used += length;
	}
}

static int refuse_name(struct ibv_device **list, const char *name)
{
	char names[256];

	if (!list[0])
		return tool_error(ENODEV,
				  "there is no RDMA device (no adapter, or no driver for it)");
	name_all(list, names, sizeof(names));
	return tool_error(ENODEV, "there is no RDMA device '%s', only %s", name, names);
}

int tool_device_list(struct ibv_device ***list, int *count)
{
	*list = ibv_get_device_list(count);
	if (*list)
		return 0;
	if (errno == ENOSYS)
		return tool_error(ENOSYS,
				  "cannot list the RDMA devices (is the kernel's RDMA support "
				  "loaded?)");
	return tool_error(errno, "cannot list the RDMA devices");
}

int tool_device_open(const char *name, struct ibv_context **context)
{
	struct ibv_device **list, *device;
	int err = tool_device_list(&list, NULL);

	if (err)
		return err;
	device = find(list, name);
	if (!device) {
		err = refuse_name(list, name);
		goto free_list;
	}
	*context = ibv_open_device(device);
	if (!*context)
		err = tool_error(errno, "cannot open %s", ibv_get_device_name(device));
free_list:
	ibv_free_device_list(list);
	return err;
}

int tool_port_query(struct ibv_context *context, long number, struct tool_port *port)
{
	const char *name = ibv_get_device_name(context->device);
	struct ibv_device_attr device;
	int err = ibv_query_device(context, &device);

	if (err)
		return tool_error(err, "cannot query %s", name);
	if (number < 1 || number > device.phys_port_cnt)
		return tool_refuse("%s has ports 1 to %u, no port %ld; see --ib-port", name,
				   device.phys_port_cnt, number);
	*port = (struct tool_port){.number = (uint8_t)number, .gid_index = -1};
	err = ibv_query_port(context, port->number, &port->attr);
	if (err)
		return tool_error(err, "cannot query port %ld of %s", number, name);
	if (port->attr.state != IBV_PORT_ACTIVE)
		return tool_error(ENETDOWN, "port %ld of %s is %s, not active", number, name,
				  ibv_port_state_str(port->attr.state));
	return 0;
}

static int refuse_missing_gid(const struct ibv_context *context, const struct tool_port *port)
{
	const char *name = ibv_get_device_name(context->device);

	if (port->attr.link_layer == IBV_LINK_LAYER_ETHERNET)
		return tool_refuse(
			"port %u of %s is Ethernet and is reached by GID: choose one with "
			"--gid-idx (ibv_devinfo -v lists them)",
			port->number, name);
	if (!port->attr.lid)
		return tool_refuse("port %u of %s has no LID (is a subnet manager running?)",
				   port->number, name);
	return 0;
}

int tool_port_choose_gid(struct ibv_context *context, long index, struct tool_port *port)
{
	static const union ibv_gid empty;
	const char *name = ibv_get_device_name(context->device);

	if (index < 0)
		return refuse_missing_gid(context, port);
	if (index >= port->attr.gid_tbl_len)
		return tool_refuse("port %u of %s has GIDs 0 to %d, no GID %ld; see --gid-idx",
				   port->number, name, port->attr.gid_tbl_len - 1, index);
	if (ibv_query_gid(context, port->number, (int)index, &port->gid))
		return tool_error(errno, "cannot read GID %ld of port %u of %s", index,
				  port->number, name);
	if (!memcmp(&port->gid, &empty, sizeof(empty)))
		return tool_refuse(
			"GID %ld of port %u of %s is empty; ibv_devinfo -v lists those in "
			"use",
			index, port->number, name);
	port->gid_index = (int)index;
	return 0;
}

enum ibv_mtu tool_mtu_from_bytes(long bytes)
{
	for (enum ibv_mtu mtu = IBV_MTU_256; mtu <= IBV_MTU_4096; mtu++)
		if (tool_mtu_to_bytes(mtu) == (unsigned long)bytes)
			return mtu;
	return 0;
}

unsigned int tool_mtu_to_bytes(enum ibv_mtu mtu)
{
	return mtu >= IBV_MTU_256 && mtu <= IBV_MTU_4096 ? 128u << mtu : 0;
}
