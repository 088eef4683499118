/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a QP agrees on with its peer beyond the specification, and how fast it sends: values that
 * travel with MODIFY_QP in the driver's part (uapi rdma/mlx5-abi.h, struct mlx5_ib_modify_qp).
 */

#include <errno.h>
#include <rdma/mlx5-abi.h>

#include "context.h"
#include "qp.h"

enum { MELLANOX_PCI_VENDOR = 0x15b3 };

static bool is_connected(const struct ibv_qp *qp)
{
	return qp->qp_type == IBV_QPT_RC || qp->qp_type == IBV_QPT_UC;
}

/* Options are agreed on while the QP learns who its peer is. */
int mlx5_set_ece(struct ibv_qp *ibv_qp, struct ibv_ece *ece)
{
	struct mlx5_qp *qp = to_mlx5_qp(ibv_qp);

	if (!is_connected(ibv_qp))
		return EOPNOTSUPP;
	if (ece->comp_mask || ece->vendor_id != MELLANOX_PCI_VENDOR)
		return EINVAL;
	if (ibv_qp->state > IBV_QPS_INIT)
		return EINVAL;
	/* No options is something every adapter can do. */
	if (ece->options && !qp->ece_options)
		return EOPNOTSUPP;
	qp->ece_wanted = ece->options;
	return 0;
}

int mlx5_query_ece(struct ibv_qp *qp, struct ibv_ece *ece)
{
	if (!is_connected(qp))
		return EOPNOTSUPP;
	if (ece->comp_mask)
		return EINVAL;
	ece->vendor_id = MELLANOX_PCI_VENDOR;
	ece->options = to_mlx5_qp(qp)->ece_options;
	return 0;
}

int mlx5_modify_with_ece(struct mlx5_qp *qp, const struct ibv_qp_attr *attr, int attr_mask)
{
	struct mlx5_ib_modify_qp request = {.ece_options = qp->ece_wanted};
	struct mlx5_ib_modify_qp_resp response = {};
	const struct verbs_udata udata = {
		.in = &request,
		.in_len = sizeof(request),
		.out = &response,
		.out_len = sizeof(response),
	};
	int err = ibv_cmd_modify_qp(&qp->verbs.qp, attr, attr_mask, &udata);

	if (err)
		return err;
	qp->ece_wanted = 0;
	qp->ece_options = response.ece_options;
	return 0;
}

int mlx5_modify_qp_rate_limit(struct ibv_qp *qp, struct ibv_qp_rate_limit_attr *limit)
{
	const struct ibv_qp_attr attr = {.rate_limit = limit->rate_limit};
	struct mlx5_ib_modify_qp request = {
		.burst_info = {.max_burst_sz = limit->max_burst_sz,
			       .typical_pkt_sz = limit->typical_pkt_sz},
	};
	const struct verbs_udata udata = {.in = &request, .in_len = sizeof(request)};

	if (qp->state != IBV_QPS_RTS)
		return EINVAL;
	return ibv_cmd_modify_qp(qp, &attr, IBV_QP_RATE_LIMIT, &udata);
}
