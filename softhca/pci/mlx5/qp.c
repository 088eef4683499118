/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Queue pairs: creation, query, destruction and doorbells. Of the driver's types there are RC, UC,
 * UD, the management queue pairs, and the one that UMR requests go through.
 */
#include "softhca/pci/mlx5/qp.h"

#include <errno.h>
#include <stdlib.h>

#include "softhca/core/trace.h"
#include "softhca/transport/transport.h"

static bool core_type(uint32_t code, enum qp_type *type)
{
	switch (code) {
	case MLX5_QPC_TYPE_RC:
		*type = QP_TYPE_RC;
		return true;
	case MLX5_QPC_TYPE_UC:
		*type = QP_TYPE_UC;
		return true;
	case MLX5_QPC_TYPE_UD:
		*type = QP_TYPE_UD;
		return true;
	case MLX5_QPC_TYPE_QP0:
		*type = QP_TYPE_SMI;
		return true;
	case MLX5_QPC_TYPE_QP1:
		*type = QP_TYPE_GSI;
		return true;
	case MLX5_QPC_TYPE_UMR:
		*type = QP_TYPE_UMR;
		return true;
	default:
		return false;
	}
}

static struct cq *find_cq(const struct adapter *adapter, uint32_t cqn)
{
	const struct mlx5_cq *cq = mlx5_table_find(&adapter->cqs, cqn);

	return cq ? cq->cq : NULL;
}

/* The driver names no PD for a UMR queue pair: it gets one of its own. */
static enum mlx5_status find_pd(struct mlx5_command *command, const uint8_t *context,
				struct mlx5_qp *qp, struct qp_params *params)
{
	const struct mlx5_pd *pd =
		mlx5_table_find(&command->adapter->pds, hw_get(context, MLX5_QPC_PD));

	if (hw_get(context, MLX5_QPC_TYPE) == MLX5_QPC_TYPE_UMR) {
		int rc = pd_create(command->adapter->hca, &qp->own_pd);

		params->pd = qp->own_pd;
		return mlx5_status_of(command, rc);
	}
	if (!pd)
		return mlx5_refuse(command, MLX5_STATUS_BAD_RESOURCE, "no such PD");
	params->pd = pd->pd;
	return MLX5_STATUS_OK;
}

/* The SRQ that the context of a queue pair with receives of its own names is not looked at. */
static enum mlx5_status find_srq(struct mlx5_command *command, const uint8_t *context,
				 struct qp_params *params)
{
	const struct mlx5_srq *srq;

	switch (hw_get(context, MLX5_QPC_RQ_TYPE)) {
	case MLX5_QPC_RQ_OWN:
	case MLX5_QPC_RQ_NONE:
		return MLX5_STATUS_OK;
	case MLX5_QPC_RQ_SRQ:
		break;
	default:
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "no such receive queue type");
	}
	srq = mlx5_table_find(&command->adapter->srqs, hw_get(context, MLX5_QPC_SRQN));
	if (!srq)
		return mlx5_refuse(command, MLX5_STATUS_BAD_RESOURCE, "no such SRQ");
	params->srq = srq->srq;
	return MLX5_STATUS_OK;
}

static enum mlx5_status find_objects(struct mlx5_command *command, const uint8_t *context,
				     struct mlx5_qp *qp, struct qp_params *params)
{
	const struct adapter *adapter = command->adapter;
	enum mlx5_status status = find_pd(command, context, qp, params);

	if (!status)
		status = find_srq(command, context, params);
	if (status)
		return status;
	params->send_cq = find_cq(adapter, hw_get(context, MLX5_QPC_SEND_CQN));
	params->recv_cq = find_cq(adapter, hw_get(context, MLX5_QPC_RECV_CQN));
	if (!params->send_cq || !params->recv_cq)
		return mlx5_refuse(command, MLX5_STATUS_BAD_RESOURCE, "no such CQ");
	if (!mlx5_set_has(&adapter->uars, hw_get(context, MLX5_QPC_UAR)))
		return mlx5_refuse(command, MLX5_STATUS_BAD_RESOURCE, "no such UAR");
	return MLX5_STATUS_OK;
}

