/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Places queues and doorbell records in guest memory. */
#include "softhca/pci/mlx5/memory.h"

#include <stdlib.h>

#include "hw/mlx5/doorbell.h"

/* So that no sum of an offset and a size leaves 64 bits. */
enum { MAX_LOG_PAGE_SIZE = 48 };

struct mlx5_page_list mlx5_command_pages(const struct mlx5_command *command,
					 uint32_t log_page_size_field)
{
	return (struct mlx5_page_list){
		.entries = command->in + MLX5_PAS_BYTE,
		.count = (command->in_length - MLX5_PAS_BYTE) / (uint32_t)sizeof(__be64),
		.log_page_size = log_page_size_field + MLX5_LOG_PAGE_BASE,
	};
}

static uint64_t page_address(const struct mlx5_page_list *list, uint64_t page)
{
	return hw_get64(list->entries + page * sizeof(__be64), 0) & MLX5_PAS_ADDRESS_MASK;
}

/* A queue begins with the first byte of a page: pages are cut until that is so. */
static unsigned int log_piece_size(const struct mlx5_page_list *list, uint64_t offset)
{
	return (unsigned int)__builtin_ctzll(offset | 1ull << list->log_page_size);
}

static bool place_pieces(struct adapter *adapter, const struct mlx5_page_list *list,
			 uint64_t offset, struct queue_memory *memory, uint8_t **pieces)
{
	uint64_t piece_bytes = 1ull << memory->log_page_size;
	uint64_t page_bytes = 1ull << list->log_page_size;

	for (uint64_t done = 0; done < memory->size; done += piece_bytes, pieces++) {
		uint64_t position = offset + done, left = memory->size - done;
		uint64_t address = page_address(list, position >> list->log_page_size) +
				   (position & (page_bytes - 1));

		*pieces = pci_dma(adapter->function, address,
				  left < piece_bytes ? left : piece_bytes, true);
		if (!*pieces)
			return false;
	}
	return true;
}

/* Guests' buffers often are in one piece here, which is read faster than a list. */
static bool is_one_piece(const struct queue_memory *memory, uint8_t *const *pieces)
{
	uint64_t count = (memory->size - 1) >> memory->log_page_size;

	for (uint64_t i = 1; i <= count; i++)
		if (pieces[i] != pieces[0] + (i << memory->log_page_size))
			return false;
	return true;
}

enum mlx5_status mlx5_queue_place(struct mlx5_command *command, const struct mlx5_page_list *list,
				  uint32_t page_offset, uint64_t size, struct queue_memory *memory,
				  uint8_t ***pages)
{
	uint64_t offset, needed;
	uint8_t **pieces;

	*pages = NULL;
	*memory = (struct queue_memory){.size = size};
	if (!size)
		return MLX5_STATUS_OK;
	if (list->log_page_size > MAX_LOG_PAGE_SIZE)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "pages too large");
	offset = ((uint64_t)page_offset << list->log_page_size) / MLX5_PAGE_OFFSET_PARTS;
	needed = ((offset + size - 1) >> list->log_page_size) + 1;
	if (needed > list->count)
		return mlx5_refuse(command, MLX5_STATUS_BAD_INPUT_LENGTH, "page list too short");
	memory->log_page_size = log_piece_size(list, offset);
	pieces = calloc(((size - 1) >> memory->log_page_size) + 1, sizeof(*pieces));
	if (!pieces)
		return mlx5_refuse(command, MLX5_STATUS_NO_RESOURCES, "out of memory");
	if (!place_pieces(command->adapter, list, offset, memory, pieces)) {
		free(pieces);
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "page not in memory");
	}
	if (is_one_piece(memory, pieces)) {
		memory->linear = pieces[0];
		free(pieces);
		return MLX5_STATUS_OK;
	}
	memory->pages = pieces;
	*pages = pieces;
	return MLX5_STATUS_OK;
}

void *mlx5_record_place(struct mlx5_command *command, uint64_t address)
{
	if (address % MLX5_DBR_BYTES)
		return NULL;
	return pci_dma(command->adapter->function, address, MLX5_DBR_BYTES, true);
}
