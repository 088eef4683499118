/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shared receive queues, as drivers make them where there is no newer command interface. An SRQ of
 * an XRC domain is made like any other; there are no queue pairs that could use it as one.
 */
#include <errno.h>
#include <stdlib.h>

#include "softhca/pci/mlx5/memory.h"
#include "softhca/mlx5/mlx5.h"

enum {
	LOG_STRIDE_BASE = 4,
	SEGMENT_BYTES = 16,
};

static void take_shape(const uint8_t *context, struct srq_params *params)
{
	params->wqe_count = 1u << hw_get(context, MLX5_SRQC_LOG_SIZE);
	params->log_stride = hw_get(context, MLX5_SRQC_LOG_STRIDE) + LOG_STRIDE_BASE;
	params->max_wr = params->wqe_count - 1;
	params->max_sge = (1u << params->log_stride) / SEGMENT_BYTES - 1;
	params->limit = hw_get(context, MLX5_SRQC_LWM);
	params->user_index = MLX5_NO_USER_INDEX;
}

static enum mlx5_status place(struct mlx5_command *command, const uint8_t *context,
			      struct srq_params *params, uint8_t ***pages)
{
	struct mlx5_page_list list =
		mlx5_command_pages(command, hw_get(context, MLX5_SRQC_LOG_PAGE_SIZE));

	params->doorbell_record = mlx5_record_place(command, hw_get64(context, MLX5_SRQC_DBR_BYTE));
	if (!params->doorbell_record)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "record not in memory");
	return mlx5_queue_place(command, &list, hw_get(context, MLX5_SRQC_PAGE_OFFSET),
				(uint64_t)params->wqe_count << params->log_stride, &params->memory,
				pages);
}

static enum mlx5_status create(struct mlx5_command *command, struct mlx5_srq *srq)
{
	struct adapter *adapter = command->adapter;
	const uint8_t *context = mlx5_command_context(command);
	struct mlx5_pd *pd = mlx5_table_find(&adapter->pds, hw_get(context, MLX5_SRQC_PD));
	struct srq_params params = {.front = srq};
	enum mlx5_status status;

	if (!pd)
		return mlx5_refuse(command, MLX5_STATUS_BAD_RESOURCE, "no such PD");
	memcpy(srq->context, context, sizeof(srq->context));
	take_shape(context, &params);
	status = place(command, context, &params, &srq->pages);
	if (!status)
		status = mlx5_status_of(command, srq_create(pd->pd, &params, &srq->srq));
	if (status)
		return status;
	srq->object.number = srq->srq->srqn;
	srq->object.adapter = adapter;
	mlx5_table_add(&adapter->srqs, &srq->object);
	hw_set(command->out, MLX5_OUT_NUMBER, srq->object.number);
	return MLX5_STATUS_OK;
}

enum mlx5_status mlx5_create_srq(struct mlx5_command *command)
{
	struct mlx5_srq *srq = calloc(1, sizeof(*srq));
	enum mlx5_status status;

	if (!srq)
		return mlx5_refuse(command, MLX5_STATUS_NO_RESOURCES, "out of memory");
	list_init(&srq->object.link);
	status = create(command, srq);
	if (status)
		mlx5_srq_free(srq);
	return status;
}

enum mlx5_status mlx5_query_srq(struct mlx5_command *command)
{
	const struct mlx5_srq *srq = mlx5_command_object(command, &command->adapter->srqs);
	uint8_t *out = command->out + MLX5_CONTEXT_BYTE;

	if (!srq)
		return mlx5_status_of(command, ENOENT);
	memcpy(out, srq->context, sizeof(srq->context));
	hw_set(out, MLX5_SRQC_STATE,
	       srq->srq->error ? MLX5_SRQC_STATE_ERROR : MLX5_SRQC_STATE_GOOD);
	hw_set(out, MLX5_SRQC_LWM, srq->srq->limit);
	hw_set(out, MLX5_SRQC_WQE_COUNT, srq->srq->hca->family->srq_posted(srq->srq));
	return MLX5_STATUS_OK;
}

enum mlx5_status mlx5_arm_rq(struct mlx5_command *command)
{
	struct mlx5_srq *srq = mlx5_command_object(command, &command->adapter->srqs);

	if (!srq)
		return mlx5_status_of(command, ENOENT);
	if (command->op_mod != MLX5_ARM_RQ_SRQ)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "not an SRQ");
	return mlx5_status_of(command,
			      srq_set_limit(srq->srq, hw_get(command->in, MLX5_ARM_RQ_LWM)));
}

void mlx5_srq_free(struct mlx5_srq *srq)
{
	list_remove(&srq->object.link);
	free(srq->pages);
	free(srq);
}

enum mlx5_status mlx5_destroy_srq(struct mlx5_command *command)
{
	struct mlx5_srq *srq = mlx5_command_object(command, &command->adapter->srqs);
	int rc = srq ? srq_destroy(srq->srq) : ENOENT;

	if (rc)
		return mlx5_status_of(command, rc);
	mlx5_srq_free(srq);
	return MLX5_STATUS_OK;
}
