/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Routes: path records of the way to the peer. */
#include <stdlib.h>

#include "librdmacm/cma.h"

enum { MAX_PATHS = 6 };

/* In the three fields with a selector it is the two bits above the value. */
static void unpack(struct ibv_sa_path_rec *to, const struct ibv_path_record *from)
{
	uint32_t flow = be32toh(from->flowlabel_hoplimit);

	*to = (struct ibv_sa_path_rec){
		.dgid = from->dgid,
		.sgid = from->sgid,
		.dlid = from->dlid,
		.slid = from->slid,
		.flow_label = htobe32(flow >> 8 & 0xfffff),
		.hop_limit = (uint8_t)flow,
		.traffic_class = from->tclass,
		.reversible = !!(from->reversible_numpath & IBV_PATH_RECORD_REVERSIBLE),
		.numb_path = 1,
		.pkey = from->pkey,
		.sl = be16toh(from->qosclass_sl) & 0xf,
		.mtu_selector = from->mtu >> 6,
		.mtu = from->mtu & 0x3f,
		.rate_selector = from->rate >> 6,
		.rate = from->rate & 0x3f,
		.packet_life_time_selector = from->packetlifetime >> 6,
		.packet_life_time = from->packetlifetime & 0x3f,
		.preference = from->preference,
	};
}

int cma_query_path(struct cma_id *id)
{
	struct {
		struct ucma_abi_query_path_resp head;
		struct ibv_path_data paths[MAX_PATHS];
	} answer = {0};
	struct ucma_abi_query command = {.id = id->handle, .option = UCMA_QUERY_PATH};
	struct rdma_route *route = &id->id.route;
	struct ibv_sa_path_rec *records = NULL;
	uint32_t count;
	int err = CMA_QUERY(id->id.channel->fd, UCMA_CMD_QUERY, command, answer);

	if (err)
		return err;
	count = answer.head.num_paths < MAX_PATHS ? answer.head.num_paths : MAX_PATHS;
	if (count) {
		records = calloc(count, sizeof(*records));
		if (!records)
			return ENOMEM;
	}
	for (uint32_t i = 0; i < count; i++)
		unpack(&records[i], &answer.paths[i].path);
	free(route->path_rec);
	route->path_rec = records;
	route->num_paths = (int)count;
	return 0;
}

int rdma_resolve_route(struct rdma_cm_id *public, int timeout_ms)
{
	struct cma_id *id = to_cma_id(public);
	struct ucma_abi_resolve_route command = {.id = id->handle, .timeout_ms = (__u32)timeout_ms};
	int err = CMA_COMMAND(public->channel->fd, UCMA_CMD_RESOLVE_ROUTE, command);

	return cma_result(err ? err : cma_id_wait(id));
}
