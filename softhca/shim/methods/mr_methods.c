/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory regions by ioctl methods: of memory of the program, of dma-bufs, of device memory. */
#include <errno.h>

#include "softhca/shim/foreign.h"
#include "softhca/shim/methods/commands.h"
#include "softhca/shim/methods/region.h"
#include "softhca/shim/shared_context.h"

static struct pd_object *attr_pd(struct attrs *attrs, uint16_t id)
{
	return find_pd(attrs->file, (uint32_t)attr_number(attrs, id));
}

static struct mr_object *attr_mr(struct attrs *attrs, uint16_t id)
{
	return find_mr(attrs->file, (uint32_t)attr_number(attrs, id));
}

int region_answer(struct attrs *attrs, const struct mr_object *object, uint16_t handle_id,
		  uint16_t lkey_id, uint16_t rkey_id)
{
	int rc = attr_put_number(attrs, handle_id, object->handle.number);

	if (!rc)
		rc = attr_put_u32(attrs, lkey_id, object->mr->key);
	return rc ? rc : attr_put_u32(attrs, rkey_id, object->mr->key);
}

/* The numbers that the three ways of registering have in common. */
static int get_range(struct attrs *attrs, struct region_request *request, uint16_t start_id,
		     uint16_t length_id, uint16_t access_id)
{
	int rc = attr_get_u64(attrs, start_id, &request->start);

	if (!rc)
		rc = attr_get_u64(attrs, length_id, &request->length);
	return rc ? rc : attr_get_u32(attrs, access_id, &request->access);
}

/* Either the address or a file with an offset in it says where the memory is. */
static int get_place(struct attrs *attrs, struct region_request *request)
{
	bool by_file = attr_present(attrs, UVERBS_ATTR_REG_MR_FD);

	if (by_file != attr_present(attrs, UVERBS_ATTR_REG_MR_FD_OFFSET) ||
	    by_file == attr_present(attrs, UVERBS_ATTR_REG_MR_ADDR))
		return EINVAL;
	request->kind = by_file ? REGION_FILE : REGION_PROGRAM;
	request->fd = (int)attr_number(attrs, UVERBS_ATTR_REG_MR_FD);
	return get_range(attrs, request,
			 by_file ? UVERBS_ATTR_REG_MR_FD_OFFSET : UVERBS_ATTR_REG_MR_ADDR,
			 UVERBS_ATTR_REG_MR_LENGTH, UVERBS_ATTR_REG_MR_ACCESS_FLAGS);
}

static int get_dma_handle(struct attrs *attrs, struct region_request *request)
{
	if (!attr_present(attrs, UVERBS_ATTR_REG_MR_DMA_HANDLE))
		return 0;
	request->dmah = (struct dmah_object *)handle_find(
		&attrs->file->handles, HANDLE_DMAH,
		(uint32_t)attr_number(attrs, UVERBS_ATTR_REG_MR_DMA_HANDLE));
	return request->dmah ? 0 : ENOENT;
}

static int reg_method(struct attrs *attrs)
{
	struct region_request request = {.pd = attr_pd(attrs, UVERBS_ATTR_REG_MR_PD_HANDLE)};
	struct mr_object *object;
	int rc = request.pd ? get_dma_handle(attrs, &request) : ENOENT;

	if (!rc)
		rc = get_place(attrs, &request);
	if (!rc)
		rc = attr_get_u64(attrs, UVERBS_ATTR_REG_MR_IOVA, &request.iova);
	if (!rc)
		rc = region_create(attrs->file, &request, &object);
	if (rc)
		return rc;
	attrs->made.object = &object->handle;
	return region_answer(attrs, object, UVERBS_ATTR_REG_MR_HANDLE, UVERBS_ATTR_REG_MR_RESP_LKEY,
			     UVERBS_ATTR_REG_MR_RESP_RKEY);
}

