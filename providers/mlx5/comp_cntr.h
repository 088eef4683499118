/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Completion counters. ConnectX has none, so the poller counts what it takes out of the CQs. A QP
 * that is counted is never remembered as the queue of the last CQE: its completions come by
 * mlx5_cq_find_queue(), where they are counted, and those of others are none the wiser.
 */
#ifndef MLX5_COMP_CNTR_H
#define MLX5_COMP_CNTR_H

#include "libibverbs/driver.h"

struct mlx5_cqe64;
struct mlx5_qp;
struct mlx5_qp_counter;

/* What is counted of a QP, in its struct. */
struct mlx5_qp_counters {
	struct mlx5_qp_counter *first; /* NULL: nothing */
	uint32_t pi;		       /* basic block of the first request not counted yet */
};

int mlx5_query_comp_cntr_caps(struct ibv_context *context, struct ibv_comp_cntr_caps *caps);
struct ibv_comp_cntr *mlx5_create_comp_cntr(struct ibv_context *context,
					    struct ibv_comp_cntr_init_attr *attr);
int mlx5_destroy_comp_cntr(struct ibv_comp_cntr *counter);
int mlx5_set_comp_cntr(struct ibv_comp_cntr *counter, uint64_t value);
int mlx5_set_err_comp_cntr(struct ibv_comp_cntr *counter, uint64_t value);
int mlx5_inc_comp_cntr(struct ibv_comp_cntr *counter, uint64_t amount);
int mlx5_inc_err_comp_cntr(struct ibv_comp_cntr *counter, uint64_t amount);
int mlx5_read_comp_cntr(struct ibv_comp_cntr *counter, uint64_t *value);
int mlx5_read_err_comp_cntr(struct ibv_comp_cntr *counter, uint64_t *value);
int mlx5_qp_attach_comp_cntr(struct ibv_qp *qp, struct ibv_comp_cntr *counter,
			     struct ibv_qp_attach_comp_cntr_attr *attr);

/* Counts the requests that a CQE of this QP says are over; before their entries are freed. With the
 * CQ locked. */
void mlx5_count_completion(struct mlx5_qp *qp, const struct mlx5_cqe64 *cqe);
/* The QP is going. */
void mlx5_qp_detach_counters(struct mlx5_qp *qp);

#endif
