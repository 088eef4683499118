/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The family's operations, one file per subject. Contracts: struct family_ops in core/family.h. */
#ifndef SOFTHCA_MLX5_FAMILY_H
#define SOFTHCA_MLX5_FAMILY_H

#include "softhca/core/wq.h"

/* family.c */
int mlx5_cq_check(const struct cq_params *params);
int mlx5_srq_check(const struct srq_params *params);
int mlx5_qp_check(const struct qp_params *params);
int mlx5_wq_check(const struct wq_params *params);

/* doorbell.c */
uint32_t mlx5_send_producer(const struct qp *qp);
uint32_t mlx5_recv_producer(const struct qp *qp);
uint32_t mlx5_wq_producer(const struct wq *wq);
uint32_t mlx5_srq_posted(const struct srq *srq);
uint32_t mlx5_cq_unpolled(const struct cq *cq);
struct cq_arm mlx5_read_cq_arm(const struct cq *cq);
void mlx5_cq_disarm(struct cq *cq);

/* send_decode.c */
int mlx5_send_decode(const struct qp *qp, uint32_t index, struct send_request *request);

/* recv_decode.c */
int mlx5_recv_decode(const struct qp *qp, uint32_t index, struct recv_request *request);
int mlx5_wq_decode(const struct wq *wq, uint32_t index, struct recv_request *request);
/* The scatter list of a receive: data segments from byte `offset` of the queue on, `count` of them
 * at most, ended early by the invalid key. Fills all of `request` but the index. 0 or EINVAL. */
int mlx5_scatter_decode(const struct queue_memory *memory, size_t offset, unsigned int count,
			struct recv_request *request);

/* srq.c */
int mlx5_srq_take(struct srq *srq, struct recv_request *request);

/* frame_cqe.c */
int mlx5_cqe_write_frame(struct cq *cq, const struct wq *wq,
			 const struct frame_completion *completion);

/* tag_cqe.c */
int mlx5_cqe_write_tag(struct cq *cq, const struct qp *qp, const struct completion *completion,
		       const struct tag_note *note);

/* cqe.c */
int mlx5_cqe_write(struct cq *cq, const struct qp *qp, const struct completion *completion);
int mlx5_cqe_write_resize(struct cq *cq);

#endif
