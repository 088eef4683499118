/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Device memory, DMA handles, and device pages handed out as a dma-buf. */
#include "libibverbs/cmd/carrier.h"

int ibv_cmd_alloc_dm(struct ibv_context *context, const struct ibv_alloc_dm_attr *attr,
		     struct ibv_dm *dm, struct verbs_ioctl *call)
{
	struct verbs_ioctl own;
	unsigned int handle;
	int err;

	if (attr->comp_mask)
		return EOPNOTSUPP;
	call = method_begin(&own, call, UVERBS_OBJECT_DM, UVERBS_METHOD_DM_ALLOC);
	handle = verbs_ioctl_new_handle(call, UVERBS_ATTR_ALLOC_DM_HANDLE);
	verbs_ioctl_in_u64(call, UVERBS_ATTR_ALLOC_DM_LENGTH, attr->length);
	verbs_ioctl_in_u32(call, UVERBS_ATTR_ALLOC_DM_ALIGNMENT, attr->log_align_req);
	err = method_run(context, call);
	if (err)
		return err;
	dm->context = context;
	dm->handle = verbs_ioctl_u32(call, handle);
	dm->comp_mask = IBV_DM_MASK_HANDLE;
	return 0;
}

int ibv_cmd_free_dm(struct ibv_dm *dm)
{
	struct verbs_ioctl call;

	verbs_ioctl_begin(&call, UVERBS_OBJECT_DM, UVERBS_METHOD_DM_FREE);
	verbs_ioctl_in_handle(&call, UVERBS_ATTR_FREE_DM_HANDLE, dm->handle);
	return destroy_result(method_run(dm->context, &call));
}

int ibv_cmd_alloc_dmah(struct ibv_context *context, const struct ibv_dmah_init_attr *attr,
		       struct verbs_dmah *dmah)
{
	const uint32_t known = IBV_DMAH_INIT_ATTR_MASK_CPU_ID | IBV_DMAH_INIT_ATTR_MASK_PH |
			       IBV_DMAH_INIT_ATTR_MASK_TPH_MEM_TYPE;
	struct verbs_ioctl call;
	unsigned int handle;
	int err;

	if (attr->comp_mask & ~known)
		return EOPNOTSUPP;
	verbs_ioctl_begin(&call, UVERBS_OBJECT_DMAH, UVERBS_METHOD_DMAH_ALLOC);
	handle = verbs_ioctl_new_handle(&call, UVERBS_ATTR_ALLOC_DMAH_HANDLE);
	if (attr->comp_mask & IBV_DMAH_INIT_ATTR_MASK_CPU_ID)
		verbs_ioctl_in_u32(&call, UVERBS_ATTR_ALLOC_DMAH_CPU_ID, attr->cpu_id);
	if (attr->comp_mask & IBV_DMAH_INIT_ATTR_MASK_TPH_MEM_TYPE)
		verbs_ioctl_in_u64(&call, UVERBS_ATTR_ALLOC_DMAH_TPH_MEM_TYPE, attr->tph_mem_type);
	if (attr->comp_mask & IBV_DMAH_INIT_ATTR_MASK_PH)
		verbs_ioctl_in(&call, UVERBS_ATTR_ALLOC_DMAH_PH, &attr->ph, sizeof(attr->ph));
	err = method_run(context, &call);
	if (err)
		return err;
	dmah->dmah.context = context;
	dmah->handle = verbs_ioctl_u32(&call, handle);
	return 0;
}

int ibv_cmd_dealloc_dmah(struct verbs_dmah *dmah)
{
	struct verbs_ioctl call;

	verbs_ioctl_begin(&call, UVERBS_OBJECT_DMAH, UVERBS_METHOD_DMAH_FREE);
	verbs_ioctl_in_handle(&call, UVERBS_ATTR_FREE_DMA_HANDLE, dmah->handle);
	return destroy_result(method_run(dmah->dmah.context, &call));
}

int ibv_cmd_alloc_dmabuf(struct ibv_context *context, uint64_t mmap_page, int *fd)
{
	struct verbs_ioctl call;
	unsigned int handle;
	int err;

	verbs_ioctl_begin(&call, UVERBS_OBJECT_DMABUF, UVERBS_METHOD_DMABUF_ALLOC);
	handle = verbs_ioctl_new_fd(&call, UVERBS_ATTR_ALLOC_DMABUF_HANDLE);
	verbs_ioctl_in_u64(&call, UVERBS_ATTR_ALLOC_DMABUF_PGOFF, mmap_page);
	err = method_run(context, &call);
	if (!err)
		*fd = (int)verbs_ioctl_u32(&call, handle);
	return err;
}
