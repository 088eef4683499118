/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ibv_poll_cq(), and what CQEs mean. */

#include <errno.h>

#include "util/udma_barrier.h"

#include "completion.h"
#include "tags.h"
#include "wq.h"

const struct mlx5_recv_meaning mlx5_recv_meaning[MLX5_CQE_MAX_GOOD + 1] = {
	[MLX5_CQE_RESP_WR_IMM] = {IBV_WC_RECV_RDMA_WITH_IMM, IBV_WC_WITH_IMM},
	[MLX5_CQE_RESP_SEND] = {IBV_WC_RECV, 0},
	[MLX5_CQE_RESP_SEND_IMM] = {IBV_WC_RECV, IBV_WC_WITH_IMM},
	[MLX5_CQE_RESP_SEND_INV] = {IBV_WC_RECV, IBV_WC_WITH_INV},
};

/* The completions of a counted QP; false for all other queues. */
static bool is_counted(struct mlx5_resource *queue, const struct mlx5_cqe64 *cqe)
{
	if (queue->kind != MLX5_RESOURCE_QP || !mlx5_qp_of_resource(queue)->counters.first)
		return false;
	mlx5_count_completion(mlx5_qp_of_resource(queue), cqe);
	return true;
}

struct mlx5_resource *mlx5_cq_find_queue(struct mlx5_cq *cq, const struct mlx5_cqe64 *cqe,
					 uint32_t number)
{
	struct mlx5_context *context = to_mlx5_context(cq->verbs.cq.context);
	struct mlx5_resource *queue;

	if (number & MLX5_BY_SRQN)
		return mlx5_resource_find(&context->srqs, number - MLX5_BY_SRQN);
	queue = mlx5_resource_find(&context->queues, number);
	if (queue && queue->kind != MLX5_RESOURCE_SRQ && !is_counted(queue, cqe)) {
		cq->last = queue;
		cq->last_number = number;
	}
	return queue;
}

enum ibv_wc_status mlx5_wc_status(const struct mlx5_cqe64 *cqe)
{
	switch (((const struct mlx5_err_cqe *)cqe)->syndrome) {
	case MLX5_CQE_SYNDROME_LOCAL_LENGTH_ERR:
		return IBV_WC_LOC_LEN_ERR;
	case MLX5_CQE_SYNDROME_LOCAL_QP_OP_ERR:
		return IBV_WC_LOC_QP_OP_ERR;
	case MLX5_CQE_SYNDROME_LOCAL_PROT_ERR:
		return IBV_WC_LOC_PROT_ERR;
	case MLX5_CQE_SYNDROME_WR_FLUSH_ERR:
		return IBV_WC_WR_FLUSH_ERR;
	case MLX5_CQE_SYNDROME_MW_BIND_ERR:
		return IBV_WC_MW_BIND_ERR;
	case MLX5_CQE_SYNDROME_BAD_RESP_ERR:
		return IBV_WC_BAD_RESP_ERR;
	case MLX5_CQE_SYNDROME_LOCAL_ACCESS_ERR:
		return IBV_WC_LOC_ACCESS_ERR;
	case MLX5_CQE_SYNDROME_REMOTE_INVAL_REQ_ERR:
		return IBV_WC_REM_INV_REQ_ERR;
	case MLX5_CQE_SYNDROME_REMOTE_ACCESS_ERR:
		return IBV_WC_REM_ACCESS_ERR;
	case MLX5_CQE_SYNDROME_REMOTE_OP_ERR:
		return IBV_WC_REM_OP_ERR;
	case MLX5_CQE_SYNDROME_TRANSPORT_RETRY_EXC_ERR:
		return IBV_WC_RETRY_EXC_ERR;
	case MLX5_CQE_SYNDROME_RNR_RETRY_EXC_ERR:
		return IBV_WC_RNR_RETRY_EXC_ERR;
	case MLX5_CQE_SYNDROME_REMOTE_ABORTED_ERR:
		return IBV_WC_REM_ABORT_ERR;
	default:
		return IBV_WC_GENERAL_ERR;
	}
}

uint8_t mlx5_vendor_syndrome(const struct mlx5_cqe64 *cqe)
{
	return ((const struct mlx5_err_cqe *)cqe)->vendor_err_synd;
}

