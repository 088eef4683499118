/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory regions and memory windows. */
#include "libibverbs/cmd/carrier.h"

static void fill_mr(struct verbs_mr *mr, struct ibv_pd *pd, void *addr, size_t length,
		    unsigned int access, enum verbs_mr_type type)
{
	mr->mr.context = pd->context;
	mr->mr.pd = pd;
	mr->mr.addr = addr;
	mr->mr.length = length;
	mr->access = access;
	mr->type = type;
}

int ibv_cmd_reg_mr(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova, unsigned int access,
		   struct verbs_mr *mr, const struct verbs_udata *udata)
{
	struct ib_uverbs_reg_mr in = {
		.start = (uintptr_t)addr,
		.length = length,
		.hca_va = iova,
		.pd_handle = pd->handle,
		.access_flags = access,
	};
	struct ib_uverbs_reg_mr_resp answer;
	int err;

	err = command_run(pd->context,
			  COMMAND(IB_USER_VERBS_CMD_REG_MR, &in, ANSWER(&answer), .udata = udata));
	if (err)
		return err;
	fill_mr(mr, pd, addr, length, access, VERBS_MR_TYPE_MR);
	mr->mr.handle = answer.mr_handle;
	mr->mr.lkey = answer.lkey;
	mr->mr.rkey = answer.rkey;
	return 0;
}

int ibv_cmd_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset, size_t length, uint64_t iova, int fd,
			  unsigned int access, struct verbs_mr *mr)
{
	struct verbs_ioctl call;
	unsigned int handle;
	int err;

	verbs_ioctl_begin(&call, UVERBS_OBJECT_MR, UVERBS_METHOD_REG_DMABUF_MR);
	handle = verbs_ioctl_new_handle(&call, UVERBS_ATTR_REG_DMABUF_MR_HANDLE);
	verbs_ioctl_in_handle(&call, UVERBS_ATTR_REG_DMABUF_MR_PD_HANDLE, pd->handle);
	verbs_ioctl_in_u64(&call, UVERBS_ATTR_REG_DMABUF_MR_OFFSET, offset);
	verbs_ioctl_in_u64(&call, UVERBS_ATTR_REG_DMABUF_MR_LENGTH, length);
	verbs_ioctl_in_u64(&call, UVERBS_ATTR_REG_DMABUF_MR_IOVA, iova);
	/* A number like others to this method, as stock libibverbs sends it. */
	verbs_ioctl_in_u32(&call, UVERBS_ATTR_REG_DMABUF_MR_FD, (uint32_t)fd);
	verbs_ioctl_in_u32(&call, UVERBS_ATTR_REG_DMABUF_MR_ACCESS_FLAGS, access);
	verbs_ioctl_out(&call, UVERBS_ATTR_REG_DMABUF_MR_RESP_LKEY, &mr->mr.lkey,
			sizeof(mr->mr.lkey));
	verbs_ioctl_out(&call, UVERBS_ATTR_REG_DMABUF_MR_RESP_RKEY, &mr->mr.rkey,
			sizeof(mr->mr.rkey));
	err = method_run(pd->context, &call);
	if (err)
		return err;
	fill_mr(mr, pd, NULL, length, access, VERBS_MR_TYPE_DMABUF);
	mr->mr.handle = verbs_ioctl_u32(&call, handle);
	return 0;
}

int ibv_cmd_reg_dm_mr(struct ibv_pd *pd, const struct ibv_dm *dm, uint64_t offset, size_t length,
		      unsigned int access, struct verbs_mr *mr)
{
	struct verbs_ioctl call;
	unsigned int handle;
	int err;

	verbs_ioctl_begin(&call, UVERBS_OBJECT_MR, UVERBS_METHOD_DM_MR_REG);
	handle = verbs_ioctl_new_handle(&call, UVERBS_ATTR_REG_DM_MR_HANDLE);
	verbs_ioctl_in_u64(&call, UVERBS_ATTR_REG_DM_MR_OFFSET, offset);
	verbs_ioctl_in_u64(&call, UVERBS_ATTR_REG_DM_MR_LENGTH, length);
	verbs_ioctl_in_handle(&call, UVERBS_ATTR_REG_DM_MR_PD_HANDLE, pd->handle);
	verbs_ioctl_in_u32(&call, UVERBS_ATTR_REG_DM_MR_ACCESS_FLAGS, access);
	verbs_ioctl_in_handle(&call, UVERBS_ATTR_REG_DM_MR_DM_HANDLE, dm->handle);
	verbs_ioctl_out(&call, UVERBS_ATTR_REG_DM_MR_RESP_LKEY, &mr->mr.lkey, sizeof(mr->mr.lkey));
	verbs_ioctl_out(&call, UVERBS_ATTR_REG_DM_MR_RESP_RKEY, &mr->mr.rkey, sizeof(mr->mr.rkey));
	err = method_run(pd->context, &call);
	if (err)
		return err;
	fill_mr(mr, pd, NULL, length, access, VERBS_MR_TYPE_DM);
	mr->mr.handle = verbs_ioctl_u32(&call, handle);
	return 0;
}

