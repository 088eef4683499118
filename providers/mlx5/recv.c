/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Posting to the receive queue of a QP. */

#include "qp.h"
#include "recv.h"

int mlx5_post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	struct mlx5_rq *rq = &to_mlx5_qp(qp)->rq;
	int err = mlx5_rq_post(rq, wr, bad_wr);

	if (unlikely(err))
		verbs_explain_recv(err, "ibv_post_recv", qp, *bad_wr, rq->max_wr, rq->max_sge);
	return err;
}
