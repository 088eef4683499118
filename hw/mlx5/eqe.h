/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Event queue entries. The last byte is written last; its owner bit flips each time the ring wraps,
 * zero in the first lap, so the driver fills a new ring with ones.
 * Source: ConnectX PRM, "Event Queue Entry (EQE)".
 */
#ifndef MLX5_EQE_H
#define MLX5_EQE_H

#include <stdint.h>
#include <linux/types.h>

#include "layout.h"

enum {
	MLX5_EVENT_COMPLETION = 0x00,
	MLX5_EVENT_PATH_MIGRATED = 0x01,
	MLX5_EVENT_COMM_ESTABLISHED = 0x02,
	MLX5_EVENT_SQ_DRAINED = 0x03,
	MLX5_EVENT_CQ_ERROR = 0x04,
	MLX5_EVENT_WQ_CATASTROPHIC = 0x05,
	MLX5_EVENT_PATH_MIGRATE_FAILED = 0x07,
	MLX5_EVENT_PORT_CHANGE = 0x09,
	MLX5_EVENT_COMMAND = 0x0a,
	MLX5_EVENT_PAGE_REQUEST = 0x0b,
	MLX5_EVENT_INVALID_REQUEST = 0x10,
	MLX5_EVENT_ACCESS_VIOLATION = 0x11,
	MLX5_EVENT_SRQ_CATASTROPHIC = 0x12,
	MLX5_EVENT_LAST_WQE = 0x13,
	MLX5_EVENT_SRQ_LIMIT = 0x14,
	MLX5_EVENT_TYPES = 64,
};

/* Subtypes of a port change. */
enum {
	MLX5_PORT_CHANGE_DOWN = 1,
	MLX5_PORT_CHANGE_ACTIVE = 4,
};

enum {
	MLX5_CQ_ERROR_OVERRUN = 1, /* syndrome of a CQ error */
	MLX5_EQE_OWNER_MASK = 1,
};

struct mlx5_eqe {
	uint8_t rsvd0;
	uint8_t type;
	uint8_t rsvd2;
	uint8_t subtype;
	uint8_t rsvd4[28];
	__extension__ union {
		uint8_t data[28];
		__be32 command_vector; /* bit i: the command in entry i has completed */
		struct {
			uint8_t rsvd[24];
			__be32 cqn;
		} completion;
		struct {
			uint8_t rsvd0[20];
			uint8_t queue_type; /* 0: the number is a QP's or an SRQ's */
			uint8_t rsvd21[3];
			__be32 number;
		} queue;
		struct {
			__be32 cqn;
			uint8_t rsvd[7];
			uint8_t syndrome;
		} cq_error;
		struct {
			uint8_t rsvd[8];
			uint8_t port; /* b7:4 */
		} port_change;
	};
	uint8_t rsvd60[2];
	uint8_t signature;
	uint8_t owner;
};
MLX5_SIZE(struct mlx5_eqe, 64)
MLX5_OFFSET(struct mlx5_eqe, type, 0x01)
MLX5_OFFSET(struct mlx5_eqe, subtype, 0x03)
MLX5_OFFSET(struct mlx5_eqe, command_vector, 0x20)
MLX5_OFFSET(struct mlx5_eqe, completion.cqn, 0x38)
MLX5_OFFSET(struct mlx5_eqe, queue.queue_type, 0x34)
MLX5_OFFSET(struct mlx5_eqe, queue.number, 0x38)
MLX5_OFFSET(struct mlx5_eqe, cq_error.cqn, 0x20)
MLX5_OFFSET(struct mlx5_eqe, cq_error.syndrome, 0x2b)
MLX5_OFFSET(struct mlx5_eqe, port_change.port, 0x28)
MLX5_OFFSET(struct mlx5_eqe, owner, 0x3f)

#endif
