/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one builder of send WQEs: begin, segment writers, finish. ibv_post_send() and the ibv_wr_
 * functions both drive these, with the send queue locked. Nothing is visible to the device before
 * the doorbell record is written (ring.h), so an unfinished request is dropped by forgetting it.
 */
#ifndef MLX5_BUILDER_H
#define MLX5_BUILDER_H

#include <errno.h>
#include <string.h>

#include "ah.h"
#include "bits.h"
#include "qp.h"

enum mlx5_request_part {
	MLX5_PART_IMM = 1 << 0,	    /* immediate data in the control segment */
	MLX5_PART_INVAL = 1 << 1,   /* rkey to invalidate in the control segment */
	MLX5_PART_RADDR = 1 << 2,   /* remote address segment */
	MLX5_PART_ATOMIC = 1 << 3,  /* atomic segment */
	MLX5_PART_INBOUND = 1 << 4, /* data comes back: never inline */
};

enum {
	/* What goes over a connection of one's own goes over an extended one. */
	MLX5_ON_RC = 1 << MLX5_SERVICE_RC | 1 << MLX5_SERVICE_XRC,
	MLX5_ON_UC = 1 << MLX5_SERVICE_UC,
	MLX5_ON_UD = 1 << MLX5_SERVICE_UD,
	MLX5_ON_RAW = 1 << MLX5_SERVICE_RAW,
};

/* What a verbs opcode is made of. services 0: not an opcode of this builder. */
struct mlx5_request {
	uint8_t opcode;
	uint8_t wc_opcode;
	uint8_t parts;
	uint16_t services; /* MLX5_ON_ */
};

static const struct mlx5_request mlx5_requests[] = {
	[IBV_WR_SEND] = {MLX5_OPCODE_SEND, IBV_WC_SEND, 0,
			 MLX5_ON_RC | MLX5_ON_UC | MLX5_ON_UD | MLX5_ON_RAW},
	[IBV_WR_SEND_WITH_IMM] = {MLX5_OPCODE_SEND_IMM, IBV_WC_SEND, MLX5_PART_IMM,
				  MLX5_ON_RC | MLX5_ON_UC | MLX5_ON_UD},
	[IBV_WR_SEND_WITH_INV] = {MLX5_OPCODE_SEND_INVAL, IBV_WC_SEND, MLX5_PART_INVAL,
				  MLX5_ON_RC | MLX5_ON_UC},
	[IBV_WR_RDMA_WRITE] = {MLX5_OPCODE_RDMA_WRITE, IBV_WC_RDMA_WRITE, MLX5_PART_RADDR,
			       MLX5_ON_RC | MLX5_ON_UC},
	[IBV_WR_RDMA_WRITE_WITH_IMM] = {MLX5_OPCODE_RDMA_WRITE_IMM, IBV_WC_RDMA_WRITE,
					MLX5_PART_RADDR | MLX5_PART_IMM, MLX5_ON_RC | MLX5_ON_UC},
	[IBV_WR_RDMA_READ] = {MLX5_OPCODE_RDMA_READ, IBV_WC_RDMA_READ,
			      MLX5_PART_RADDR | MLX5_PART_INBOUND, MLX5_ON_RC},
	[IBV_WR_ATOMIC_CMP_AND_SWP] = {MLX5_OPCODE_ATOMIC_CS, IBV_WC_COMP_SWAP,
				       MLX5_PART_RADDR | MLX5_PART_ATOMIC | MLX5_PART_INBOUND,
				       MLX5_ON_RC},
	[IBV_WR_ATOMIC_FETCH_AND_ADD] = {MLX5_OPCODE_ATOMIC_FA, IBV_WC_FETCH_ADD,
					 MLX5_PART_RADDR | MLX5_PART_ATOMIC | MLX5_PART_INBOUND,
					 MLX5_ON_RC},
	[IBV_WR_TSO] = {MLX5_OPCODE_TSO, IBV_WC_TSO, 0, MLX5_ON_RAW},
};

