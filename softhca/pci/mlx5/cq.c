/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Completion queues. Not offered: collapsed and compressed entries.
 */
#include <errno.h>
#include <stdlib.h>

#include "softhca/core/trace.h"
#include "softhca/pci/mlx5/memory.h"

static enum mlx5_status check_context(struct mlx5_command *command, const uint8_t *context)
{
	if (hw_get(context, MLX5_CQC_CQE_SIZE) > MLX5_CQC_CQE_128)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "no such entry size");
	if (hw_get(context, MLX5_CQC_COLLAPSED) || hw_get(context, MLX5_CQC_COMPRESSED))
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "format not supported");
	if (!mlx5_set_has(&command->adapter->uars, hw_get(context, MLX5_CQC_UAR)))
		return mlx5_refuse(command, MLX5_STATUS_BAD_RESOURCE, "no such UAR");
	return MLX5_STATUS_OK;
}

/* Size and buffer, which are also what resizing changes. */
static enum mlx5_status place(struct mlx5_command *command, const uint8_t *context,
			      struct cq_params *params, uint8_t ***pages)
{
	struct mlx5_page_list list =
		mlx5_command_pages(command, hw_get(context, MLX5_CQC_LOG_PAGE_SIZE));

	params->cqe_count = 1u << hw_get(context, MLX5_CQC_LOG_SIZE);
	params->cqe_size = hw_get(context, MLX5_CQC_CQE_SIZE) == MLX5_CQC_CQE_128 ? 128 : 64;
	if (params->cqe_count - 1 > command->adapter->hca->limits.max_cqe)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "too large");
	return mlx5_queue_place(command, &list, hw_get(context, MLX5_CQC_PAGE_OFFSET),
				(uint64_t)params->cqe_count * params->cqe_size, &params->memory,
				pages);
}

static enum mlx5_status create_in_core(struct mlx5_command *command, struct mlx5_cq *cq,
				       struct cq_params *params)
{
	struct adapter *adapter = command->adapter;
	int rc = cq_create(adapter->hca, params, &cq->cq);

	if (rc)
		return mlx5_status_of(command, rc);
	cq_moderate(cq->cq, hw_get(cq->context, MLX5_CQC_MAX_COUNT),
		    hw_get(cq->context, MLX5_CQC_PERIOD));
	cq->cq->ignore_overrun = hw_get(cq->context, MLX5_CQC_IGNORE_OVERRUN);
	cq->object.number = cq->cq->cqn;
	cq->object.adapter = adapter;
	cq->eq->users++;
	mlx5_table_add(&adapter->cqs, &cq->object);
	hw_set(command->out, MLX5_OUT_NUMBER, cq->object.number);
	return MLX5_STATUS_OK;
}

static enum mlx5_status create(struct mlx5_command *command, struct mlx5_cq *cq)
{
	const uint8_t *context = mlx5_command_context(command);
	struct cq_params params = {.has_channel = true, .exact_time = true, .front = cq};
	enum mlx5_status status = check_context(command, context);

	if (status)
		return status;
	memcpy(cq->context, context, sizeof(cq->context));
	cq->eq = mlx5_table_find(&command->adapter->eqs, hw_get(context, MLX5_CQC_EQN));
	if (!cq->eq)
		return mlx5_refuse(command, MLX5_STATUS_BAD_RESOURCE, "no such EQ");
	params.doorbell_record = mlx5_record_place(command, hw_get64(context, MLX5_CQC_DBR_BYTE));
	if (!params.doorbell_record)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "record not in memory");
	status = place(command, context, &params, &cq->pages);
	return status ? status : create_in_core(command, cq, &params);
}

enum mlx5_status mlx5_create_cq(struct mlx5_command *command)
{
	struct mlx5_cq *cq = calloc(1, sizeof(*cq));
	enum mlx5_status status;

	if (!cq)
		return mlx5_refuse(command, MLX5_STATUS_NO_RESOURCES, "out of memory");
	list_init(&cq->object.link);
	list_init(&cq->waiting);
	status = create(command, cq);
	if (status)
		mlx5_cq_free(cq);
	return status;
}

static uint32_t state_of(const struct cq *cq)
{
	struct cq_arm arm = cq->hca->family->cq_arm(cq);

	if (arm.token == cq->fired_token)
		return MLX5_CQC_STATE_FIRED;
	return arm.solicited_only ? MLX5_CQC_STATE_SOLICITED_ARMED : MLX5_CQC_STATE_ARMED;
}

enum mlx5_status mlx5_query_cq(struct mlx5_command *command)
{
	const struct mlx5_cq *cq = mlx5_command_object(command, &command->adapter->cqs);
	uint8_t *out = command->out + MLX5_CONTEXT_BYTE;

