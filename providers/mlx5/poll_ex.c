/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Extended polling: ibv_start_poll() and the readers of the current completion. */

#include <errno.h>
#include <infiniband/tm_types.h>

#include "util/udma_barrier.h"

#include "completion.h"
#include "tags.h"

static struct mlx5_cq *of_ex(struct ibv_cq_ex *cq)
{
	return (struct mlx5_cq *)cq;
}

/* What concerns tags; 0, or EIO. */
static int take_tagged(struct mlx5_cq *cq, struct mlx5_resource *queue,
		       const struct mlx5_cqe64 *cqe)
{
	struct ibv_cq_ex *ex = &cq->verbs.cq_ex;
	struct mlx5_tag_completion completion;

	if (queue->kind != MLX5_RESOURCE_SRQ ||
	    mlx5_tags_complete(mlx5_srq_of_resource(queue), cqe, &completion))
		return EIO;
	ex->wr_id = completion.wr_id;
	ex->status = completion.status;
	cq->wc_opcode = completion.opcode | MLX5_WC_TAGGED |
			(uint32_t)completion.wc_flags << MLX5_WC_FLAGS_SHIFT;
	return 0;
}

/* A receive of anything but a QP of messages. 0, or EIO. */
static __attribute__((noinline)) int take_other_recv(struct mlx5_cq *cq,
						     struct mlx5_resource *queue,
						     const struct mlx5_cqe64 *cqe)
{
	if (mlx5_is_tagged(queue, cqe))
		return take_tagged(cq, queue, cqe);
	cq->verbs.cq_ex.wr_id = mlx5_complete_recv_other(queue, cqe);
	if (mlx5_takes_frames(queue))
		cq->wc_opcode |= MLX5_WC_FRAME;
	return 0;
}

/* A CQE of no packet: only changes of tags, and matches, are told by them. */
static COLD int take_no_packet(struct mlx5_cq *cq, const struct mlx5_cqe64 *cqe,
			       uint8_t cqe_version)
{
	struct mlx5_resource *queue = mlx5_cqe_queue(cq, cqe, true, cqe_version);

	return queue ? take_tagged(cq, queue, cqe) : EIO;
}

static ALWAYS_INLINE int take_next(struct mlx5_cq *cq, uint8_t cqe_version)
{
	struct ibv_cq_ex *ex = &cq->verbs.cq_ex;
	struct mlx5_cqe64 *cqe = mlx5_cq_written(cq, cq->ci);
	struct mlx5_resource *queue;
	uint8_t opcode;

	if (!cqe)
		return ENOENT;
	udma_from_device_barrier();
	__atomic_store_n(&cq->ci, cq->ci + 1, __ATOMIC_RELAXED);
	cq->cqe = cqe;
	opcode = mlx5_cqe_opcode(cqe);
	ex->status = IBV_WC_SUCCESS;
	if (unlikely(opcode > MLX5_CQE_MAX_GOOD)) {
		if (opcode == MLX5_CQE_NO_PACKET)
			return take_no_packet(cq, cqe, cqe_version);
		if (opcode != MLX5_CQE_REQ_ERR && opcode != MLX5_CQE_RESP_ERR)
			return EIO;
		ex->status = mlx5_wc_status(cqe);
	}

	if (opcode == MLX5_CQE_REQ || opcode == MLX5_CQE_REQ_ERR) {
		struct mlx5_sq_slot slot;

		queue = mlx5_cqe_queue(cq, cqe, false, cqe_version);
		if (unlikely(!queue))
			return EIO;
		slot = mlx5_complete_send(queue, cqe);
		ex->wr_id = slot.wr_id;
		cq->wc_opcode = slot.wc_opcode;
		return 0;
	}
	queue = mlx5_cqe_queue(cq, cqe, true, cqe_version);
	if (unlikely(!queue))
		return EIO;
	cq->wc_opcode =
		opcode == MLX5_CQE_RESP_ERR ? IBV_WC_RECV : mlx5_recv_meaning[opcode].wc_opcode;
	if (likely(queue->kind == MLX5_RESOURCE_QP))
		ex->wr_id = mlx5_complete_recv(queue, cqe);
	else
		return take_other_recv(cq, queue, cqe);
	return 0;
}

