/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An entry on its way into a completion queue. Software takes an entry as soon as its owner bit
 * shows the current lap, so the last 8 bytes, which hold it, are stored last.
 */
#ifndef SOFTHCA_MLX5_ENTRY_H
#define SOFTHCA_MLX5_ENTRY_H

#include <string.h>

#include "hw/mlx5/cqe.h"
#include "softhca/mlx5/family.h"

union entry {
	struct mlx5_cqe64 cqe;
	struct mlx5_err_cqe error;
	uint64_t words[8];
};

static inline bool entry_has_room(const struct cq *cq)
{
	return cq->ignore_overrun || mlx5_cq_unpolled(cq) < cq->cqe_count;
}

static inline bool entry_owner(const struct cq *cq)
{
	return cq->producer & cq->cqe_count;
}

/* The meaningful half of a 128-byte entry is its second one. */
static inline void entry_store(struct cq *cq, const union entry *entry)
{
	size_t slot = cq->producer & (cq->cqe_count - 1);
	size_t offset = (slot + 1) * cq->cqe_size - sizeof(*entry);
	uint64_t *to = (uint64_t *)queue_at(&cq->memory, offset);

	memcpy(to, entry, sizeof(*entry) - sizeof(*to));
	__atomic_store_n(&to[7], entry->words[7], __ATOMIC_RELEASE);
	cq->producer++;
}

/* cqe.c: all of an entry but its owner. */
void mlx5_entry_describe(union entry *entry, const struct qp *qp,
			 const struct completion *completion);
/* Of an error. */
void mlx5_entry_set_syndrome(union entry *entry, enum completion_status status);

#endif
