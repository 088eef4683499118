/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses of ids: binding, resolving, and what the kernel has made of them. */
#include "librdmacm/cma.h"

socklen_t cma_address_length(const struct sockaddr *address)
{
	switch (address->sa_family) {
	case AF_INET:
		return sizeof(struct sockaddr_in);
	case AF_INET6:
		return sizeof(struct sockaddr_in6);
	case AF_IB:
		return sizeof(struct sockaddr_ib);
	default:
		return 0;
	}
}

/* The kernel tells the device once there is one. Programs register memory in its domain before there
 * is a queue pair. */
static int take_device(struct cma_id *id, const struct ucma_abi_query_addr_resp *answer)
{
	struct cma_device *device;
	int err;

	if (id->device || !answer->node_guid)
		return 0;
	err = cma_device_find(answer->node_guid, (int)answer->ibdev_index, &device);
	if (!err)
		err = cma_device_get_pd(device, &id->id.pd);
	if (err)
		return err;
	id->owns_pd_use = true;
	id->device = device;
	id->id.verbs = id->device->verbs;
	id->id.port_num = answer->port_num;
	id->id.route.addr.addr.ibaddr.pkey = answer->pkey;
	return 0;
}

static int query(struct cma_id *id, uint32_t option, struct ucma_abi_query_addr_resp *answer)
{
	struct ucma_abi_query command = {.id = id->handle, .option = option};

	memset(answer, 0, sizeof(*answer));
	return CMA_QUERY(id->id.channel->fd, UCMA_CMD_QUERY, command, *answer);
}

static size_t at_most(size_t length, size_t limit)
{
	return length < limit ? length : limit;
}

int cma_query_address(struct cma_id *id)
{
	struct rdma_addr *address = &id->id.route.addr;
	struct ucma_abi_query_addr_resp answer;
	int err = query(id, UCMA_QUERY_ADDR, &answer);

	if (err)
		return err;
	memcpy(&address->src_storage, &answer.src_addr,
	       at_most(answer.src_size, sizeof(address->src_storage)));
	memcpy(&address->dst_storage, &answer.dst_addr,
	       at_most(answer.dst_size, sizeof(address->dst_storage)));
	return take_device(id, &answer);
}

int cma_query_gids(struct cma_id *id)
{
	struct rdma_ib_addr *address = &id->id.route.addr.addr.ibaddr;
	struct ucma_abi_query_addr_resp answer;
	struct sockaddr_ib from, to;
	int err = query(id, UCMA_QUERY_GID, &answer);

	if (err)
		return err;
	memcpy(&from, &answer.src_addr, sizeof(from));
	memcpy(&to, &answer.dst_addr, sizeof(to));
	memcpy(address->sgid.raw, from.sib_addr.sib_raw, sizeof(address->sgid.raw));
	memcpy(address->dgid.raw, to.sib_addr.sib_raw, sizeof(address->dgid.raw));
	address->pkey = from.sib_pkey;
	return 0;
}

int rdma_bind_addr(struct rdma_cm_id *public, struct sockaddr *addr)
{
	struct cma_id *id = to_cma_id(public);
	struct ucma_abi_bind command = {.id = id->handle};
	int err;

	command.addr_size = (__u16)cma_address_length(addr);
	if (!command.addr_size)
		return cma_result(EAFNOSUPPORT);
	memcpy(&command.addr, addr, command.addr_size);
	err = CMA_COMMAND(public->channel->fd, UCMA_CMD_BIND, command);
	if (!err)
		err = cma_query_address(id);
	return cma_result(err);
}

int rdma_resolve_addr(struct rdma_cm_id *public, struct sockaddr *src_addr,
		      struct sockaddr *dst_addr, int timeout_ms)
{
	struct cma_id *id = to_cma_id(public);
	struct ucma_abi_resolve_addr command = {.id = id->handle, .timeout_ms = (__u32)timeout_ms};
	int err;

	command.dst_size = (__u16)cma_address_length(dst_addr);
	if (src_addr)
		command.src_size = (__u16)cma_address_length(src_addr);
	if (!command.dst_size || (src_addr && !command.src_size))
		return cma_result(EAFNOSUPPORT);
	memcpy(&command.dst_addr, dst_addr, command.dst_size);
	if (src_addr)
		memcpy(&command.src_addr, src_addr, command.src_size);
	err = CMA_COMMAND(public->channel->fd, UCMA_CMD_RESOLVE_ADDR, command);
	if (err)
		return cma_result(err);
	memcpy(&public->route.addr.dst_storage, dst_addr, command.dst_size);
	return cma_result(cma_id_wait(id));
}

static __be16 port_of(const struct sockaddr_storage *address)
{
	struct sockaddr_ib ib;

	switch (address->ss_family) {
	case AF_INET:
		return ((const struct sockaddr_in *)address)->sin_port;
	case AF_INET6:
		return ((const struct sockaddr_in6 *)address)->sin6_port;
	case AF_IB:
		memcpy(&ib, address, sizeof(ib));
		return htobe16((uint16_t)be64toh(ib.sib_sid));
	default:
		return 0;
	}
}

__be16 rdma_get_src_port(struct rdma_cm_id *id)
{
	return port_of(&id->route.addr.src_storage);
}

__be16 rdma_get_dst_port(struct rdma_cm_id *id)
{
	return port_of(&id->route.addr.dst_storage);
}
