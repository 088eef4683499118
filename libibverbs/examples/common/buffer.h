/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Registered memory for messages, of the kinds the options of ibv_rc_pingpong choose from. What the
 * device cannot do is refused with a message. All functions return 0 or a positive errno.
 */
#ifndef PP_BUFFER_H
#define PP_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <infiniband/verbs.h>

enum pp_memory {
	PP_MEMORY_PINNED,
	PP_MEMORY_ON_DEMAND,	      /* --odp */
	PP_MEMORY_ON_DEMAND_IMPLICIT, /* --iodp: one region for the whole address space */
	PP_MEMORY_DEVICE,	      /* --dm: on the adapter; memory is a copy of it */
	PP_MEMORY_UNPROTECTED,	      /* --allow-cc-unprotected: the adapter reaches it in a
					 confidential guest */
};

/* How the queue pairs will use it, for the check of on-demand paging: IBV_ODP_SUPPORT_* bits. */
struct pp_buffer_options {
	enum pp_memory kind;
	bool prefetch;
	uint32_t odp_needs;
};

struct pp_buffer {
	enum pp_memory kind;
	char *memory;
	size_t size;
	struct ibv_mr *mr;
	struct ibv_dm *dm;
	struct ibv_buf *unprotected;
};

int pp_buffer_create(struct pp_buffer *buffer, struct ibv_pd *pd, size_t size,
		     const struct pp_buffer_options *options);
int pp_buffer_destroy(struct pp_buffer *buffer);

/* What a scatter element says for the byte at offset. */
uint64_t pp_buffer_address(const struct pp_buffer *buffer, size_t offset);

/* Device memory only, nothing to do for others: copies memory to the adapter, or back. */
int pp_buffer_flush(struct pp_buffer *buffer);
int pp_buffer_fetch(struct pp_buffer *buffer);

#endif
