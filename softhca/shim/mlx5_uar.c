/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * UAR objects of mlx5: doorbell pages that a library allocates one by one. Nobody listens to the
 * pages, since queues are driven by their doorbell records; a page is a piece of the device file
 * that no other object has.
 */
#include <errno.h>

#include <rdma/mlx5_user_ioctl_cmds.h>
#include <rdma/mlx5_user_ioctl_verbs.h>

#include "softhca/shim/mlx5_abi.h"

enum {
	UAR_BYTES = 4096,
	/* Numbers of the pages, and where they lie in the file: beyond all static ones. */
	FIRST_PAGE = 0x1000,
};

_Static_assert(((uint64_t)FIRST_PAGE + FILE_DYNAMIC_UARS) * UAR_BYTES <= FILE_MAP_BYTES,
	       "UAR pages lie beyond the end of the device file");

bool mlx5_uar_is_allocated(const struct shim_file *file, uint32_t page)
{
	return page >= FIRST_PAGE && page < FIRST_PAGE + FILE_DYNAMIC_UARS &&
	       file->uar_used[page - FIRST_PAGE];
}

static int reserve(struct shim_file *file, struct uar_object **reserved)
{
	struct uar_object *object;
	unsigned int index = 0;

	while (index < FILE_DYNAMIC_UARS && file->uar_used[index])
		index++;
	if (index == FILE_DYNAMIC_UARS)
		return ENOMEM;
	object = file_new_object(file, HANDLE_UAR, sizeof(*object));
	if (!object)
		return ENOMEM;
	file->uar_used[index] = 1;
	object->index = index;
	*reserved = object;
	return 0;
}

int uar_object_destroy(struct handle *handle)
{
	handle->file->uar_used[((struct uar_object *)handle)->index] = 0;
	return 0;
}

static int alloc_method(struct attrs *attrs)
{
	struct uar_object *object;
	uint64_t type, offset;
	uint32_t page;
	int rc = attr_get_u64(attrs, MLX5_IB_ATTR_UAR_OBJ_ALLOC_TYPE, &type);

	if (!rc && type > MLX5_IB_UAPI_UAR_ALLOC_TYPE_NC)
		rc = EOPNOTSUPP;
	if (!rc)
		rc = reserve(attrs->file, &object);
	if (rc)
		return rc;
	attrs->made.object = &object->handle;
	page = FIRST_PAGE + object->index;
	offset = (uint64_t)page * UAR_BYTES;
	rc = attr_put(attrs, MLX5_IB_ATTR_UAR_OBJ_ALLOC_MMAP_OFFSET, &offset, sizeof(offset));
	if (!rc)
		rc = attr_put_u32(attrs, MLX5_IB_ATTR_UAR_OBJ_ALLOC_MMAP_LENGTH, UAR_BYTES);
	if (!rc)
		rc = attr_put_u32(attrs, MLX5_IB_ATTR_UAR_OBJ_ALLOC_PAGE_ID, page);
	return rc ? rc
		  : attr_put_number(attrs, MLX5_IB_ATTR_UAR_OBJ_ALLOC_HANDLE,
				    object->handle.number);
}

static int destroy_method(struct attrs *attrs)
{
	struct handle *handle =
		handle_find(&attrs->file->handles, HANDLE_UAR,
			    (uint32_t)attr_number(attrs, MLX5_IB_ATTR_UAR_OBJ_DESTROY_HANDLE));

	return handle ? file_destroy_object(handle) : ENOENT;
}

static const struct attr_spec alloc_attrs[] = {
	{MLX5_IB_ATTR_UAR_OBJ_ALLOC_HANDLE, ATTR_NEW_HANDLE, true, 0, 0},
	{MLX5_IB_ATTR_UAR_OBJ_ALLOC_TYPE, ATTR_IN, true, sizeof(uint32_t), sizeof(uint64_t)},
	{MLX5_IB_ATTR_UAR_OBJ_ALLOC_MMAP_OFFSET, ATTR_OUT, true, sizeof(uint64_t), 0},
	{MLX5_IB_ATTR_UAR_OBJ_ALLOC_MMAP_LENGTH, ATTR_OUT, true, sizeof(uint32_t), 0},
	{MLX5_IB_ATTR_UAR_OBJ_ALLOC_PAGE_ID, ATTR_OUT, true, sizeof(uint32_t), 0},
};

static const struct attr_spec destroy_attrs[] = {
	{MLX5_IB_ATTR_UAR_OBJ_DESTROY_HANDLE, ATTR_HANDLE, true, 0, 0},
};

const struct method_entry mlx5_uar_methods[] = {
	METHOD(MLX5_IB_OBJECT_UAR, MLX5_IB_METHOD_UAR_OBJ_ALLOC, alloc_attrs, alloc_method, true),
	METHOD(MLX5_IB_OBJECT_UAR, MLX5_IB_METHOD_UAR_OBJ_DESTROY, destroy_attrs, destroy_method,
	       true),
	{.handle = NULL},
};
