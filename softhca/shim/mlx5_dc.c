/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Driver-private data of dynamically connected queue pairs, which verbs know as those of the
 * driver's own kind: which half, its access key, and the number of a target, which is told in RTR.
 * Source: uapi rdma/mlx5-abi.h, and what stock libmlx5 sends.
 */
#include "softhca/shim/mlx5_abi.h"

#include <errno.h>

#include <rdma/mlx5-abi.h>

int mlx5_driver_qp_type(const struct driver_data *driver, enum qp_type *type)
{
	struct mlx5_ib_create_qp request;
	int rc = driver_input(driver, &request, sizeof(request));

	if (rc)
		return rc;
	switch (request.flags & (MLX5_QP_FLAG_TYPE_DCT | MLX5_QP_FLAG_TYPE_DCI)) {
	case MLX5_QP_FLAG_TYPE_DCT:
		*type = QP_TYPE_DCT;
		return 0;
	case MLX5_QP_FLAG_TYPE_DCI:
		*type = QP_TYPE_DCI;
		return 0;
	default:
		return EINVAL;
	}
}

int mlx5_check_modify_qp(const struct qp *qp, enum qp_state state, const struct driver_data *driver)
{
	const size_t least = offsetof(struct mlx5_ib_modify_qp_resp, ece_options);

	if (qp->type != QP_TYPE_DCT || state != QP_RTR)
		return 0;
	return driver->out_room < least ? EINVAL : 0;
}

void mlx5_modified_qp(const struct qp *qp, struct driver_data *driver)
{
	struct mlx5_ib_modify_qp_resp answer = {.dctn = qp->qpn};

	if (qp->type != QP_TYPE_DCT || qp->attr.state != QP_RTR)
		return;
	answer.response_length =
		(uint32_t)(driver->out_room < sizeof(answer) ? driver->out_room : sizeof(answer));
	driver_output(driver, &answer, sizeof(answer));
}
