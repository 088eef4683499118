/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Mapping of shared rings, with the checks that let the data path do without. */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "queue.h"

/* Layout of the header as kernels have it; the indices have cache lines of their own. */
_Static_assert(offsetof(struct rxe_queue_buf, producer_index) == 128, "rxe_queue_buf");
_Static_assert(offsetof(struct rxe_queue_buf, consumer_index) == 256, "rxe_queue_buf");
_Static_assert(offsetof(struct rxe_queue_buf, data) == 384, "rxe_queue_buf");

enum {
	MAX_LOG_ELEM_BYTES = 16,
};

/* Takes the geometry out of the header if all of the ring lies within the mapping. */
static bool take_geometry(struct rxe_queue *queue, size_t min_elem_bytes)
{
	const struct rxe_queue_buf *buf = queue->buf;
	uint32_t log_elem_bytes = buf->log2_elem_size;
	uint32_t mask = buf->index_mask;

	if (log_elem_bytes > MAX_LOG_ELEM_BYTES || (size_t)1 << log_elem_bytes < min_elem_bytes)
		return false;
	if (mask & (mask + 1) || mask == UINT32_MAX)
		return false;
	if (((uint64_t)mask + 1) << log_elem_bytes > queue->mapped_bytes - sizeof(*buf))
		return false;
	queue->mask = mask;
	queue->log_elem_bytes = (uint8_t)log_elem_bytes;
	return true;
}

int rxe_queue_map(struct rxe_queue *queue, int fd, const struct mminfo *info,
		  enum rxe_queue_side side, size_t min_elem_bytes)
{
	void *memory;

	memset(queue, 0, sizeof(*queue));
	if (info->size <= sizeof(struct rxe_queue_buf) || info->offset > INT64_MAX)
		return EPROTO;
	memory =
		mmap(NULL, info->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)info->offset);
	if (memory == MAP_FAILED)
		return errno;
	queue->buf = memory;
	queue->mapped_bytes = info->size;
	if (!take_geometry(queue, min_elem_bytes)) {
		rxe_queue_unmap(queue);
		return EPROTO;
	}
	queue->index = queue->mask & (side == RXE_PRODUCER ? queue->buf->producer_index
							   : queue->buf->consumer_index);
	return 0;
}

void rxe_queue_unmap(struct rxe_queue *queue)
{
	if (queue->buf)
		munmap(queue->buf, queue->mapped_bytes);
	queue->buf = NULL;
}

void rxe_queue_drop(struct rxe_queue *queue)
{
	uint32_t consumer = __atomic_load_n(&queue->buf->consumer_index, __ATOMIC_ACQUIRE);

	rxe_queue_produce(queue, consumer & queue->mask);
}