uint64_t mlx5_complete_recv_other(struct mlx5_resource *queue, const struct mlx5_cqe64 *cqe)
{
	switch (queue->kind) {
	case MLX5_RESOURCE_WQ:
		return mlx5_complete_rq(&mlx5_wq_of_resource(queue)->rq);
	case MLX5_RESOURCE_SRQ:
		return mlx5_complete_srq(mlx5_srq_of_resource(queue), cqe);
	default:
		return mlx5_complete_recv(queue, cqe);
	}
}

uint32_t mlx5_frame_queue_number(struct mlx5_resource *queue)
{
	return queue->kind == MLX5_RESOURCE_WQ ? mlx5_wq_of_resource(queue)->wq.wq_num
					       : mlx5_qp_of_resource(queue)->verbs.qp.qp_num;
}

static ALWAYS_INLINE void describe_recv(const struct mlx5_cqe64 *cqe, uint8_t opcode,
					struct ibv_wc *wc)
{
	uint32_t flags_rqpn = be32toh(cqe->flags_rqpn);
	uint32_t imm = opcode == MLX5_CQE_RESP_SEND_INV ? be32toh(cqe->imm_inval_pkey)
							: cqe->imm_inval_pkey;

	wc->status = IBV_WC_SUCCESS;
	wc->opcode = mlx5_recv_meaning[opcode].wc_opcode;
	wc->byte_len = be32toh(cqe->byte_cnt);
	wc->imm_data = imm;
	wc->src_qp = flags_rqpn & MLX5_CQE_NUMBER_MASK;
	wc->wc_flags = mlx5_recv_meaning[opcode].wc_flags | (flags_rqpn >> 28 & 3 ? IBV_WC_GRH : 0);
	wc->pkey_index = (uint16_t)be32toh(cqe->imm_inval_pkey);
	wc->slid = be16toh(cqe->slid);
	wc->sl = flags_rqpn >> 24 & 0xf;
	wc->dlid_path_bits = cqe->ml_path & MLX5_CQE_PATH_BITS_MASK;
}

static void describe_frame(struct mlx5_resource *queue, const struct mlx5_cqe64 *cqe,
			   struct ibv_wc *wc)
{
	wc->status = IBV_WC_SUCCESS;
	wc->opcode = IBV_WC_RECV;
	wc->qp_num = mlx5_frame_queue_number(queue);
	wc->byte_len = be32toh(cqe->byte_cnt);
	wc->wc_flags = mlx5_frame_wc_flags(cqe);
	wc->src_qp = 0;
	wc->pkey_index = 0;
	wc->slid = 0;
	wc->sl = 0;
	wc->dlid_path_bits = 0;
}

/* What concerns tags; 0, or EIO. */
static int take_tagged(struct mlx5_resource *queue, const struct mlx5_cqe64 *cqe, uint8_t opcode,
		       struct ibv_wc *wc)
{
	struct mlx5_tag_completion completion;

	if (queue->kind != MLX5_RESOURCE_SRQ ||
	    mlx5_tags_complete(mlx5_srq_of_resource(queue), cqe, &completion))
		return EIO;
	wc->wc_flags = 0;
	if (opcode <= MLX5_CQE_MAX_GOOD)
		describe_recv(cqe, opcode, wc);
	wc->wr_id = completion.wr_id;
	wc->status = completion.status;
	wc->opcode = completion.opcode;
	wc->byte_len = be32toh(cqe->byte_cnt);
	wc->wc_flags |= completion.wc_flags;
	wc->vendor_err = 0;
	return 0;
}

/* Good receives of anything but a QP of messages. 0, or EIO. */
static __attribute__((noinline)) int take_other_recv(struct mlx5_resource *queue,
						     const struct mlx5_cqe64 *cqe, uint8_t opcode,
						     struct ibv_wc *wc)
{
	if (mlx5_is_tagged(queue, cqe))
		return take_tagged(queue, cqe, opcode, wc);
	wc->wr_id = mlx5_complete_recv_other(queue, cqe);
	if (mlx5_takes_frames(queue))
		describe_frame(queue, cqe, wc);
	else
		describe_recv(cqe, opcode, wc);
	return 0;
}

/* Errors, and what has come without a packet. 0, or EIO for a CQE that means nothing to us. */
static COLD int take_error(struct mlx5_cq *cq, const struct mlx5_cqe64 *cqe, uint8_t cqe_version,
			   struct ibv_wc *wc)
{
	uint8_t opcode = mlx5_cqe_opcode(cqe);
	bool responder = opcode == MLX5_CQE_RESP_ERR;
	struct mlx5_resource *queue;

