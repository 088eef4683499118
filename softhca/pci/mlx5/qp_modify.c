/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Transitions of queue pairs. Each is a command of its own and says which attributes of the context
 * must count; the optional ones are chosen by a mask. What the specification has to say on that is
 * checked by the core.
 */
#include <errno.h>

#include "softhca/pci/mlx5/qp.h"

enum { ANY_STATE = -1 };

struct transition {
	uint16_t opcode;
	int8_t from;
	uint8_t to;
	uint32_t rc, uc, datagram, management; /* required */
};

#define CONNECTED_INIT (QP_PKEY_INDEX | QP_PORT | QP_ACCESS_FLAGS)
#define UC_PATH	       (QP_AV | QP_PATH_MTU | QP_DEST_QPN | QP_RQ_PSN)
#define RC_PATH	       (UC_PATH | QP_MAX_DEST_RD_ATOMIC | QP_MIN_RNR_TIMER)
#define RC_SEND	       (QP_SQ_PSN | QP_TIMEOUT | QP_RETRY_CNT | QP_RNR_RETRY | QP_MAX_QP_RD_ATOMIC)

static const struct transition transitions[] = {
	{MLX5_RST2INIT_QP, QP_RESET, QP_INIT, CONNECTED_INIT, CONNECTED_INIT,
	 QP_PKEY_INDEX | QP_PORT | QP_QKEY, QP_PKEY_INDEX | QP_QKEY},
	{MLX5_INIT2INIT_QP, QP_INIT, QP_INIT, 0, 0, 0, 0},
	{MLX5_INIT2RTR_QP, QP_INIT, QP_RTR, RC_PATH, UC_PATH, 0, 0},
	{MLX5_RTR2RTS_QP, QP_RTR, QP_RTS, RC_SEND, QP_SQ_PSN, QP_SQ_PSN, QP_SQ_PSN},
	{MLX5_RTS2RTS_QP, QP_RTS, QP_RTS, 0, 0, 0, 0},
	{MLX5_SQERR2RTS_QP, QP_SQE, QP_RTS, 0, 0, 0, 0},
	{MLX5_SQD_RTS_QP, QP_SQD, QP_RTS, 0, 0, 0, 0},
	{MLX5_2ERR_QP, ANY_STATE, QP_ERR, 0, 0, 0, 0},
	{MLX5_2RST_QP, ANY_STATE, QP_RESET, 0, 0, 0, 0},
};

static const struct {
	uint32_t optional, mask;
} options[] = {
	{MLX5_QP_OPT_ALTERNATE_PATH, QP_ALT_PATH},
	{MLX5_QP_OPT_RRE, QP_ACCESS_FLAGS},
	{MLX5_QP_OPT_RAE, QP_ACCESS_FLAGS},
	{MLX5_QP_OPT_RWE, QP_ACCESS_FLAGS},
	{MLX5_QP_OPT_PKEY_INDEX, QP_PKEY_INDEX},
	{MLX5_QP_OPT_QKEY, QP_QKEY},
	{MLX5_QP_OPT_RNR_TIMEOUT, QP_MIN_RNR_TIMER},
	{MLX5_QP_OPT_PRIMARY_PATH, QP_AV},
	{MLX5_QP_OPT_SRA_MAX, QP_MAX_QP_RD_ATOMIC},
	{MLX5_QP_OPT_RRA_MAX, QP_MAX_DEST_RD_ATOMIC},
	{MLX5_QP_OPT_PM_STATE, QP_PATH_MIG_STATE},
	{MLX5_QP_OPT_RETRY_COUNT, QP_RETRY_CNT},
	{MLX5_QP_OPT_RNR_RETRY, QP_RNR_RETRY},
	{MLX5_QP_OPT_ACK_TIMEOUT, QP_TIMEOUT},
	{MLX5_QP_OPT_PORT, QP_PORT},
};

static const struct transition *find_transition(uint16_t opcode)
{
	const struct transition *row = transitions;

	while (row->opcode != opcode)
		row++;
	return row;
}

static uint32_t required(const struct transition *row, enum qp_type type)
{
	switch (type) {
	case QP_TYPE_RC:
		return row->rc;
	case QP_TYPE_UC:
		return row->uc;
	case QP_TYPE_UD:
		return row->datagram;
	default:
		return row->management;
	}
}

/* False for bits that mean nothing here. */
static bool optional(uint32_t chosen, uint32_t *mask)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (chosen & options[i].optional)
			*mask |= options[i].mask;
		chosen &= ~options[i].optional;
	}
	return !chosen;
}

/* Access rights are chosen one by one; those that are not keep their value. */
static uint32_t merge_access(uint32_t old, uint32_t new, uint32_t chosen)
{
	uint32_t which = 0;

	if (chosen & MLX5_QP_OPT_RRE)
		which |= ACCESS_REMOTE_READ;
	if (chosen & MLX5_QP_OPT_RWE)
		which |= ACCESS_REMOTE_WRITE;
	if (chosen & MLX5_QP_OPT_RAE)
		which |= ACCESS_REMOTE_ATOMIC;
	return (old & ~which) | (new &which);
}

static enum migration_state migration_of(const uint8_t *context)
{
	switch (hw_get(context, MLX5_QPC_MIGRATION)) {
	case MLX5_QPC_MIGRATION_ARMED:
		return MIGRATION_ARMED;
	case MLX5_QPC_MIGRATION_REARM:
		return MIGRATION_REARM;
	default:
		return MIGRATION_MIGRATED;
	}
}

/* Fills in attributes and mask of a transition that has any. */
static enum mlx5_status read_request(struct mlx5_command *command, const struct qp *qp,
				     const struct transition *row, struct qp_attr *attr,
				     uint32_t *mask)
{
	const uint8_t *context = command->in + MLX5_QP_CONTEXT_BYTE;
	uint32_t chosen = hw_get(command->in, MLX5_QP_OPTIONAL);

	*mask = QP_STATE | required(row, qp->type);
	mlx5_qp_read_attr(context, attr);
	attr->state = (enum qp_state)row->to;
	attr->migration = migration_of(context);
	if (!(*mask & QP_ACCESS_FLAGS))
		attr->access = merge_access(qp->attr.access, attr->access, chosen);
	if (!optional(chosen, mask))
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "unknown optional parameter");
	return MLX5_STATUS_OK;
}

static enum mlx5_status modify(struct mlx5_command *command, struct qp *qp,
			       const struct transition *row)
{
	struct qp_attr attr = {.state = (enum qp_state)row->to};
	uint32_t mask = QP_STATE;
	enum mlx5_status status = MLX5_STATUS_OK;

	/* What the driver says of the path of a UMR queue pair means nothing. */
	if (row->from != ANY_STATE && qp->type != QP_TYPE_UMR)
		status = read_request(command, qp, row, &attr, &mask);
	return status ? status : mlx5_status_of(command, qp_modify(qp, &attr, mask));
}

enum mlx5_status mlx5_modify_qp(struct mlx5_command *command)
{
	const struct transition *row = find_transition(command->opcode);
	struct mlx5_qp *qp = mlx5_command_object(command, &command->adapter->qps);

	if (!qp)
		return mlx5_status_of(command, ENOENT);
	if (row->from != ANY_STATE && qp->qp->attr.state != (enum qp_state)row->from)
		return mlx5_refuse(command, MLX5_STATUS_BAD_QP_STATE, "wrong state");
	return modify(command, qp->qp, row);
}
