/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Binding ids: to an address, and with it to the device, and to a port of the host. */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "softhca/fabric/port.h"
#include "softhca/shim/rdma_cm/ucm.h"

enum { FIRST_UNPRIVILEGED_PORT = 1024 };

/* An id of AF_IB names a whole service id. */
static uint64_t wished_number(const struct ucm_id *id)
{
	if (id->src.family == UCM_AF_IB)
		return be64toh(id->src.ib.service_id & id->src.ib.service_mask);
	return be16toh(ucm_address_port(&id->src));
}

static void take_number(struct ucm_id *id, uint64_t number)
{
	if (id->src.family != UCM_AF_IB) {
		ucm_address_set_port(&id->src, htobe16((uint16_t)number));
	} else if (!wished_number(id)) {
		id->src.ib.service_id = htobe64((uint64_t)id->space << 16 | number);
		id->src.ib.service_mask = ~0ull;
	}
}

static bool is_privileged(const struct ucm_id *id, uint64_t number)
{
	return id->src.family != UCM_AF_IB && number && number < FIRST_UNPRIVILEGED_PORT &&
	       syscall(SYS_geteuid);
}

int ucm_port_bind(struct ucm_id *id)
{
	struct hca *hca = id->file->member->hca;
	struct fabric_port_wish wish = {
		.space = id->space, .family = (uint8_t)id->src.family, .number = wished_number(id)};
	int rc;

	if (is_privileged(id, wish.number))
		return EACCES;
	if (id->shares_port)
		wish.flags |= FABRIC_PORT_SHARED;
	if (id->own_family_only)
		wish.flags |= FABRIC_PORT_ONE_FAMILY;
	if (!ucm_address_is_any(&id->src))
		ucm_address_raw(&id->src, wish.address);
	rc = fabric_port_bind(hca->engine->fabric, hca->shared, &wish, &id->port);
	if (rc)
		return rc;
	id->has_port = true;
	take_number(id, wish.number);
	return 0;
}

void ucm_port_release(struct ucm_id *id)
{
	if (id->has_port)
		fabric_port_release(id->file->member->hca->shared, id->port);
	id->has_port = false;
}

/* A wildcard is of no device. */
static int find_device(struct ucm_id *id, const union ucm_address *address)
{
	struct hca *hca = id->file->member->hca;

	if (ucm_address_is_any(address))
		return 0;
	if (hca->shared->killed || !cm_of(hca))
		return ENODEV;
	/* Ports of Ethernet are found by their IP addresses alone. */
	if (address->family == UCM_AF_IB && hca->shared->port_type != FABRIC_PORT_IB)
		return ENODEV;
	if (!ucm_address_is_own(address, hca))
		return EADDRNOTAVAIL;
	id->hca = hca;
	id->sgid_index = ucm_gid_index(address, hca, (int)hca->index);
	return 0;
}

int ucm_bind(struct ucm_id *id, const union ucm_address *address)
{
	int rc;

	if (!ucm_address_size(address))
		return EAFNOSUPPORT;
	if (id->state != UCM_IDLE || ucm_address_lacks_scope(address))
		return EINVAL;
	rc = find_device(id, address);
	if (rc)
		return rc;
	id->src = *address;
	rc = ucm_port_bind(id);
	if (rc) {
		id->src = (union ucm_address){0};
		id->hca = NULL;
		return rc;
	}
	id->dst.family = address->family;
	id->state = UCM_BOUND;
	return 0;
}

/* ---- commands ---- */

/* One of the old commands' addresses, which have room for no more than IPv6. */
static int read_ip(const struct sockaddr_in6 *from, union ucm_address *to)
{
	memset(to, 0, sizeof(*to));
	memcpy(to, from, sizeof(*from));
	return ucm_address_size(to) && ucm_address_size(to) <= sizeof(*from) ? 0 : EINVAL;
}

static int read_any(const void *from, size_t size, union ucm_address *to)
{
	memcpy(to, from, sizeof(*to));
	return size && ucm_address_size(to) == size ? 0 : EINVAL;
}

int ucm_bind_ip(struct ucm_call *call)
{
	struct rdma_ucm_bind_ip wire;
	union ucm_address address;
	struct ucm_id *id;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	rc = read_ip(&wire.addr, &address);
	if (!rc)
		rc = ucm_id_get(call->file, wire.id, &id);
	return rc ? rc : ucm_bind(id, &address);
}

int ucm_bind_address(struct ucm_call *call)
{
	union ucm_address address;
	struct rdma_ucm_bind wire;
	struct ucm_id *id;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	rc = wire.reserved ? EINVAL : read_any(&wire.addr, wire.addr_size, &address);
	if (!rc)
		rc = ucm_id_get(call->file, wire.id, &id);
	return rc ? rc : ucm_bind(id, &address);
}

int ucm_resolve_ip(struct ucm_call *call)
{
	struct rdma_ucm_resolve_ip wire;
	union ucm_address source = {0}, destination;
	struct ucm_id *id;
	int rc = 0;

	ucm_input(call, &wire, sizeof(wire));
	if (wire.src_addr.sin6_family)
		rc = read_ip(&wire.src_addr, &source);
	if (!rc)
		rc = read_ip(&wire.dst_addr, &destination);
	if (!rc)
		rc = ucm_id_get(call->file, wire.id, &id);
	return rc ? rc : ucm_resolve_address(id, &source, &destination, wire.timeout_ms);
}

int ucm_resolve_any(struct ucm_call *call)
{
	struct rdma_ucm_resolve_addr wire;
	union ucm_address source = {0}, destination;
	struct ucm_id *id;
	int rc = 0;

	ucm_input(call, &wire, sizeof(wire));
	if (wire.src_size)
		rc = read_any(&wire.src_addr, wire.src_size, &source);
	if (!rc)
		rc = wire.reserved ? EINVAL : read_any(&wire.dst_addr, wire.dst_size, &destination);
	if (!rc)
		rc = ucm_id_get(call->file, wire.id, &id);
	return rc ? rc : ucm_resolve_address(id, &source, &destination, wire.timeout_ms);
}
