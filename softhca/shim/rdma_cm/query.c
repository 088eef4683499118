/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is known of an id: addresses, GIDs, paths, device. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "softhca/shim/identity.h"
#include "softhca/shim/rdma_cm/ucm.h"
#include "softhca/shim/user.h"

enum {
	DEVICE_INDEX = 0,
	SELECT_EXACTLY = 2, /* of mtu, rate and life time in path records */
	REVERSIBLE = 0x80,
};

/* A PathRecord attribute as it lies in a MAD: IBTA vol. 1, 15.2.5.16. */
struct path_record {
	__be64 service_id;
	uint8_t dgid[16], sgid[16];
	__be16 dlid, slid;
	__be32 flow_hops; /* flow label << 8, hop limit */
	uint8_t traffic_class;
	uint8_t reversible_paths;
	__be16 pkey;
	__be16 qos_sl;
	uint8_t mtu, rate, life_time, preference;
	uint8_t reserved[6];
};

_Static_assert(sizeof(struct path_record) == 64, "as uapi rdma/ib_user_sa.h has it in words");

static uint8_t exactly(uint8_t value)
{
	return (uint8_t)(SELECT_EXACTLY << 6 | value);
}

static void pack_path(const struct ucm_path *path, struct ib_path_rec_data *data)
{
	struct path_record record = {
		.dlid = htobe16(path->dlid),
		.slid = htobe16(path->slid),
		.flow_hops = htobe32(path->flow_label << 8 | path->hop_limit),
		.traffic_class = path->traffic_class,
		.reversible_paths = REVERSIBLE,
		.pkey = htobe16(path->pkey),
		.qos_sl = htobe16(path->sl),
		.mtu = exactly(path->mtu),
		.rate = exactly(path->rate),
		.life_time = exactly(path->life_time),
	};

	memcpy(record.dgid, path->dgid, sizeof(record.dgid));
	memcpy(record.sgid, path->sgid, sizeof(record.sgid));
	*data = (struct ib_path_rec_data){.flags = IB_PATH_GMP | IB_PATH_PRIMARY |
						   IB_PATH_BIDIRECTIONAL};
	memcpy(data->path_rec, &record, sizeof(record));
}

int ucm_path_unpack(struct ucm_id *id, const struct ib_path_rec_data *data)
{
	struct path_record record;

	if (data->flags != (IB_PATH_GMP | IB_PATH_PRIMARY | IB_PATH_BIDIRECTIONAL))
		return EINVAL;
	memcpy(&record, data->path_rec, sizeof(record));
	id->path = (struct ucm_path){
		.dlid = be16toh(record.dlid),
		.slid = be16toh(record.slid),
		.flow_label = be32toh(record.flow_hops) >> 8 & 0xfffff,
		.hop_limit = (uint8_t)be32toh(record.flow_hops),
		.traffic_class = record.traffic_class,
		.pkey = be16toh(record.pkey),
		.sl = be16toh(record.qos_sl) & 0xf,
		.mtu = record.mtu & 0x3f,
		.rate = record.rate & 0x3f,
		.life_time = record.life_time & 0x3f,
	};
	memcpy(id->path.dgid, record.dgid, sizeof(record.dgid));
	memcpy(id->path.sgid, record.sgid, sizeof(record.sgid));
	return 0;
}

/* ---- QUERY ---- */

static void fill_device(const struct ucm_id *id, struct rdma_ucm_query_addr_resp *answer)
{
	if (!id->hca)
		return;
	answer->node_guid = htobe64(id->hca->shared->node_guid);
	answer->port_num = PORT_NUMBER;
	answer->pkey = htobe16(id->hca->shared->pkeys[0]);
	answer->ibdev_index = DEVICE_INDEX;
}

static int answer_address(const struct ucm_call *call, uint64_t to,
			  const struct rdma_ucm_query_addr_resp *answer)
{
	if (call->out_room < offsetof(struct rdma_ucm_query_addr_resp, ibdev_index))
		return ENOSPC;
	return ucm_answer(call, to, answer, sizeof(*answer));
}

static int query_addresses(const struct ucm_call *call, uint64_t to, const struct ucm_id *id)
{
	struct rdma_ucm_query_addr_resp answer = {0};

	fill_device(id, &answer);
	memcpy(&answer.src_addr, &id->src, sizeof(answer.src_addr));
	answer.src_size = (uint16_t)ucm_address_size(&id->src);
	memcpy(&answer.dst_addr, &id->dst, sizeof(answer.dst_addr));
	answer.dst_size = (uint16_t)ucm_address_size(&id->dst);
	return answer_address(call, to, &answer);
}

