/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the specifications of a flow as applications write them to the kernel's. */
#ifndef LIBIBVERBS_CMD_FLOW_SPEC_H
#define LIBIBVERBS_CMD_FLOW_SPEC_H

#include "libibverbs/library.h"

/* No specification of the kernel's is longer. */
#define FLOW_SPEC_MAX sizeof(struct ib_uverbs_flow_spec_ipv6)

/*
 * Translates the count specifications behind attr into `to`, which has room for count times
 * FLOW_SPEC_MAX. len becomes the bytes written. EINVAL: one is shorter than its kind, or names an
 * object of another context; EOPNOTSUPP: a kind that this library does not know.
 */
int flow_specs_translate(const struct ibv_context *context, const struct ibv_flow_attr *attr,
			 void *to, size_t *len);

#endif
