/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes completions of messages. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "hw/mlx5/cqe.h"
#include "hw/mlx5/wqe.h"
#include "softhca/mlx5/entry.h"
#include "softhca/mlx5/family.h"
#include "softhca/mlx5/mlx5.h"

static const uint8_t request_opcodes[] = {
	[REQUEST_SEND] = MLX5_OPCODE_SEND,
	[REQUEST_SEND_IMM] = MLX5_OPCODE_SEND_IMM,
	[REQUEST_SEND_INVALIDATE] = MLX5_OPCODE_SEND_INVAL,
	[REQUEST_WRITE] = MLX5_OPCODE_RDMA_WRITE,
	[REQUEST_WRITE_IMM] = MLX5_OPCODE_RDMA_WRITE_IMM,
	[REQUEST_READ] = MLX5_OPCODE_RDMA_READ,
	[REQUEST_COMPARE_SWAP] = MLX5_OPCODE_ATOMIC_CS,
	[REQUEST_FETCH_ADD] = MLX5_OPCODE_ATOMIC_FA,
	[REQUEST_CHANGE_KEY] = MLX5_OPCODE_UMR,
	[REQUEST_NOP] = MLX5_OPCODE_NOP,
	[REQUEST_CHANGE_TAGS] = MLX5_OPCODE_TAG_MATCHING,
	[REQUEST_SEND_SEGMENTS] = MLX5_OPCODE_TSO,
};

/* What the family has no syndrome for stays 0, which drivers report as a general error. */
static const uint8_t syndromes[] = {
	[STATUS_LOCAL_LENGTH] = MLX5_CQE_SYNDROME_LOCAL_LENGTH_ERR,
	[STATUS_LOCAL_QP_OPERATION] = MLX5_CQE_SYNDROME_LOCAL_QP_OP_ERR,
	[STATUS_LOCAL_PROTECTION] = MLX5_CQE_SYNDROME_LOCAL_PROT_ERR,
	[STATUS_FLUSHED] = MLX5_CQE_SYNDROME_WR_FLUSH_ERR,
	[STATUS_MW_BIND] = MLX5_CQE_SYNDROME_MW_BIND_ERR,
	[STATUS_BAD_RESPONSE] = MLX5_CQE_SYNDROME_BAD_RESP_ERR,
	[STATUS_LOCAL_ACCESS] = MLX5_CQE_SYNDROME_LOCAL_ACCESS_ERR,
	[STATUS_REMOTE_INVALID_REQUEST] = MLX5_CQE_SYNDROME_REMOTE_INVAL_REQ_ERR,
	[STATUS_REMOTE_ACCESS] = MLX5_CQE_SYNDROME_REMOTE_ACCESS_ERR,
	[STATUS_REMOTE_OPERATION] = MLX5_CQE_SYNDROME_REMOTE_OP_ERR,
	/* There is none for the number of an SRQ, so the next best. */
	[STATUS_REMOTE_INVALID_RD_REQUEST] = MLX5_CQE_SYNDROME_REMOTE_INVAL_REQ_ERR,
	[STATUS_RETRY_EXCEEDED] = MLX5_CQE_SYNDROME_TRANSPORT_RETRY_EXC_ERR,
	[STATUS_RNR_RETRY_EXCEEDED] = MLX5_CQE_SYNDROME_RNR_RETRY_EXC_ERR,
	[STATUS_REMOTE_ABORTED] = MLX5_CQE_SYNDROME_REMOTE_ABORTED_ERR,
	[STATUS_GENERAL] = 0,
	[STATUS_LOCAL_PAGE_FAULT] = MLX5_CQE_SYNDROME_LOCAL_PROT_ERR,
};

/* What ConnectX adds to some of them, as users' error reports show it; the rest is not known. */
static const uint8_t vendor_syndromes[] = {
	[STATUS_FLUSHED] = 0xf9,
	[STATUS_RETRY_EXCEEDED] = 0x81,
	[STATUS_REMOTE_ACCESS] = 0x88,
	[STATUS_GENERAL] = 0,
	[STATUS_LOCAL_PAGE_FAULT] = MLX5_CQE_VENDOR_SYNDROME_ODP_PFAULT,
};