/* NULL for an opcode that is not in the table or not of this service. */
static ALWAYS_INLINE const struct mlx5_request *mlx5_request(enum ibv_wr_opcode opcode,
							     enum mlx5_service service)
{
	const struct mlx5_request *request;

	if (unlikely(opcode >= sizeof(mlx5_requests) / sizeof(mlx5_requests[0])))
		return NULL;
	request = &mlx5_requests[opcode];
	return likely(request->services & 1 << service) ? request : NULL;
}

static ALWAYS_INLINE bool mlx5_sq_full(struct mlx5_sq *sq)
{
	return sq->head - atomic_load_explicit(&sq->tail, memory_order_acquire) >= sq->limit;
}

/* Why there was no room: the QP is not ready to send, or its queue is full. */
static inline int mlx5_sq_full_error(const struct mlx5_sq *sq)
{
	return sq->limit == sq->max_wr ? ENOMEM : EINVAL;
}

/* Takes the next slot and writes the control segment but for the size. */
static ALWAYS_INLINE void mlx5_wqe_begin(struct mlx5_sq *sq, struct mlx5_wqe *wqe, uint8_t opcode,
					 uint8_t wc_opcode, unsigned int send_flags, __be32 imm,
					 uint64_t wr_id)
{
	uint32_t position = sq->pi & sq->mask;
	uint32_t control = sq->ctrl_flags[send_flags & 7];
	struct mlx5_sq_slot *slot = &sq->slots[position];

	if (unlikely(sq->next_fence) && !(control & MLX5_WQE_CTRL_FENCE))
		control |= sq->next_fence;
	slot->wr_id = wr_id;
	slot->number = sq->head;
	slot->wc_opcode = wc_opcode;

	wqe->ctrl = (void *)(sq->ring + ((size_t)position << MLX5_SEND_WQE_SHIFT));
	wqe->ctrl->opmod_idx_opcode = mlx5_ctrl_opmod_idx_opcode(0, (uint16_t)sq->pi, opcode);
	/* Signature, stream channel and flags share a dword. */
	*(__be32 *)(void *)&wqe->ctrl->signature = htobe32(control);
	wqe->ctrl->imm = imm;
	wqe->seg = (char *)(wqe->ctrl + 1);
	wqe->ds = sizeof(*wqe->ctrl) / MLX5_WQE_DS_UNITS;
}

/* Control, XRC, remote address, atomic and UD segments fill at most the first block: no wrap to
 * check.
 */

static ALWAYS_INLINE void mlx5_wqe_skip(struct mlx5_wqe *wqe, size_t bytes)
{
	wqe->seg += bytes;
	wqe->ds += bytes / MLX5_WQE_DS_UNITS;
}

/* Goes behind the control segment, as the address of a datagram does. */
static ALWAYS_INLINE void mlx5_wqe_xrc(struct mlx5_wqe *wqe, uint32_t remote_srqn)
{
	*(struct mlx5_wqe_xrc_seg *)(void *)(wqe->ctrl + 1) =
		(struct mlx5_wqe_xrc_seg){.xrc_srqn = htobe32(remote_srqn & MLX5_XRC_SRQN_MASK)};
}

static ALWAYS_INLINE void mlx5_wqe_raddr(struct mlx5_wqe *wqe, uint64_t remote_addr, uint32_t rkey)
{
	struct mlx5_wqe_raddr_seg *seg = (void *)wqe->seg;

	seg->raddr = htobe64(remote_addr);
	seg->rkey = htobe32(rkey);
	seg->reserved = 0;
	mlx5_wqe_skip(wqe, sizeof(*seg));
}

static ALWAYS_INLINE void mlx5_wqe_atomic(struct mlx5_wqe *wqe, uint64_t swap_add, uint64_t compare)
{
	struct mlx5_wqe_atomic_seg *seg = (void *)wqe->seg;

	seg->swap_add = htobe64(swap_add);
	seg->compare = htobe64(compare);
	mlx5_wqe_skip(wqe, sizeof(*seg));
}

