/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Device memory, buffers of the provider's making, and DMA handles. */
#include "libibverbs/entry.h"
#include "libibverbs/explain/explain.h"
#include "libibverbs/library.h"

struct ibv_dm *entry_alloc_dm(struct ibv_context *context, struct ibv_alloc_dm_attr *attr)
{
	static const char verb[] = "ibv_alloc_dm";

	if (attr->comp_mask)
		return fail_null(explain(EOPNOTSUPP, verb, "comp_mask %#x has unknown bits",
					 attr->comp_mask));
	if (!attr->length || attr->log_align_req > 63)
		return fail_null(explain(EINVAL, verb, "length is 0 or log_align_req %u > 63",
					 attr->log_align_req));
	return explained_pointer(context_ops(context)->alloc_dm(context, attr), verb, context);
}

struct ibv_dm *ibv_import_dm(struct ibv_context *context, uint32_t dm_handle)
{
	const struct verbs_context_ops *ops = context_ops(context);

	return explained_pointer(ops->import_dm ? ops->import_dm(context, dm_handle)
						: fail_null(EOPNOTSUPP),
				 __func__, context);
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

	int fd = ops->dm_export_dmabuf_fd ? ops->dm_export_dmabuf_fd(dm) : fail_minus(EOPNOTSUPP);

	if (fd < 0)
		explain_errno(errno, __func__, dm->context);
	return fd;
}

void *ibv_alloc_buf(struct ibv_pd *pd, size_t size, struct ibv_buf **buf)
{
	const struct verbs_context_ops *ops = context_ops(pd->context);

	return explained_pointer(ops->alloc_buf ? ops->alloc_buf(pd, size, buf)
						: fail_null(EOPNOTSUPP),
				 __func__, pd->context);
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

	int fd =
		ops->export_buf_dmabuf_fd ? ops->export_buf_dmabuf_fd(buf) : fail_minus(EOPNOTSUPP);

	if (fd < 0)
		explain_errno(errno, __func__, buf->context);
	return fd;
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

static const char alloc_dmah[] = "ibv_alloc_dmah";

static int check_dmah(const struct ibv_dmah_init_attr *attr)
{
	const uint32_t known = IBV_DMAH_INIT_ATTR_MASK_CPU_ID | IBV_DMAH_INIT_ATTR_MASK_PH |
			       IBV_DMAH_INIT_ATTR_MASK_TPH_MEM_TYPE;

	if (attr->comp_mask & ~known)
		return explain(EOPNOTSUPP, alloc_dmah, "comp_mask %#x has unknown bits",
			       attr->comp_mask);
	/* A processing hint has 2 bits (PCIe, TLP processing hints). */
	if (attr->comp_mask & IBV_DMAH_INIT_ATTR_MASK_PH && attr->ph > 3)
		return explain(EINVAL, alloc_dmah, "ph %u > 3", attr->ph);
	if (attr->comp_mask & IBV_DMAH_INIT_ATTR_MASK_TPH_MEM_TYPE &&
	    attr->tph_mem_type > IBV_TPH_MEM_TYPE_PM)
		return explain(EINVAL, alloc_dmah, "tph_mem_type %d is unknown",
			       (int)attr->tph_mem_type);
	return 0;
}

struct ibv_dmah *ibv_alloc_dmah(struct ibv_context *context, struct ibv_dmah_init_attr *attr)
{
	const struct verbs_context_ops *ops = context_ops(context);
	int err =
		ops->alloc_dmah ? check_dmah(attr) : explain_errno(EOPNOTSUPP, alloc_dmah, context);

	if (err)
		return fail_null(err);
	return explained_pointer(ops->alloc_dmah(context, attr), alloc_dmah, context);
}

int ibv_dealloc_dmah(struct ibv_dmah *dmah)
{
	const struct verbs_context_ops *ops = context_ops(dmah->context);

	struct ibv_context *context = dmah->context;

	return explained(ops->dealloc_dmah ? ops->dealloc_dmah(dmah) : EOPNOTSUPP, __func__,
			 context);
}
