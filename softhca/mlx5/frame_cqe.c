/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes completions of Ethernet frames. They are found by the user index: where a queue pair's
 * number stands in others, these have the flow tag. */
#include <endian.h>
#include <errno.h>

#include "softhca/core/rss.h"
#include "softhca/mlx5/entry.h"

static uint8_t checksum_flags(const struct frame_completion *completion)
{
	return (uint8_t)(MLX5_CQE_L2_OK | (completion->network_good ? MLX5_CQE_L3_OK : 0) |
			 (completion->transport_good ? MLX5_CQE_L4_OK : 0));
}

static uint8_t header_types(const struct frame_completion *completion)
{
	static const uint8_t networks[] = {
		[FRAME_NETWORK_OTHER] = MLX5_CQE_L3_HDR_TYPE_NONE,
		[FRAME_NETWORK_IP6] = MLX5_CQE_L3_HDR_TYPE_IPV6,
		[FRAME_NETWORK_IP4] = MLX5_CQE_L3_HDR_TYPE_IPV4,
	};
	static const uint8_t transports[] = {
		[FRAME_TRANSPORT_OTHER] = MLX5_CQE_L4_HDR_TYPE_NONE,
		[FRAME_TRANSPORT_TCP] = MLX5_CQE_L4_HDR_TYPE_TCP,
		[FRAME_TRANSPORT_UDP] = MLX5_CQE_L4_HDR_TYPE_UDP,
	};

	return mlx5_cqe_header_types(transports[completion->transport],
				     networks[completion->network], completion->tag_stripped);
}

static uint8_t hash_type(uint32_t fields)
{
	uint8_t type = 0;

	if (fields & RSS_IP4)
		type |= MLX5_CQE_HASH_IPV4;
	if (fields & RSS_IP6)
		type |= MLX5_CQE_HASH_IPV6;
	if (fields & RSS_TCP)
		type |= MLX5_CQE_HASH_TCP;
	if (fields & RSS_UDP)
		type |= MLX5_CQE_HASH_UDP;
	return type;
}

static void fill(union entry *entry, const struct frame_completion *completion)
{
	struct mlx5_cqe64 *cqe = &entry->cqe;

	mlx5_cqe_set_hash(cqe, completion->hash, hash_type(completion->hash_fields));
	cqe->hds_ip_ext = checksum_flags(completion);
	cqe->l4_hdr_type_etc = header_types(completion);
	cqe->vlan_info = htobe16(completion->tag_stripped ? completion->vlan : 0);
	cqe->byte_cnt = htobe32(completion->length);
	cqe->timestamp = htobe64(completion->timestamp_ns);
	cqe->sop_drop_qpn = mlx5_cqe_sop_qpn(0, completion->flow_tag);
}

int mlx5_cqe_write_frame(struct cq *cq, const struct wq *wq,
			 const struct frame_completion *completion)
{
	bool good = completion->status == STATUS_SUCCESS;
	union entry entry = {0};

	if (!entry_has_room(cq))
		return EOVERFLOW;
	if (good)
		fill(&entry, completion);
	else
		mlx5_entry_set_syndrome(&entry, completion->status);
	entry.cqe.srqn_uidx = htobe32(wq->user_index & MLX5_CQE_NUMBER_MASK);
	entry.cqe.wqe_counter = htobe16((uint16_t)completion->index);
	entry.cqe.op_own =
		mlx5_cqe_op_own(good ? MLX5_CQE_RESP_SEND : MLX5_CQE_RESP_ERR, 0, entry_owner(cq));
	entry_store(cq, &entry);
	return 0;
}
