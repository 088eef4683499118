/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the adapter announces, and the limits it holds the driver to: one set of numbers for both.
 * Left out and zero, each of which keeps a part of the driver quiet: Ethernet, flow steering,
 * eswitch, on-demand paging, DC, DEVX, counters, UMR registrations.
 */
#include "hw/mlx5/capability.h"

#include <string.h>

#include "softhca/pci/mlx5/commands.h"

enum {
	LOG_MAX_QP = 15,
	LOG_MAX_CQ = 16,
	LOG_MAX_SRQ = 15,
	LOG_MAX_MKEY = 17,
	LOG_MAX_PD = 16,
	LOG_MAX_MCG = 10,
	LOG_MAX_QP_SIZE = 15,
	LOG_MAX_SRQ_SIZE = 15,
	LOG_MAX_CQ_SIZE = 22,
	LOG_MAX_EQ_SIZE = 20,
	LOG_MAX_EQ = 6,
	LOG_MAX_RD_ATOMIC = 4,
	LOG_MAX_MR_SIZE = 40,
	LOG_MAX_KLM_LIST = 16,
	LOG_MAX_MESSAGE = 30,
	MAX_SEND_WQE_BYTES = 1024, /* 16 basic blocks, of which drivers use 63 segments */
	MAX_RECV_WQE_BYTES = 512,
	SEGMENT_BYTES = 16,
};

_Static_assert(1 << LOG_MAX_MCG <= FABRIC_GROUPS, "more groups than there are");
_Static_assert(1 << LOG_MAX_EQ == MLX5_MAX_EQS, "more event queues than there are");
_Static_assert(1u << LOG_MAX_MESSAGE == MAX_MESSAGE_BYTES, "messages have another limit");

const struct hca_limits mlx5_limits = {
	.max_qp = 1 << LOG_MAX_QP,
	.max_cq = 1 << LOG_MAX_CQ,
	.max_srq = 1 << LOG_MAX_SRQ,
	.max_mr = 1 << LOG_MAX_MKEY,
	.max_mw = 1 << LOG_MAX_MKEY,
	.max_pd = 1 << LOG_MAX_PD,
	.max_ah = INT32_MAX,
	.max_qp_wr = 1 << LOG_MAX_QP_SIZE,
	.max_sge = MAX_RECV_WQE_BYTES / SEGMENT_BYTES,
	.max_cqe = (1 << LOG_MAX_CQ_SIZE) - 1,
	.max_srq_wr = (1 << LOG_MAX_SRQ_SIZE) - 1,
	.max_srq_sge = MAX_RECV_WQE_BYTES / SEGMENT_BYTES - 1,
	.max_inline = MAX_SEND_WQE_BYTES,
	.max_rd_atomic = 1 << LOG_MAX_RD_ATOMIC,
	.max_init_rd_atomic = 1 << LOG_MAX_RD_ATOMIC,
	.max_mcast_grp = 1 << LOG_MAX_MCG,
	.max_mcast_qp_attach = FABRIC_GROUP_MEMBERS,
	.max_mr_size = 1ull << LOG_MAX_MR_SIZE,
};

struct value {
	struct hw_field field;
	uint32_t value;
};

