/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What happens in the core, at the port and in the command queue, as event queue entries. */
#include "softhca/core/trace.h"
#include "softhca/pci/mlx5/commands.h"

static const uint8_t event_types[] = {
	[EVENT_CQ_ERROR] = MLX5_EVENT_CQ_ERROR,
	[EVENT_QP_FATAL] = MLX5_EVENT_WQ_CATASTROPHIC,
	[EVENT_QP_REQUEST_ERROR] = MLX5_EVENT_INVALID_REQUEST,
	[EVENT_QP_ACCESS_ERROR] = MLX5_EVENT_ACCESS_VIOLATION,
	[EVENT_COMM_ESTABLISHED] = MLX5_EVENT_COMM_ESTABLISHED,
	[EVENT_SQ_DRAINED] = MLX5_EVENT_SQ_DRAINED,
	[EVENT_PATH_MIGRATED] = MLX5_EVENT_PATH_MIGRATED,
	[EVENT_PATH_MIGRATE_ERROR] = MLX5_EVENT_PATH_MIGRATE_FAILED,
	[EVENT_SRQ_ERROR] = MLX5_EVENT_SRQ_CATASTROPHIC,
	[EVENT_SRQ_LIMIT_REACHED] = MLX5_EVENT_SRQ_LIMIT,
	[EVENT_QP_LAST_WQE_REACHED] = MLX5_EVENT_LAST_WQE,
};

static void complete(struct cq *cq)
{
	mlx5_event_complete(cq->front);
}

static void post_queue_event(struct mlx5_object *object, uint8_t type)
{
	struct mlx5_eqe eqe = {
		.type = type,
		.queue.number = __cpu_to_be32(object->number),
	};

	mlx5_event_post(object->adapter, &eqe);
}

static void post_cq_error(struct mlx5_object *object)
{
	struct mlx5_eqe eqe = {
		.type = MLX5_EVENT_CQ_ERROR,
		.cq_error.cqn = __cpu_to_be32(object->number),
		.cq_error.syndrome = MLX5_CQ_ERROR_OVERRUN,
	};

	mlx5_event_post(object->adapter, &eqe);
}

/* The core's events are about queues; ports and the device are the adapter's own. */
static void report(struct hca *hca, enum async_event_type type, enum async_event_scope scope,
		   void *object)
{
	(void)hca;
	switch (scope) {
	case EVENT_SCOPE_QP:
		post_queue_event(((struct qp *)object)->front, event_types[type]);
		break;
	case EVENT_SCOPE_SRQ:
		post_queue_event(((struct srq *)object)->front, event_types[type]);
		break;
	case EVENT_SCOPE_CQ:
		post_cq_error(((struct cq *)object)->front);
		break;
	default:
		break;
	}
}

const struct front_ops mlx5_front_ops = {
	.cq_event = complete,
	.async_event = report,
	.change_region = mlx5_change_region,
};

void mlx5_event_command(struct adapter *adapter, uint32_t entries)
{
	struct mlx5_eqe eqe = {
		.type = MLX5_EVENT_COMMAND,
		.command_vector = __cpu_to_be32(entries),
	};

	mlx5_event_post(adapter, &eqe);
}

void mlx5_event_port(struct adapter *adapter, bool up)
{
	enum { PORT_SHIFT = 4 };
	struct mlx5_eqe eqe = {
		.type = MLX5_EVENT_PORT_CHANGE,
		.subtype = up ? MLX5_PORT_CHANGE_ACTIVE : MLX5_PORT_CHANGE_DOWN,
		.port_change.port = 1 << PORT_SHIFT,
	};

	trace_printf("event: port %s", up ? "active" : "down");
	mlx5_event_post(adapter, &eqe);
}
