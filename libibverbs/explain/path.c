/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is wrong with the way to a peer: address vectors against the port they leave by. */
#include <string.h>

#include "libibverbs/explain/explain.h"

enum { MAX_SL = 15, FIRST_MULTICAST_LID = 0xc000, MAX_FLOW_LABEL = 0xfffff };

static bool is_zero(const union ibv_gid *gid)
{
	static const union ibv_gid zero;

	return !memcmp(gid, &zero, sizeof(zero));
}

static bool explain_route(int err, const char *verb, struct ibv_context *context,
			  const struct ibv_ah_attr *attr, const struct ibv_port_attr *port,
			  const char *name)
{
	const struct ibv_global_route *route = &attr->grh;
	union ibv_gid own;

	if (route->sgid_index >= port->gid_tbl_len)
		explain(err, verb, "%s.grh.sgid_index %u, the GID table of port %u has %d entries",
			name, route->sgid_index, attr->port_num, port->gid_tbl_len);
	else if (ibv_query_gid(context, attr->port_num, route->sgid_index, &own) || is_zero(&own))
		explain(err, verb, "%s.grh.sgid_index %u is an empty entry of port %u's GID table",
			name, route->sgid_index, attr->port_num);
	else if (is_zero(&route->dgid))
		explain(err, verb, "%s.grh.dgid is zero", name);
	else if (route->flow_label > MAX_FLOW_LABEL)
		explain(err, verb, "%s.grh.flow_label %#x has more than 20 bits", name,
			route->flow_label);
	else
		return false;
	return true;
}

static bool explain_port(int err, const char *verb, struct ibv_context *context,
			 const struct ibv_ah_attr *attr, const char *name)
{
	struct ibv_port_attr port = {0};

	if (ibv_query_port(context, attr->port_num, &port)) {
		explain(err, verb, "%s.port_num: %s has no port %u", name, context->device->name,
			attr->port_num);
		return true;
	}
	if (attr->is_global)
		return explain_route(err, verb, context, attr, &port, name);
	if (port.link_layer == IBV_LINK_LAYER_ETHERNET)
		explain(err, verb,
			"%s.is_global is 0, but port %u of %s is Ethernet, where peers are "
			"addressed by GID",
			name, attr->port_num, context->device->name);
	else if (!attr->dlid)
		explain(err, verb, "%s.dlid is 0; has a subnet manager given port %u a LID?", name,
			attr->port_num);
	else
		return false;
	return true;
}

bool explain_path(int err, const char *verb, struct ibv_context *context,
		  const struct ibv_ah_attr *attr, const char *name)
{
	int saved = errno;
	bool told = true;

	if (!attr->port_num)
		explain(err, verb, "%s.port_num is 0, ports count from 1", name);
	else if (attr->sl > MAX_SL)
		explain(err, verb, "%s.sl %u > %d", name, attr->sl, MAX_SL);
	else if (err == ETIMEDOUT || err == EHOSTUNREACH)
		explain(err, verb, "nobody answers at the address that %s.grh.dgid stands for",
			name);
	else
		told = explain_port(err, verb, context, attr, name);
	errno = saved;
	return told;
}
