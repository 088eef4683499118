/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * infiniband/mlx5dv.h: direct verbs of mlx5, for programs that write work requests and read
 * completions themselves. The formats of queues come from the headers of hw/mlx5, which are
 * installed beside the others of infiniband/mlx5; here is what fills in and takes apart.
 */
#ifndef INFINIBAND_MLX5DV_H
#define INFINIBAND_MLX5DV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <linux/types.h>
#include <asm/byteorder.h>
#include <infiniband/verbs.h>
#include <infiniband/tm_types.h>

#define MLX5_CQE_TMH struct ibv_tmh
#include <infiniband/mlx5_api.h>
#include <infiniband/mlx5/cqe.h>
#include <infiniband/mlx5/doorbell.h>
#include <infiniband/mlx5/wqe.h>

#include <infiniband/mlx5/create.h>
#include <infiniband/mlx5/device.h>
#include <infiniband/mlx5/devx.h>
#include <infiniband/mlx5/mkey.h>
#include <infiniband/mlx5/object.h>
#include <infiniband/mlx5/steering.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MLX5DV_ALWAYS_INLINE inline __attribute__((always_inline))

/* ---- completions ---- */

static MLX5DV_ALWAYS_INLINE uint8_t mlx5dv_get_cqe_owner(struct mlx5_cqe64 *cqe)
{
	return mlx5_cqe_owner(cqe);
}

static MLX5DV_ALWAYS_INLINE void mlx5dv_set_cqe_owner(struct mlx5_cqe64 *cqe, uint8_t val)
{
	cqe->op_own = (uint8_t)((cqe->op_own & ~MLX5_CQE_OWNER_MASK) | (val & MLX5_CQE_OWNER_MASK));
}

/* Whether the sender had asked for an event: 0 or 1. */
static MLX5DV_ALWAYS_INLINE uint8_t mlx5dv_get_cqe_se(struct mlx5_cqe64 *cqe)
{
	return cqe->op_own >> 1 & 1;
}

static MLX5DV_ALWAYS_INLINE uint8_t mlx5dv_get_cqe_format(struct mlx5_cqe64 *cqe)
{
	return mlx5_cqe_format(cqe);
}

static MLX5DV_ALWAYS_INLINE uint8_t mlx5dv_get_cqe_opcode(struct mlx5_cqe64 *cqe)
{
	return mlx5_cqe_opcode(cqe);
}

/* ---- requests ---- */

/*
 * Fills in a control segment. pi: place of the request in the ring, in basic blocks; ds: its size;
 * imm: as it goes on the wire.
 */
static MLX5DV_ALWAYS_INLINE void mlx5dv_set_ctrl_seg(struct mlx5_wqe_ctrl_seg *seg, uint16_t pi,
						     uint8_t opcode, uint8_t opmod, uint32_t qp_num,
						     uint8_t fm_ce_se, uint8_t ds,
						     uint8_t signature, uint32_t imm)
{
	seg->opmod_idx_opcode = mlx5_ctrl_opmod_idx_opcode(opmod, pi, opcode);
	seg->qpn_ds = mlx5_ctrl_qpn_ds(qp_num, ds);
	seg->signature = signature;
	seg->dci_stream_channel_id = 0;
	seg->fm_ce_se = fm_ce_se;
	seg->imm = imm;
}

/* key: a Q_Key in the low half, or the access key of a DC target. ext: the vector is all 48 bytes
 * long. */
static MLX5DV_ALWAYS_INLINE void mlx5dv_set_dgram_seg(struct mlx5_wqe_datagram_seg *seg,
						      uint64_t key, uint32_t dqp_dct, uint8_t ext,
						      uint8_t stat_rate_sl, uint8_t fl_mlid,
						      uint16_t rlid, uint8_t *rmac, uint8_t tclass,
						      uint8_t hop_limit, uint32_t grh_gid_fi,
						      uint8_t *rgid)
{
	struct mlx5_wqe_av *av = &seg->av;

	av->key.dc_key = __cpu_to_be64(key);
	av->dqp_dct = __cpu_to_be32((uint32_t)ext << 31 | dqp_dct);
	av->stat_rate_sl = stat_rate_sl;
	av->fl_mlid = fl_mlid;
	av->rlid = __cpu_to_be16(rlid);
	memcpy(av->rmac, rmac, sizeof(av->rmac));
	av->tclass = tclass;
	av->hop_limit = hop_limit;
	av->grh_gid_fl = __cpu_to_be32(grh_gid_fi);
	memcpy(av->rgid, rgid, sizeof(av->rgid));
}

static MLX5DV_ALWAYS_INLINE void mlx5dv_set_data_seg(struct mlx5_wqe_data_seg *seg, uint32_t length,
						     uint32_t lkey, uintptr_t address)
{
	seg->byte_count = __cpu_to_be32(length);
	seg->lkey = __cpu_to_be32(lkey);
	seg->addr = __cpu_to_be64(address);
}

/* The header goes into the segment, and on behind it where the segment ends. */
static MLX5DV_ALWAYS_INLINE void mlx5dv_set_eth_seg(struct mlx5_wqe_eth_seg *seg, uint8_t cs_flags,
						    uint16_t mss, uint16_t inline_hdr_sz,
						    uint8_t *inline_hdr_start)
{
	seg->cs_flags = cs_flags;
	seg->mss = __cpu_to_be16(mss);
	seg->inline_hdr_sz = __cpu_to_be16(inline_hdr_sz);
	memcpy((char *)seg + offsetof(struct mlx5_wqe_eth_seg, inline_hdr_start), inline_hdr_start,
	       inline_hdr_sz);
}

#ifdef __cplusplus
}
#endif

#endif
