/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Send requests, and the way they become the kernel's. */

#include <string.h>

#include "builder.h"

int siw_opcode(enum ibv_wr_opcode opcode)
{
	switch (opcode) {
	case IBV_WR_RDMA_WRITE:
		return SIW_OP_WRITE;
	case IBV_WR_RDMA_READ:
		return SIW_OP_READ;
	case IBV_WR_SEND:
		return SIW_OP_SEND;
	case IBV_WR_SEND_WITH_INV:
		return SIW_OP_SEND_REMOTE_INV;
	default:
		return -1;
	}
}

static struct siw_sqe *sqe_at(const struct siw_sq *sq, uint32_t position)
{
	return &sq->ring[position & (sq->size - 1)];
}

static uint16_t sqe_flags(const struct siw_sq *sq, unsigned int send_flags)
{
	uint16_t flags = 0;

	if (send_flags & IBV_SEND_SIGNALED || sq->signal_all)
		flags |= SIW_WQE_SIGNALLED;
	if (send_flags & IBV_SEND_SOLICITED)
		flags |= SIW_WQE_SOLICITED;
	if (send_flags & IBV_SEND_FENCE)
		flags |= SIW_WQE_READ_FENCE;
	return flags;
}

struct siw_sqe *siw_sqe_begin(struct siw_sq *sq, uint32_t start, enum siw_opcode opcode,
			      unsigned int send_flags, uint64_t wr_id)
{
	struct siw_sqe *sqe = sqe_at(sq, sq->put);

	if (sq->put - start == sq->size || siw_is_valid(&sqe->flags))
		return NULL;
	sqe->id = wr_id;
	sqe->flags = sqe_flags(sq, send_flags);
	sqe->num_sge = 0;
	sqe->opcode = (uint8_t)opcode;
	siw_sqe_remote(sqe, 0, 0);
	return sqe;
}

int siw_sqe_list(const struct siw_sq *sq, struct siw_sqe *sqe, const struct ibv_sge *sg_list,
		 size_t num_sge)
{
	if (num_sge > sq->max_sge)
		return EINVAL;
	for (size_t i = 0; i < num_sge; i++)
		sqe->sge[i] = (struct siw_sge){
			.laddr = sg_list[i].addr,
			.length = sg_list[i].length,
			.lkey = sg_list[i].lkey,
		};
	sqe->num_sge = (uint8_t)num_sge;
	return 0;
}

/* uapi rdma/siw-abi.h: inline data take the place of all list elements but the first. */
int siw_sqe_inline(struct siw_sqe *sqe, const void *data, size_t length)
{
	struct siw_sge *whole = &sqe->sge[0];

	if (sqe->opcode == SIW_OP_READ)
		return EINVAL;
	if (!(sqe->flags & SIW_WQE_INLINE)) {
		sqe->flags |= SIW_WQE_INLINE;
		sqe->num_sge = 1;
		*whole = (struct siw_sge){.laddr = (uintptr_t)&sqe->sge[1]};
	}
	if (length > SIW_MAX_INLINE - whole->length)
		return ENOMEM;
	if (length)
		memcpy((char *)&sqe->sge[1] + whole->length, data, length);
	whole->length += (uint32_t)length;
	return 0;
}

int siw_sqe_finish(struct siw_sq *sq)
{
	const struct siw_sqe *sqe = sqe_at(sq, sq->put);

	if (sqe->opcode == SIW_OP_READ && sqe->num_sge != 1)
		return EINVAL;
	sq->put++;
	return 0;
}

static void hand_over(struct siw_sq *sq, uint32_t start)
{
	for (uint32_t at = start; at != sq->put; at++) {
		struct siw_sqe *sqe = sqe_at(sq, at);

		siw_set_flags(&sqe->flags, sqe->flags | SIW_WQE_VALID);
	}
}

/*
 * The kernel goes on to the next element after it has cleared the flags of one. So while the
 * element before start is still its, it will come to ours without being told. Ours have to be
 * visible before the look at that one, just as the kernel clears before it looks. In a ring that is
 * full of ours there is no other element.
 */
static bool kernel_sleeps(const struct siw_sq *sq, uint32_t start)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return sq->put - start == sq->size || !siw_is_valid(&sqe_at(sq, start - 1)->flags);
}

/* What the kernel refuses to be woken for it has not looked at, unless it was at it just then. */
static int take_back(struct siw_sq *sq, uint32_t start, int err)
{
	if (!siw_is_valid(&sqe_at(sq, start)->flags))
		return 0;
	for (; sq->put != start; sq->put--)
		siw_set_flags(&sqe_at(sq, sq->put - 1)->flags, 0);
	return err;
}

int siw_sq_ring(struct siw_qp *qp, uint32_t start)
{
	struct siw_sq *sq = &qp->sq;
	int err = 0;

	if (sq->put == start)
		return 0;
	if (atomic_load(&qp->ended)) {
		sq->put = start;
		return ENOTCONN;
	}
	hand_over(sq, start);
	if (kernel_sleeps(sq, start))
		err = ibv_cmd_ring_send_queue(&qp->verbs.qp);
	return err ? take_back(sq, start, err) : 0;
}