	if (opcode != MLX5_CQE_NO_PACKET && !responder && opcode != MLX5_CQE_REQ_ERR)
		return EIO;
	queue = mlx5_cqe_queue(cq, cqe, opcode != MLX5_CQE_REQ_ERR, cqe_version);
	if (!queue)
		return EIO;
	if (opcode == MLX5_CQE_NO_PACKET)
		return take_tagged(queue, cqe, opcode, wc);
	if (responder) {
		wc->wr_id = mlx5_complete_recv_other(queue, cqe);
		wc->opcode = IBV_WC_RECV;
		if (mlx5_takes_frames(queue))
			wc->qp_num = mlx5_frame_queue_number(queue);
	} else {
		const struct mlx5_sq_slot slot = mlx5_complete_send(queue, cqe);

		wc->wr_id = slot.wr_id;
		wc->opcode = slot.wc_opcode;
	}
	wc->status = mlx5_wc_status(cqe);
	wc->vendor_err = mlx5_vendor_syndrome(cqe);
	wc->byte_len = 0;
	wc->wc_flags = 0;
	return 0;
}

static ALWAYS_INLINE int take(struct mlx5_cq *cq, const struct mlx5_cqe64 *cqe, uint8_t cqe_version,
			      struct ibv_wc *wc)
{
	uint8_t opcode = mlx5_cqe_opcode(cqe);
	struct mlx5_resource *queue;

	wc->qp_num = mlx5_cqe_qpn(cqe);
	if (unlikely(opcode > MLX5_CQE_MAX_GOOD))
		return take_error(cq, cqe, cqe_version, wc);
	queue = mlx5_cqe_queue(cq, cqe, opcode != MLX5_CQE_REQ, cqe_version);
	if (unlikely(!queue))
		return EIO;

	if (opcode == MLX5_CQE_REQ) {
		const struct mlx5_sq_slot slot = mlx5_complete_send(queue, cqe);

		wc->wr_id = slot.wr_id;
		wc->status = IBV_WC_SUCCESS;
		wc->opcode = slot.wc_opcode;
		wc->byte_len = mlx5_send_byte_len(slot.wc_opcode, cqe);
		wc->wc_flags = 0;
	} else if (likely(queue->kind == MLX5_RESOURCE_QP)) {
		wc->wr_id = mlx5_complete_recv(queue, cqe);
		describe_recv(cqe, opcode, wc);
	} else {
		return take_other_recv(queue, cqe, opcode, wc);
	}
	return 0;
}

/* Shows the device how far the CQ has been read. */
static ALWAYS_INLINE void consume(struct mlx5_cq *cq, uint32_t ci)
{
	__atomic_store_n(&cq->ci, ci, __ATOMIC_RELAXED);
	udma_release_to_device_barrier();
	cq->dbrec[MLX5_CQ_SET_CI] = mlx5_cq_set_ci(ci);
}

/* The CQE before ci made no sense: it is consumed, and told unless there are good ones to tell. */
static COLD int end_with_error(struct mlx5_cq *cq, uint32_t ci, int polled)
{
	consume(cq, ci);
	mlx5_unlock(&cq->lock);
	return polled ? polled : -1;
}

static ALWAYS_INLINE int poll(struct mlx5_cq *cq, int num_entries, struct ibv_wc *wc,
			      uint8_t cqe_version)
{
	uint32_t ci;
	int polled;

	mlx5_lock(&cq->lock);
	ci = cq->ci;
	for (polled = 0; polled < num_entries; polled++, wc++) {
		struct mlx5_cqe64 *cqe = mlx5_cq_written(cq, ci);

		if (!cqe)
			break;
		udma_from_device_barrier();
		ci++;
		if (unlikely(take(cq, cqe, cqe_version, wc)))
			return end_with_error(cq, ci, polled);
	}
	if (polled)
		consume(cq, ci);
	mlx5_unlock(&cq->lock);
	return polled;
}

static int poll_cq_v0(struct ibv_cq *cq, int num_entries, struct ibv_wc *wc)
{
	return poll(to_mlx5_cq(cq), num_entries, wc, 0);
}

static int poll_cq_v1(struct ibv_cq *cq, int num_entries, struct ibv_wc *wc)
{
	return poll(to_mlx5_cq(cq), num_entries, wc, 1);
}

const struct verbs_context_ops *mlx5_poll_ops(uint8_t cqe_version)
{
	static const struct verbs_context_ops ops[] = {
		{.poll_cq = poll_cq_v0},
		{.poll_cq = poll_cq_v1},
	};

	return &ops[cqe_version];
}
