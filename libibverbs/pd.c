/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Domains: for protection, of threads, of XRC; and importing one of another process. */
#include "libibverbs/entry.h"
#include "libibverbs/explain/explain.h"
#include "libibverbs/library.h"

struct ibv_pd *ibv_alloc_pd(struct ibv_context *context)
{
	const struct verbs_context_ops *ops = context_ops(context);
	struct ibv_pd *pd;

	pd = ops->alloc_pd ? ops->alloc_pd(context) : fail_null(EOPNOTSUPP);
	if (pd)
		pd->context = context;
	return explained_pointer(pd, __func__, context);
}

int ibv_dealloc_pd(struct ibv_pd *pd)
{
	struct ibv_context *context = pd->context;
	const struct verbs_context_ops *ops = context_ops(context);

	return explained(ops->dealloc_pd ? ops->dealloc_pd(pd) : EOPNOTSUPP, __func__, context);
}

struct ibv_pd *ibv_import_pd(struct ibv_context *context, uint32_t pd_handle)
{
	const struct verbs_context_ops *ops = context_ops(context);

	return explained_pointer(ops->import_pd ? ops->import_pd(context, pd_handle)
						: fail_null(EOPNOTSUPP),
				 __func__, context);
}

void ibv_unimport_pd(struct ibv_pd *pd)
{
	const struct verbs_context_ops *ops = context_ops(pd->context);

	if (ops->unimport_pd)
		ops->unimport_pd(pd);
}

struct ibv_td *entry_alloc_td(struct ibv_context *context, struct ibv_td_init_attr *attr)
{
	static const char verb[] = "ibv_alloc_td";

	if (attr->comp_mask)
		return fail_null(
			explain(EINVAL, verb, "comp_mask %#x has unknown bits", attr->comp_mask));
	return explained_pointer(context_ops(context)->alloc_td(context, attr), verb, context);
}

static const char alloc_parent_domain[] = "ibv_alloc_parent_domain";

static int check_parent(const struct ibv_context *context,
			const struct ibv_parent_domain_init_attr *attr)
{
	const uint32_t known = IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS |
			       IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT |
			       IBV_PARENT_DOMAIN_INIT_ATTR_ALLOW_CC_UNPROTECTED_ALLOC;

	if (attr->comp_mask & ~known)
		return explain(EOPNOTSUPP, alloc_parent_domain, "comp_mask %#x has unknown bits",
			       attr->comp_mask);
	if (!attr->pd || attr->pd->context != context)
		return explain(EINVAL, alloc_parent_domain, "pd is missing or of another context");
	if (attr->td && attr->td->context != context)
		return explain(EINVAL, alloc_parent_domain, "td is of another context");
	if (attr->comp_mask & IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS &&
	    (!attr->alloc || !attr->free))
		return explain(EINVAL, alloc_parent_domain, "alloc or free is missing");
	return 0;
}

struct ibv_pd *entry_alloc_parent_domain(struct ibv_context *context,
					 struct ibv_parent_domain_init_attr *attr)
{
	int err = check_parent(context, attr);

	if (err)
		return fail_null(err);
	return explained_pointer(context_ops(context)->alloc_parent_domain(context, attr),
				 alloc_parent_domain, context);
}

struct ibv_xrcd *entry_open_xrcd(struct ibv_context *context, struct ibv_xrcd_init_attr *attr)
{
	const uint32_t needed = IBV_XRCD_INIT_ATTR_FD | IBV_XRCD_INIT_ATTR_OFLAGS;

	static const char verb[] = "ibv_open_xrcd";

	if (attr->comp_mask >= IBV_XRCD_INIT_ATTR_RESERVED)
		return fail_null(explain(EOPNOTSUPP, verb, "comp_mask %#x has unknown bits",
					 attr->comp_mask));
	if ((attr->comp_mask & needed) != needed)
		return fail_null(explain(EINVAL, verb, "comp_mask lacks fd or oflags"));
	return explained_pointer(context_ops(context)->open_xrcd(context, attr), verb, context);
}