/* Goes behind the control segment, wherever the builder stands meanwhile. */
static ALWAYS_INLINE void mlx5_wqe_av(struct mlx5_wqe *wqe, const struct mlx5_ah *ah,
				      uint32_t remote_qpn, uint32_t remote_qkey)
{
	struct mlx5_wqe_datagram_seg *seg = (void *)(wqe->ctrl + 1);

	seg->av = ah->av;
	seg->av.key.qkey.qkey = htobe32(remote_qkey);
	seg->av.dqp_dct = htobe32((remote_qpn & MLX5_AV_QPN_MASK) | MLX5_EXTENDED_UD_AV);
}

/* The same for a DC target, which an access key guards instead of a Q_Key. */
static ALWAYS_INLINE void mlx5_wqe_dc_av(struct mlx5_wqe *wqe, const struct mlx5_ah *ah,
					 uint32_t remote_dctn, uint64_t access_key)
{
	struct mlx5_wqe_datagram_seg *seg = (void *)(wqe->ctrl + 1);

	seg->av = ah->av;
	seg->av.key.dc_key = htobe64(access_key);
	seg->av.dqp_dct = htobe32((remote_dctn & MLX5_AV_QPN_MASK) | MLX5_EXTENDED_UD_AV);
}

/* A length of 0 would stand for 2^31 bytes: such an element is left out. */
static ALWAYS_INLINE void mlx5_wqe_data(struct mlx5_sq *sq, struct mlx5_wqe *wqe, uint64_t addr,
					uint32_t length, uint32_t lkey)
{
	struct mlx5_wqe_data_seg *seg;

	if (unlikely(!length))
		return;
	if (unlikely(wqe->seg == sq->end))
		wqe->seg = sq->ring;
	seg = (void *)wqe->seg;
	seg->byte_count = htobe32(length);
	seg->lkey = htobe32(lkey);
	seg->addr = htobe64(addr);
	mlx5_wqe_skip(wqe, sizeof(*seg));
}

/* Inline data: open, any number of copies, close. Nothing may follow it. */
static ALWAYS_INLINE char *mlx5_wqe_inline_open(struct mlx5_sq *sq, struct mlx5_wqe *wqe)
{
	if (unlikely(wqe->seg == sq->end))
		wqe->seg = sq->ring;
	return wqe->seg + sizeof(struct mlx5_wqe_inl_data_seg);
}

static ALWAYS_INLINE char *mlx5_wqe_inline_copy(struct mlx5_sq *sq, char *to, const void *from,
						size_t length)
{
	size_t room = (size_t)(sq->end - to);

	if (unlikely(length > room)) {
		memcpy(to, from, room);
		from = (const char *)from + room;
		length -= room;
		to = sq->ring;
	}
	memcpy(to, from, length);
	return to + length;
}

static ALWAYS_INLINE void mlx5_wqe_inline_close(struct mlx5_wqe *wqe, size_t length)
{
	struct mlx5_wqe_inl_data_seg *seg = (void *)wqe->seg;

	if (unlikely(!length))
		return;
	seg->byte_count = mlx5_inline_byte_count((uint32_t)length);
	wqe->ds += (uint32_t)((sizeof(*seg) + length + MLX5_WQE_DS_UNITS - 1) / MLX5_WQE_DS_UNITS);
}

/* The request is complete; the next one may begin. */
static ALWAYS_INLINE void mlx5_wqe_finish(struct mlx5_sq *sq, const struct mlx5_wqe *wqe)
{
	wqe->ctrl->qpn_ds = mlx5_ctrl_qpn_ds(sq->qpn, (uint8_t)wqe->ds);
	sq->next_fence = 0;
	sq->head++;
	sq->pi += (wqe->ds + MLX5_WQE_DS_PER_BB - 1) / MLX5_WQE_DS_PER_BB;
}

#endif