static int reg_dmabuf_method(struct attrs *attrs)
{
	struct region_request request = {
		.kind = REGION_FILE,
		.pd = attr_pd(attrs, UVERBS_ATTR_REG_DMABUF_MR_PD_HANDLE),
	};
	struct mr_object *object;
	uint32_t fd = 0;
	int rc = request.pd ? attr_get_u32(attrs, UVERBS_ATTR_REG_DMABUF_MR_FD, &fd) : ENOENT;

	if (!rc)
		rc = get_range(attrs, &request, UVERBS_ATTR_REG_DMABUF_MR_OFFSET,
			       UVERBS_ATTR_REG_DMABUF_MR_LENGTH,
			       UVERBS_ATTR_REG_DMABUF_MR_ACCESS_FLAGS);
	if (!rc)
		rc = attr_get_u64(attrs, UVERBS_ATTR_REG_DMABUF_MR_IOVA, &request.iova);
	request.fd = (int)fd;
	if (!rc)
		rc = region_create(attrs->file, &request, &object);
	if (rc)
		return rc;
	attrs->made.object = &object->handle;
	return region_answer(attrs, object, UVERBS_ATTR_REG_DMABUF_MR_HANDLE,
			     UVERBS_ATTR_REG_DMABUF_MR_RESP_LKEY,
			     UVERBS_ATTR_REG_DMABUF_MR_RESP_RKEY);
}

static int reg_dm_method(struct attrs *attrs)
{
	struct region_request request = {
		.kind = REGION_DEVICE,
		.pd = attr_pd(attrs, UVERBS_ATTR_REG_DM_MR_PD_HANDLE),
		.dm = find_dm(attrs->file,
			      (uint32_t)attr_number(attrs, UVERBS_ATTR_REG_DM_MR_DM_HANDLE)),
	};
	struct mr_object *object;
	int rc = request.pd && request.dm ? 0 : ENOENT;

	if (!rc)
		rc = get_range(attrs, &request, UVERBS_ATTR_REG_DM_MR_OFFSET,
			       UVERBS_ATTR_REG_DM_MR_LENGTH, UVERBS_ATTR_REG_DM_MR_ACCESS_FLAGS);
	if (!rc)
		rc = region_create(attrs->file, &request, &object);
	if (rc)
		return rc;
	attrs->made.object = &object->handle;
	return region_answer(attrs, object, UVERBS_ATTR_REG_DM_MR_HANDLE,
			     UVERBS_ATTR_REG_DM_MR_RESP_LKEY, UVERBS_ATTR_REG_DM_MR_RESP_RKEY);
}

/* As others see it, of this process or another. */
static bool find_any(struct attrs *attrs, uint16_t id, struct shared_object *found)
{
	const struct mr_object *object = attr_mr(attrs, id);

	if (!object)
		return shared_object_find(attrs->file, HANDLE_MR, (uint32_t)attr_number(attrs, id),
					  found);
	*found = (struct shared_object){
		.number = object->mr->key, .length = object->length, .iova = object->iova};
	return true;
}

static int query_method(struct attrs *attrs)
{
	struct shared_object mr;
	int rc;

	if (!find_any(attrs, UVERBS_ATTR_QUERY_MR_HANDLE, &mr))
		return ENOENT;
	rc = attr_put_u32(attrs, UVERBS_ATTR_QUERY_MR_RESP_LKEY, mr.number);
	if (!rc)
		rc = attr_put_u32(attrs, UVERBS_ATTR_QUERY_MR_RESP_RKEY, mr.number);
	if (!rc)
		rc = attr_put(attrs, UVERBS_ATTR_QUERY_MR_RESP_LENGTH, &mr.length,
			      sizeof(mr.length));
	return rc ? rc : attr_put(attrs, UVERBS_ATTR_QUERY_MR_RESP_IOVA, &mr.iova, sizeof(mr.iova));
}

static int destroy_method(struct attrs *attrs)
{
	uint32_t number = (uint32_t)attr_number(attrs, UVERBS_ATTR_DESTROY_MR_HANDLE);
	struct mr_object *object = find_mr(attrs->file, number);

	if (object)
		return file_destroy_object(&object->handle);
	return foreign_exists(attrs->file, HANDLE_MR, number) ? EOPNOTSUPP : ENOENT;
}

static const struct attr_spec reg_attrs[] = {
	{UVERBS_ATTR_REG_MR_HANDLE, ATTR_NEW_HANDLE, true, 0, 0},
	{UVERBS_ATTR_REG_MR_PD_HANDLE, ATTR_HANDLE, true, 0, 0},
	{UVERBS_ATTR_REG_MR_DMA_HANDLE, ATTR_HANDLE, false, 0, 0},
	{UVERBS_ATTR_REG_MR_IOVA, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_REG_MR_ADDR, ATTR_IN, false, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_REG_MR_LENGTH, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_REG_MR_ACCESS_FLAGS, ATTR_IN, true, sizeof(uint32_t), sizeof(uint64_t)},
	{UVERBS_ATTR_REG_MR_FD, ATTR_FD, false, 0, 0},
	{UVERBS_ATTR_REG_MR_FD_OFFSET, ATTR_IN, false, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_REG_MR_RESP_LKEY, ATTR_OUT, true, sizeof(uint32_t), 0},
	{UVERBS_ATTR_REG_MR_RESP_RKEY, ATTR_OUT, true, sizeof(uint32_t), 0},
};

