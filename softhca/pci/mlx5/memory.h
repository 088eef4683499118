/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From lists of pages in commands to guest memory as this process sees it.
 */
#ifndef SOFTHCA_PCI_MLX5_MEMORY_H
#define SOFTHCA_PCI_MLX5_MEMORY_H

#include "softhca/pci/mlx5/commands.h"

enum {
	/* Contexts count page sizes from here on. */
	MLX5_LOG_PAGE_BASE = 12,
	/* page_offset fields count in this part of a page. */
	MLX5_PAGE_OFFSET_PARTS = 64,
};

/* Pages behind the context of a command. */
struct mlx5_page_list {
	const uint8_t *entries;
	uint32_t count;
	unsigned int log_page_size;
};

struct mlx5_page_list mlx5_command_pages(const struct mlx5_command *command,
					 uint32_t log_page_size_field);

/* Finds `size` bytes from `page_offset` parts of the first page on. They must all be there. The
 * queue's pages, if it has any, are freed by whoever keeps `*pages`. */
enum mlx5_status mlx5_queue_place(struct mlx5_command *command, const struct mlx5_page_list *list,
				  uint32_t page_offset, uint64_t size, struct queue_memory *memory,
				  uint8_t ***pages);

/* A doorbell record; NULL if it is nowhere or not aligned. */
void *mlx5_record_place(struct mlx5_command *command, uint64_t address);

#endif
