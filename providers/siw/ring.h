/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rings of elements in memory of the kernel's, mapped into the process. Who owns an element is said
 * in its flags: in send and receive queues SIW_WQE_VALID hands it to the kernel, which clears the
 * flags once it has copied it; in completion queues it is the other way round. Both sides count
 * freely, and rings have a power of two of elements.
 *
 * Locks are mutexes: a send queue is held during the system call that has the kernel transmit.
 */
#ifndef SIW_RING_H
#define SIW_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rdma/siw-abi.h>

struct ibv_context;

struct siw_map {
	void *addr;
	size_t bytes; /* 0: nothing mapped */
};

/*
 * Maps what the kernel calls key: count elements of element_bytes and tail_bytes behind them.
 * 0, or errno; EPROTO when count is none that a ring can have.
 */
int siw_map_ring(struct siw_map *map, struct ibv_context *context, uint64_t key, uint32_t count,
		 size_t element_bytes, size_t tail_bytes);
void siw_unmap_ring(struct siw_map *map);

/* Whether the other side is done with an element, or has made it; its body may be accessed then. */
static inline bool siw_is_valid(const __u16 *flags)
{
	return __atomic_load_n(flags, __ATOMIC_ACQUIRE) & SIW_WQE_VALID;
}

/* Hands an element over, with everything that was written to it before. */
static inline void siw_set_flags(__u16 *flags, unsigned int value)
{
	__atomic_store_n(flags, (__u16)value, __ATOMIC_RELEASE);
}

#endif
