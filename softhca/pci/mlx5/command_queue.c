/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The command queue in guest memory. An entry is copied once and so is its input; the places of the
 * output are found before the command is carried out, so that a command whose answer has no place
 * does nothing. The byte with the ownership bit is written last, and after it the event.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/core/trace.h"
#include "softhca/pci/mlx5/commands.h"

enum {
	COMMANDS = 32,
	/* A page list of 8 Mi entries, the longest that a driver could want. */
	MAX_IN_BYTES = 64 << 20,
	MAX_OUT_BYTES = 64 << 10,
	MAX_OUT_BLOCKS = MAX_OUT_BYTES / MLX5_MAILBOX_DATA_BYTES,
};

/* A mailbox chain being followed. */
struct chain {
	struct adapter *adapter;
	uint64_t next;
	uint32_t block;
	uint8_t token;
	enum mlx5_delivery bad_pointer;
};

/* A command with its buffers. */
struct delivery {
	struct mlx5_command command;
	struct mlx5_command_entry entry; /* the copy */
	uint8_t *in, *out;
	uint8_t *out_blocks[MAX_OUT_BLOCKS];
};

static uint32_t beyond_entry(uint32_t length)
{
	return length > MLX5_COMMAND_INLINE_BYTES ? length - MLX5_COMMAND_INLINE_BYTES : 0;
}

/* The next block of the chain. A chain cannot go in circles, for blocks know their positions. */
static enum mlx5_delivery follow(struct chain *chain, struct mlx5_mailbox **block)
{
	struct mlx5_mailbox *mailbox;

	if (chain->next % MLX5_MAILBOX_ALIGNMENT)
		return chain->bad_pointer;
	mailbox = (struct mlx5_mailbox *)pci_dma(chain->adapter->function, chain->next,
						 sizeof(*mailbox), true);
	if (!mailbox)
		return chain->bad_pointer;
	if (be32toh(mailbox->block) != chain->block)
		return MLX5_DELIVERY_BAD_BLOCK;
	if (mailbox->token != chain->token)
		return MLX5_DELIVERY_BAD_TOKEN;
	chain->next = be64toh(mailbox->next);
	chain->block++;
	*block = mailbox;
	return MLX5_DELIVERY_OK;
}

static enum mlx5_delivery read_input(struct delivery *delivery)
{
	struct chain chain = {
		.adapter = delivery->command.adapter,
		.next = be64toh(delivery->entry.in_mailbox),
		.token = delivery->entry.token,
		.bad_pointer = MLX5_DELIVERY_BAD_IN_POINTER,
	};
	uint32_t left = beyond_entry(delivery->command.in_length);
	uint8_t *to = delivery->in + MLX5_COMMAND_INLINE_BYTES;

	memcpy(delivery->in, delivery->entry.in, MLX5_COMMAND_INLINE_BYTES);
	while (left) {
		uint32_t length = left < MLX5_MAILBOX_DATA_BYTES ? left : MLX5_MAILBOX_DATA_BYTES;
		struct mlx5_mailbox *block;
		enum mlx5_delivery status = follow(&chain, &block);

		if (status)
			return status;
		memcpy(to, block->data, length);
		to += length;
		left -= length;
	}
	return MLX5_DELIVERY_OK;
}

static enum mlx5_delivery place_output(struct delivery *delivery)
{
	struct chain chain = {
		.adapter = delivery->command.adapter,
		.next = be64toh(delivery->entry.out_mailbox),
		.token = delivery->entry.token,
		.bad_pointer = MLX5_DELIVERY_BAD_OUT_POINTER,
	};
	uint32_t length = beyond_entry(delivery->command.out_length);
	uint32_t blocks = (length + MLX5_MAILBOX_DATA_BYTES - 1) / MLX5_MAILBOX_DATA_BYTES;

	for (uint32_t i = 0; i < blocks; i++) {
		struct mlx5_mailbox *block;
		enum mlx5_delivery status = follow(&chain, &block);

		if (status)
			return status;
		delivery->out_blocks[i] = block->data;
	}
	return MLX5_DELIVERY_OK;
}

