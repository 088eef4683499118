/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tag matching: what software knows of the tagged receives of a shared receive queue. The device
 * has the list itself; it changes by requests to a queue pair that no program sees, connected to
 * itself, whose completions come with those of messages in the CQ of the shared queue.
 *
 * Tags have places, which are the handles of programs. Free places stand in a line, and a request
 * that adds a tag tells the device which place is next: so one always stays free. Everything here
 * is done with the shared queue locked.
 */
#ifndef MLX5_TAGS_H
#define MLX5_TAGS_H

#include <stdatomic.h>
#include <stdint.h>

#include "hw/mlx5/cqe.h"
#include "libibverbs/driver.h"

struct mlx5_qp;
struct mlx5_srq;

enum mlx5_tag_state {
	MLX5_TAG_FREE,
	MLX5_TAG_LISTED,
	MLX5_TAG_REMOVING, /* asked for, and not known to be done */
	MLX5_TAG_MATCHED,  /* its data is on the way */
};

struct mlx5_tag {
	uint64_t recv_wr_id;
	uint32_t remover;  /* the request that removes it, as mlx5_sq.head counts */
	uint16_t reported; /* unexpected messages that the program had told of */
	enum mlx5_tag_state state;
};

struct mlx5_tags {
	struct mlx5_qp *qp;
	struct mlx5_tag *tags;
	uint16_t *line;	     /* of free places */
	uint16_t *named;     /* places that requests are about, by position in the ring */
	uint32_t head, tail; /* of the line, free-running */
	uint32_t mask;	     /* of the line */
	uint32_t places;     /* the line has room for them all */
	uint32_t settled;    /* requests whose outcome is known, as mlx5_sq.head counts */
	uint16_t reported;   /* unexpected messages that the program has told of */

	/* cold */
	atomic_uint users; /* queue pairs of the program */
};

/* What a CQE says in terms of the verbs. */
struct mlx5_tag_completion {
	uint64_t wr_id;
	enum ibv_wc_status status;
	uint8_t opcode;
	uint8_t wc_flags;
};

/* For a shared queue that has been created; ends with it. 0 or errno. */
int mlx5_tags_create(struct mlx5_srq *srq, const struct ibv_srq_init_attr_ex *attr);
/* Of any shared queue, before it ends. EBUSY: the program has queue pairs on it. */
int mlx5_tags_destroy(struct mlx5_srq *srq);
/* A queue pair of the program begins to receive from a shared queue, NULL: from none. Its list, if
 * it has one, does not end before that is put. */
struct mlx5_tags *mlx5_tags_get(struct mlx5_srq *srq);
void mlx5_tags_put(struct mlx5_tags *tags);

/* Takes a completion of tag matching. 0, or EIO for a CQE that means nothing to us. */
int mlx5_tags_complete(struct mlx5_srq *srq, const struct mlx5_cqe64 *cqe,
		       struct mlx5_tag_completion *completion);

int mlx5_post_srq_ops(struct ibv_srq *srq, struct ibv_ops_wr *wr, struct ibv_ops_wr **bad_wr);

#endif
