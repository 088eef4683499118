/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Completion queue entries of the mlx5 family. A CQE has 64 or 128 bytes; the meaningful half is
 * the last 64, in a 128-byte CQE the first 64 carry inline-scattered data. The last byte is written
 * last: its owner bit flips each time the ring wraps, so software knows a new entry by it.
 *
 * Applications see these structs through infiniband/mlx5dv.h, so the names are part of the API.
 * Source: ConnectX PRM, "Completion Queue Entry (CQE) format".
 */
#ifndef MLX5_CQE_H
#define MLX5_CQE_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/types.h>
#include <asm/byteorder.h> /* <endian.h> is empty for strict ISO programs */

#include "layout.h"

enum {
	MLX5_CQE_OWNER_MASK = 1,
	MLX5_CQE_REQ = 0,
	MLX5_CQE_RESP_WR_IMM = 1,
	MLX5_CQE_RESP_SEND = 2,
	MLX5_CQE_RESP_SEND_IMM = 3,
	MLX5_CQE_RESP_SEND_INV = 4,
	MLX5_CQE_RESIZE_CQ = 5,
	MLX5_CQE_NO_PACKET = 6,
	MLX5_CQE_SIG_ERR = 12,
	MLX5_CQE_REQ_ERR = 13,
	MLX5_CQE_RESP_ERR = 14,
	MLX5_CQE_INVALID = 15, /* never written by the device */
};

/* Tag matching view of the first bytes. */
struct mlx5_tm_cqe {
	__be32 success;
	__be16 hw_phase_cnt;
	uint8_t rsvd0[12];
};
MLX5_SIZE(struct mlx5_tm_cqe, 20)
MLX5_OFFSET(struct mlx5_tm_cqe, hw_phase_cnt, 4)

__extension__ enum {
	MLX5_TMC_SUCCESS = 0x80000000,
};

/* PRM, CQE of a completed request or a received message. */
struct mlx5_cqe64 {
	__extension__ union {
		__extension__ struct {
			uint8_t rsvd0[2];
			__be16 wqe_id;
			uint8_t rsvd4[13]; /* of a frame: from [8] on its hash, in [12] the hash's
					      type */
			uint8_t ml_path;   /* low bits of the destination LID b6:0 */
			uint8_t rsvd20[4];
			__be16 slid;
			__be32 flags_rqpn; /* GRH b29:28, SL b27:24, remote QPN b23:0 */
			uint8_t hds_ip_ext;
			uint8_t l4_hdr_type_etc;
			__be16 vlan_info;
		};
		struct mlx5_tm_cqe tm_cqe;
#ifdef MLX5_CQE_TMH /* IBTA's tag matching header, where its type is declared */
		MLX5_CQE_TMH tmh;
#endif
	};
	__be32 srqn_uidx;      /* b23:0: user index (CQE version 1) or SRQN (version 0) */
	__be32 imm_inval_pkey; /* immediate, invalidated rkey, or P_Key index b15:0 */
	uint8_t app;
	uint8_t app_op;
	__be16 app_info;
	__be32 byte_cnt;
	__be64 timestamp;
	__be32 sop_drop_qpn; /* opcode of the completed send WQE b31:24, local QPN b23:0 */
	__be16 wqe_counter;  /* send: index of the WQE's first block; SRQ: index of the WQE */
	uint8_t signature;
	uint8_t op_own; /* opcode b7:4, format b3:2, solicited b1, owner b0 */
};
MLX5_SIZE(struct mlx5_cqe64, 64)
MLX5_OFFSET(struct mlx5_cqe64, wqe_id, 2)
MLX5_OFFSET(struct mlx5_cqe64, ml_path, 17)
MLX5_OFFSET(struct mlx5_cqe64, slid, 22)
MLX5_OFFSET(struct mlx5_cqe64, flags_rqpn, 24)
MLX5_OFFSET(struct mlx5_cqe64, hds_ip_ext, 28)
MLX5_OFFSET(struct mlx5_cqe64, l4_hdr_type_etc, 29)
MLX5_OFFSET(struct mlx5_cqe64, vlan_info, 30)
MLX5_OFFSET(struct mlx5_cqe64, srqn_uidx, 32)
MLX5_OFFSET(struct mlx5_cqe64, imm_inval_pkey, 36)
MLX5_OFFSET(struct mlx5_cqe64, app, 40)
MLX5_OFFSET(struct mlx5_cqe64, app_op, 41)
MLX5_OFFSET(struct mlx5_cqe64, app_info, 42)
MLX5_OFFSET(struct mlx5_cqe64, byte_cnt, 44)
MLX5_OFFSET(struct mlx5_cqe64, timestamp, 48)
MLX5_OFFSET(struct mlx5_cqe64, sop_drop_qpn, 56)
MLX5_OFFSET(struct mlx5_cqe64, wqe_counter, 60)
MLX5_OFFSET(struct mlx5_cqe64, signature, 62)
MLX5_OFFSET(struct mlx5_cqe64, op_own, 63)