static const struct attr_spec reg_dmabuf_attrs[] = {
	{UVERBS_ATTR_REG_DMABUF_MR_HANDLE, ATTR_NEW_HANDLE, true, 0, 0},
	{UVERBS_ATTR_REG_DMABUF_MR_PD_HANDLE, ATTR_HANDLE, true, 0, 0},
	{UVERBS_ATTR_REG_DMABUF_MR_OFFSET, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_REG_DMABUF_MR_LENGTH, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_REG_DMABUF_MR_IOVA, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_REG_DMABUF_MR_FD, ATTR_IN, true, sizeof(uint32_t), sizeof(uint32_t)},
	{UVERBS_ATTR_REG_DMABUF_MR_ACCESS_FLAGS, ATTR_IN, true, sizeof(uint32_t), sizeof(uint64_t)},
	{UVERBS_ATTR_REG_DMABUF_MR_RESP_LKEY, ATTR_OUT, true, sizeof(uint32_t), 0},
	{UVERBS_ATTR_REG_DMABUF_MR_RESP_RKEY, ATTR_OUT, true, sizeof(uint32_t), 0},
};

static const struct attr_spec reg_dm_attrs[] = {
	{UVERBS_ATTR_REG_DM_MR_HANDLE, ATTR_NEW_HANDLE, true, 0, 0},
	{UVERBS_ATTR_REG_DM_MR_OFFSET, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_REG_DM_MR_LENGTH, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_REG_DM_MR_PD_HANDLE, ATTR_HANDLE, true, 0, 0},
	{UVERBS_ATTR_REG_DM_MR_ACCESS_FLAGS, ATTR_IN, true, sizeof(uint32_t), sizeof(uint64_t)},
	{UVERBS_ATTR_REG_DM_MR_DM_HANDLE, ATTR_HANDLE, true, 0, 0},
	{UVERBS_ATTR_REG_DM_MR_RESP_LKEY, ATTR_OUT, true, sizeof(uint32_t), 0},
	{UVERBS_ATTR_REG_DM_MR_RESP_RKEY, ATTR_OUT, true, sizeof(uint32_t), 0},
};

static const struct attr_spec query_attrs[] = {
	{UVERBS_ATTR_QUERY_MR_HANDLE, ATTR_HANDLE, true, 0, 0},
	{UVERBS_ATTR_QUERY_MR_RESP_LKEY, ATTR_OUT, true, sizeof(uint32_t), 0},
	{UVERBS_ATTR_QUERY_MR_RESP_RKEY, ATTR_OUT, true, sizeof(uint32_t), 0},
	{UVERBS_ATTR_QUERY_MR_RESP_LENGTH, ATTR_OUT, true, sizeof(uint64_t), 0},
	{UVERBS_ATTR_QUERY_MR_RESP_IOVA, ATTR_OUT, false, sizeof(uint64_t), 0},
};

static const struct attr_spec destroy_attrs[] = {
	{UVERBS_ATTR_DESTROY_MR_HANDLE, ATTR_HANDLE, true, 0, 0},
};

const struct method_entry mr_methods[] = {
	METHOD(UVERBS_OBJECT_MR, UVERBS_METHOD_REG_MR, reg_attrs, reg_method, true),
	METHOD(UVERBS_OBJECT_MR, UVERBS_METHOD_REG_DMABUF_MR, reg_dmabuf_attrs, reg_dmabuf_method,
	       true),
	METHOD(UVERBS_OBJECT_MR, UVERBS_METHOD_DM_MR_REG, reg_dm_attrs, reg_dm_method, true),
	METHOD(UVERBS_OBJECT_MR, UVERBS_METHOD_QUERY_MR, query_attrs, query_method, true),
	METHOD(UVERBS_OBJECT_MR, UVERBS_METHOD_MR_DESTROY, destroy_attrs, destroy_method, true),
	{.handle = NULL},
};