static void end_poll(struct ibv_cq_ex *ex)
{
	struct mlx5_cq *cq = of_ex(ex);

	udma_release_to_device_barrier();
	cq->dbrec[MLX5_CQ_SET_CI] = mlx5_cq_set_ci(cq->ci);
	mlx5_unlock(&cq->lock);
}

static ALWAYS_INLINE int start_poll(struct ibv_cq_ex *ex, struct ibv_poll_cq_attr *attr,
				    uint8_t cqe_version)
{
	struct mlx5_cq *cq = of_ex(ex);
	int err;

	if (unlikely(attr->comp_mask))
		return EINVAL;
	mlx5_lock(&cq->lock);
	err = take_next(cq, cqe_version);
	/* The caller ends only what was started. A CQE that made no sense is consumed all the same.
	 */
	if (err)
		end_poll(ex);
	return err;
}

#define POLL_VARIANT(version)                                                                      \
	static int start_poll_v##version(struct ibv_cq_ex *cq, struct ibv_poll_cq_attr *attr)      \
	{                                                                                          \
		return start_poll(cq, attr, version);                                              \
	}                                                                                          \
	static int next_poll_v##version(struct ibv_cq_ex *cq)                                      \
	{                                                                                          \
		return take_next(of_ex(cq), version);                                              \
	}

POLL_VARIANT(0)
POLL_VARIANT(1)

static enum ibv_wc_opcode read_opcode(struct ibv_cq_ex *cq)
{
	return (enum ibv_wc_opcode)(of_ex(cq)->wc_opcode & MLX5_WC_OPCODE_MASK);
}

static uint32_t read_vendor_err(struct ibv_cq_ex *cq)
{
	return mlx5_vendor_syndrome(of_ex(cq)->cqe);
}

static uint32_t read_byte_len(struct ibv_cq_ex *cq)
{
	return mlx5_send_byte_len(of_ex(cq)->wc_opcode, of_ex(cq)->cqe);
}

/* The field is shared: ibv_wc_read_invalidated_rkey() takes it from here in host order. */
static __be32 read_imm_data(struct ibv_cq_ex *cq)
{
	const struct mlx5_cqe64 *cqe = of_ex(cq)->cqe;

	if (mlx5_cqe_opcode(cqe) == MLX5_CQE_RESP_SEND_INV)
		return be32toh(cqe->imm_inval_pkey);
	return cqe->imm_inval_pkey;
}

static bool is_frame(struct ibv_cq_ex *cq)
{
	return unlikely(of_ex(cq)->wc_opcode & MLX5_WC_FRAME);
}

/* A queue of frames was the last that was looked up. */
static uint32_t read_qp_num(struct ibv_cq_ex *cq)
{
	return is_frame(cq) ? mlx5_frame_queue_number(of_ex(cq)->last)
			    : mlx5_cqe_qpn(of_ex(cq)->cqe);
}

static uint32_t read_src_qp(struct ibv_cq_ex *cq)
{
	return mlx5_cqe_remote_qpn(of_ex(cq)->cqe);
}

/* Of what is not a message for a queue pair. */
static unsigned int other_wc_flags(const struct mlx5_cq *cq, uint8_t opcode)
{
	bool good = opcode <= MLX5_CQE_MAX_GOOD;

	if (cq->wc_opcode & MLX5_WC_FRAME)
		return good ? mlx5_frame_wc_flags(cq->cqe) : 0;
	return (good ? mlx5_recv_wc_flags(cq->cqe) : 0) | cq->wc_opcode >> MLX5_WC_FLAGS_SHIFT;
}

static unsigned int read_wc_flags(struct ibv_cq_ex *ex)
{
	const struct mlx5_cq *cq = of_ex(ex);
	uint8_t opcode = mlx5_cqe_opcode(cq->cqe);

	if (opcode == MLX5_CQE_REQ)
		return 0;
	if (unlikely(cq->wc_opcode & (MLX5_WC_FRAME | MLX5_WC_TAGGED)))
		return other_wc_flags(cq, opcode);
	return opcode > MLX5_CQE_MAX_GOOD ? 0 : mlx5_recv_wc_flags(cq->cqe);
}

static uint32_t read_slid(struct ibv_cq_ex *cq)
{
	return be16toh(of_ex(cq)->cqe->slid);
}

static uint8_t read_sl(struct ibv_cq_ex *cq)
{
	return mlx5_cqe_sl(of_ex(cq)->cqe);
}

