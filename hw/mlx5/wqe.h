/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Work queue entries of the mlx5 family: what software writes into send, receive and shared receive
 * queues. A send WQE is a control segment followed by the segments its opcode asks for, counted in
 * units of 16 bytes (DS) and laid out in basic blocks of 64 bytes that wrap at the end of the ring.
 *
 * Applications see these structs through infiniband/mlx5dv.h, so the names are part of the API.
 * Source: ConnectX PRM, "Work Request (WQE) formats".
 */
#ifndef MLX5_WQE_H
#define MLX5_WQE_H

#include <stdint.h>
#include <linux/types.h>
#include <asm/byteorder.h> /* <endian.h> is empty for strict ISO programs */

#include "layout.h"

enum {
	MLX5_SEND_WQE_BB = 64,
	MLX5_SEND_WQE_SHIFT = 6,
};

enum {
	MLX5_WQE_DS_UNITS = 16, /* one DS */
	MLX5_WQE_DS_PER_BB = 4,
	MLX5_WQE_MAX_DS = 63, /* the DS field has six bits */
};

enum {
	MLX5_OPCODE_NOP = 0x00,
	MLX5_OPCODE_SEND_INVAL = 0x01,
	MLX5_OPCODE_RDMA_WRITE = 0x08,
	MLX5_OPCODE_RDMA_WRITE_IMM = 0x09,
	MLX5_OPCODE_SEND = 0x0a,
	MLX5_OPCODE_SEND_IMM = 0x0b,
	MLX5_OPCODE_TSO = 0x0e,
	MLX5_OPCODE_RDMA_READ = 0x10,
	MLX5_OPCODE_ATOMIC_CS = 0x11,
	MLX5_OPCODE_ATOMIC_FA = 0x12,
	MLX5_OPCODE_ATOMIC_MASKED_CS = 0x14,
	MLX5_OPCODE_ATOMIC_MASKED_FA = 0x15,
	MLX5_OPCODE_FMR = 0x19,
	MLX5_OPCODE_LOCAL_INVAL = 0x1b,
	MLX5_OPCODE_CONFIG_CMD = 0x1f,
	MLX5_OPCODE_SET_PSV = 0x20,
	MLX5_OPCODE_UMR = 0x25,
	MLX5_OPCODE_TAG_MATCHING = 0x28,
	MLX5_OPCODE_FLOW_TBL_ACCESS = 0x2c,
	MLX5_OPCODE_MMO = 0x2f,
};

/* PRM, Send WQE control segment: first in every send WQE. */
struct mlx5_wqe_ctrl_seg {
	__be32 opmod_idx_opcode; /* opmod b31:24, index b23:8 of the first block, opcode b7:0 */
	__be32 qpn_ds;		 /* QPN b31:8, size in DS b5:0 */
	uint8_t signature;
	__be16 dci_stream_channel_id;
	uint8_t fm_ce_se;
	__be32 imm; /* immediate (as the application gave it), rkey to invalidate, or UMR mkey */
} __attribute__((packed, aligned(4)));
MLX5_SIZE(struct mlx5_wqe_ctrl_seg, 16)
MLX5_OFFSET(struct mlx5_wqe_ctrl_seg, qpn_ds, 4)
MLX5_OFFSET(struct mlx5_wqe_ctrl_seg, signature, 8)
MLX5_OFFSET(struct mlx5_wqe_ctrl_seg, dci_stream_channel_id, 9)
MLX5_OFFSET(struct mlx5_wqe_ctrl_seg, fm_ce_se, 11)
MLX5_OFFSET(struct mlx5_wqe_ctrl_seg, imm, 12)

/* fm_ce_se: fence mode b7:5, completion mode b3:2, solicited event b1. */
enum {
	MLX5_WQE_CTRL_CQ_UPDATE = 2 << 2, /* a CQE in any case; mode 0: on error only */
	MLX5_WQE_CTRL_SOLICITED = 1 << 1,
	MLX5_WQE_CTRL_FENCE = 4 << 5, /* waits for earlier reads, atomics and local operations */
	MLX5_WQE_CTRL_INITIATOR_SMALL_FENCE = 1 << 5, /* waits for earlier local operations */
};

enum {
	MLX5_WQE_CTRL_FENCE_MASK = 7 << 5,
	MLX5_WQE_CTRL_CE_MASK = 3 << 2,
	MLX5_WQE_CTRL_DS_MASK = 0x3f,
};

