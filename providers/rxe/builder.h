/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one builder of send requests: begin, parts, data, finish. ibv_post_send() and the ibv_wr_
 * functions both drive these, with the send queue locked. Nothing is visible to the kernel before
 * the producer index is, so an unfinished request is dropped by forgetting it.
 */
#ifndef RXE_BUILDER_H
#define RXE_BUILDER_H

#include <errno.h>
#include <string.h>

#include "ah.h"
#include "qp.h"

/* The kernel takes opcodes and flags by the numbers of the public enums (ib_user_verbs.h). */
_Static_assert((int)IBV_WR_RDMA_WRITE == (int)IB_UVERBS_WR_RDMA_WRITE &&
		       (int)IBV_WR_SEND_WITH_INV == (int)IB_UVERBS_WR_SEND_WITH_INV &&
		       (int)IBV_WR_FLUSH == (int)IB_UVERBS_WR_FLUSH &&
		       (int)IBV_WR_ATOMIC_WRITE == (int)IB_UVERBS_WR_ATOMIC_WRITE,
	       "opcodes are passed on");

enum {
	RXE_SEND_FLAGS = IBV_SEND_FENCE | IBV_SEND_SIGNALED | IBV_SEND_SOLICITED,
	RXE_WINDOW_ACCESS = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ |
			    IBV_ACCESS_REMOTE_ATOMIC | IBV_ACCESS_ZERO_BASED,
	RXE_ATOMIC_WRITE_BYTES = 8,
};

enum rxe_request_kind {
	RXE_SEND,
	RXE_RDMA,
	RXE_ATOMIC,
	RXE_ATOMIC_WRITE,
	RXE_FLUSH,
	RXE_LOCAL_INV,
	RXE_BIND_MW,
};

enum rxe_request_part {
	RXE_PART_IMM = 1 << 0,	   /* carries immediate data */
	RXE_PART_INVAL = 1 << 1,   /* carries a key to invalidate */
	RXE_PART_INBOUND = 1 << 2, /* data comes back: never inline */
	RXE_PART_NO_DATA = 1 << 3, /* takes no data of the application's */
};

enum {
	RXE_ON_RC = 1 << IBV_QPT_RC,
	RXE_ON_UC = 1 << IBV_QPT_UC,
	RXE_ON_UD = 1 << IBV_QPT_UD,
};

/* What a verbs opcode is made of. transports 0: not an opcode of this builder. */
struct rxe_request {
	uint8_t kind;
	uint8_t parts;
	uint8_t transports;
};

static const struct rxe_request rxe_requests[] = {
	[IBV_WR_SEND] = {RXE_SEND, 0, RXE_ON_RC | RXE_ON_UC | RXE_ON_UD},
	[IBV_WR_SEND_WITH_IMM] = {RXE_SEND, RXE_PART_IMM, RXE_ON_RC | RXE_ON_UC | RXE_ON_UD},
	[IBV_WR_SEND_WITH_INV] = {RXE_SEND, RXE_PART_INVAL, RXE_ON_RC},
	[IBV_WR_RDMA_WRITE] = {RXE_RDMA, 0, RXE_ON_RC | RXE_ON_UC},
	[IBV_WR_RDMA_WRITE_WITH_IMM] = {RXE_RDMA, RXE_PART_IMM, RXE_ON_RC | RXE_ON_UC},
	[IBV_WR_RDMA_READ] = {RXE_RDMA, RXE_PART_INBOUND, RXE_ON_RC},
	[IBV_WR_ATOMIC_CMP_AND_SWP] = {RXE_ATOMIC, RXE_PART_INBOUND, RXE_ON_RC},
	[IBV_WR_ATOMIC_FETCH_AND_ADD] = {RXE_ATOMIC, RXE_PART_INBOUND, RXE_ON_RC},
	[IBV_WR_ATOMIC_WRITE] = {RXE_ATOMIC_WRITE, RXE_PART_NO_DATA, RXE_ON_RC},
	[IBV_WR_FLUSH] = {RXE_FLUSH, RXE_PART_NO_DATA, RXE_ON_RC},
	[IBV_WR_LOCAL_INV] = {RXE_LOCAL_INV, RXE_PART_INVAL | RXE_PART_NO_DATA, RXE_ON_RC},
	[IBV_WR_BIND_MW] = {RXE_BIND_MW, RXE_PART_NO_DATA, RXE_ON_RC | RXE_ON_UC},
};

/* NULL for an opcode that is not in the table or not of this transport. */
static ALWAYS_INLINE const struct rxe_request *rxe_request(enum ibv_wr_opcode opcode,
							   enum ibv_qp_type type)
{
	const struct rxe_request *request;

	if (unlikely(opcode >= sizeof(rxe_requests) / sizeof(rxe_requests[0])))
		return NULL;
	request = &rxe_requests[opcode];
	return likely(request->transports & 1 << type) ? request : NULL;
}

/* 0, EINVAL while the state of the QP does not allow posting, ENOMEM when the queue is full. */
static ALWAYS_INLINE int rxe_sq_room(const struct rxe_sq *sq)
{
	if (unlikely(!sq->open))
		return EINVAL;
	return unlikely(rxe_queue_full(&sq->queue, sq->next)) ? ENOMEM : 0;
}

/* Takes the next element. All that the kernel keeps there begins as zero. */
static ALWAYS_INLINE struct rxe_send_wqe *rxe_wqe_begin(struct rxe_sq *sq, uint64_t wr_id,
							enum ibv_wr_opcode opcode,
							unsigned int send_flags)
{
	struct rxe_send_wqe *wqe = rxe_queue_elem(&sq->queue, sq->next);

	*wqe = (struct rxe_send_wqe){
		.wr.wr_id = wr_id,
		.wr.opcode = opcode,
		.wr.send_flags = send_flags & RXE_SEND_FLAGS,
		.ssn = sq->ssn,
	};
	return wqe;
}