static void write_output(struct delivery *delivery, struct mlx5_command_entry *entry)
{
	uint32_t left = beyond_entry(delivery->command.out_length);
	const uint8_t *from = delivery->out + MLX5_COMMAND_INLINE_BYTES;

	memcpy(entry->out, delivery->out, MLX5_COMMAND_INLINE_BYTES);
	for (unsigned int i = 0; left; i++) {
		uint32_t length = left < MLX5_MAILBOX_DATA_BYTES ? left : MLX5_MAILBOX_DATA_BYTES;

		memcpy(delivery->out_blocks[i], from, length);
		from += length;
		left -= length;
	}
}

static enum mlx5_delivery check_entry(const struct delivery *delivery)
{
	if (delivery->entry.type != MLX5_COMMAND_TYPE_PCI)
		return MLX5_DELIVERY_BAD_TYPE;
	/* Opcode and status have room in any case. */
	if (delivery->command.in_length < 8 || delivery->command.in_length > MAX_IN_BYTES)
		return MLX5_DELIVERY_BAD_IN_LENGTH;
	if (delivery->command.out_length < 8 || delivery->command.out_length > MAX_OUT_BYTES)
		return MLX5_DELIVERY_BAD_OUT_LENGTH;
	return MLX5_DELIVERY_OK;
}

/* Room for the parts that lie in the entry, however short the command is. */
static size_t buffer_bytes(uint32_t length)
{
	return MLX5_COMMAND_INLINE_BYTES + beyond_entry(length);
}

static enum mlx5_delivery deliver(struct delivery *delivery)
{
	struct mlx5_command *command = &delivery->command;
	enum mlx5_delivery status = check_entry(delivery);

	if (status)
		return status;
	delivery->in = calloc(1, buffer_bytes(command->in_length));
	delivery->out = calloc(1, buffer_bytes(command->out_length));
	if (!delivery->in || !delivery->out)
		return MLX5_DELIVERY_FIRMWARE_ERROR;
	status = read_input(delivery);
	if (!status)
		status = place_output(delivery);
	if (status)
		return status;
	command->in = delivery->in;
	command->out = delivery->out;
	command->opcode = (uint16_t)hw_get(command->in, MLX5_IN_OPCODE);
	command->op_mod = (uint16_t)hw_get(command->in, MLX5_IN_OP_MOD);
	mlx5_command_execute(command);
	return MLX5_DELIVERY_OK;
}

/* Whether there was a command in the entry. */
static bool serve(struct adapter *adapter, unsigned int slot)
{
	struct delivery delivery = {.command.adapter = adapter};
	struct mlx5_command_entry *entry = (struct mlx5_command_entry *)pci_dma(
		adapter->function, adapter->command_queue + slot * sizeof(*entry), sizeof(*entry),
		true);
	enum mlx5_delivery status;

	if (!entry) {
		trace_printf("command queue is not in memory");
		return false;
	}
	memcpy(&delivery.entry, entry, sizeof(delivery.entry));
	if (!(delivery.entry.status_own & MLX5_COMMAND_OWNED_BY_DEVICE)) {
		trace_printf("doorbell of command %u, which is the driver's", slot);
		return false;
	}
	delivery.command.in_length = be32toh(delivery.entry.in_length);
	delivery.command.out_length = be32toh(delivery.entry.out_length);
	status = deliver(&delivery);
	if (status)
		trace_printf("command %u not delivered: status %#x", slot, status);
	else
		write_output(&delivery, entry);
	__atomic_store_n(&entry->status_own, (uint8_t)(status << 1), __ATOMIC_RELEASE);
	free(delivery.out);
	free(delivery.in);
	return true;
}

/*
 * The driver polls until it has the queue of these events. The command that makes it is still
 * polled; all later ones are not, be it that they make further event queues.
 */
void mlx5_command_queue_ring(struct adapter *adapter, uint32_t entries)
{
	for (unsigned int slot = 0; slot < COMMANDS; slot++) {
		const struct mlx5_eq *before = adapter->event_queue[MLX5_EVENT_COMMAND];

		if (!(entries & 1u << slot) || !serve(adapter, slot))
			continue;
		if (before && adapter->event_queue[MLX5_EVENT_COMMAND])
			mlx5_event_command(adapter, 1u << slot);
	}
}
