/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Receive WQEs: data segments and nothing else, ended by the invalid key unless all are used. */
#include <endian.h>
#include <errno.h>

#include "softhca/mlx5/family.h"
#include "softhca/mlx5/segment.h"

int mlx5_scatter_decode(const struct queue_memory *memory, size_t offset, unsigned int count,
			struct recv_request *request)
{
	uint64_t length = 0;

	request->num_sge = 0;
	for (; count; count--, offset += sizeof(union segment)) {
		struct sge *sge = &request->sge[request->num_sge];
		union segment segment;

		segment_load(&segment, memory, offset);
		sge->lkey = be32toh(segment.data.lkey);
		if (sge->lkey == MLX5_INVALID_LKEY)
			break;
		sge->length = segment_data_length(&segment.data);
		/* There is no such thing as inline data to receive into. */
		if (sge->length > SEGMENT_MAX_BYTES)
			return EINVAL;
		sge->address = be64toh(segment.data.addr);
		sge->inline_data = NULL;
		length += sge->length;
		request->num_sge++;
	}
	/* No message is longer, so room beyond it is the same. */
	request->length = length < SEGMENT_MAX_BYTES ? (uint32_t)length : SEGMENT_MAX_BYTES;
	return 0;
}

int mlx5_recv_decode(const struct qp *qp, uint32_t index, struct recv_request *request)
{
	size_t slot = index & (qp->rq_count - 1);

	request->index = index;
	return mlx5_scatter_decode(&qp->memory, qp->rq_offset + (slot << qp->rq_log_stride),
				   (1u << qp->rq_log_stride) / MLX5_WQE_DS_UNITS, request);
}

int mlx5_wq_decode(const struct wq *wq, uint32_t index, struct recv_request *request)
{
	size_t slot = index & (wq->count - 1);

	request->index = index;
	return mlx5_scatter_decode(&wq->memory, slot << wq->log_stride,
				   (1u << wq->log_stride) / MLX5_WQE_DS_UNITS, request);
}