static inline __be32 mlx5_ctrl_opmod_idx_opcode(uint8_t opmod, uint16_t index, uint8_t opcode)
{
	return __cpu_to_be32((uint32_t)opmod << 24 | (uint32_t)index << 8 | opcode);
}

static inline __be32 mlx5_ctrl_qpn_ds(uint32_t qpn, uint8_t ds)
{
	return __cpu_to_be32(qpn << 8 | ds);
}

static inline uint8_t mlx5_ctrl_opcode(const struct mlx5_wqe_ctrl_seg *ctrl)
{
	return (uint8_t)__be32_to_cpu(ctrl->opmod_idx_opcode);
}

static inline uint8_t mlx5_ctrl_opmod(const struct mlx5_wqe_ctrl_seg *ctrl)
{
	return (uint8_t)(__be32_to_cpu(ctrl->opmod_idx_opcode) >> 24);
}

static inline uint16_t mlx5_ctrl_index(const struct mlx5_wqe_ctrl_seg *ctrl)
{
	return (uint16_t)(__be32_to_cpu(ctrl->opmod_idx_opcode) >> 8);
}

static inline uint32_t mlx5_ctrl_qpn(const struct mlx5_wqe_ctrl_seg *ctrl)
{
	return __be32_to_cpu(ctrl->qpn_ds) >> 8;
}

static inline uint8_t mlx5_ctrl_ds(const struct mlx5_wqe_ctrl_seg *ctrl)
{
	return __be32_to_cpu(ctrl->qpn_ds) & MLX5_WQE_CTRL_DS_MASK;
}

/* PRM, remote address segment: second in RDMA and atomic WQEs. */
struct mlx5_wqe_raddr_seg {
	__be64 raddr;
	__be32 rkey;
	__be32 reserved;
};
MLX5_SIZE(struct mlx5_wqe_raddr_seg, 16)
MLX5_OFFSET(struct mlx5_wqe_raddr_seg, rkey, 8)

/* PRM, atomic segment: swap value (compare and swap) or addend (fetch and add). */
struct mlx5_wqe_atomic_seg {
	__be64 swap_add;
	__be64 compare;
};
MLX5_SIZE(struct mlx5_wqe_atomic_seg, 16)
MLX5_OFFSET(struct mlx5_wqe_atomic_seg, compare, 8)

/* PRM, memory pointer data segment; receive WQEs are made of nothing else. */
struct mlx5_wqe_data_seg {
	__be32 byte_count; /* b30:0; b31 is set in an inline segment; 0 stands for 2^31 bytes */
	__be32 lkey;
	__be64 addr;
};
MLX5_SIZE(struct mlx5_wqe_data_seg, 16)
MLX5_OFFSET(struct mlx5_wqe_data_seg, lkey, 4)
MLX5_OFFSET(struct mlx5_wqe_data_seg, addr, 8)

enum {
	MLX5_INVALID_LKEY = 0x100, /* ends the list of a receive WQE that is not full */
};

/* PRM, inline data segment: the bytes follow, the whole is padded to a multiple of 16. */
struct mlx5_wqe_inl_data_seg {
	__be32 byte_count; /* b31 set, length b9:0 */
};
MLX5_SIZE(struct mlx5_wqe_inl_data_seg, 4)

__extension__ enum {
	MLX5_INLINE_SEG = 0x80000000,
};

enum {
	MLX5_INLINE_LENGTH_MASK = 0x3ff,
};

static inline __be32 mlx5_inline_byte_count(uint32_t length)
{
	return __cpu_to_be32((uint32_t)MLX5_INLINE_SEG | length);
}

/* PRM, UD address vector. Compact form: the first 16 bytes; extended form: all 48. */
struct mlx5_wqe_av {
	union {
		struct {
			__be32 qkey;
			__be32 reserved;
		} qkey;
		__be64 dc_key;
	} key;
	__be32 dqp_dct;	      /* extended b31, destination QPN b23:0 */
	uint8_t stat_rate_sl; /* static rate b7:4, SL (RoCE: priority) b3:0 */
	uint8_t fl_mlid;      /* force loopback b7, source path bits b6:0 */
	__be16 rlid;	      /* RoCEv2: UDP source port */
	uint8_t reserved0[4];
	uint8_t rmac[6];
	uint8_t tclass;
	uint8_t hop_limit;
	__be32 grh_gid_fl; /* GRH present b30, source GID index b27:20, flow label b19:0 */
	uint8_t rgid[16];
};
MLX5_SIZE(struct mlx5_wqe_av, 48)
MLX5_OFFSET(struct mlx5_wqe_av, key.dc_key, 0)
MLX5_OFFSET(struct mlx5_wqe_av, dqp_dct, 8)
MLX5_OFFSET(struct mlx5_wqe_av, stat_rate_sl, 12)
MLX5_OFFSET(struct mlx5_wqe_av, fl_mlid, 13)
MLX5_OFFSET(struct mlx5_wqe_av, rlid, 14)
MLX5_OFFSET(struct mlx5_wqe_av, rmac, 20)
MLX5_OFFSET(struct mlx5_wqe_av, tclass, 26)
MLX5_OFFSET(struct mlx5_wqe_av, hop_limit, 27)
MLX5_OFFSET(struct mlx5_wqe_av, grh_gid_fl, 28)
MLX5_OFFSET(struct mlx5_wqe_av, rgid, 32)

