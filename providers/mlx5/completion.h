/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a CQE to the work request it completes: shared by ibv_poll_cq() and the ibv_start_poll()
 * family. Everything is inlined with the CQE version as a constant.
 */
#ifndef MLX5_COMPLETION_H
#define MLX5_COMPLETION_H

#include "hw/mlx5/tag_matching.h"

#include "bits.h"
#include "context.h"
#include "cq.h"
#include "qp.h"
#include "srq.h"

/* Beyond the numbers of queues: the mark of an SRQN, and what no CQE ever names. */
enum {
	MLX5_BY_SRQN = 1 << 24,
	MLX5_LAST_NONE = 1 << 25,
};

enum {
	MLX5_CQE_MAX_GOOD = MLX5_CQE_RESP_SEND_INV,
	/* Beside the opcode in mlx5_cq.wc_opcode; a completion of tags has its flags there, too. */
	MLX5_WC_OPCODE_MASK = 0xffff,
	MLX5_WC_FRAME = 1 << 16,
	MLX5_WC_TAGGED = 1 << 17,
	MLX5_WC_FLAGS_SHIFT = 24,
};

/*
 * Looks the queue of a CQE up, and remembers a QP for the next one. Not an SRQ: those come and go
 * without the CQ being told; nor a QP whose completions are counted, which happens here. NULL when
 * there is no such queue.
 */
struct mlx5_resource *mlx5_cq_find_queue(struct mlx5_cq *cq, const struct mlx5_cqe64 *cqe,
					 uint32_t number);

/* The queue the CQE names, NULL when there is none: a broken device, or a queue of DevX making. */
static ALWAYS_INLINE struct mlx5_resource *mlx5_cqe_queue(struct mlx5_cq *cq,
							  const struct mlx5_cqe64 *cqe,
							  bool responder, uint8_t cqe_version)
{
	uint32_t number = mlx5_cqe_srqn_uidx(cqe);

	if (cqe_version == 0)
		number = responder && number ? number | MLX5_BY_SRQN : mlx5_cqe_qpn(cqe);
	return likely(cq->last_number == number) ? cq->last : mlx5_cq_find_queue(cq, cqe, number);
}

/*
 * What the send queue noted of the request of this CQE. Frees the ring up to and including it; the
 * slot may be filled again from then on, hence the copy made before.
 */
static ALWAYS_INLINE struct mlx5_sq_slot mlx5_complete_send(struct mlx5_resource *queue,
							    const struct mlx5_cqe64 *cqe)
{
	struct mlx5_sq *sq = &mlx5_qp_of_resource(queue)->sq;
	const struct mlx5_sq_slot slot = sq->slots[be16toh(cqe->wqe_counter) & sq->mask];

	atomic_store_explicit(&sq->tail, slot.number + 1, memory_order_release);
	return slot;
}

static ALWAYS_INLINE uint64_t mlx5_complete_srq(struct mlx5_srq *srq, const struct mlx5_cqe64 *cqe)
{
	uint16_t index = (uint16_t)(be16toh(cqe->wqe_counter) & srq->mask);
	uint64_t wr_id = srq->wr_ids[index];

	mlx5_srq_free_entry(srq, index);
	return wr_id;
}

static ALWAYS_INLINE uint64_t mlx5_complete_rq(struct mlx5_rq *rq)
{
	uint32_t tail = atomic_load_explicit(&rq->tail, memory_order_relaxed);
	uint64_t wr_id = rq->wr_ids[tail & rq->mask];

	atomic_store_explicit(&rq->tail, tail + 1, memory_order_release);
	return wr_id;
}

/* Frees the receive entry of this CQE and gives the wr_id it was posted with. For queues of kind
 * MLX5_RESOURCE_QP, and for the others.
 */
static ALWAYS_INLINE uint64_t mlx5_complete_recv(struct mlx5_resource *queue,
						 const struct mlx5_cqe64 *cqe)
{
	struct mlx5_qp *qp = mlx5_qp_of_resource(queue);

	return qp->srq ? mlx5_complete_srq(qp->srq, cqe) : mlx5_complete_rq(&qp->rq);
}

uint64_t mlx5_complete_recv_other(struct mlx5_resource *queue, const struct mlx5_cqe64 *cqe);

/* A CQE that is about tags, of a queue of kind MLX5_RESOURCE_SRQ. */
static inline bool mlx5_is_tagged(const struct mlx5_resource *queue, const struct mlx5_cqe64 *cqe)
{
	return queue->kind == MLX5_RESOURCE_SRQ && cqe->app == MLX5_CQE_APP_TAG_MATCHING;
}

/* Queues whose CQEs describe an Ethernet frame. */
static inline bool mlx5_takes_frames(const struct mlx5_resource *queue)
{
	return queue->kind == MLX5_RESOURCE_RAW_QP || queue->kind == MLX5_RESOURCE_WQ;
}

/* The number verbs know a queue of frames by; its CQEs do not tell it. */
uint32_t mlx5_frame_queue_number(struct mlx5_resource *queue);

static inline unsigned int mlx5_frame_wc_flags(const struct mlx5_cqe64 *cqe)
{
	return mlx5_cqe_ip_checksums_ok(cqe) ? IBV_WC_IP_CSUM_OK : 0;
}

/* Byte count of a completed request: only reads and atomics bring data back. */
static ALWAYS_INLINE uint32_t mlx5_send_byte_len(uint32_t wc_opcode, const struct mlx5_cqe64 *cqe)
{
	if (wc_opcode == IBV_WC_COMP_SWAP || wc_opcode == IBV_WC_FETCH_ADD)
		return sizeof(uint64_t);
	return be32toh(cqe->byte_cnt);
}

/* What a good receive CQE says in terms of the verbs, by its opcode. */
struct mlx5_recv_meaning {
	uint8_t wc_opcode;
	uint8_t wc_flags;
};
extern const struct mlx5_recv_meaning mlx5_recv_meaning[MLX5_CQE_MAX_GOOD + 1];

static inline unsigned int mlx5_recv_wc_flags(const struct mlx5_cqe64 *cqe)
{
	return mlx5_recv_meaning[mlx5_cqe_opcode(cqe)].wc_flags |
	       (mlx5_cqe_grh(cqe) ? IBV_WC_GRH : 0);
}

/* Status for the syndrome of an error CQE. */
enum ibv_wc_status mlx5_wc_status(const struct mlx5_cqe64 *cqe);
uint8_t mlx5_vendor_syndrome(const struct mlx5_cqe64 *cqe);

#endif
