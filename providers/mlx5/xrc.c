/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* XRC domains, and the receiving half of extended reliable connections: see xrc.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <rdma/mlx5-abi.h>

#include "bits.h"
#include "context.h"
#include "xrc.h"

struct ibv_xrcd *mlx5_open_xrcd(struct ibv_context *context, struct ibv_xrcd_init_attr *attr)
{
	struct verbs_xrcd *xrcd = calloc(1, sizeof(*xrcd));
	int err;

	if (!xrcd)
		return NULL;
	err = ibv_cmd_open_xrcd(context, attr, xrcd, NULL);
	if (err) {
		free(xrcd);
		errno = err;
		return NULL;
	}
	return &xrcd->xrcd;
}

int mlx5_close_xrcd(struct ibv_xrcd *ibv_xrcd)
{
	struct verbs_xrcd *xrcd = to_verbs_xrcd(ibv_xrcd);
	int err = ibv_cmd_close_xrcd(xrcd);

	if (!err)
		free(xrcd);
	return err;
}

static int refuse_send(struct mlx5_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
{
	(void)qp;
	*bad_wr = wr;
	return EINVAL;
}

static struct mlx5_qp *alloc_target(void)
{
	struct mlx5_qp *qp = aligned_alloc(64, align_up(sizeof(*qp), 64));

	if (!qp)
		return NULL;
	memset(qp, 0, sizeof(*qp));
	qp->post_send = refuse_send;
	mlx5_lock_init(&qp->sq.lock, true);
	mlx5_lock_init(&qp->rq.lock, true);
	return qp;
}

struct ibv_qp *mlx5_create_target(struct mlx5_context *context, struct ibv_qp_init_attr_ex *attr)
{
	/* The kernel wants the request of its full length, and takes nothing from it. */
	const struct mlx5_ib_create_qp request = {.uidx = MLX5_NO_USER_INDEX};
	struct mlx5_ib_create_qp_resp response;
	const struct verbs_udata udata = {
		.in = &request,
		.in_len = sizeof(request),
		.out = &response,
		.out_len = sizeof(response),
	};
	struct mlx5_qp *qp = alloc_target();
	int err;

	if (!qp)
		return NULL;
	memset(&attr->cap, 0, sizeof(attr->cap));
	err = ibv_cmd_create_qp_ex(&context->verbs.context, attr, &qp->verbs, &udata);
	if (err) {
		free(qp);
		errno = err;
		return NULL;
	}
	return &qp->verbs.qp;
}

struct ibv_qp *mlx5_open_qp(struct ibv_context *context, struct ibv_qp_open_attr *attr)
{
	struct mlx5_qp *qp = alloc_target();
	int err;

	if (!qp)
		return NULL;
	err = ibv_cmd_open_qp(context, attr, &qp->verbs, NULL);
	if (err) {
		free(qp);
		errno = err;
		return NULL;
	}
	return &qp->verbs.qp;
}