__extension__ enum {
	MLX5_EXTENDED_UD_AV = 0x80000000,
};

enum {
	MLX5_AV_COMPACT_BYTES = 16,
	MLX5_AV_QPN_MASK = 0xffffff,
	MLX5_AV_FORCE_LOOPBACK = 1 << 7,
	MLX5_AV_PATH_BITS_MASK = 0x7f,
	MLX5_AV_GRH = 1 << 30,
	MLX5_AV_FLOW_LABEL_MASK = 0xfffff,
};

static inline __be32 mlx5_av_grh_gid_fl(uint8_t sgid_index, uint32_t flow_label)
{
	return __cpu_to_be32((uint32_t)MLX5_AV_GRH | (uint32_t)sgid_index << 20 |
			     (flow_label & MLX5_AV_FLOW_LABEL_MASK));
}

static inline uint8_t mlx5_av_sgid_index(const struct mlx5_wqe_av *av)
{
	return (uint8_t)(__be32_to_cpu(av->grh_gid_fl) >> 20);
}

static inline uint32_t mlx5_av_flow_label(const struct mlx5_wqe_av *av)
{
	return __be32_to_cpu(av->grh_gid_fl) & MLX5_AV_FLOW_LABEL_MASK;
}

static inline uint32_t mlx5_av_qpn(const struct mlx5_wqe_av *av)
{
	return __be32_to_cpu(av->dqp_dct) & MLX5_AV_QPN_MASK;
}

/* PRM, UD datagram segment: the address vector and nothing else. */
struct mlx5_wqe_datagram_seg {
	struct mlx5_wqe_av av;
};
MLX5_SIZE(struct mlx5_wqe_datagram_seg, 48)

/* PRM, Ethernet segment of raw packet and offloaded IPoIB sends. */
struct mlx5_wqe_eth_seg {
	__be32 rsvd0;
	uint8_t cs_flags;
	uint8_t rsvd1;
	__be16 mss;
	__be32 rsvd2;
	__be16 inline_hdr_sz; /* bytes of packet header from inline_hdr_start on */
	uint8_t inline_hdr_start[2];
	uint8_t inline_hdr[16];
};
MLX5_SIZE(struct mlx5_wqe_eth_seg, 32)
MLX5_OFFSET(struct mlx5_wqe_eth_seg, cs_flags, 4)
MLX5_OFFSET(struct mlx5_wqe_eth_seg, mss, 6)
MLX5_OFFSET(struct mlx5_wqe_eth_seg, inline_hdr_sz, 12)
MLX5_OFFSET(struct mlx5_wqe_eth_seg, inline_hdr_start, 14)
MLX5_OFFSET(struct mlx5_wqe_eth_seg, inline_hdr, 16)

enum {
	MLX5_ETH_WQE_L3_CSUM = 1 << 6,
	MLX5_ETH_WQE_L4_CSUM = 1 << 7,
};

enum {
	MLX5_ETH_WQE_INSERT_VLAN = 1 << 15, /* of inline_hdr_sz: the tag stands behind it instead */
};

/* PRM, XRC segment: right behind the control segment of each request of an XRC queue pair. The rest
 * is not looked at. */
struct mlx5_wqe_xrc_seg {
	__be32 xrc_srqn; /* b23:0 */
	uint8_t rsvd[12];
};
MLX5_SIZE(struct mlx5_wqe_xrc_seg, 16)

enum {
	MLX5_XRC_SRQN_MASK = 0xffffff,
};

/* PRM, SRQ WQE: heads each entry and chains the free ones; data segments follow. */
struct mlx5_wqe_srq_next_seg {
	uint8_t rsvd0[2];
	__be16 next_wqe_index;
	uint8_t signature;
	uint8_t rsvd1[11];
};
MLX5_SIZE(struct mlx5_wqe_srq_next_seg, 16)
MLX5_OFFSET(struct mlx5_wqe_srq_next_seg, next_wqe_index, 2)
MLX5_OFFSET(struct mlx5_wqe_srq_next_seg, signature, 4)