/* Format, at its place in op_own: small payloads may travel in the CQE itself. */
enum {
	MLX5_INLINE_SCATTER_32 = 1 << 2, /* up to 32 bytes, at the start of the last 64 */
	MLX5_INLINE_SCATTER_64 = 2 << 2, /* up to 64 bytes, in the first half of 128 */
};

enum {
	MLX5_CQE_FORMAT_COMPRESSED = 3, /* the entry heads a block of mini CQEs */
	MLX5_CQE_SOLICITED = 1 << 1,
	MLX5_CQE_NUMBER_MASK = 0xffffff, /* QPNs, SRQNs and user indexes have 24 bits */
	MLX5_CQE_PATH_BITS_MASK = 0x7f,
	/* Of sop_drop_qpn, for a packet that a flow rule has marked. */
	MLX5_CQE_FLOW_TAG_MASK = 0xffffff,
};

/* hds_ip_ext: checksums found good; l4_hdr_type_etc b6:4: kind of transport header, b3:2: kind of
 * network header, b0: a VLAN tag has been taken off and is in vlan_info. */
enum {
	MLX5_CQE_L2_OK = 1 << 0,
	MLX5_CQE_L3_OK = 1 << 1,
	MLX5_CQE_L4_OK = 1 << 2,
};

enum {
	MLX5_CQE_L3_HDR_TYPE_NONE = 0,
	MLX5_CQE_L3_HDR_TYPE_IPV6 = 1,
	MLX5_CQE_L3_HDR_TYPE_IPV4 = 2,
};

enum {
	MLX5_CQE_L4_HDR_TYPE_NONE = 0,
	MLX5_CQE_L4_HDR_TYPE_TCP = 1,
	MLX5_CQE_L4_HDR_TYPE_UDP = 2,
};

static inline uint8_t mlx5_cqe_header_types(uint8_t transport, uint8_t network, bool tag_stripped)
{
	return (uint8_t)(transport << 4 | network << 2 | tag_stripped);
}

/* What was hashed: transport b7:6, network b3:2. */
enum {
	MLX5_CQE_HASH_IPV4 = 1 << 2,
	MLX5_CQE_HASH_IPV6 = 2 << 2,
	MLX5_CQE_HASH_TCP = 1 << 6,
	MLX5_CQE_HASH_UDP = 2 << 6,
};

static inline void mlx5_cqe_set_hash(struct mlx5_cqe64 *cqe, uint32_t hash, uint8_t type)
{
	for (unsigned int i = 0; i < 4; i++)
		cqe->rsvd4[8 + i] = (uint8_t)(hash >> (24 - 8 * i));
	cqe->rsvd4[12] = type;
}

/* PRM, error CQE: opcode MLX5_CQE_REQ_ERR or MLX5_CQE_RESP_ERR. */
struct mlx5_err_cqe {
	uint8_t rsvd0[32];
	__be32 srqn;
	uint8_t rsvd1[18];
	uint8_t vendor_err_synd;
	uint8_t syndrome;
	__be32 s_wqe_opcode_qpn; /* opcode of the failed send WQE b31:24, local QPN b23:0 */
	__be16 wqe_counter;
	uint8_t signature;
	uint8_t op_own;
};
MLX5_SIZE(struct mlx5_err_cqe, 64)
MLX5_OFFSET(struct mlx5_err_cqe, srqn, 32)
MLX5_OFFSET(struct mlx5_err_cqe, vendor_err_synd, 54)
MLX5_OFFSET(struct mlx5_err_cqe, syndrome, 55)
MLX5_OFFSET(struct mlx5_err_cqe, s_wqe_opcode_qpn, 56)
MLX5_OFFSET(struct mlx5_err_cqe, wqe_counter, 60)
MLX5_OFFSET(struct mlx5_err_cqe, signature, 62)
MLX5_OFFSET(struct mlx5_err_cqe, op_own, 63)

