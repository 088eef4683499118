/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Limits of a ping-pong; see limits.h. */
#include "limits.h"
#include "report.h"

int pp_limits_check_config(const struct pp_config *config)
{
	if (!tool_mtu_from_bytes(config->mtu))
		return tool_refuse("--mtu %ld: a path MTU is 256, 512, 1024, 2048 or 4096",
				   config->mtu);
	if (config->odp + config->implicit_odp + config->device_memory + config->unprotected > 1)
		return tool_refuse("--odp, --iodp, --dm and --allow-cc-unprotected exclude each "
				   "other");
	if (config->prefetch && !config->odp && !config->implicit_odp)
		return tool_refuse("--prefetch needs --odp or --iodp");
	if (config->rx_depth < config->links)
		return tool_refuse(
			"--rx-depth %ld is too small: %ld queue pairs need a receive each",
			config->rx_depth, config->links);
	return 0;
}

int pp_limits_check_size(const struct pp_config *config, struct ibv_context *context,
			 const struct tool_port *port)
{
	const char *name = ibv_get_device_name(context->device);
	unsigned int active_mtu = tool_mtu_to_bytes(port->attr.active_mtu);

	if (config->transport == IBV_QPT_UD && config->size > (long)active_mtu)
		return tool_refuse(
			"--size %ld: a UD message fits one packet, and the MTU of port %u "
			"of %s is %u",
			config->size, port->number, name, active_mtu);
	if (config->transport != IBV_QPT_UD && config->mtu > (long)active_mtu)
		return tool_refuse("--mtu %ld: the MTU of port %u of %s is %u", config->mtu,
				   port->number, name, active_mtu);
	if ((unsigned long)config->size > port->attr.max_msg_sz)
		return tool_refuse("--size %ld: port %u of %s sends at most %u bytes a message",
				   config->size, port->number, name, port->attr.max_msg_sz);
	return 0;
}

int pp_limits_check_depth(const struct pp_config *config, struct ibv_context *context)
{
	const char *name = ibv_get_device_name(context->device);
	struct ibv_device_attr device;
	long most;
	int err = ibv_query_device(context, &device);

	if (err)
		return tool_error(err, "cannot query %s", name);
	most = config->shared_receives ? device.max_srq_wr : device.max_qp_wr;
	if (config->rx_depth > most)
		return tool_refuse("--rx-depth %ld: %s takes at most %ld receives",
				   config->rx_depth, name, most);
	if (config->rx_depth + config->links > device.max_cqe)
		return tool_refuse(
			"--rx-depth %ld: a completion queue of %s has at most %d entries",
			config->rx_depth, name, device.max_cqe);
	return 0;
}
