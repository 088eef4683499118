/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Event queues. The driver tells how far it has read with a doorbell, and asks for the next
 * interrupt with another. An entry that the driver has not read is never overwritten: completion
 * events wait at their CQ until there is room, of the others the last ones are lost and the queue's
 * context says so.
 */
#include <errno.h>
#include <stdlib.h>

#include "softhca/core/trace.h"
#include "softhca/pci/mlx5/memory.h"

enum {
	COUNTER_MASK = 0xffffff,
	MAX_LOG_SIZE = 20,
};

/* ---- the ring ---- */

static uint32_t unread(const struct mlx5_eq *eq)
{
	return (eq->producer - eq->consumer) & COUNTER_MASK;
}

static bool has_room(const struct mlx5_eq *eq)
{
	return unread(eq) < eq->size;
}

static void interrupt(struct mlx5_eq *eq)
{
	if (!eq->armed)
		return;
	eq->armed = false;
	pci_interrupt(eq->object.adapter->function, eq->vector);
}

static void write_entry(struct mlx5_eq *eq, struct mlx5_eqe *eqe)
{
	size_t slot = eq->producer & (eq->size - 1);
	struct mlx5_eqe *to = (struct mlx5_eqe *)queue_at(&eq->memory, slot * sizeof(*to));
	uint8_t owner = eq->producer & eq->size ? MLX5_EQE_OWNER_MASK : 0;

	memcpy(to, eqe, offsetof(struct mlx5_eqe, owner));
	__atomic_store_n(&to->owner, owner, __ATOMIC_RELEASE);
	eq->producer = (eq->producer + 1) & COUNTER_MASK;
	interrupt(eq);
}

void mlx5_event_post(struct adapter *adapter, struct mlx5_eqe *eqe)
{
	struct mlx5_eq *eq = adapter->event_queue[eqe->type];

	if (!eq)
		return;
	if (has_room(eq)) {
		write_entry(eq, eqe);
		return;
	}
	eq->overrun = true;
	trace_printf("event of type %#x lost: EQ %u is full", eqe->type, eq->object.number);
}

static void complete(struct mlx5_cq *cq)
{
	struct mlx5_eqe eqe = {
		.type = MLX5_EVENT_COMPLETION,
		.completion.cqn = __cpu_to_be32(cq->object.number),
	};

	write_entry(cq->eq, &eqe);
}

void mlx5_event_complete(struct mlx5_cq *cq)
{
	if (has_room(cq->eq))
		complete(cq);
	else if (!list_linked(&cq->waiting))
		list_append(&cq->eq->waiting, &cq->waiting);
}

static struct mlx5_eq *consumed(struct adapter *adapter, uint32_t eqn, uint32_t consumer)
{
	struct mlx5_eq *eq = mlx5_table_find(&adapter->eqs, eqn);

	if (!eq) {
		trace_printf("doorbell of EQ %u, which there is not", eqn);
		return NULL;
	}
	eq->consumer = consumer;
	while (!list_empty(&eq->waiting) && has_room(eq)) {
		struct mlx5_cq *cq = list_entry(eq->waiting.next, struct mlx5_cq, waiting);

		list_remove(&cq->waiting);
		complete(cq);
	}
	return eq;
}

void mlx5_eq_consumed(struct adapter *adapter, uint32_t eqn, uint32_t consumer)
{
	consumed(adapter, eqn, consumer);
}

/* What came while the queue was not armed is due at once. */
void mlx5_eq_arm(struct adapter *adapter, uint32_t eqn, uint32_t consumer)
{
	struct mlx5_eq *eq = consumed(adapter, eqn, consumer);

	if (!eq)
		return;
	eq->armed = true;
	if (unread(eq))
		interrupt(eq);
}

/* ---- commands ---- */

static enum mlx5_status check_context(struct mlx5_command *command, const uint8_t *context)
{
	if (hw_get(context, MLX5_EQC_LOG_SIZE) > MAX_LOG_SIZE)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "too large");
	if (hw_get(context, MLX5_EQC_VECTOR) >= MLX5_MSIX_VECTORS)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "no such vector");
	if (!mlx5_set_has(&command->adapter->uars, hw_get(context, MLX5_EQC_UAR)))
		return mlx5_refuse(command, MLX5_STATUS_BAD_RESOURCE, "no such UAR");
	return MLX5_STATUS_OK;
}

