/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Multicast groups of ids. Nothing has to be asked, so who joins gets its event at once. How IP
 * groups become GIDs: RFC 4391, section 4, but with the signature of the RDMA connection manager
 * (0x01 in the place of IPoIB's 0x1b), on InfiniBand; the address itself on Ethernet.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hw/wire/address.h"
#include "hw/wire/bth.h"
#include "softhca/shim/identity.h"
#include "softhca/shim/rdma_cm/ucm.h"

enum {
	SCOPE_LINK_LOCAL = 2,
	SIGNATURE_IP4 = 0x40,
	SIGNATURE_IP6 = 0x60,
	IPOIB = 0x1b,
	RDMA_CM = 0x01,
};

static struct ucm_numbers groups;

void ucm_groups_forget(void)
{
	groups = (struct ucm_numbers){0};
}

/* ---- GIDs ---- */

/* An IPv6 address that is a GID of a subnet manager's making already. */
static bool is_assigned(const uint8_t raw[16])
{
	return raw[0] == WIRE_GID_MULTICAST && (raw[1] & 0xf0) == 0x10 && raw[2] == 0xa0 &&
	       raw[3] == IPOIB;
}

static void ib_gid(const struct ucm_id *id, const union ucm_address *address, uint8_t gid[16])
{
	__be16 pkey = htobe16(id->hca->shared->pkeys[0]);
	uint8_t raw[16];

	ucm_address_raw(address, raw);
	memset(gid, 0, 16);
	if (address->family == UCM_AF_IB || is_assigned(raw)) {
		memcpy(gid, raw, 16);
		return;
	}
	gid[0] = WIRE_GID_MULTICAST;
	gid[1] = 0x10 | SCOPE_LINK_LOCAL;
	gid[2] = address->family == AF_INET ? SIGNATURE_IP4 : SIGNATURE_IP6;
	gid[3] = id->space == RDMA_PS_UDP ? RDMA_CM : IPOIB;
	memcpy(gid + 4, &pkey, sizeof(pkey));
	if (address->family == AF_INET) {
		memcpy(gid + 12, raw + 12, 4);
		gid[12] &= 0xf;
	} else {
		memcpy(gid + 6, raw + 6, 10);
	}
}

static void group_gid(const struct ucm_id *id, const union ucm_address *address, uint8_t gid[16])
{
	if (id->hca->shared->port_type == FABRIC_PORT_ETH)
		ucm_address_raw(address, gid);
	else if (ucm_address_is_any(address))
		memset(gid, 0, 16);
	else
		ib_gid(id, address, gid);
}

/* ---- joining ---- */

static void describe(const struct ucm_id *id, const struct cm_group *answer, const uint8_t gid[16],
		     struct rdma_ucm_ud_param *param)
{
	struct ucm_path path = {
		.dlid = answer->mlid,
		.flow_label = answer->flow_label,
		.hop_limit = answer->hop_limit,
		.traffic_class = answer->traffic_class,
		.sl = answer->sl,
		.rate = answer->rate,
	};

	memcpy(path.dgid, gid, sizeof(path.dgid));
	param->qp_num = WIRE_QPN_MULTICAST;
	param->qkey = answer->qkey;
	ucm_path_to_ah(id, &path, &param->ah_attr);
	/* Multicast packets have a GRH on any port. */
	param->ah_attr.is_global = 1;
	memcpy(param->ah_attr.grh.dgid, gid, sizeof(param->ah_attr.grh.dgid));
	param->ah_attr.grh.sgid_index = (uint8_t)id->sgid_index;
	param->ah_attr.grh.hop_limit = answer->hop_limit;
}

static int make_group(struct ucm_id *id, uint64_t uid, struct ucm_group **made)
{
	struct ucm_group *group = calloc(1, sizeof(*group));
	int rc = group ? ucm_number_add(&groups, group, &group->number) : ENOMEM;

	if (rc) {
		free(group);
		return rc;
	}
	group->id = id;
	group->uid = uid;
	list_append(&id->groups, &group->link);
	*made = group;
	return 0;
}

void ucm_group_destroy(struct ucm_group *group)
{
	ucm_events_forget(group->id, group);
	list_remove(&group->link);
	ucm_number_drop(&groups, group->number);
	free(group);
}

static int joined(struct ucm_group *group, const struct cm_group *answer, const uint8_t gid[16])
{
	struct ucm_event *event = ucm_event_new(group->id, UCM_EVENT_MULTICAST_JOIN, 0);

	if (!event)
		return ENOMEM;
	event->group = group;
	event->response.uid = group->uid;
	event->response.id = group->number;
	describe(group->id, answer, gid, &event->response.param.ud);
	ucm_event_post(event);
	return 0;
}

struct wish {
	uint32_t id;
	uint64_t uid, response;
	union ucm_address address;
};

static int join(const struct ucm_call *call, const struct wish *wish)
{
	struct rdma_ucm_create_id_resp answer = {0};
	struct ucm_group *group;
	struct cm_group found;
	struct ucm_id *id;
	uint8_t gid[16];
	int rc = ucm_id_get_bound(call->file, wish->id, &id);

	if (rc)
		return rc;
	if (id->qp_type != QP_TYPE_UD ||
	    (id->state != UCM_BOUND && id->state != UCM_ADDRESS_RESOLVED))
		return EINVAL;
	group_gid(id, &wish->address, gid);
	rc = cm_group_join(cm_of(id->hca), gid, 0, &found);
	if (!rc)
		rc = make_group(id, wish->uid, &group);
	if (rc)
		return rc;
	answer.id = group->number;
	rc = ucm_answer(call, wish->response, &answer, sizeof(answer));
	if (!rc)
		rc = joined(group, &found, gid);
	if (rc)
		ucm_group_destroy(group);
	return rc;
}

/* ---- commands ---- */

int ucm_join_ip(struct ucm_call *call)
{
	struct wish wish = {.address.family = 0};
	struct rdma_ucm_join_ip_mcast wire;
	size_t size;

	ucm_input(call, &wire, sizeof(wire));
	if (call->out_room < sizeof(struct rdma_ucm_create_id_resp))
		return ENOSPC;
	wish.id = wire.id;
	wish.uid = wire.uid;
	wish.response = wire.response;
	memcpy(&wish.address, &wire.addr, sizeof(wire.addr));
	size = ucm_address_size(&wish.address);
	return size && size <= sizeof(wire.addr) ? join(call, &wish) : EINVAL;
}

int ucm_join(struct ucm_call *call)
{
	struct rdma_ucm_join_mcast wire;
	struct wish wish;

	ucm_input(call, &wire, sizeof(wire));
	if (call->out_room < sizeof(struct rdma_ucm_create_id_resp))
		return ENOSPC;
	wish.id = wire.id;
	wish.uid = wire.uid;
	wish.response = wire.response;
	memcpy(&wish.address, &wire.addr, sizeof(wish.address));
	if (!wire.addr_size || ucm_address_size(&wish.address) != wire.addr_size ||
	    wire.join_flags >= RDMA_MC_JOIN_FLAG_RESERVED)
		return EINVAL;
	return join(call, &wish);
}

int ucm_leave(struct ucm_call *call)
{
	struct rdma_ucm_destroy_id_resp answer = {0};
	struct rdma_ucm_destroy_id wire;
	struct ucm_group *group;

	ucm_input(call, &wire, sizeof(wire));
	if (call->out_room < sizeof(answer))
		return ENOSPC;
	group = ucm_number_find(&groups, wire.id);
	if (!group)
		return ENOENT;
	if (group->id->file != call->file)
		return EINVAL;
	answer.events_reported = group->events_reported;
	ucm_group_destroy(group);
	return ucm_answer(call, wire.response, &answer, sizeof(answer));
}
