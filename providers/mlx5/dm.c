/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Device memory (MEMIC). The kernel says which pages of the device file to map and where in the
 * first of them the memory begins. The device takes accesses of aligned double words only.
 */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>
#include <rdma/mlx5_user_ioctl_cmds.h>

#include "util/mmio.h"

#include "bits.h"
#include "context.h"

enum { DWORD_BYTES = 4 };

struct mlx5_dm {
	struct ibv_dm dm;
	char *mapping;
	size_t mapped_bytes;
	char *start;
	size_t length;
	uint64_t start_offset;
	off_t file_offset;
};

static struct mlx5_dm *to_mlx5_dm(struct ibv_dm *dm)
{
	return (struct mlx5_dm *)dm;
}

void mlx5_dm_describe(struct ibv_dm *ibv_dm, void **start, uint64_t *length)
{
	const struct mlx5_dm *dm = to_mlx5_dm(ibv_dm);

	*start = dm->start;
	*length = dm->length;
}

static int check_part(const struct mlx5_dm *dm, uint64_t offset, size_t length)
{
	if (offset > dm->length || length > dm->length - offset)
		return EFAULT;
	return (offset | length) % DWORD_BYTES ? EINVAL : 0;
}

static int copy_to_dm(struct ibv_dm *ibv_dm, uint64_t offset, const void *host, size_t length)
{
	struct mlx5_dm *dm = to_mlx5_dm(ibv_dm);
	volatile uint32_t *to = (volatile uint32_t *)(void *)(dm->start + offset);
	const char *from = host;
	int err = check_part(dm, offset, length);

	if (err)
		return err;
	for (size_t i = 0; i < length / DWORD_BYTES; i++) {
		uint32_t dword;

		memcpy(&dword, from + i * DWORD_BYTES, sizeof(dword));
		to[i] = dword;
	}
	/* Requests posted from here on find it. */
	mmio_flush();
	return 0;
}

static int copy_from_dm(void *host, struct ibv_dm *ibv_dm, uint64_t offset, size_t length)
{
	struct mlx5_dm *dm = to_mlx5_dm(ibv_dm);
	const volatile uint32_t *from = (const volatile uint32_t *)(void *)(dm->start + offset);
	char *to = host;
	int err = check_part(dm, offset, length);

	if (err)
		return err;
	for (size_t i = 0; i < length / DWORD_BYTES; i++) {
		uint32_t dword = from[i];

		memcpy(to + i * DWORD_BYTES, &dword, sizeof(dword));
	}
	return 0;
}

/* Where the memory is, as the kernel has said, becomes an address. */
static int map_dm(struct ibv_context *context, struct mlx5_dm *dm, uint32_t page)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	void *mapping;

	if (dm->start_offset >= page_bytes || dm->start_offset % DWORD_BYTES)
		return EPROTO;
	dm->file_offset = mlx5_mmap_offset(MLX5_IB_MMAP_DEVICE_MEM, page);
	dm->mapped_bytes = align_up(dm->start_offset + dm->length, page_bytes);
	mapping = mmap(NULL, dm->mapped_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, context->cmd_fd,
		       dm->file_offset);
	if (mapping == MAP_FAILED)
		return errno;
	dm->mapping = mapping;
	dm->start = dm->mapping + dm->start_offset;
	dm->dm.memcpy_to_dm = copy_to_dm;
	dm->dm.memcpy_from_dm = copy_from_dm;
	return 0;
}

static struct ibv_dm *give_up(struct mlx5_dm *dm, int err)
{
	free(dm);
	errno = err;
	return NULL;
}

struct ibv_dm *mlx5_alloc_dm(struct ibv_context *context, struct ibv_alloc_dm_attr *attr)
{
	struct mlx5_dm *dm = calloc(1, sizeof(*dm));
	struct verbs_ioctl call;
	uint16_t page = 0;
	int err;

