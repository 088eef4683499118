/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Objects by the number that commands and doorbells name them with, and sets of bare numbers. The
 * numbers come from a guest, so whatever is not in a table is no object.
 */
#ifndef SOFTHCA_PCI_MLX5_TABLE_H
#define SOFTHCA_PCI_MLX5_TABLE_H

#include <stdint.h>

#include "util/list.h"

struct adapter;

/* Heads every object of a table. */
struct mlx5_object {
	struct list link;
	uint32_t number;
	struct adapter *adapter;
};

enum { MLX5_TABLE_BUCKETS = 256 };

struct mlx5_table {
	struct list buckets[MLX5_TABLE_BUCKETS];
};

void mlx5_table_init(struct mlx5_table *table);
void mlx5_table_add(struct mlx5_table *table, struct mlx5_object *object);
/* NULL if there is none of that number. */
void *mlx5_table_find(const struct mlx5_table *table, uint32_t number);
/* Takes out any object, NULL when the table is empty. */
void *mlx5_table_take(struct mlx5_table *table);

/* Numbers that are in use, from `first` on. */
enum { MLX5_SET_NUMBERS = 8192 };

struct mlx5_number_set {
	uint32_t first, end;
	uint64_t words[MLX5_SET_NUMBERS / 64];
};

void mlx5_set_init(struct mlx5_number_set *set, uint32_t first, uint32_t end);
/* ENOMEM when all are taken. */
int mlx5_set_reserve(struct mlx5_number_set *set, uint32_t *number);
/* ENOENT for a number that is not in use. */
int mlx5_set_release(struct mlx5_number_set *set, uint32_t number);
bool mlx5_set_has(const struct mlx5_number_set *set, uint32_t number);

#endif
