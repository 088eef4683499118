/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Queue pairs: creation, query, destruction and doorbells. Of the driver's types there are RC, UC,
 * UD, the management queue pairs, and the one that UMR requests go through.
 */
#include "softhca/pci/mlx5/qp.h"

#include <errno.h>
#include <stdlib.h>

#include "softhca/core/trace.h"
#include "softhca/fabric/fabric.h"
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
	default:
		return false;
	}
}

static struct cq *find_cq(const struct adapter *adapter, uint32_t cqn)
{
	const struct mlx5_cq *cq = mlx5_table_find(&adapter->cqs, cqn);

	return cq ? cq->cq : NULL;
}

/* A UMR queue pair is in no PD, and says nothing in its place. */
static enum mlx5_status find_pd(struct mlx5_command *command, const uint8_t *context,
				struct qp_params *params)
{
	const struct mlx5_pd *pd =
		mlx5_table_find(&command->adapter->pds, hw_get(context, MLX5_QPC_PD));

	if (hw_get(context, MLX5_QPC_TYPE) == MLX5_QPC_TYPE_UMR)
		return MLX5_STATUS_OK;
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
				     struct qp_params *params)
{
	const struct adapter *adapter = command->adapter;
	enum mlx5_status status = find_pd(command, context, params);

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

static void count_users(const struct mlx5_umr *umr, int change)
{
	umr->send_cq->users += (uint32_t)change;
	umr->recv_cq->users += (uint32_t)change;
}

/* Its number comes from where all come from, so that it is nobody else's. */
static int create_umr(struct adapter *adapter, const struct qp_params *params, struct mlx5_qp *qp)
{
	struct mlx5_umr *umr = calloc(1, sizeof(*umr));
	int rc;

	if (!umr)
		return ENOMEM;
	rc = fabric_qp_reserve(adapter->engine->fabric, adapter->hca->shared, &qp->object.number,
			       &umr->shared);
	if (rc) {
		free(umr);
		return rc;
	}
	umr->send_cq = params->send_cq;
	umr->recv_cq = params->recv_cq;
	count_users(umr, 1);
	qp->umr = umr;
	return 0;
}

void mlx5_umr_end(struct mlx5_qp *qp)
{
	struct adapter *adapter = qp->object.adapter;

	fabric_qp_release(adapter->engine->fabric, adapter->hca->shared, qp->umr->shared);
	count_users(qp->umr, -1);
}

static enum mlx5_status create_of_type(struct mlx5_command *command, const uint8_t *context,
				       struct qp_params *params, struct mlx5_qp *qp)
{
	struct adapter *adapter = command->adapter;
	uint32_t code = hw_get(context, MLX5_QPC_TYPE);
	int rc;

	if (code == MLX5_QPC_TYPE_UMR)
		return mlx5_status_of(command, create_umr(adapter, params, qp));
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
	struct qp_params params = {.front = qp};
	enum mlx5_status status = find_objects(command, context, &params);

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

enum mlx5_status mlx5_create_qp(struct mlx5_command *command)
{
	struct mlx5_qp *qp = calloc(1, sizeof(*qp));
	enum mlx5_status status;

	if (!qp)
		return mlx5_refuse(command, MLX5_STATUS_NO_RESOURCES, "out of memory");
	list_init(&qp->object.link);
	status = create(command, qp);
	if (status)
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
	if (qp->qp)
		describe(qp->qp, out);
	else
		hw_set(out, MLX5_QPC_STATE, mlx5_qp_state_code(qp->umr->state));
	return MLX5_STATUS_OK;
}

void mlx5_qp_free(struct mlx5_qp *qp)
{
	list_remove(&qp->object.link);
	free(qp->umr);
	free(qp->pages);
	free(qp);
}

enum mlx5_status mlx5_destroy_qp(struct mlx5_command *command)
{
	struct mlx5_qp *qp = mlx5_command_object(command, &command->adapter->qps);
	int rc = 0;

	if (!qp)
		return mlx5_status_of(command, ENOENT);
	if (qp->umr)
		mlx5_umr_end(qp);
	else
		rc = qp_destroy(qp->qp);
	if (rc)
		return mlx5_status_of(command, rc);
	mlx5_qp_free(qp);
	return MLX5_STATUS_OK;
}

void mlx5_qp_rung(struct adapter *adapter, uint32_t qpn)
{
	struct qp *qp = hca_find_qp(adapter->hca, qpn);

	if (qp)
		qp_kick(qp);
	else if (mlx5_table_find(&adapter->qps, qpn))
		trace_printf("doorbell of QP %06x: UMR requests are not carried out", qpn);
	else
		trace_printf("doorbell of QP %06x, which there is not", qpn);
}
