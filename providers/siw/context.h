/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An open siw device. The kernel does all of the protocol; this provider's part is the queues that
 * lie in memory shared with it (uapi rdma/siw-abi.h).
 */
#ifndef SIW_CONTEXT_H
#define SIW_CONTEXT_H

#include <stdatomic.h>

#include "libibverbs/driver.h"

struct siw_context {
	struct verbs_context verbs;
	atomic_uint next_stag_key;
};

static inline struct siw_context *to_siw_context(struct ibv_context *context)
{
	return (struct siw_context *)((char *)context -
				      offsetof(struct siw_context, verbs.context));
}

/* context.c */
struct verbs_context *siw_alloc_context(struct ibv_device *device, int cmd_fd, void *private_data);

/* device.c */
int siw_query_device_ex(struct ibv_context *context, const struct ibv_query_device_ex_input *input,
			struct ibv_device_attr_ex *attr);

/* pd.c */
struct ibv_pd *siw_alloc_pd(struct ibv_context *context);
int siw_dealloc_pd(struct ibv_pd *pd);

/* mr.c */
struct ibv_mr *siw_reg_mr(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
			  unsigned int access);
int siw_dereg_mr(struct ibv_mr *mr);

#endif
