/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tag matching: what struct mlx5_wqe_tm_seg asks for and what CQEs of the application say. The
 * structs are in wqe.h and cqe.h. Source: ConnectX PRM, "Tag matching", and for each value that
 * software writes what Debian's libmlx5 is seen to write (tests/witness/mlx5/tag_bytes.c).
 */
#ifndef MLX5_TAG_MATCHING_H
#define MLX5_TAG_MATCHING_H

#include "cqe.h"
#include "wqe.h"

/* mlx5_wqe_tm_seg.opcode b7:4. */
enum {
	MLX5_TM_OPCODE_NOP = 0,
	MLX5_TM_OPCODE_APPEND = 1,
	MLX5_TM_OPCODE_REMOVE = 2,
	MLX5_TM_OPCODE_SHIFT = 4,
};

/* mlx5_wqe_tm_seg.flags */
enum {
	MLX5_TM_CQE_REQ = 1 << 7,
	MLX5_TM_SW_CNT = 1 << 6, /* sw_cnt is valid */
};

/* mlx5_cqe64.app */
enum {
	MLX5_CQE_APP_TAG_MATCHING = 1,
};

/* mlx5_cqe64.app_op, with the place of the tag in app_info. */
enum {
	MLX5_CQE_APP_OP_TM_CONSUMED = 0x1, /* a match; the message is on its way */
	MLX5_CQE_APP_OP_TM_EXPECTED = 0x2, /* the message of a match has arrived */
	MLX5_CQE_APP_OP_TM_UNEXPECTED = 0x3,
	MLX5_CQE_APP_OP_TM_NO_TAG = 0x4,
	MLX5_CQE_APP_OP_TM_APPEND = 0x5,
	MLX5_CQE_APP_OP_TM_REMOVE = 0x6,
	MLX5_CQE_APP_OP_TM_NOOP = 0x7,
	MLX5_CQE_APP_OP_TM_CONSUMED_SW_RDNV = 0x9,
	MLX5_CQE_APP_OP_TM_CONSUMED_MSG = 0xa, /* a match, and the message as well */
	MLX5_CQE_APP_OP_TM_CONSUMED_MSG_SW_RDNV = 0xb,
	MLX5_CQE_APP_OP_TM_MSG_COMPLETION_CANCELED = 0xc,
};

#endif
