/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Protection domains, and importing one of another process. */
#include "libibverbs/library.h"

struct ibv_pd *ibv_alloc_pd(struct ibv_context *context)
{
	const struct verbs_context_ops *ops = context_ops(context);
	struct ibv_pd *pd;

	if (!ops->alloc_pd)
		return fail_null(EOPNOTSUPP);
	pd = ops->alloc_pd(context);
	if (pd)
		pd->context = context;
	return pd;
}

int ibv_dealloc_pd(struct ibv_pd *pd)
{
	const struct verbs_context_ops *ops = context_ops(pd->context);

	return ops->dealloc_pd ? ops->dealloc_pd(pd) : EOPNOTSUPP;
}

struct ibv_pd *ibv_import_pd(struct ibv_context *context, uint32_t pd_handle)
{
	const struct verbs_context_ops *ops = context_ops(context);

	return ops->import_pd ? ops->import_pd(context, pd_handle) : fail_null(EOPNOTSUPP);
}

void ibv_unimport_pd(struct ibv_pd *pd)
{
	const struct verbs_context_ops *ops = context_ops(pd->context);

	if (ops->unimport_pd)
		ops->unimport_pd(pd);
}