/* Where the memory is: at an address of this process, or in a dma-buf. */
static void add_place(struct verbs_ioctl *call, const struct ibv_mr_init_attr *attr)
{
	if (attr->comp_mask & IBV_REG_MR_MASK_FD) {
		verbs_ioctl_in_fd(call, UVERBS_ATTR_REG_MR_FD, attr->fd);
		verbs_ioctl_in_u64(call, UVERBS_ATTR_REG_MR_FD_OFFSET, attr->fd_offset);
	} else {
		verbs_ioctl_in_u64(call, UVERBS_ATTR_REG_MR_ADDR, (uintptr_t)attr->addr);
	}
}

static uint64_t iova_of(const struct ibv_mr_init_attr *attr)
{
	if (attr->comp_mask & IBV_REG_MR_MASK_IOVA)
		return attr->iova;
	return attr->comp_mask & IBV_REG_MR_MASK_FD ? attr->fd_offset : (uintptr_t)attr->addr;
}

int ibv_cmd_reg_mr_ex(struct ibv_pd *pd, const struct ibv_mr_init_attr *attr, struct verbs_mr *mr,
		      const struct verbs_udata *udata)
{
	bool by_fd = attr->comp_mask & IBV_REG_MR_MASK_FD;
	struct verbs_ioctl call;
	unsigned int handle;
	int err;

	if (attr->comp_mask & IBV_REG_MR_MASK_BUF)
		return EOPNOTSUPP;
	verbs_ioctl_begin(&call, UVERBS_OBJECT_MR, UVERBS_METHOD_REG_MR);
	handle = verbs_ioctl_new_handle(&call, UVERBS_ATTR_REG_MR_HANDLE);
	verbs_ioctl_in_handle(&call, UVERBS_ATTR_REG_MR_PD_HANDLE, pd->handle);
	if (attr->comp_mask & IBV_REG_MR_MASK_DMAH)
		verbs_ioctl_in_handle(&call, UVERBS_ATTR_REG_MR_DMA_HANDLE,
				      ((const struct verbs_dmah *)attr->dmah)->handle);
	verbs_ioctl_in_u64(&call, UVERBS_ATTR_REG_MR_IOVA, iova_of(attr));
	add_place(&call, attr);
	verbs_ioctl_in_u64(&call, UVERBS_ATTR_REG_MR_LENGTH, attr->length);
	verbs_ioctl_in_u32(&call, UVERBS_ATTR_REG_MR_ACCESS_FLAGS, attr->access);
	verbs_ioctl_out(&call, UVERBS_ATTR_REG_MR_RESP_LKEY, &mr->mr.lkey, sizeof(mr->mr.lkey));
	verbs_ioctl_out(&call, UVERBS_ATTR_REG_MR_RESP_RKEY, &mr->mr.rkey, sizeof(mr->mr.rkey));
	verbs_ioctl_udata(&call, udata);
	err = method_run(pd->context, &call);
	if (err)
		return err;
	fill_mr(mr, pd, by_fd ? NULL : attr->addr, attr->length, attr->access,
		by_fd ? VERBS_MR_TYPE_DMABUF : VERBS_MR_TYPE_MR);
	mr->mr.handle = verbs_ioctl_u32(&call, handle);
	return 0;
}