static uint8_t read_dlid_path_bits(struct ibv_cq_ex *cq)
{
	return of_ex(cq)->cqe->ml_path & MLX5_CQE_PATH_BITS_MASK;
}

static uint64_t read_completion_ts(struct ibv_cq_ex *cq)
{
	return be64toh(of_ex(cq)->cqe->timestamp);
}

static uint64_t read_completion_wallclock_ns(struct ibv_cq_ex *cq)
{
	const struct mlx5_context *context = to_mlx5_context(cq->context);

	return mlx5_clock_wall_ns(context->clock.notes, read_completion_ts(cq));
}

static uint16_t read_cvlan(struct ibv_cq_ex *cq)
{
	return be16toh(of_ex(cq)->cqe->vlan_info);
}

/* Packets that a flow rule has marked bring the mark in the place of the QPN. */
static uint32_t read_flow_tag(struct ibv_cq_ex *cq)
{
	return be32toh(of_ex(cq)->cqe->sop_drop_qpn) & MLX5_CQE_FLOW_TAG_MASK;
}

/* A message that a tag list was for begins the CQE with its tag matching header. */
static void read_tm_info(struct ibv_cq_ex *cq, struct ibv_wc_tm_info *info)
{
	const struct ibv_tmh *header = (const struct ibv_tmh *)(const void *)of_ex(cq)->cqe;

	info->tag = be64toh(header->tag);
	info->priv = be32toh(header->app_ctx);
}

/* What is beyond the members of struct ibv_wc. */
static void set_further_readers(struct ibv_cq_ex *ex, uint64_t wc_flags)
{
	if (wc_flags & IBV_WC_EX_WITH_COMPLETION_TIMESTAMP)
		ex->read_completion_ts = read_completion_ts;
	if (wc_flags & IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK)
		ex->read_completion_wallclock_ns = read_completion_wallclock_ns;
	if (wc_flags & IBV_WC_EX_WITH_CVLAN)
		ex->read_cvlan = read_cvlan;
	if (wc_flags & IBV_WC_EX_WITH_FLOW_TAG)
		ex->read_flow_tag = read_flow_tag;
	if (wc_flags & IBV_WC_EX_WITH_TM_INFO)
		ex->read_tm_info = read_tm_info;
}

static int check_wc_flags(const struct mlx5_context *context, uint64_t wc_flags)
{
	if (wc_flags & ~(uint64_t)IBV_CREATE_CQ_SUP_WC_FLAGS)
		return EOPNOTSUPP;
	if (wc_flags & IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK && !context->clock.notes)
		return EOPNOTSUPP;
	return 0;
}

int mlx5_cq_set_ex(struct mlx5_context *context, struct mlx5_cq *cq, uint64_t wc_flags)
{
	uint8_t cqe_version = context->cqe_version;
	struct ibv_cq_ex *ex = &cq->verbs.cq_ex;
	int err = check_wc_flags(context, wc_flags);

	if (err)
		return err;
	ex->start_poll = cqe_version ? start_poll_v1 : start_poll_v0;
	ex->next_poll = cqe_version ? next_poll_v1 : next_poll_v0;
	ex->end_poll = end_poll;
	ex->read_opcode = read_opcode;
	ex->read_vendor_err = read_vendor_err;
	ex->read_wc_flags = read_wc_flags;
	if (wc_flags & IBV_WC_EX_WITH_BYTE_LEN)
		ex->read_byte_len = read_byte_len;
	if (wc_flags & IBV_WC_EX_WITH_IMM)
		ex->read_imm_data = read_imm_data;
	if (wc_flags & IBV_WC_EX_WITH_QP_NUM)
		ex->read_qp_num = read_qp_num;
	if (wc_flags & IBV_WC_EX_WITH_SRC_QP)
		ex->read_src_qp = read_src_qp;
	if (wc_flags & IBV_WC_EX_WITH_SLID)
		ex->read_slid = read_slid;
	if (wc_flags & IBV_WC_EX_WITH_SL)
		ex->read_sl = read_sl;
	if (wc_flags & IBV_WC_EX_WITH_DLID_PATH_BITS)
		ex->read_dlid_path_bits = read_dlid_path_bits;
	set_further_readers(ex, wc_flags);
	return 0;
}