static ALWAYS_INLINE void rxe_wqe_rdma(struct rxe_send_wqe *wqe, uint64_t remote_addr,
				       uint32_t rkey)
{
	wqe->wr.wr.rdma.remote_addr = remote_addr;
	wqe->wr.wr.rdma.rkey = rkey;
	wqe->iova = remote_addr;
}

static ALWAYS_INLINE void rxe_wqe_atomic(struct rxe_send_wqe *wqe, uint64_t remote_addr,
					 uint32_t rkey, uint64_t compare_add, uint64_t swap)
{
	wqe->wr.wr.atomic.remote_addr = remote_addr;
	wqe->wr.wr.atomic.compare_add = compare_add;
	wqe->wr.wr.atomic.swap = swap;
	wqe->wr.wr.atomic.rkey = rkey;
	wqe->iova = remote_addr;
}

static ALWAYS_INLINE void rxe_wqe_length(struct rxe_send_wqe *wqe, uint32_t length)
{
	wqe->dma.length = length;
	wqe->dma.resid = length;
}

/* The eight bytes travel in the request. */
static ALWAYS_INLINE void rxe_wqe_atomic_write(struct rxe_send_wqe *wqe, uint64_t remote_addr,
					       uint32_t rkey, const void *data)
{
	rxe_wqe_rdma(wqe, remote_addr, rkey);
	rxe_wqe_length(wqe, RXE_ATOMIC_WRITE_BYTES);
	memcpy(wqe->dma.atomic_wr, data, RXE_ATOMIC_WRITE_BYTES);
}

/* No data, but the length of the range goes where that of data does. */
static ALWAYS_INLINE void rxe_wqe_flush(struct rxe_send_wqe *wqe, uint64_t remote_addr,
					uint32_t rkey, uint32_t length, uint8_t type, uint8_t level)
{
	wqe->wr.wr.flush.remote_addr = remote_addr;
	wqe->wr.wr.flush.length = length;
	wqe->wr.wr.flush.rkey = rkey;
	wqe->wr.wr.flush.type = type;
	wqe->wr.wr.flush.level = level;
	wqe->iova = remote_addr;
	rxe_wqe_length(wqe, length);
}

static ALWAYS_INLINE int rxe_wqe_bind_mw(struct rxe_send_wqe *wqe, const struct ibv_mw *mw,
					 uint32_t rkey, const struct ibv_mw_bind_info *info)
{
	if (unlikely(info->mw_access_flags & ~(unsigned int)RXE_WINDOW_ACCESS))
		return EINVAL;
	if (unlikely(info->length && !info->mr))
		return EINVAL;
	wqe->wr.wr.mw.addr = info->addr;
	wqe->wr.wr.mw.length = info->length;
	wqe->wr.wr.mw.mr_lkey = info->mr ? info->mr->lkey : 0;
	wqe->wr.wr.mw.mw_rkey = mw->rkey;
	wqe->wr.wr.mw.rkey = rkey;
	wqe->wr.wr.mw.access = info->mw_access_flags;
	return 0;
}

static ALWAYS_INLINE void rxe_wqe_ud(struct rxe_send_wqe *wqe, const struct rxe_ah *ah,
				     uint32_t remote_qpn, uint32_t remote_qkey)
{
	wqe->wr.wr.ud.remote_qpn = remote_qpn;
	wqe->wr.wr.ud.remote_qkey = remote_qkey;
	wqe->wr.wr.ud.ah_num = ah->ah_num;
	if (unlikely(!ah->ah_num))
		wqe->wr.wr.ud.av = ah->av;
}

/* The layouts of both lists are one, see recv.c. */
static ALWAYS_INLINE int rxe_wqe_data(const struct rxe_sq *sq, struct rxe_send_wqe *wqe,
				      size_t num_sge, const struct ibv_sge *list)
{
	uint64_t length = 0;

	if (unlikely(num_sge > sq->max_sge))
		return EINVAL;
	for (size_t i = 0; i < num_sge; i++)
		length += list[i].length;
	if (unlikely(length > UINT32_MAX))
		return EINVAL;
	rxe_wqe_length(wqe, (uint32_t)length);
	wqe->dma.num_sge = (uint32_t)num_sge;
	if (num_sge)
		memcpy(wqe->dma.sge, list, num_sge * sizeof(struct rxe_sge));
	return 0;
}

/* Adds to the inline data of a request, which has none when it begins. */
static ALWAYS_INLINE int rxe_wqe_inline(const struct rxe_sq *sq, struct rxe_send_wqe *wqe,
					const void *data, size_t length)
{
	uint32_t filled = wqe->dma.length;

	wqe->wr.send_flags |= IBV_SEND_INLINE;
	if (unlikely(length > sq->max_inline - filled))
		return ENOMEM;
	if (likely(length))
		memcpy(wqe->dma.inline_data + filled, data, length);
	rxe_wqe_length(wqe, filled + (uint32_t)length);
	return 0;
}

/* The request is complete; the next one may begin. */
static ALWAYS_INLINE void rxe_wqe_finish(struct rxe_sq *sq)
{
	sq->next = rxe_queue_next(&sq->queue, sq->next);
	sq->ssn++;
}

/* Shows the kernel all finished requests. True if there are any, and it has to be rung. */
static ALWAYS_INLINE bool rxe_sq_publish(struct rxe_sq *sq)
{
	if (sq->next == sq->queue.index)
		return false;
	rxe_queue_produce(&sq->queue, sq->next);
	return true;
}

#endif
