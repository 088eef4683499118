/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counting completions. A CQE of a send queue is for all requests up to its own, signaled or not,
 * so the ring is walked up to there; how many bytes a request has moved stands in its segments.
 */

#include <errno.h>
#include <stdlib.h>

#include "bits.h"
#include "comp_cntr.h"
#include "completion.h"

enum {
	MAX_COUNTERS = 1 << 16,
	COUNTED_OPS = IBV_QP_ATTACH_COMP_CNTR_OP_SEND | IBV_QP_ATTACH_COMP_CNTR_OP_RECV |
		      IBV_QP_ATTACH_COMP_CNTR_OP_RDMA_READ | IBV_QP_ATTACH_COMP_CNTR_OP_RDMA_WRITE,
	KNOWN_OPS = COUNTED_OPS | IBV_QP_ATTACH_COMP_CNTR_OP_REMOTE_RDMA_READ |
		    IBV_QP_ATTACH_COMP_CNTR_OP_REMOTE_RDMA_WRITE,
};

struct counter {
	struct ibv_comp_cntr public;
	enum ibv_comp_cntr_type type;
	atomic_uint users; /* attachments */
	_Atomic uint64_t successes, failures;
};

struct mlx5_qp_counter {
	struct mlx5_qp_counter *next;
	struct counter *counter;
	uint32_t ops; /* enum ibv_qp_attach_comp_cntr_op */
};

static struct counter *to_counter(struct ibv_comp_cntr *counter)
{
	return (struct counter *)counter;
}

/* ---- the object ---- */

/* Of what peers do to a QP no completion tells. */
int mlx5_query_comp_cntr_caps(struct ibv_context *context, struct ibv_comp_cntr_caps *caps)
{
	(void)context;
	*caps = (struct ibv_comp_cntr_caps){
		.max_value = UINT64_MAX,
		.max_counters = MAX_COUNTERS,
		.supported_qp_attach_ops = COUNTED_OPS,
	};
	return 0;
}

struct ibv_comp_cntr *mlx5_create_comp_cntr(struct ibv_context *context,
					    struct ibv_comp_cntr_init_attr *attr)
{
	atomic_uint *live = &to_mlx5_context(context)->comp_cntrs;
	struct counter *counter = NULL;

	if (atomic_fetch_add(live, 1) < MAX_COUNTERS)
		counter = calloc(1, sizeof(*counter));
	if (!counter) {
		atomic_fetch_sub(live, 1);
		errno = ENOMEM;
		return NULL;
	}
	counter->public.context = context;
	counter->type = attr->type;
	return &counter->public;
}

int mlx5_destroy_comp_cntr(struct ibv_comp_cntr *counter)
{
	if (atomic_load(&to_counter(counter)->users))
		return EBUSY;
	atomic_fetch_sub(&to_mlx5_context(counter->context)->comp_cntrs, 1);
	free(counter);
	return 0;
}

int mlx5_set_comp_cntr(struct ibv_comp_cntr *counter, uint64_t value)
{
	atomic_store(&to_counter(counter)->successes, value);
	return 0;
}

int mlx5_set_err_comp_cntr(struct ibv_comp_cntr *counter, uint64_t value)
{
	atomic_store(&to_counter(counter)->failures, value);
	return 0;
}

int mlx5_inc_comp_cntr(struct ibv_comp_cntr *counter, uint64_t amount)
{
	atomic_fetch_add(&to_counter(counter)->successes, amount);
	return 0;
}

int mlx5_inc_err_comp_cntr(struct ibv_comp_cntr *counter, uint64_t amount)
{
	atomic_fetch_add(&to_counter(counter)->failures, amount);
	return 0;
}

int mlx5_read_comp_cntr(struct ibv_comp_cntr *counter, uint64_t *value)
{
	*value = atomic_load(&to_counter(counter)->successes);
	return 0;
}

int mlx5_read_err_comp_cntr(struct ibv_comp_cntr *counter, uint64_t *value)
{
	*value = atomic_load(&to_counter(counter)->failures);
	return 0;
}

/* ---- a QP's counters ---- */

static int check_attach(const struct mlx5_qp *qp, uint32_t ops)
{
	const struct mlx5_context *context = to_mlx5_context(qp->verbs.qp.context);

	if (ops & ~(uint32_t)KNOWN_OPS)
		return EINVAL;
	if (ops & ~(uint32_t)COUNTED_OPS)
		return EOPNOTSUPP;
	switch (qp->verbs.qp.qp_type) {
	case IBV_QPT_RC:
	case IBV_QPT_UC:
	case IBV_QPT_UD:
		break;
	default:
		return EOPNOTSUPP;
	}
	/* A CQE of version 0 names the SRQ and not the QP. */
	if (ops & IBV_QP_ATTACH_COMP_CNTR_OP_RECV && qp->srq && !context->cqe_version)
		return EOPNOTSUPP;
	return qp->verbs.qp.state == IBV_QPS_RESET ? 0 : EINVAL;
}

int mlx5_qp_attach_comp_cntr(struct ibv_qp *ibv_qp, struct ibv_comp_cntr *counter,
			     struct ibv_qp_attach_comp_cntr_attr *attr)
{
	struct mlx5_qp *qp = to_mlx5_qp(ibv_qp);
	struct mlx5_qp_counter *attached;
	int err = check_attach(qp, attr->op_mask);

