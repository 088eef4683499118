/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Device memory of mlx5: which page of the device file to map, and where in it the memory begins,
 * travel as attributes of the driver. The page numbers are those behind MLX5_IB_MMAP_DEVICE_MEM.
 * Of the kinds that the driver knows there is the one that requests reach (MEMIC).
 */
#include <errno.h>

#include <rdma/mlx5_user_ioctl_cmds.h>
#include <rdma/mlx5_user_ioctl_verbs.h>

#include "softhca/shim/methods/commands.h"
#include "softhca/shim/methods/dm.h"
#include "softhca/shim/mlx5_abi.h"
#include "softhca/shim/page.h"

enum { MAX_LOG_ALIGNMENT = 16 };

static int put_place(struct attrs *attrs, const struct dm_object *dm, uint16_t offset_id,
		     uint16_t page_id)
{
	uint64_t offset = 0;
	uint16_t page = (uint16_t)dm->page;
	int rc = attr_put(attrs, offset_id, &offset, sizeof(offset));

	return rc ? rc : attr_put(attrs, page_id, &page, sizeof(page));
}

static int alloc_method(struct attrs *attrs)
{
	uint64_t length, type;
	struct dm_object *dm;
	uint32_t alignment;
	int rc = attr_get_u64(attrs, UVERBS_ATTR_ALLOC_DM_LENGTH, &length);

	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_ALLOC_DM_ALIGNMENT, &alignment);
	if (!rc)
		rc = attr_get_u64(attrs, MLX5_IB_ATTR_ALLOC_DM_REQ_TYPE, &type);
	if (!rc && type != MLX5_IB_UAPI_DM_TYPE_MEMIC)
		rc = EOPNOTSUPP;
	if (!rc && (!length || alignment > MAX_LOG_ALIGNMENT))
		rc = EINVAL;
	if (!rc && length > (uint64_t)FILE_DM_PAGES * PAGE_BYTES)
		rc = ENOMEM;
	if (!rc)
		rc = dm_create(attrs->file, length, alignment, &dm);
	if (rc)
		return rc;
	attrs->made.object = &dm->handle;
	rc = put_place(attrs, dm, MLX5_IB_ATTR_ALLOC_DM_RESP_START_OFFSET,
		       MLX5_IB_ATTR_ALLOC_DM_RESP_PAGE_INDEX);
	return rc ? rc : attr_put_number(attrs, UVERBS_ATTR_ALLOC_DM_HANDLE, dm->handle.number);
}

static int query_method(struct attrs *attrs)
{
	const struct dm_object *dm = find_dm(
		attrs->file, (uint32_t)attr_number(attrs, MLX5_IB_ATTR_QUERY_DM_REQ_HANDLE));
	int rc;

	if (!dm)
		return ENOENT;
	rc = put_place(attrs, dm, MLX5_IB_ATTR_QUERY_DM_RESP_START_OFFSET,
		       MLX5_IB_ATTR_QUERY_DM_RESP_PAGE_INDEX);
	return rc ? rc
		  : attr_put(attrs, MLX5_IB_ATTR_QUERY_DM_RESP_LENGTH, &dm->length,
			     sizeof(dm->length));
}

static const struct attr_spec alloc_attrs[] = {
	{UVERBS_ATTR_ALLOC_DM_HANDLE, ATTR_NEW_HANDLE, true, 0, 0},
	{UVERBS_ATTR_ALLOC_DM_LENGTH, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_ALLOC_DM_ALIGNMENT, ATTR_IN, true, sizeof(uint32_t), sizeof(uint32_t)},
	{MLX5_IB_ATTR_ALLOC_DM_RESP_START_OFFSET, ATTR_OUT, true, sizeof(uint64_t), 0},
	{MLX5_IB_ATTR_ALLOC_DM_RESP_PAGE_INDEX, ATTR_OUT, false, sizeof(uint16_t), 0},
	{MLX5_IB_ATTR_ALLOC_DM_REQ_TYPE, ATTR_IN, false, sizeof(uint64_t), sizeof(uint64_t)},
};

static const struct attr_spec query_attrs[] = {
	{MLX5_IB_ATTR_QUERY_DM_REQ_HANDLE, ATTR_HANDLE, true, 0, 0},
	{MLX5_IB_ATTR_QUERY_DM_RESP_START_OFFSET, ATTR_OUT, true, sizeof(uint64_t), 0},
	{MLX5_IB_ATTR_QUERY_DM_RESP_PAGE_INDEX, ATTR_OUT, true, sizeof(uint16_t), 0},
	{MLX5_IB_ATTR_QUERY_DM_RESP_LENGTH, ATTR_OUT, true, sizeof(uint64_t), 0},
};

const struct method_entry mlx5_dm_methods[] = {
	METHOD(UVERBS_OBJECT_DM, UVERBS_METHOD_DM_ALLOC, alloc_attrs, alloc_method, true),
	METHOD(UVERBS_OBJECT_DM, MLX5_IB_METHOD_DM_QUERY, query_attrs, query_method, true),
	{.handle = NULL},
};