enum {
	MLX5_CQE_SYNDROME_LOCAL_LENGTH_ERR = 0x01,
	MLX5_CQE_SYNDROME_LOCAL_QP_OP_ERR = 0x02,
	MLX5_CQE_SYNDROME_LOCAL_PROT_ERR = 0x04,
	MLX5_CQE_SYNDROME_WR_FLUSH_ERR = 0x05,
	MLX5_CQE_SYNDROME_MW_BIND_ERR = 0x06,
	MLX5_CQE_SYNDROME_BAD_RESP_ERR = 0x10,
	MLX5_CQE_SYNDROME_LOCAL_ACCESS_ERR = 0x11,
	MLX5_CQE_SYNDROME_REMOTE_INVAL_REQ_ERR = 0x12,
	MLX5_CQE_SYNDROME_REMOTE_ACCESS_ERR = 0x13,
	MLX5_CQE_SYNDROME_REMOTE_OP_ERR = 0x14,
	MLX5_CQE_SYNDROME_TRANSPORT_RETRY_EXC_ERR = 0x15,
	MLX5_CQE_SYNDROME_RNR_RETRY_EXC_ERR = 0x16,
	MLX5_CQE_SYNDROME_REMOTE_ABORTED_ERR = 0x22,
};

enum {
	MLX5_CQE_VENDOR_SYNDROME_ODP_PFAULT = 0x93,
};

static inline uint8_t mlx5_cqe_op_own(uint8_t opcode, uint8_t flags, bool owner)
{
	return (uint8_t)(opcode << 4 | flags | owner);
}

static inline uint8_t mlx5_cqe_opcode(const struct mlx5_cqe64 *cqe)
{
	return cqe->op_own >> 4;
}

static inline uint8_t mlx5_cqe_format(const struct mlx5_cqe64 *cqe)
{
	return (cqe->op_own >> 2) & 3;
}

static inline uint8_t mlx5_cqe_owner(const struct mlx5_cqe64 *cqe)
{
	return cqe->op_own & MLX5_CQE_OWNER_MASK;
}

static inline __be32 mlx5_cqe_flags_rqpn(bool grh, uint8_t sl, uint32_t remote_qpn)
{
	return __cpu_to_be32((uint32_t)grh << 28 | (uint32_t)(sl & 0xf) << 24 |
			     (remote_qpn & MLX5_CQE_NUMBER_MASK));
}

/* Non-zero: 40 bytes of global routing header precede the payload. */
static inline uint8_t mlx5_cqe_grh(const struct mlx5_cqe64 *cqe)
{
	return (__be32_to_cpu(cqe->flags_rqpn) >> 28) & 3;
}

static inline uint8_t mlx5_cqe_sl(const struct mlx5_cqe64 *cqe)
{
	return (__be32_to_cpu(cqe->flags_rqpn) >> 24) & 0xf;
}

static inline uint32_t mlx5_cqe_remote_qpn(const struct mlx5_cqe64 *cqe)
{
	return __be32_to_cpu(cqe->flags_rqpn) & MLX5_CQE_NUMBER_MASK;
}

static inline __be32 mlx5_cqe_sop_qpn(uint8_t wqe_opcode, uint32_t qpn)
{
	return __cpu_to_be32((uint32_t)wqe_opcode << 24 | (qpn & MLX5_CQE_NUMBER_MASK));
}

static inline uint8_t mlx5_cqe_wqe_opcode(const struct mlx5_cqe64 *cqe)
{
	return (uint8_t)(__be32_to_cpu(cqe->sop_drop_qpn) >> 24);
}

static inline uint32_t mlx5_cqe_qpn(const struct mlx5_cqe64 *cqe)
{
	return __be32_to_cpu(cqe->sop_drop_qpn) & MLX5_CQE_NUMBER_MASK;
}

/* An IPv4 packet whose checksums, its own and that of TCP or UDP in it, were found good. */
static inline bool mlx5_cqe_ip_checksums_ok(const struct mlx5_cqe64 *cqe)
{
	const uint8_t both = MLX5_CQE_L3_OK | MLX5_CQE_L4_OK;

	return (cqe->hds_ip_ext & both) == both &&
	       (cqe->l4_hdr_type_etc >> 2 & 3) == MLX5_CQE_L3_HDR_TYPE_IPV4;
}

static inline uint32_t mlx5_cqe_srqn_uidx(const struct mlx5_cqe64 *cqe)
{
	return __be32_to_cpu(cqe->srqn_uidx) & MLX5_CQE_NUMBER_MASK;
}

#endif