int ibv_cmd_rereg_mr(struct verbs_mr *mr, uint32_t flags, void *addr, size_t length, uint64_t iova,
		     unsigned int access, struct ibv_pd *pd, const struct verbs_udata *udata)
{
	struct ib_uverbs_rereg_mr in = {
		.mr_handle = mr->mr.handle,
		.flags = flags,
		.start = (uintptr_t)addr,
		.length = length,
		.hca_va = iova,
		.pd_handle = flags & IBV_REREG_MR_CHANGE_PD ? pd->handle : 0,
		.access_flags = access,
	};
	struct ib_uverbs_rereg_mr_resp answer;
	int err;

	err = command_run(mr->mr.context, COMMAND(IB_USER_VERBS_CMD_REREG_MR, &in, ANSWER(&answer),
						  .udata = udata));
	if (err)
		return err;
	mr->mr.lkey = answer.lkey;
	mr->mr.rkey = answer.rkey;
	return 0;
}

int ibv_cmd_dereg_mr(struct verbs_mr *mr)
{
	struct ib_uverbs_dereg_mr in = {.mr_handle = mr->mr.handle};

	return destroy_result(
		command_run(mr->mr.context, COMMAND(IB_USER_VERBS_CMD_DEREG_MR, &in)));
}

int ibv_cmd_query_mr(struct ibv_pd *pd, struct verbs_mr *mr, uint32_t mr_handle)
{
	struct verbs_ioctl call;
	uint64_t length, iova;
	int err;

	verbs_ioctl_begin(&call, UVERBS_OBJECT_MR, UVERBS_METHOD_QUERY_MR);
	verbs_ioctl_in_handle(&call, UVERBS_ATTR_QUERY_MR_HANDLE, mr_handle);
	verbs_ioctl_out(&call, UVERBS_ATTR_QUERY_MR_RESP_LKEY, &mr->mr.lkey, sizeof(mr->mr.lkey));
	verbs_ioctl_out(&call, UVERBS_ATTR_QUERY_MR_RESP_RKEY, &mr->mr.rkey, sizeof(mr->mr.rkey));
	verbs_ioctl_out(&call, UVERBS_ATTR_QUERY_MR_RESP_LENGTH, &length, sizeof(length));
	verbs_ioctl_out(&call, UVERBS_ATTR_QUERY_MR_RESP_IOVA, &iova, sizeof(iova));
	verbs_ioctl_optional(&call);
	err = verbs_ioctl_run(pd->context, &call);
	if (err)
		return err;
	/* Where the exporter has the memory says nothing about this process. */
	fill_mr(mr, pd, NULL, length, 0, VERBS_MR_TYPE_IMPORTED);
	mr->mr.handle = mr_handle;
	return 0;
}

int ibv_cmd_advise_mr(struct ibv_pd *pd, enum ib_uverbs_advise_mr_advice advice, uint32_t flags,
		      struct ibv_sge *sg_list, uint32_t num_sge)
{
	struct verbs_ioctl call;

	verbs_ioctl_begin(&call, UVERBS_OBJECT_MR, UVERBS_METHOD_ADVISE_MR);
	verbs_ioctl_in_handle(&call, UVERBS_ATTR_ADVISE_MR_PD_HANDLE, pd->handle);
	verbs_ioctl_in_u64(&call, UVERBS_ATTR_ADVISE_MR_ADVICE, advice);
	verbs_ioctl_in_u32(&call, UVERBS_ATTR_ADVISE_MR_FLAGS, flags);
	/* struct ibv_sge and the kernel's struct ib_uverbs_sge are one layout. */
	verbs_ioctl_in(&call, UVERBS_ATTR_ADVISE_MR_SGE_LIST, sg_list, num_sge * sizeof(*sg_list));
	return method_run(pd->context, &call);
}

int ibv_cmd_alloc_mw(struct ibv_pd *pd, enum ibv_mw_type type, struct ibv_mw *mw,
		     const struct verbs_udata *udata)
{
	struct ib_uverbs_alloc_mw in = {.pd_handle = pd->handle, .mw_type = type};
	struct ib_uverbs_alloc_mw_resp answer;
	int err;

	err = command_run(pd->context, COMMAND(IB_USER_VERBS_CMD_ALLOC_MW, &in, ANSWER(&answer),
					       .udata = udata));
	if (err)
		return err;
	mw->context = pd->context;
	mw->pd = pd;
	mw->rkey = answer.rkey;
	mw->handle = answer.mw_handle;
	mw->type = type;
	return 0;
}

int ibv_cmd_dealloc_mw(struct ibv_mw *mw)
{
	struct ib_uverbs_dealloc_mw in = {.mw_handle = mw->handle};

	return destroy_result(command_run(mw->context, COMMAND(IB_USER_VERBS_CMD_DEALLOC_MW, &in)));
}
