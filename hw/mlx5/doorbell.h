/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How mlx5 software tells the device about its queues: doorbell records (two big-endian dwords in
 * host memory, one pair per QP, CQ or SRQ) and the registers of a UAR page.
 * Source: ConnectX PRM, "Doorbell records" and "User Access Region (UAR)".
 */
#ifndef MLX5_DOORBELL_H
#define MLX5_DOORBELL_H

#include <stdint.h>
#include <linux/types.h>
#include <asm/byteorder.h> /* <endian.h> is empty for strict ISO programs */

/* Dwords of a QP's record: counters of posted receive WQEs and of send basic blocks, b15:0. */
enum {
	MLX5_RCV_DBR = 0, /* also the single counter of an SRQ */
	MLX5_SND_DBR = 1,
};

/* Dwords of a CQ's record. */
enum {
	MLX5_CQ_SET_CI = 0, /* consumer index b23:0 */
	MLX5_CQ_ARM_DB = 1, /* as mlx5_cq_arm() packs it */
};

enum {
	MLX5_DBR_BYTES = 8,
	MLX5_WQE_COUNT_MASK = 0xffff,
	MLX5_CQ_CI_MASK = 0xffffff,
};

/* Registers of a UAR page, by byte offset. */
enum {
	MLX5_CQ_DOORBELL = 0x20, /* 8 bytes: arm dword, CQN */
};

enum {
	MLX5_EQ_DOORBELL_ARM = 0x40, /* EQN b31:24, consumer index b23:0 */
	MLX5_EQ_DOORBELL_CI = 0x48,
	MLX5_BF_OFFSET = 0x800, /* first send doorbell (BlueFlame) register */
	MLX5_UAR_BYTES = 4096,
	/* Registers software may ring in a UAR; the page has two more the device keeps. */
	MLX5_BF_REGS_PER_UAR = 2,
};

/* Event requested by an arm, b24. */
enum {
	MLX5_CQ_DB_REQ_NOT_SOL = 1 << 24, /* at the next solicited or error completion */
	MLX5_CQ_DB_REQ_NOT = 0 << 24,	  /* at the next completion */
};

/*
 * Arm dword, in the record and in the first half of the register: sequence number b29:28, which
 * counts the events taken so that the device can tell a new request from one it has served, event
 * b24, consumer index b23:0.
 */
static inline __be32 mlx5_cq_arm(uint8_t sequence, uint32_t request, uint32_t ci)
{
	return __cpu_to_be32((uint32_t)(sequence & 3) << 28 | request | (ci & MLX5_CQ_CI_MASK));
}

static inline uint8_t mlx5_cq_arm_sequence(__be32 arm)
{
	return (__be32_to_cpu(arm) >> 28) & 3;
}

static inline uint32_t mlx5_cq_arm_request(__be32 arm)
{
	return __be32_to_cpu(arm) & MLX5_CQ_DB_REQ_NOT_SOL;
}

static inline uint32_t mlx5_cq_arm_ci(__be32 arm)
{
	return __be32_to_cpu(arm) & MLX5_CQ_CI_MASK;
}

static inline __be32 mlx5_cq_set_ci(uint32_t ci)
{
	return __cpu_to_be32(ci & MLX5_CQ_CI_MASK);
}

/* Value of either dword of a QP's or an SRQ's record. */
static inline __be32 mlx5_wqe_count(uint32_t count)
{
	return __cpu_to_be32(count & MLX5_WQE_COUNT_MASK);
}

#endif