	if (!dm)
		return NULL;
	verbs_ioctl_begin(&call, UVERBS_OBJECT_DM, UVERBS_METHOD_DM_ALLOC);
	verbs_ioctl_out(&call, MLX5_IB_ATTR_ALLOC_DM_RESP_START_OFFSET, &dm->start_offset,
			sizeof(dm->start_offset));
	verbs_ioctl_out(&call, MLX5_IB_ATTR_ALLOC_DM_RESP_PAGE_INDEX, &page, sizeof(page));
	err = ibv_cmd_alloc_dm(context, attr, &dm->dm, &call);
	if (err)
		return give_up(dm, err);
	dm->length = attr->length;
	err = map_dm(context, dm, page);
	if (err) {
		ibv_cmd_free_dm(&dm->dm);
		return give_up(dm, err);
	}
	return &dm->dm;
}

int mlx5_free_dm(struct ibv_dm *ibv_dm)
{
	struct mlx5_dm *dm = to_mlx5_dm(ibv_dm);
	int err = ibv_cmd_free_dm(ibv_dm);

	if (err)
		return err;
	munmap(dm->mapping, dm->mapped_bytes);
	free(dm);
	return 0;
}

struct ibv_dm *mlx5_import_dm(struct ibv_context *context, uint32_t handle)
{
	struct mlx5_dm *dm = calloc(1, sizeof(*dm));
	struct verbs_ioctl call;
	uint64_t length = 0;
	uint16_t page = 0;
	int err;

	if (!dm)
		return NULL;
	verbs_ioctl_begin(&call, UVERBS_OBJECT_DM, MLX5_IB_METHOD_DM_QUERY);
	verbs_ioctl_in_handle(&call, MLX5_IB_ATTR_QUERY_DM_REQ_HANDLE, handle);
	verbs_ioctl_out(&call, MLX5_IB_ATTR_QUERY_DM_RESP_START_OFFSET, &dm->start_offset,
			sizeof(dm->start_offset));
	verbs_ioctl_out(&call, MLX5_IB_ATTR_QUERY_DM_RESP_PAGE_INDEX, &page, sizeof(page));
	verbs_ioctl_out(&call, MLX5_IB_ATTR_QUERY_DM_RESP_LENGTH, &length, sizeof(length));
	err = verbs_ioctl_run(context, &call);
	if (err)
		return give_up(dm, err == EPROTONOSUPPORT ? EOPNOTSUPP : err);
	dm->dm.context = context;
	dm->dm.handle = handle;
	dm->dm.comp_mask = IBV_DM_MASK_HANDLE;
	dm->length = length;
	err = map_dm(context, dm, page);
	return err ? give_up(dm, err) : &dm->dm;
}

void mlx5_unimport_dm(struct ibv_dm *ibv_dm)
{
	struct mlx5_dm *dm = to_mlx5_dm(ibv_dm);

	munmap(dm->mapping, dm->mapped_bytes);
	free(dm);
}

struct ibv_mr *mlx5_reg_dm_mr(struct ibv_pd *pd, struct ibv_dm *dm, uint64_t offset, size_t length,
			      unsigned int access)
{
	struct verbs_mr *mr = calloc(1, sizeof(*mr));
	int err;

	if (!mr)
		return NULL;
	err = ibv_cmd_reg_dm_mr(pd, dm, offset, length, access, mr);
	if (!err)
		return &mr->mr;
	free(mr);
	errno = err;
	return NULL;
}

/* A dma-buf is whole pages, and nothing would tell where in them the memory begins. */
int mlx5_dm_export_dmabuf_fd(struct ibv_dm *ibv_dm)
{
	struct mlx5_dm *dm = to_mlx5_dm(ibv_dm);
	int fd = -1, err = EOPNOTSUPP;

	if (dm->start_offset)
		verbs_explain(
			"the memory begins %llu bytes into a page, and a dma-buf is whole pages",
			(unsigned long long)dm->start_offset);
	else
		err = ibv_cmd_alloc_dmabuf(
			ibv_dm->context,
			(uint64_t)dm->file_offset / (uint64_t)sysconf(_SC_PAGESIZE), &fd);
	if (!err)
		return fd;
	errno = err;
	return -1;
}