	if (!cq)
		return mlx5_status_of(command, ENOENT);
	memcpy(out, cq->context, sizeof(cq->context));
	hw_set(out, MLX5_CQC_STATUS, cq->cq->overrun ? MLX5_CQC_STATUS_OVERFLOW : 0);
	hw_set(out, MLX5_CQC_STATE, state_of(cq->cq));
	hw_set(out, MLX5_CQC_PRODUCER, cq->cq->producer);
	hw_set(out, MLX5_CQC_CONSUMER, cq->cq->producer - cq->cq->hca->family->cq_unpolled(cq->cq));
	return MLX5_STATUS_OK;
}

static void keep_new_size(struct mlx5_cq *cq, const uint8_t *context)
{
	hw_set(cq->context, MLX5_CQC_CQE_SIZE, hw_get(context, MLX5_CQC_CQE_SIZE));
	hw_set(cq->context, MLX5_CQC_LOG_SIZE, hw_get(context, MLX5_CQC_LOG_SIZE));
	hw_set(cq->context, MLX5_CQC_PAGE_OFFSET, hw_get(context, MLX5_CQC_PAGE_OFFSET));
	hw_set(cq->context, MLX5_CQC_LOG_PAGE_SIZE, hw_get(context, MLX5_CQC_LOG_PAGE_SIZE));
}

static enum mlx5_status resize(struct mlx5_command *command, struct mlx5_cq *cq)
{
	const uint8_t *context = mlx5_command_context(command);
	struct cq_params params = {0};
	uint8_t **pages;
	enum mlx5_status status;

	if (hw_get(context, MLX5_CQC_CQE_SIZE) > MLX5_CQC_CQE_128)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "no such entry size");
	status = place(command, context, &params, &pages);
	if (status)
		return status;
	status = mlx5_status_of(
		command, cq_resize(cq->cq, &params.memory, params.cqe_count, params.cqe_size));
	if (status) {
		free(pages);
		return status;
	}
	free(cq->pages);
	cq->pages = pages;
	keep_new_size(cq, context);
	return MLX5_STATUS_OK;
}

/* What is not selected stays as it is. */
static enum mlx5_status moderate(struct mlx5_command *command, struct mlx5_cq *cq)
{
	const uint8_t *context = mlx5_command_context(command);
	uint32_t select = hw_get(command->in, MLX5_MODIFY_CQ_SELECT);

	if (!select || select & ~(uint32_t)(MLX5_MODERATE_PERIOD | MLX5_MODERATE_COUNT))
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "only moderation may change");
	if (select & MLX5_MODERATE_PERIOD)
		hw_set(cq->context, MLX5_CQC_PERIOD, hw_get(context, MLX5_CQC_PERIOD));
	if (select & MLX5_MODERATE_COUNT)
		hw_set(cq->context, MLX5_CQC_MAX_COUNT, hw_get(context, MLX5_CQC_MAX_COUNT));
	return mlx5_status_of(command, cq_moderate(cq->cq, hw_get(cq->context, MLX5_CQC_MAX_COUNT),
						   hw_get(cq->context, MLX5_CQC_PERIOD)));
}

/* Size and place change together, and nothing else does with them. */
enum mlx5_status mlx5_modify_cq(struct mlx5_command *command)
{
	enum { ALL = MLX5_RESIZE_LOG_SIZE | MLX5_RESIZE_PAGE_OFFSET | MLX5_RESIZE_LOG_PAGE_SIZE };
	struct mlx5_cq *cq = mlx5_command_object(command, &command->adapter->cqs);

	if (!cq)
		return mlx5_status_of(command, ENOENT);
	if (command->op_mod == MLX5_MODIFY_CQ_MODERATE)
		return moderate(command, cq);
	if (command->op_mod != MLX5_MODIFY_CQ_RESIZE)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "no such change");
	if (hw_get(command->in, MLX5_MODIFY_CQ_SELECT) != ALL)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "a part of a new size");
	return resize(command, cq);
}

void mlx5_cq_free(struct mlx5_cq *cq)
{
	list_remove(&cq->waiting);
	list_remove(&cq->object.link);
	free(cq->pages);
	free(cq);
}

enum mlx5_status mlx5_destroy_cq(struct mlx5_command *command)
{
	struct mlx5_cq *cq = mlx5_command_object(command, &command->adapter->cqs);
	int rc = cq ? cq_destroy(cq->cq) : ENOENT;

	if (rc)
		return mlx5_status_of(command, rc);
	cq->eq->users--;
	mlx5_cq_free(cq);
	return MLX5_STATUS_OK;
}

/* What is asked for stands in the record; the doorbell only says when. */
void mlx5_cq_armed(struct adapter *adapter, uint32_t cqn)
{
	struct mlx5_cq *cq = mlx5_table_find(&adapter->cqs, cqn);

	if (cq)
		cq_look_armed(cq->cq);
	else
		trace_printf("doorbell of CQ %u, which there is not", cqn);
}
