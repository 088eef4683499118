/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Device memory, buffers of the provider's making, and DMA handles. */
#include "libibverbs/entry.h"
#include "libibverbs/library.h"

struct ibv_dm *entry_alloc_dm(struct ibv_context *context, struct ibv_alloc_dm_attr *attr)
{
	if (attr->comp_mask)
		return fail_null(EOPNOTSUPP);
	if (!attr->length || attr->log_align_req > 63)
		return fail_null(EINVAL);
	return context_ops(context)->alloc_dm(context, attr);
}

struct ibv_dm *ibv_import_dm(struct ibv_context *context, uint32_t dm_handle)
{
	const struct verbs_context_ops *ops = context_ops(context);

	return ops->import_dm ? ops->import_dm(context, dm_handle) : fail_null(EOPNOTSUPP);
}

void ibv_unimport_dm(struct ibv_dm *dm)
{
	const struct verbs_context_ops *ops = context_ops(dm->context);

	if (ops->unimport_dm)
		ops->unimport_dm(dm);
}

int ibv_dm_export_dmabuf_fd(struct ibv_dm *dm)
{
	const struct verbs_context_ops *ops = context_ops(dm->context);

	return ops->dm_export_dmabuf_fd ? ops->dm_export_dmabuf_fd(dm) : fail_minus(EOPNOTSUPP);
}

void *ibv_alloc_buf(struct ibv_pd *pd, size_t size, struct ibv_buf **buf)
{
	const struct verbs_context_ops *ops = context_ops(pd->context);

	return ops->alloc_buf ? ops->alloc_buf(pd, size, buf) : fail_null(EOPNOTSUPP);
}

void ibv_free_buf(struct ibv_buf *buf)
{
	const struct verbs_context_ops *ops = context_ops(buf->context);

	if (ops->free_buf)
		ops->free_buf(buf);
}

int ibv_export_buf_dmabuf_fd(struct ibv_buf *buf)
{
	const struct verbs_context_ops *ops = context_ops(buf->context);

	return ops->export_buf_dmabuf_fd ? ops->export_buf_dmabuf_fd(buf) : fail_minus(EOPNOTSUPP);
}

struct ibv_mr *ibv_reg_buf_mr(struct ibv_pd *pd, struct ibv_buf *buf, void *addr, size_t length,
			      int access)
{
	struct ibv_mr_init_attr attr = {
		.length = length,
		.access = access,
		.comp_mask = IBV_REG_MR_MASK_BUF | IBV_REG_MR_MASK_ADDR,
		.addr = addr,
		.buf = buf,
	};

	return ibv_reg_mr_ex(pd, &attr);
}

static int check_dmah(const struct ibv_dmah_init_attr *attr)
{
	const uint32_t known = IBV_DMAH_INIT_ATTR_MASK_CPU_ID | IBV_DMAH_INIT_ATTR_MASK_PH |
			       IBV_DMAH_INIT_ATTR_MASK_TPH_MEM_TYPE;

	if (attr->comp_mask & ~known)
		return EOPNOTSUPP;
	/* A processing hint has 2 bits (PCIe, TLP processing hints). */
	if (attr->comp_mask & IBV_DMAH_INIT_ATTR_MASK_PH && attr->ph > 3)
		return EINVAL;
	if (attr->comp_mask & IBV_DMAH_INIT_ATTR_MASK_TPH_MEM_TYPE &&
	    attr->tph_mem_type > IBV_TPH_MEM_TYPE_PM)
		return EINVAL;
	return 0;
}

struct ibv_dmah *ibv_alloc_dmah(struct ibv_context *context, struct ibv_dmah_init_attr *attr)
{
	const struct verbs_context_ops *ops = context_ops(context);
	int err = ops->alloc_dmah ? check_dmah(attr) : EOPNOTSUPP;

	return err ? fail_null(err) : ops->alloc_dmah(context, attr);
}

int ibv_dealloc_dmah(struct ibv_dmah *dmah)
{
	const struct verbs_context_ops *ops = context_ops(dmah->context);

	return ops->dealloc_dmah ? ops->dealloc_dmah(dmah) : EOPNOTSUPP;
}
