/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Groups as a subnet's manager would give them out. There is none: what it would have to remember
 * follows from the group's GID, so that all who ask agree. Groups that share a LID stay apart,
 * since adapters look at the GID as well. Source of the Q_Key: rdma_cm's, observed as that of UDP
 * port space (RDMA_UDP_QKEY of uapi rdma/rdma_user_cm.h is the same).
 */
#include <errno.h>

#include "hw/wire/address.h"
#include "softhca/cm/internal.h"

enum {
	DEFAULT_QKEY = 0x01234567,
	MTU_4096 = 5,
	MTU_1024 = 3,
	RATE_100_GBPS = 16,
	PACKET_LIFE_TIME = 14,
	NUM_LIDS = WIRE_LID_PERMISSIVE - WIRE_LID_MULTICAST,
};

/* FNV-1a. */
static uint32_t hash(const uint8_t gid[16])
{
	uint32_t value = 2166136261u;

	for (unsigned int i = 0; i < 16; i++)
		value = (value ^ gid[i]) * 16777619u;
	return value;
}

int cm_group_join(const struct cm *cm, const uint8_t mgid[16], uint32_t qkey,
		  struct cm_group *group)
{
	bool ethernet = cm->hca->shared->port_type == FABRIC_PORT_ETH;

	if (!wire_gid_is_multicast(mgid))
		return EINVAL;
	*group = (struct cm_group){
		.mlid = ethernet ? 0 : (uint16_t)(WIRE_LID_MULTICAST + hash(mgid) % NUM_LIDS),
		.qkey = qkey ? qkey : DEFAULT_QKEY,
		.pkey = cm->hca->shared->pkeys[0],
		.mtu = ethernet ? MTU_1024 : MTU_4096,
		.rate = RATE_100_GBPS,
		.hop_limit = ethernet ? 1 : 0,
		.packet_life_time = PACKET_LIFE_TIME,
	};
	return 0;
}
