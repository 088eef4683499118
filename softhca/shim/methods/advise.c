/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Prefetching on-demand memory. The adapter has no translations of its own to fill, so what is left
 * is to bring pages in; it is done before the answer, flushed or not. Errors of pages are told
 * only to those who wait, as the kernel's driver does.
 */
#include <errno.h>

#include <rdma/ib_user_ioctl_verbs.h>

#include "softhca/shim/methods/commands.h"

/* The on-demand region with this key. */
static const struct mr_object *find_by_key(struct shim_file *file, uint32_t lkey)
{
	struct handle *handle = handle_next(&file->handles, HANDLE_MR, 0);

	for (; handle; handle = handle_next(&file->handles, HANDLE_MR, handle->number + 1)) {
		const struct mr_object *object = (struct mr_object *)handle;

		if (object->mr->key == lkey && object->access & ACCESS_ON_DEMAND)
			return object;
	}
	return NULL;
}

static int check_region(const struct mr_object *object, const struct pd_object *pd, uint64_t advice)
{
	if (!object)
		return ENOENT;
	if (object->pd != pd)
		return EPERM;
	if (advice == IB_UVERBS_ADVISE_MR_ADVICE_PREFETCH_WRITE &&
	    !(object->access & ACCESS_LOCAL_WRITE))
		return EPERM;
	return 0;
}

static int fetch(const struct mr_object *object, const struct ib_uverbs_sge *sge, uint64_t advice)
{
	uint64_t offset = sge->addr - object->iova;

	if (offset > object->length || sge->length > object->length - offset)
		return EFAULT;
	if (advice == IB_UVERBS_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT)
		return 0;
	return pin_bring_in(object->start + offset, sge->length,
			    advice == IB_UVERBS_ADVISE_MR_ADVICE_PREFETCH_WRITE);
}

/* Reads element `index` of the list as often as needed, so that its length needs no memory. */
static int for_each_range(struct attrs *attrs, const struct pd_object *pd, uint64_t advice,
			  bool fetching)
{
	size_t count =
		attr_length(attrs, UVERBS_ATTR_ADVISE_MR_SGE_LIST) / sizeof(struct ib_uverbs_sge);
	int rc = 0;

	for (size_t i = 0; i < count && !rc; i++) {
		const struct mr_object *object;
		struct ib_uverbs_sge sge;

		rc = attr_get_part(attrs, UVERBS_ATTR_ADVISE_MR_SGE_LIST, i * sizeof(sge), &sge,
				   sizeof(sge));
		if (rc)
			break;
		object = find_by_key(attrs->file, sge.lkey);
		rc = check_region(object, pd, advice);
		if (!rc && fetching)
			rc = fetch(object, &sge, advice);
	}
	return rc;
}

static int advise_method(struct attrs *attrs)
{
	const struct pd_object *pd =
		find_pd(attrs->file, (uint32_t)attr_number(attrs, UVERBS_ATTR_ADVISE_MR_PD_HANDLE));
	size_t length = attr_length(attrs, UVERBS_ATTR_ADVISE_MR_SGE_LIST);
	uint64_t advice;
	uint32_t flags;
	int rc;

	if (!pd)
		return ENOENT;
	rc = attr_get_u64(attrs, UVERBS_ATTR_ADVISE_MR_ADVICE, &advice);
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_ADVISE_MR_FLAGS, &flags);
	if (rc)
		return rc;
	if (flags & ~(uint32_t)IB_UVERBS_ADVISE_MR_FLAG_FLUSH ||
	    length % sizeof(struct ib_uverbs_sge))
		return EINVAL;
	if (advice > IB_UVERBS_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT)
		return EOPNOTSUPP;
	rc = for_each_range(attrs, pd, advice, false);
	if (rc)
		return rc;
	rc = for_each_range(attrs, pd, advice, true);
	return flags & IB_UVERBS_ADVISE_MR_FLAG_FLUSH ? rc : 0;
}

static const struct attr_spec advise_attrs[] = {
	{UVERBS_ATTR_ADVISE_MR_PD_HANDLE, ATTR_HANDLE, true, 0, 0},
	{UVERBS_ATTR_ADVISE_MR_ADVICE, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_ADVISE_MR_FLAGS, ATTR_IN, true, sizeof(uint32_t), sizeof(uint64_t)},
	{UVERBS_ATTR_ADVISE_MR_SGE_LIST, ATTR_IN, true, sizeof(struct ib_uverbs_sge),
	 ATTR_ANY_LENGTH},
};

const struct method_entry advise_methods[] = {
	METHOD(UVERBS_OBJECT_MR, UVERBS_METHOD_ADVISE_MR, advise_attrs, advise_method, true),
	{.handle = NULL},
};
