/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Domains: for protection, of threads, of XRC; and importing one of another process. */
#include "libibverbs/entry.h"
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

struct ibv_td *entry_alloc_td(struct ibv_context *context, struct ibv_td_init_attr *attr)
{
	return attr->comp_mask ? fail_null(EINVAL) : context_ops(context)->alloc_td(context, attr);
}

static int check_parent(const struct ibv_context *context,
			const struct ibv_parent_domain_init_attr *attr)
{
	const uint32_t known = IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS |
			       IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT |
			       IBV_PARENT_DOMAIN_INIT_ATTR_ALLOW_CC_UNPROTECTED_ALLOC;

	if (attr->comp_mask & ~known)
		return EOPNOTSUPP;
	if (!attr->pd || attr->pd->context != context)
		return EINVAL;
	if (attr->td && attr->td->context != context)
		return EINVAL;
	if (attr->comp_mask & IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS &&
	    (!attr->alloc || !attr->free))
		return EINVAL;
	return 0;
}

struct ibv_pd *entry_alloc_parent_domain(struct ibv_context *context,
					 struct ibv_parent_domain_init_attr *attr)
{
	int err = check_parent(context, attr);

	return err ? fail_null(err) : context_ops(context)->alloc_parent_domain(context, attr);
}

struct ibv_xrcd *entry_open_xrcd(struct ibv_context *context, struct ibv_xrcd_init_attr *attr)
{
	const uint32_t needed = IBV_XRCD_INIT_ATTR_FD | IBV_XRCD_INIT_ATTR_OFLAGS;

	if (attr->comp_mask >= IBV_XRCD_INIT_ATTR_RESERVED)
		return fail_null(EOPNOTSUPP);
	if ((attr->comp_mask & needed) != needed)
		return fail_null(EINVAL);
	return context_ops(context)->open_xrcd(context, attr);
}