	if (err)
		return err;
	attached = calloc(1, sizeof(*attached));
	if (!attached)
		return ENOMEM;
	attached->counter = to_counter(counter);
	attached->ops = attr->op_mask;
	attached->next = qp->counters.first;
	atomic_fetch_add(&attached->counter->users, 1);
	qp->counters.first = attached;
	return 0;
}

void mlx5_qp_detach_counters(struct mlx5_qp *qp)
{
	while (qp->counters.first) {
		struct mlx5_qp_counter *attached = qp->counters.first;

		qp->counters.first = attached->next;
		atomic_fetch_sub(&attached->counter->users, 1);
		free(attached);
	}
}

/* ---- counting ---- */

static void count(const struct mlx5_qp *qp, uint32_t op, bool success, uint64_t bytes)
{
	for (struct mlx5_qp_counter *at = qp->counters.first; at; at = at->next) {
		struct counter *counter = at->counter;

		if (!(at->ops & op))
			continue;
		if (!success)
			atomic_fetch_add(&counter->failures, 1);
		else
			atomic_fetch_add(&counter->successes,
					 counter->type == IBV_COMP_CNTR_TYPE_BYTES ? bytes : 1);
	}
}

static uint32_t op_of_request(uint32_t wc_opcode)
{
	switch (wc_opcode) {
	case IBV_WC_SEND:
		return IBV_QP_ATTACH_COMP_CNTR_OP_SEND;
	case IBV_WC_RDMA_WRITE:
		return IBV_QP_ATTACH_COMP_CNTR_OP_RDMA_WRITE;
	case IBV_WC_RDMA_READ:
		return IBV_QP_ATTACH_COMP_CNTR_OP_RDMA_READ;
	default:
		return 0;
	}
}

/* Units of 16 bytes before the data: control segment, and address of the peer or of its memory. */
static uint32_t head_ds(const struct mlx5_qp *qp, uint32_t wc_opcode)
{
	if (qp->verbs.qp.qp_type == IBV_QPT_UD)
		return 1 + sizeof(struct mlx5_wqe_datagram_seg) / MLX5_WQE_DS_UNITS;
	return wc_opcode == IBV_WC_SEND ? 1 : 2;
}

/* Inline data is one piece that ends the request; else each unit is a piece. */
static uint64_t data_bytes(const struct mlx5_sq *sq, uint32_t pi, uint32_t from_ds, uint32_t ds)
{
	size_t ring_bytes = (size_t)(sq->end - sq->ring);
	uint64_t bytes = 0;

	for (uint32_t unit = from_ds; unit < ds; unit++) {
		size_t at = (((size_t)(pi & sq->mask) << MLX5_SEND_WQE_SHIFT) +
			     unit * MLX5_WQE_DS_UNITS) %
			    ring_bytes;
		uint32_t piece = be32toh(*(const __be32 *)(const void *)(sq->ring + at));

		bytes += piece & ~MLX5_INLINE_SEG;
		if (piece & MLX5_INLINE_SEG)
			break;
	}
	return bytes;
}

/* The request at the first block not counted yet. */
static void count_request(struct mlx5_qp *qp, bool success)
{
	uint32_t pi = qp->counters.pi, slot = pi & qp->sq.mask;
	const struct mlx5_wqe_ctrl_seg *ctrl =
		(const void *)(qp->sq.ring + ((size_t)slot << MLX5_SEND_WQE_SHIFT));
	uint32_t ds = be32toh(ctrl->qpn_ds) & MLX5_WQE_CTRL_DS_MASK;
	uint32_t blocks = (ds + MLX5_WQE_DS_PER_BB - 1) / MLX5_WQE_DS_PER_BB;
	uint32_t wc_opcode = qp->sq.slots[slot].wc_opcode;
	uint32_t op = op_of_request(wc_opcode);

	if (op)
		count(qp, op, success, data_bytes(&qp->sq, pi, head_ds(qp, wc_opcode), ds));
	qp->counters.pi = pi + (blocks ? blocks : 1);
}

/* No further than once round the ring, should the CQE name a block where no request begins. */
static void count_sends(struct mlx5_qp *qp, uint16_t last, bool success)
{
	uint32_t end = qp->counters.pi + qp->sq.mask + 1;

	while ((uint16_t)qp->counters.pi != last && qp->counters.pi - end > INT32_MAX)
		count_request(qp, true);
	count_request(qp, success);
}

COLD void mlx5_count_completion(struct mlx5_qp *qp, const struct mlx5_cqe64 *cqe)
{
	switch (mlx5_cqe_opcode(cqe)) {
	case MLX5_CQE_REQ:
	case MLX5_CQE_REQ_ERR:
		count_sends(qp, be16toh(cqe->wqe_counter), mlx5_cqe_opcode(cqe) == MLX5_CQE_REQ);
		break;
	case MLX5_CQE_RESP_ERR:
		count(qp, IBV_QP_ATTACH_COMP_CNTR_OP_RECV, false, 0);
		break;
	default:
		count(qp, IBV_QP_ATTACH_COMP_CNTR_OP_RECV, true, be32toh(cqe->byte_cnt));
	}
}