static enum mlx5_status create_of_type(struct mlx5_command *command, const uint8_t *context,
				       struct qp_params *params, struct mlx5_qp *qp)
{
	struct adapter *adapter = command->adapter;
	uint32_t code = hw_get(context, MLX5_QPC_TYPE);
	int rc;

	if (!core_type(code, &params->type))
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "queue pair type not supported");
	rc = qp_create(adapter->hca, params, &qp->qp);
	if (!rc)
		qp->object.number = qp->qp->qpn;
	return mlx5_status_of(command, rc);
}

static enum mlx5_status create(struct mlx5_command *command, struct mlx5_qp *qp)
{
	struct adapter *adapter = command->adapter;
	const uint8_t *context = command->in + MLX5_QP_CONTEXT_BYTE;
	/* Queue pairs of the driver itself may use all of memory, and change what it has listed. */
	struct qp_params params = {.front = qp,
				   .changes_regions =
					   hw_get(context, MLX5_QPC_RESERVED_KEY) ||
					   hw_get(context, MLX5_QPC_TYPE) == MLX5_QPC_TYPE_UMR};
	enum mlx5_status status = find_objects(command, context, qp, &params);

	if (!status)
		status = mlx5_qp_take_shape(command, context, &params, &qp->pages);
	if (!status)
		status = create_of_type(command, context, &params, qp);
	if (status)
		return status;
	qp->object.adapter = adapter;
	memcpy(qp->context, context, sizeof(qp->context));
	mlx5_table_add(&adapter->qps, &qp->object);
	hw_set(command->out, MLX5_OUT_NUMBER, qp->object.number);
	return MLX5_STATUS_OK;
}

static void end_own_pd(struct mlx5_qp *qp)
{
	if (qp->own_pd)
		pd_destroy(qp->own_pd);
}

enum mlx5_status mlx5_create_qp(struct mlx5_command *command)
{
	struct mlx5_qp *qp = calloc(1, sizeof(*qp));
	enum mlx5_status status;

	if (!qp)
		return mlx5_refuse(command, MLX5_STATUS_NO_RESOURCES, "out of memory");
	list_init(&qp->object.link);
	status = create(command, qp);
	if (!status)
		return MLX5_STATUS_OK;
	end_own_pd(qp);
	mlx5_qp_free(qp);
	return status;
}

/* The context of a running queue pair moves on with it. */
static void describe(const struct qp *qp, uint8_t *context)
{
	uint32_t send_psn, recv_psn;

	mlx5_qp_write_attr(&qp->attr, context);
	transport_sequence(qp, &send_psn, &recv_psn);
	hw_set(context, MLX5_QPC_SEND_PSN, send_psn);
	hw_set(context, MLX5_QPC_RECV_PSN, recv_psn);
}

enum mlx5_status mlx5_query_qp(struct mlx5_command *command)
{
	const struct mlx5_qp *qp = mlx5_command_object(command, &command->adapter->qps);
	uint8_t *out = command->out + MLX5_QP_CONTEXT_BYTE;

	if (!qp)
		return mlx5_status_of(command, ENOENT);
	memcpy(out, qp->context, sizeof(qp->context));
	describe(qp->qp, out);
	return MLX5_STATUS_OK;
}

void mlx5_qp_free(struct mlx5_qp *qp)
{
	list_remove(&qp->object.link);
	free(qp->pages);
	free(qp);
}

enum mlx5_status mlx5_destroy_qp(struct mlx5_command *command)
{
	struct mlx5_qp *qp = mlx5_command_object(command, &command->adapter->qps);
	int rc = qp ? qp_destroy(qp->qp) : ENOENT;

	if (rc)
		return mlx5_status_of(command, rc);
	end_own_pd(qp);
	mlx5_qp_free(qp);
	return MLX5_STATUS_OK;
}

void mlx5_qp_rung(struct adapter *adapter, uint32_t qpn)
{
	struct qp *qp = hca_find_qp(adapter->hca, qpn);

	if (qp)
		qp_kick(qp);
	else
		trace_printf("doorbell of QP %06x, which there is not", qpn);
}