/* PRM, multi-packet (striding) receive WQE. */
struct mlx5_mprq_wqe {
	struct mlx5_wqe_srq_next_seg nseg;
	struct mlx5_wqe_data_seg dseg;
};
MLX5_SIZE(struct mlx5_mprq_wqe, 32)
MLX5_OFFSET(struct mlx5_mprq_wqe, dseg, 16)

/* PRM, tag matching segment. */
struct mlx5_wqe_tm_seg {
	uint8_t opcode;
	uint8_t flags;
	__be16 index;
	uint8_t rsvd0[2];
	__be16 sw_cnt;
	uint8_t rsvd1[8];
	__be64 append_tag;
	__be64 append_mask;
};
MLX5_SIZE(struct mlx5_wqe_tm_seg, 32)
MLX5_OFFSET(struct mlx5_wqe_tm_seg, index, 2)
MLX5_OFFSET(struct mlx5_wqe_tm_seg, sw_cnt, 6)
MLX5_OFFSET(struct mlx5_wqe_tm_seg, append_tag, 16)
MLX5_OFFSET(struct mlx5_wqe_tm_seg, append_mask, 24)

/* PRM, UMR control segment: which properties of the mkey in the control segment to change. */
struct mlx5_wqe_umr_ctrl_seg {
	uint8_t flags;
	uint8_t rsvd0[3];
	__be16 klm_octowords;
	__extension__ union {
		__be16 translation_offset;
		__be16 bsf_octowords;
	};
	__be64 mkey_mask;
	uint8_t rsvd1[32];
};
MLX5_SIZE(struct mlx5_wqe_umr_ctrl_seg, 48)
MLX5_OFFSET(struct mlx5_wqe_umr_ctrl_seg, klm_octowords, 4)
MLX5_OFFSET(struct mlx5_wqe_umr_ctrl_seg, translation_offset, 6)
MLX5_OFFSET(struct mlx5_wqe_umr_ctrl_seg, mkey_mask, 8)

enum {
	MLX5_WQE_UMR_CTRL_FLAG_INLINE = 1 << 7,
	MLX5_WQE_UMR_CTRL_FLAG_CHECK_USED = 1 << 6,
	MLX5_WQE_UMR_CTRL_FLAG_CHECK_FREE = 1 << 5,
	MLX5_WQE_UMR_CTRL_FLAG_TRNSLATION_OFFSET = 1 << 4,
	MLX5_WQE_UMR_CTRL_FLAG_CHECK_QPN = 1 << 3,
};

enum {
	MLX5_WQE_UMR_CTRL_MKEY_MASK_LEN = 1 << 0,
	MLX5_WQE_UMR_CTRL_MKEY_MASK_PAGE_SIZE = 1 << 1,
	MLX5_WQE_UMR_CTRL_MKEY_MASK_START_ADDR = 1 << 6,
	MLX5_WQE_UMR_CTRL_MKEY_MASK_PD = 1 << 7,
	MLX5_WQE_UMR_CTRL_MKEY_MASK_SIG_ERR = 1 << 9,
	MLX5_WQE_UMR_CTRL_MKEY_MASK_BSF_ENABLE = 1 << 12,
	MLX5_WQE_UMR_CTRL_MKEY_MASK_MKEY = 1 << 13,
	MLX5_WQE_UMR_CTRL_MKEY_MASK_QPN = 1 << 14,
	MLX5_WQE_UMR_CTRL_MKEY_MASK_ACCESS_LOCAL_READ = 1 << 17,
	MLX5_WQE_UMR_CTRL_MKEY_MASK_ACCESS_LOCAL_WRITE = 1 << 18,
	MLX5_WQE_UMR_CTRL_MKEY_MASK_ACCESS_REMOTE_READ = 1 << 19,
	MLX5_WQE_UMR_CTRL_MKEY_MASK_ACCESS_REMOTE_WRITE = 1 << 20,
	MLX5_WQE_UMR_CTRL_MKEY_MASK_ACCESS_ATOMIC = 1 << 21,
	MLX5_WQE_UMR_CTRL_MKEY_MASK_FREE = 1 << 29,
};