static const struct value general[] = {
	{MLX5_CAP_LOG_MAX_SRQ_SIZE, LOG_MAX_SRQ_SIZE},
	{MLX5_CAP_LOG_MAX_QP_SIZE, LOG_MAX_QP_SIZE},
	{MLX5_CAP_LOG_MAX_QP, LOG_MAX_QP},
	{MLX5_CAP_LOG_MAX_SRQ, LOG_MAX_SRQ},
	{MLX5_CAP_LOG_MAX_CQ_SIZE, LOG_MAX_CQ_SIZE},
	{MLX5_CAP_LOG_MAX_CQ, LOG_MAX_CQ},
	{MLX5_CAP_LOG_MAX_EQ_SIZE, LOG_MAX_EQ_SIZE},
	{MLX5_CAP_LOG_MAX_MKEY, LOG_MAX_MKEY},
	{MLX5_CAP_NULL_KEY, 1},
	{MLX5_CAP_LOG_MAX_EQ, LOG_MAX_EQ},
	{MLX5_CAP_LOG_MAX_MR_SIZE, LOG_MAX_MR_SIZE},
	{MLX5_CAP_LOG_MAX_KLM_LIST, LOG_MAX_KLM_LIST},
	{MLX5_CAP_LOG_MAX_RA_REQ_QP, LOG_MAX_RD_ATOMIC},
	{MLX5_CAP_LOG_MAX_RA_RES_QP, LOG_MAX_RD_ATOMIC},
	{MLX5_CAP_GID_TABLE_SIZE, 1},  /* FABRIC_GIDS */
	{MLX5_CAP_PKEY_TABLE_SIZE, 0}, /* FABRIC_PKEYS */
	{MLX5_CAP_IB_VIRT, 1},
	{MLX5_CAP_LOCAL_ACK_DELAY, 16},
	{MLX5_CAP_NUM_PORTS, 1},
	{MLX5_CAP_LOG_MAX_MSG, LOG_MAX_MESSAGE},
	{MLX5_CAP_CQE_VERSION, 1},
	{MLX5_CAP_COMPACT_ADDRESS, 1},
	{MLX5_CAP_UMR_SIZE_DISABLED, 1},
	{MLX5_CAP_ATOMICS, 1},
	{MLX5_CAP_CQ_RESIZE, 1},
	{MLX5_CAP_WINDOWS, 1},
	{MLX5_CAP_CQ_MODERATION, 1},
	/* Drivers do not start without. Its queue pairs are refused all the same. */
	{MLX5_CAP_XRC, 1},
	{MLX5_CAP_UD, 1},
	{MLX5_CAP_UC, 1},
	{MLX5_CAP_RC, 1},
	{MLX5_CAP_LOG_PAGE_SIZE, 12},
	{MLX5_CAP_LOG_BF_REG_SIZE, 9},
	{MLX5_CAP_MAX_WQE_SIZE_SQ, MAX_SEND_WQE_BYTES},
	{MLX5_CAP_MAX_WQE_SIZE_RQ, MAX_RECV_WQE_BYTES},
	{MLX5_CAP_MAX_QP_MCG, FABRIC_GROUP_MEMBERS},
	{MLX5_CAP_LOG_MAX_MCG, LOG_MAX_MCG},
	{MLX5_CAP_LOG_MAX_PD, LOG_MAX_PD},
	{MLX5_CAP_MAX_NUM_EQS, MLX5_MAX_EQS},
	{MLX5_CAP_DEVICE_FREQUENCY_KHZ, 1000000}, /* time is in nanoseconds */
	{MLX5_CAP_UARS_PER_PAGE, 1},
};

_Static_assert(FABRIC_GIDS == 16 && FABRIC_PKEYS == 128, "the codes of table sizes are others");

/* Operands are words of the host's memory, in its byte order: drivers then tell their users that
 * there are atomics. */
static const struct value atomic[] = {
	{MLX5_CAP_ATOMIC_ENDIANNESS_MODE, MLX5_ATOMIC_MODE_HOST_ENDIANNESS},
	{MLX5_CAP_ATOMIC_HOST_ENDIANNESS, 1},
	{MLX5_CAP_ATOMIC_OPERATIONS, MLX5_ATOMIC_COMPARE_SWAP | MLX5_ATOMIC_FETCH_ADD},
	{MLX5_CAP_ATOMIC_SIZES_QP, 1 << 3},
};

static void fill(struct mlx5_command *command, const struct value *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		hw_set(command->out + MLX5_CONTEXT_BYTE, values[i].field, values[i].value);
}

/* What could be and what is in force is the same: there is nothing to choose. */
enum mlx5_status mlx5_query_hca_cap(struct mlx5_command *command)
{
	switch (command->op_mod >> 1) {
	case MLX5_CAP_GENERAL:
		fill(command, general, sizeof(general) / sizeof(general[0]));
		return MLX5_STATUS_OK;
	case MLX5_CAP_ATOMIC:
		fill(command, atomic, sizeof(atomic) / sizeof(atomic[0]));
		return MLX5_STATUS_OK;
	default:
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "no such capabilities");
	}
}

/* Drivers write back what they have read, with tables made smaller as they like it. A smaller
 * number than announced needs nothing of the adapter; a larger one is refused when used. */
enum mlx5_status mlx5_set_hca_cap(struct mlx5_command *command)
{
	uint32_t type = command->op_mod >> 1;

	if (type != MLX5_CAP_GENERAL && type != MLX5_CAP_ATOMIC)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "no such capabilities");
	return MLX5_STATUS_OK;
}