static uint8_t cqe_opcode(const struct completion *completion)
{
	bool send = completion->flags & COMPLETION_SEND;

	if (completion->status != STATUS_SUCCESS)
		return send ? MLX5_CQE_REQ_ERR : MLX5_CQE_RESP_ERR;
	if (send)
		return MLX5_CQE_REQ;
	switch (completion->opcode) {
	case REQUEST_WRITE_IMM:
		return MLX5_CQE_RESP_WR_IMM;
	case REQUEST_SEND_IMM:
		return MLX5_CQE_RESP_SEND_IMM;
	case REQUEST_SEND_INVALIDATE:
		return MLX5_CQE_RESP_SEND_INV;
	default:
		return MLX5_CQE_RESP_SEND;
	}
}

/* The index is that of the queue pair, whatever its SRQ, unless receives of the SRQ complete in a
 * CQ of its own. */
static __be32 srqn_or_user_index(const struct qp *qp, const struct completion *completion)
{
	const struct srq *srq = completion->srq;
	uint32_t user_index = srq && srq->cq ? srq->user_index : qp->user_index;

	if (user_index != MLX5_NO_USER_INDEX)
		return htobe32(user_index & MLX5_CQE_NUMBER_MASK);
	return srq ? htobe32(srq->srqn) : 0;
}

static __be32 immediate_key_or_pkey(const struct completion *completion)
{
	if (completion->opcode == REQUEST_SEND_INVALIDATE && !(completion->flags & COMPLETION_SEND))
		return htobe32(completion->invalidated_key);
	if (completion->flags & COMPLETION_IMMEDIATE)
		return completion->immediate;
	return htobe32(completion->pkey_index);
}

static __be32 sop_qpn(const struct qp *qp, const struct completion *completion)
{
	return mlx5_cqe_sop_qpn(
		completion->flags & COMPLETION_SEND ? request_opcodes[completion->opcode] : 0,
		qp->qpn);
}

static void fill_success(union entry *entry, const struct qp *qp,
			 const struct completion *completion)
{
	struct mlx5_cqe64 *cqe = &entry->cqe;

	cqe->ml_path = completion->path_bits & MLX5_CQE_PATH_BITS_MASK;
	cqe->slid = htobe16(completion->slid);
	cqe->flags_rqpn = mlx5_cqe_flags_rqpn(completion->flags & COMPLETION_GRH, completion->sl,
					      completion->remote_qpn);
	cqe->srqn_uidx = srqn_or_user_index(qp, completion);
	cqe->imm_inval_pkey = immediate_key_or_pkey(completion);
	cqe->byte_cnt = htobe32(completion->length);
	cqe->timestamp = htobe64(completion->timestamp_ns);
	cqe->sop_drop_qpn = sop_qpn(qp, completion);
}

void mlx5_entry_set_syndrome(union entry *entry, enum completion_status status)
{
	entry->error.vendor_err_synd = vendor_syndromes[status];
	entry->error.syndrome = syndromes[status];
}

static void fill_error(union entry *entry, const struct qp *qp, const struct completion *completion)
{
	struct mlx5_err_cqe *cqe = &entry->error;

	cqe->srqn = srqn_or_user_index(qp, completion);
	mlx5_entry_set_syndrome(entry, completion->status);
	cqe->s_wqe_opcode_qpn = sop_qpn(qp, completion);
}

void mlx5_entry_describe(union entry *entry, const struct qp *qp,
			 const struct completion *completion)
{
	if (completion->status == STATUS_SUCCESS)
		fill_success(entry, qp, completion);
	else
		fill_error(entry, qp, completion);
	entry->cqe.wqe_counter = htobe16((uint16_t)completion->index);
	entry->cqe.op_own = mlx5_cqe_op_own(
		cqe_opcode(completion),
		completion->flags & COMPLETION_SOLICITED ? MLX5_CQE_SOLICITED : 0, 0);
}

int mlx5_cqe_write(struct cq *cq, const struct qp *qp, const struct completion *completion)
{
	union entry entry = {0};

	if (!entry_has_room(cq))
		return EOVERFLOW;
	mlx5_entry_describe(&entry, qp, completion);
	entry.cqe.op_own |= entry_owner(cq);
	entry_store(cq, &entry);
	return 0;
}

int mlx5_cqe_write_resize(struct cq *cq)
{
	union entry entry = {0};

	if (!entry_has_room(cq))
		return EOVERFLOW;
	entry.cqe.op_own = mlx5_cqe_op_own(MLX5_CQE_RESIZE_CQ, 0, entry_owner(cq));
	entry_store(cq, &entry);
	return 0;
}
