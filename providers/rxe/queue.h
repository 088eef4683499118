/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A ring that is shared with the kernel: elements of a power of two bytes behind a header with both
 * indices (uapi rdma/rdma_user_rxe.h). Work queues are filled here and emptied by the kernel,
 * completion queues the other way round. Indices are kept masked, so one element always stays free:
 * the ring is empty when they are equal.
 *
 * Of the header only the other side's index is read again after mapping.
 */
#ifndef RXE_QUEUE_H
#define RXE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rdma/rdma_user_rxe.h>

#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define ALWAYS_INLINE	    inline __attribute__((always_inline))

struct rxe_queue {
	struct rxe_queue_buf *buf;
	uint32_t mask;
	uint32_t index; /* ours, as published: producer of a work queue, consumer of a CQ */
	uint8_t log_elem_bytes;

	/* cold */
	size_t mapped_bytes;
};

enum rxe_queue_side {
	RXE_PRODUCER, /* we fill it */
	RXE_CONSUMER, /* we empty it */
};

/*
 * Maps the ring of a kernel answer; elements must have room for min_elem_bytes. 0, the errno of
 * mmap(), or EPROTO for an answer or a header that leads outside of the mapping.
 */
int rxe_queue_map(struct rxe_queue *queue, int fd, const struct mminfo *info,
		  enum rxe_queue_side side, size_t min_elem_bytes);
/* Does nothing for a queue that was never mapped. */
void rxe_queue_unmap(struct rxe_queue *queue);
/* Drops what the kernel has not taken yet of a work queue. The kernel must be at rest. */
void rxe_queue_drop(struct rxe_queue *queue);

static ALWAYS_INLINE void *rxe_queue_elem(const struct rxe_queue *queue, uint32_t index)
{
	return queue->buf->data + ((size_t)index << queue->log_elem_bytes);
}

static ALWAYS_INLINE uint32_t rxe_queue_next(const struct rxe_queue *queue, uint32_t index)
{
	return (index + 1) & queue->mask;
}

/*
 * Is there no room at index, which may be ahead of what is published? Acquire: the kernel has read
 * the element before it said so, and only then may it be filled again.
 */
static ALWAYS_INLINE bool rxe_queue_full(const struct rxe_queue *queue, uint32_t index)
{
	uint32_t consumer = __atomic_load_n(&queue->buf->consumer_index, __ATOMIC_ACQUIRE);

	return ((index + 1 - consumer) & queue->mask) == 0;
}

/* Is there nothing at index? Acquire: elements before the index are read after it. */
static ALWAYS_INLINE bool rxe_queue_empty(const struct rxe_queue *queue, uint32_t index)
{
	uint32_t producer = __atomic_load_n(&queue->buf->producer_index, __ATOMIC_ACQUIRE);

	return ((index - producer) & queue->mask) == 0;
}

/* Shows the kernel elements up to index, exclusive. Release: they have been written before. */
static ALWAYS_INLINE void rxe_queue_produce(struct rxe_queue *queue, uint32_t index)
{
	queue->index = index;
	__atomic_store_n(&queue->buf->producer_index, index, __ATOMIC_RELEASE);
}

/* Hands elements up to index, exclusive, back. Release: they have been read before. */
static ALWAYS_INLINE void rxe_queue_consume(struct rxe_queue *queue, uint32_t index)
{
	queue->index = index;
	__atomic_store_n(&queue->buf->consumer_index, index, __ATOMIC_RELEASE);
}

#endif
