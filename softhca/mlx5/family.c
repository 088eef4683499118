/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table of the mlx5 family, and the shapes its queues may have. The checks make every offset
 * that the decoders compute from a masked index lie inside the queue's memory.
 */
#include "softhca/mlx5/mlx5.h"

#include <errno.h>

#include "hw/mlx5/doorbell.h"
#include "hw/mlx5/wqe.h"
#include "softhca/mlx5/family.h"

enum {
	QUEUE_ALIGNMENT = 64,
	/* The counters of doorbell records have 16 bits, and full must differ from empty. */
	MAX_QUEUE_COUNT = 1 << 15,
	MAX_CQE_COUNT = 1 << 23,
	MIN_LOG_STRIDE = 4,
	MAX_LOG_STRIDE = 10, /* 64 segments: REQUEST_MAX_SGE */
};

_Static_assert(REQUEST_MAX_SGE << MIN_LOG_STRIDE >= 1 << MAX_LOG_STRIDE,
	       "a receive WQE has more segments than a request can hold");

static bool is_power_of_two(uint32_t n)
{
	return n && !(n & (n - 1));
}

static bool is_inside(const struct queue_memory *memory, size_t offset, uint64_t bytes)
{
	return offset <= memory->size && bytes <= memory->size - offset &&
	       offset % QUEUE_ALIGNMENT == 0;
}

/* The size is what the front end has listed pages for, and not the guest's word. */
static bool are_pages_good(const struct queue_memory *memory)
{
	size_t page_bytes, reach;

	if (!memory->pages || memory->log_page_size < MLX5_SEND_WQE_SHIFT ||
	    memory->log_page_size >= 63)
		return false;
	page_bytes = (size_t)1 << memory->log_page_size;
	if (memory->page_offset >= page_bytes || memory->page_offset % QUEUE_ALIGNMENT ||
	    memory->size > SIZE_MAX - 2 * page_bytes)
		return false;
	reach = memory->page_offset + memory->size + page_bytes - 1;
	for (size_t i = 0; i < reach >> memory->log_page_size; i++)
		if (!memory->pages[i] || (uintptr_t)memory->pages[i] % QUEUE_ALIGNMENT)
			return false;
	return true;
}

static bool is_aligned(const void *doorbell_record)
{
	return (uintptr_t)doorbell_record % MLX5_DBR_BYTES == 0;
}

static bool is_placed(const struct queue_memory *memory, const void *doorbell_record)
{
	if (!doorbell_record || !is_aligned(doorbell_record))
		return false;
	if (memory->linear)
		return (uintptr_t)memory->linear % QUEUE_ALIGNMENT == 0;
	return are_pages_good(memory);
}

int mlx5_cq_check(const struct cq_params *params)
{
	if (params->cqe_size != 64 && params->cqe_size != 128)
		return EINVAL;
	if (!is_power_of_two(params->cqe_count) || params->cqe_count > MAX_CQE_COUNT)
		return EINVAL;
	if (!is_placed(&params->memory, params->doorbell_record))
		return EINVAL;
	return is_inside(&params->memory, 0, (uint64_t)params->cqe_count * params->cqe_size)
		       ? 0
		       : EINVAL;
}

static bool is_receive_shape(const struct queue_memory *memory, size_t offset, uint32_t count,
			     uint32_t log_stride)
{
	return is_power_of_two(count) && count <= MAX_QUEUE_COUNT && log_stride >= MIN_LOG_STRIDE &&
	       log_stride <= MAX_LOG_STRIDE &&
	       is_inside(memory, offset, (uint64_t)count << log_stride);
}

int mlx5_srq_check(const struct srq_params *params)
{
	/* Half of the smallest WQE is the segment that chains it. */
	if (params->log_stride < MIN_LOG_STRIDE + 1)
		return EINVAL;
	if (!is_placed(&params->memory, params->doorbell_record))
		return EINVAL;
	return is_receive_shape(&params->memory, 0, params->wqe_count, params->log_stride) ? 0
											   : EINVAL;
}

int mlx5_wq_check(const struct wq_params *params)
{
	if (!is_placed(&params->memory, params->doorbell_record))
		return EINVAL;
	return is_receive_shape(&params->memory, 0, params->count, params->log_stride) ? 0 : EINVAL;
}

int mlx5_qp_check(const struct qp_params *params)
{
	uint64_t send_bytes = (uint64_t)params->sq_units * MLX5_SEND_WQE_BB;

	/* On a shared receive queue there may be no queue at all, and then no buffer. */
	if (!params->sq_units && !params->rq_count && (params->srq || !params->doorbell_record))
		return is_aligned(params->doorbell_record) ? 0 : EINVAL;
	if (!is_placed(&params->memory, params->doorbell_record))
		return EINVAL;
	if (params->sq_units &&
	    (!is_power_of_two(params->sq_units) || params->sq_units > MAX_QUEUE_COUNT ||
	     !is_inside(&params->memory, params->sq_offset, send_bytes)))
		return EINVAL;
	if (params->rq_count && !is_receive_shape(&params->memory, params->rq_offset,
						  params->rq_count, params->rq_log_stride))
		return EINVAL;
	return 0;
}

const struct family_ops softhca_mlx5_family = {
	.name = "mlx5",
	.cq_check = mlx5_cq_check,
	.srq_check = mlx5_srq_check,
	.qp_check = mlx5_qp_check,
	.send_producer = mlx5_send_producer,
	.send_decode = mlx5_send_decode,
	.recv_producer = mlx5_recv_producer,
	.recv_decode = mlx5_recv_decode,
	.srq_take = mlx5_srq_take,
	.srq_posted = mlx5_srq_posted,
	.cqe_write = mlx5_cqe_write,
	.cqe_write_tag = mlx5_cqe_write_tag,
	.wq_check = mlx5_wq_check,
	.wq_producer = mlx5_wq_producer,
	.wq_decode = mlx5_wq_decode,
	.cqe_write_frame = mlx5_cqe_write_frame,
	.cqe_write_resize = mlx5_cqe_write_resize,
	.cq_disarm = mlx5_cq_disarm,
	.cq_arm = mlx5_read_cq_arm,
	.cq_unpolled = mlx5_cq_unpolled,
};
