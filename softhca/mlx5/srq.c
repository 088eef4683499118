/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shared receive queues. Free and posted WQEs form one chain through their next_wqe_index; software
 * posts along it and the device follows, so completions may free WQEs in any order. The link of a
 * posted WQE is fixed, software only appends to the free end.
 */
#include <endian.h>
#include <errno.h>

#include "softhca/mlx5/family.h"
#include "softhca/mlx5/segment.h"

int mlx5_srq_take(struct srq *srq, struct recv_request *request)
{
	size_t offset = (size_t)srq->next << srq->log_stride;
	union segment head;
	uint32_t next;

	if (!mlx5_srq_posted(srq))
		return ENOENT;
	request->index = srq->next;
	segment_load(&head, &srq->memory, offset);
	next = be16toh(head.next.next_wqe_index);
	srq->taken++;
	if (next >= srq->wqe_count) {
		srq->error = true;
		return EINVAL;
	}
	srq->next = next;
	return mlx5_scatter_decode(&srq->memory, offset + sizeof(head),
				   (1u << srq->log_stride) / MLX5_WQE_DS_UNITS - 1, request);
}