/* PRM, KLM: one piece of an indirect mkey. */
struct mlx5_wqe_umr_klm_seg {
	__be32 byte_count;
	__be32 mkey;
	__be64 address;
};
MLX5_SIZE(struct mlx5_wqe_umr_klm_seg, 16)
MLX5_OFFSET(struct mlx5_wqe_umr_klm_seg, mkey, 4)
MLX5_OFFSET(struct mlx5_wqe_umr_klm_seg, address, 8)

union mlx5_wqe_umr_inline_seg {
	struct mlx5_wqe_umr_klm_seg klm;
};
MLX5_SIZE(union mlx5_wqe_umr_inline_seg, 16)

/* PRM, strided (repeated) block of an indirect mkey and its entries. */
struct mlx5_wqe_umr_repeat_ent_seg {
	__be16 stride;
	__be16 byte_count;
	__be32 memkey;
	__be64 va;
};
MLX5_SIZE(struct mlx5_wqe_umr_repeat_ent_seg, 16)
MLX5_OFFSET(struct mlx5_wqe_umr_repeat_ent_seg, byte_count, 2)
MLX5_OFFSET(struct mlx5_wqe_umr_repeat_ent_seg, memkey, 4)
MLX5_OFFSET(struct mlx5_wqe_umr_repeat_ent_seg, va, 8)

struct mlx5_wqe_umr_repeat_block_seg {
	__be32 byte_count;
	__be32 op;
	__be32 repeat_count;
	__be16 reserved;
	__be16 num_ent;
	__extension__ struct mlx5_wqe_umr_repeat_ent_seg entries[0];
};
MLX5_SIZE(struct mlx5_wqe_umr_repeat_block_seg, 16)
MLX5_OFFSET(struct mlx5_wqe_umr_repeat_block_seg, op, 4)
MLX5_OFFSET(struct mlx5_wqe_umr_repeat_block_seg, repeat_count, 8)
MLX5_OFFSET(struct mlx5_wqe_umr_repeat_block_seg, num_ent, 14)

/* PRM, memory key context, as a UMR WQE carries it. */
struct mlx5_wqe_mkey_context_seg {
	uint8_t free;
	uint8_t reserved1;
	uint8_t access_flags;
	uint8_t sf;
	__be32 qpn_mkey; /* QPN b31:8 (all ones: any QP), variant part of the mkey b7:0 */
	__be32 reserved2;
	__be32 flags_pd; /* PD b23:0 */
	__be64 start_addr;
	__be64 len;
	__be32 bsf_octword_size;
	__be32 reserved3[4];
	__be32 translations_octword_size;
	uint8_t reserved4[3];
	uint8_t log_page_size;
	__be32 reserved;
	__extension__ union mlx5_wqe_umr_inline_seg inseg[0];
};
MLX5_SIZE(struct mlx5_wqe_mkey_context_seg, 64)
MLX5_OFFSET(struct mlx5_wqe_mkey_context_seg, access_flags, 2)
MLX5_OFFSET(struct mlx5_wqe_mkey_context_seg, qpn_mkey, 4)
MLX5_OFFSET(struct mlx5_wqe_mkey_context_seg, flags_pd, 12)
MLX5_OFFSET(struct mlx5_wqe_mkey_context_seg, start_addr, 16)
MLX5_OFFSET(struct mlx5_wqe_mkey_context_seg, len, 24)
MLX5_OFFSET(struct mlx5_wqe_mkey_context_seg, bsf_octword_size, 32)
MLX5_OFFSET(struct mlx5_wqe_mkey_context_seg, translations_octword_size, 52)
MLX5_OFFSET(struct mlx5_wqe_mkey_context_seg, log_page_size, 59)

enum {
	MLX5_WQE_MKEY_CONTEXT_FREE = 1 << 6,
	MLX5_WQE_MKEY_CONTEXT_PD_MASK = 0xffffff,
	MLX5_WQE_MKEY_CONTEXT_PAGE_SIZE_MASK = 0x3f,
};

enum {
	MLX5_WQE_MKEY_CONTEXT_ACCESS_FLAGS_ATOMIC = 1 << 6,
	MLX5_WQE_MKEY_CONTEXT_ACCESS_FLAGS_REMOTE_WRITE = 1 << 5,
	MLX5_WQE_MKEY_CONTEXT_ACCESS_FLAGS_REMOTE_READ = 1 << 4,
	MLX5_WQE_MKEY_CONTEXT_ACCESS_FLAGS_LOCAL_WRITE = 1 << 3,
	MLX5_WQE_MKEY_CONTEXT_ACCESS_FLAGS_LOCAL_READ = 1 << 2,
};

#endif
