/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Paths of ids as others have them: messages, and address vectors of queue pairs. */
#include <string.h>

#include "softhca/shim/identity.h"
#include "softhca/shim/rdma_cm/ucm.h"

enum { MAX_TIMEOUT = 31 };

static bool is_ethernet(const struct ucm_id *id)
{
	return id->hca->shared->port_type == FABRIC_PORT_ETH;
}

/* IBTA vol. 1, 12.7.34: there and back, and what the adapters need to answer; both are exponents
 * of two, so a sum is one more than the larger of two that are about equal. */
static uint8_t ack_timeout(uint8_t life_time)
{
	uint8_t way = life_time + 1, delay = PORT_ACK_DELAY, sum;

	if (way >= delay)
		sum = way + (delay >= way - 1);
	else
		sum = delay + (way >= delay - 1);
	return sum < MAX_TIMEOUT ? sum : MAX_TIMEOUT;
}

void ucm_path_to_cm(const struct ucm_id *id, struct cm_path *path)
{
	const struct ucm_path *own = &id->path;

	*path = (struct cm_path){
		.local_lid = own->slid,
		.remote_lid = own->dlid,
		.flow_label = own->flow_label,
		.rate = own->rate,
		.traffic_class = own->traffic_class,
		.hop_limit = own->hop_limit,
		.sl = own->sl,
		.subnet_local = own->hop_limit <= 1,
		.ack_timeout = ack_timeout(own->life_time),
	};
	memcpy(path->local_gid, own->sgid, sizeof(path->local_gid));
	memcpy(path->remote_gid, own->dgid, sizeof(path->remote_gid));
}

void ucm_path_from_cm(struct ucm_id *id, const struct cm_path *path)
{
	int index = ucm_gid_find(path->local_gid, id->hca->shared);

	if (index >= 0)
		id->sgid_index = (unsigned int)index;
	id->has_path = true;
	id->path = (struct ucm_path){
		.slid = path->local_lid,
		.dlid = path->remote_lid,
		.pkey = id->hca->shared->pkeys[0],
		.flow_label = path->flow_label,
		.hop_limit = path->hop_limit,
		.traffic_class = path->traffic_class,
		.sl = path->sl,
		.mtu = PORT_MTU_4096,
		.rate = path->rate,
		.life_time = path->ack_timeout ? path->ack_timeout - 1 : 0,
	};
	memcpy(id->path.sgid, path->local_gid, sizeof(id->path.sgid));
	memcpy(id->path.dgid, path->remote_gid, sizeof(id->path.dgid));
}

void ucm_path_to_ah(const struct ucm_id *id, const struct ucm_path *path,
		    struct ib_uverbs_ah_attr *ah)
{
	*ah = (struct ib_uverbs_ah_attr){
		.dlid = path->dlid,
		.sl = path->sl,
		.static_rate = path->rate,
		.is_global = is_ethernet(id) || path->hop_limit > 1,
		.port_num = PORT_NUMBER,
	};
	if (!ah->is_global)
		return;
	ah->grh.flow_label = path->flow_label;
	ah->grh.sgid_index = (uint8_t)id->sgid_index;
	ah->grh.hop_limit = path->hop_limit;
	ah->grh.traffic_class = path->traffic_class;
	memcpy(ah->grh.dgid, path->dgid, sizeof(ah->grh.dgid));
}