/* What stands for an address on the device's port, in the form that says so. */
static void put_gid(const struct ucm_id *id, const union ucm_address *address, const uint8_t *gid,
		    uint16_t pkey, struct __kernel_sockaddr_storage *storage)
{
	struct ucm_ib_address ib = {.family = UCM_AF_IB, .pkey = pkey};

	if (address->family == UCM_AF_IB) {
		memcpy(storage, &address->ib, sizeof(ib));
		return;
	}
	if (id->hca)
		memcpy(ib.gid, gid, sizeof(ib.gid));
	ib.service_id = htobe64(ucm_service_id(address, id->space));
	memcpy(storage, &ib, sizeof(ib));
}

static int query_gids(const struct ucm_call *call, uint64_t to, const struct ucm_id *id)
{
	struct rdma_ucm_query_addr_resp answer = {0};
	const uint8_t *own = id->path.sgid;

	fill_device(id, &answer);
	if (id->hca)
		own = id->hca->shared->gids[id->sgid_index].raw;
	put_gid(id, &id->src, own, answer.pkey, &answer.src_addr);
	put_gid(id, &id->dst, id->path.dgid, answer.pkey, &answer.dst_addr);
	answer.src_size = answer.dst_size = sizeof(struct ucm_ib_address);
	return answer_address(call, to, &answer);
}

static int query_paths(const struct ucm_call *call, uint64_t to, const struct ucm_id *id)
{
	struct rdma_ucm_query_path_resp head = {.num_paths = id->has_path};
	struct ib_path_rec_data path;
	int rc;

	if (call->out_room < sizeof(head))
		return ENOSPC;
	rc = user_write(to, &head, sizeof(head));
	if (rc || !id->has_path || call->out_room < sizeof(head) + sizeof(path))
		return rc;
	pack_path(&id->path, &path);
	return user_write(to + sizeof(head), &path, sizeof(path));
}

static int query_services(const struct ucm_call *call, uint64_t to)
{
	struct rdma_ucm_query_ib_service_resp answer = {0};

	if (call->out_room < sizeof(answer))
		return ENOSPC;
	return ucm_answer(call, to, &answer, sizeof(answer));
}

int ucm_query(struct ucm_call *call)
{
	struct rdma_ucm_query wire;
	struct ucm_id *id;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	rc = ucm_id_get(call->file, wire.id, &id);
	if (rc)
		return rc;
	switch (wire.option) {
	case RDMA_USER_CM_QUERY_ADDR:
		return query_addresses(call, wire.response, id);
	case RDMA_USER_CM_QUERY_PATH:
		return query_paths(call, wire.response, id);
	case RDMA_USER_CM_QUERY_GID:
		return query_gids(call, wire.response, id);
	case RDMA_USER_CM_QUERY_IB_SERVICE:
		return query_services(call, wire.response);
	default:
		return ENOSYS;
	}
}

/* ---- QUERY_ROUTE ---- */

static void fill_path(const struct ucm_path *path, struct ib_user_path_rec *record)
{
	*record = (struct ib_user_path_rec){
		.dlid = htobe16(path->dlid),
		.slid = htobe16(path->slid),
		.flow_label = htobe32(path->flow_label),
		.reversible = 1,
		.mtu = path->mtu,
		.pkey = htobe16(path->pkey),
		.hop_limit = path->hop_limit,
		.traffic_class = path->traffic_class,
		.sl = path->sl,
		.mtu_selector = SELECT_EXACTLY,
		.rate_selector = SELECT_EXACTLY,
		.rate = path->rate,
		.packet_life_time_selector = SELECT_EXACTLY,
		.packet_life_time = path->life_time,
	};
	memcpy(record->dgid, path->dgid, sizeof(record->dgid));
	memcpy(record->sgid, path->sgid, sizeof(record->sgid));
}

/* The older question, which knows IP addresses only. */
int ucm_query_route(struct ucm_call *call)
{
	struct rdma_ucm_query_route_resp answer = {0};
	struct rdma_ucm_query wire;
	struct ucm_id *id;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	if (call->out_room < offsetof(struct rdma_ucm_query_route_resp, ibdev_index))
		return ENOSPC;
	rc = ucm_id_get(call->file, wire.id, &id);
	if (rc)
		return rc;
	memcpy(&answer.src_addr, &id->src, sizeof(answer.src_addr));
	memcpy(&answer.dst_addr, &id->dst, sizeof(answer.dst_addr));
	if (id->hca) {
		answer.node_guid = htobe64(id->hca->shared->node_guid);
		answer.port_num = PORT_NUMBER;
		answer.ibdev_index = DEVICE_INDEX;
		answer.num_paths = id->has_path;
		if (id->has_path)
			fill_path(&id->path, &answer.ib_route[0]);
		memcpy(answer.ib_route[0].sgid, id->hca->shared->gids[id->sgid_index].raw, 16);
		memcpy(answer.ib_route[0].dgid, id->path.dgid, 16);
		answer.ib_route[0].pkey = htobe16(id->hca->shared->pkeys[0]);
	}
	return ucm_answer(call, wire.response, &answer, sizeof(answer));
}