static enum mlx5_status place(struct mlx5_command *command, const uint8_t *context,
			      struct mlx5_eq *eq)
{
	struct mlx5_page_list list =
		mlx5_command_pages(command, hw_get(context, MLX5_EQC_LOG_PAGE_SIZE));

	eq->size = 1u << hw_get(context, MLX5_EQC_LOG_SIZE);
	return mlx5_queue_place(command, &list, hw_get(context, MLX5_EQC_PAGE_OFFSET),
				(uint64_t)eq->size * sizeof(struct mlx5_eqe), &eq->memory,
				&eq->pages);
}

/* A type of event goes to the queue that asked for it last. */
static void subscribe(struct adapter *adapter, struct mlx5_eq *eq)
{
	for (unsigned int type = 0; type < MLX5_EVENT_TYPES; type++)
		if (eq->events >> type & 1)
			adapter->event_queue[type] = eq;
}

static void unsubscribe(struct adapter *adapter, const struct mlx5_eq *eq)
{
	for (unsigned int type = 0; type < MLX5_EVENT_TYPES; type++)
		if (adapter->event_queue[type] == eq)
			adapter->event_queue[type] = NULL;
}

static enum mlx5_status create(struct mlx5_command *command, struct mlx5_eq *eq)
{
	struct adapter *adapter = command->adapter;
	const uint8_t *context = mlx5_command_context(command);
	enum mlx5_status status = check_context(command, context);

	if (!status)
		status = place(command, context, eq);
	if (!status)
		status = mlx5_status_of(command,
					mlx5_set_reserve(&adapter->eqns, &eq->object.number));
	if (status)
		return status;
	eq->object.adapter = adapter;
	eq->vector = hw_get(context, MLX5_EQC_VECTOR);
	eq->events = hw_get64(command->in, MLX5_CREATE_EQ_MASK_BYTE);
	memcpy(eq->context, context, sizeof(eq->context));
	mlx5_table_add(&adapter->eqs, &eq->object);
	subscribe(adapter, eq);
	hw_set(command->out, MLX5_EQ_NUMBER, eq->object.number);
	return MLX5_STATUS_OK;
}

enum mlx5_status mlx5_create_eq(struct mlx5_command *command)
{
	struct mlx5_eq *eq = calloc(1, sizeof(*eq));
	enum mlx5_status status;

	if (!eq)
		return mlx5_refuse(command, MLX5_STATUS_NO_RESOURCES, "out of memory");
	list_init(&eq->object.link);
	list_init(&eq->waiting);
	status = create(command, eq);
	if (status)
		mlx5_eq_free(eq);
	return status;
}

static struct mlx5_eq *find(struct mlx5_command *command)
{
	return mlx5_table_find(&command->adapter->eqs, hw_get(command->in, MLX5_EQ_NUMBER));
}

enum mlx5_status mlx5_query_eq(struct mlx5_command *command)
{
	const struct mlx5_eq *eq = find(command);
	uint8_t *out = command->out + MLX5_CONTEXT_BYTE;

	if (!eq)
		return mlx5_status_of(command, ENOENT);
	memcpy(out, eq->context, sizeof(eq->context));
	hw_set(out, MLX5_EQC_STATUS,
	       eq->overrun ? MLX5_EQC_STATUS_WRITE_FAILURE : MLX5_EQC_STATUS_OK);
	hw_set(out, MLX5_EQC_STATE, eq->armed ? MLX5_EQC_STATE_ARMED : MLX5_EQC_STATE_FIRED);
	hw_set(out, MLX5_EQC_CONSUMER, eq->consumer);
	hw_set(out, MLX5_EQC_PRODUCER, eq->producer);
	return MLX5_STATUS_OK;
}

void mlx5_eq_free(struct mlx5_eq *eq)
{
	list_remove(&eq->object.link);
	free(eq->pages);
	free(eq);
}

enum mlx5_status mlx5_destroy_eq(struct mlx5_command *command)
{
	struct adapter *adapter = command->adapter;
	struct mlx5_eq *eq = find(command);

	if (!eq || eq->users)
		return mlx5_status_of(command, eq ? EBUSY : ENOENT);
	unsubscribe(adapter, eq);
	mlx5_set_release(&adapter->eqns, eq->object.number);
	mlx5_eq_free(eq);
	return MLX5_STATUS_OK;
}
