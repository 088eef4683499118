/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Mapping of UAR pages and the choice of a send doorbell register for each QP. */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>
#include <rdma/mlx5-abi.h>
#include <rdma/mlx5_user_ioctl_cmds.h>
#include <rdma/mlx5_user_ioctl_verbs.h>

#include "hw/mlx5/doorbell.h"
#include "libibverbs/driver.h"

#include "context.h"
#include "uar.h"

/* uapi rdma/mlx5-abi.h: an mmap offset in pages is index b23:16 | command b15:8 | index b7:0. */
off_t mlx5_mmap_offset(enum mlx5_ib_mmap_cmd cmd, uint32_t index)
{
	return (off_t)(((index >> 8) << 16 | (uint32_t)cmd << 8 | (index & 0xff))) *
	       sysconf(_SC_PAGESIZE);
}

/* Register pages are written only, and a forked child has no business with them. */
static char *map_registers(struct mlx5_context *context, size_t bytes, off_t offset)
{
	int cmd_fd = context->verbs.context.cmd_fd;
	char *page = mmap(NULL, bytes, PROT_WRITE, MAP_SHARED, cmd_fd, offset);

	if (page == MAP_FAILED)
		return NULL;
	if (madvise(page, bytes, MADV_DONTFORK)) {
		munmap(page, bytes);
		return NULL;
	}
	return page;
}

static void init_bf(struct mlx5_context *context, struct mlx5_bf *bf, char *reg, uint32_t copy,
		    bool shared)
{
	bf->reg = reg;
	bf->copy_bytes = copy;
	bf->offset = 0;
	mlx5_lock_init(&bf->lock, shared && copy && !context->single_threaded);
}

/* Static registers. */

static int map_static_pages(struct mlx5_context *context, uint32_t num_pages)
{
	struct mlx5_uars *uars = &context->uars;
	size_t bytes = (size_t)sysconf(_SC_PAGESIZE);

	uars->pages = calloc(num_pages, sizeof(uars->pages[0]));
	if (!uars->pages)
		return ENOMEM;
	while (uars->num_pages < num_pages) {
		char *page =
			map_registers(context, bytes,
				      mlx5_mmap_offset(MLX5_IB_MMAP_REGULAR_PAGE, uars->num_pages));

		if (!page)
			return errno;
		uars->pages[uars->num_pages++] = page;
	}
	return 0;
}

static void close_static(struct mlx5_uars *uars)
{
	for (uint32_t i = 0; i < uars->num_pages; i++)
		munmap(uars->pages[i], (size_t)sysconf(_SC_PAGESIZE));
	free(uars->pages);
	free(uars->bfs);
}

static int open_static(struct mlx5_context *context, const struct mlx5_uar_layout *layout)
{
	uint32_t per_page = layout->uars_per_page * MLX5_BF_REGS_PER_UAR;
	struct mlx5_uars *uars = &context->uars;
	int err;

	err = map_static_pages(context, (layout->num_bfs + per_page - 1) / per_page);
	if (err)
		goto fail;
	uars->bfs = calloc(layout->num_bfs, sizeof(uars->bfs[0]));
	if (!uars->bfs) {
		err = ENOMEM;
		goto fail;
	}
	for (uint32_t i = 0; i < layout->num_bfs; i++) {
		char *uar = uars->pages[i / per_page] +
			    (size_t)(i % per_page / MLX5_BF_REGS_PER_UAR) * MLX5_UAR_BYTES;
		bool shared = i < layout->num_bfs - layout->low_latency;
		/* The kernel gives register 0 to all that found no better one: doorbells only. */
		uint32_t copy = i == 0 ? 0 : layout->bf_reg_bytes / 2;

		init_bf(context, &uars->bfs[i],
			uar + MLX5_BF_OFFSET +
				(size_t)(i % MLX5_BF_REGS_PER_UAR) * layout->bf_reg_bytes,
			copy, shared);
		uars->bfs[i].index = i;
	}
	uars->num_bfs = layout->num_bfs;
	uars->bfs_per_page = per_page;
	uars->cq_page = uars->pages[0];
	return 0;

fail:
	close_static(uars);
	return err;
}

/* Dynamic pages. */

static int destroy_uar_object(struct mlx5_context *context, uint32_t handle)
{
	struct verbs_ioctl call;

	verbs_ioctl_begin(&call, MLX5_IB_OBJECT_UAR, MLX5_IB_METHOD_UAR_OBJ_DESTROY);
	verbs_ioctl_in_handle(&call, MLX5_IB_ATTR_UAR_OBJ_DESTROY_HANDLE, handle);
	return verbs_ioctl_run(&context->verbs.context, &call);
}

int mlx5_uar_alloc(struct mlx5_context *context, enum mlx5_ib_uapi_uar_alloc_type type,
		   struct mlx5_uar *uar)
{
	struct verbs_ioctl call;
	unsigned int handle;
	uint64_t offset;
	int err;

	verbs_ioctl_begin(&call, MLX5_IB_OBJECT_UAR, MLX5_IB_METHOD_UAR_OBJ_ALLOC);
	handle = verbs_ioctl_new_handle(&call, MLX5_IB_ATTR_UAR_OBJ_ALLOC_HANDLE);
	verbs_ioctl_in_u64(&call, MLX5_IB_ATTR_UAR_OBJ_ALLOC_TYPE, type);
	verbs_ioctl_out(&call, MLX5_IB_ATTR_UAR_OBJ_ALLOC_MMAP_OFFSET, &offset, sizeof(offset));
	verbs_ioctl_out(&call, MLX5_IB_ATTR_UAR_OBJ_ALLOC_MMAP_LENGTH, &uar->bytes,
			sizeof(uar->bytes));
	verbs_ioctl_out(&call, MLX5_IB_ATTR_UAR_OBJ_ALLOC_PAGE_ID, &uar->page_id,
			sizeof(uar->page_id));
	err = verbs_ioctl_run(&context->verbs.context, &call);
	if (err)
		return err;
	uar->handle = verbs_ioctl_u32(&call, handle);
	if (uar->bytes < MLX5_UAR_BYTES) {
		err = EPROTO;
		goto destroy_object;
	}
	uar->mmap_offset = (off_t)offset;
	uar->page = map_registers(context, uar->bytes, uar->mmap_offset);
	if (!uar->page) {
		err = errno;
		goto destroy_object;
	}
	return 0;

destroy_object:
	destroy_uar_object(context, uar->handle);
	return err;
}

void mlx5_uar_free(struct mlx5_context *context, struct mlx5_uar *uar)
{
	if (!uar->page)
		return;
	munmap(uar->page, uar->bytes);
	destroy_uar_object(context, uar->handle);
	uar->page = NULL;
}

static int open_dynamic(struct mlx5_context *context, const struct mlx5_uar_layout *layout)
{
	struct mlx5_uars *uars = &context->uars;
	int err;

	err = mlx5_uar_alloc(context, MLX5_IB_UAPI_UAR_ALLOC_TYPE_NC, &uars->nc);
	if (err)
		return err;
	uars->cq_page = uars->nc.page;
	uars->cq_page_id = uars->nc.page_id;
	init_bf(context, &uars->nc_bf, uars->nc.page + MLX5_BF_OFFSET, 0, true);
	uars->nc_bf.index = uars->nc.page_id;
	for (uint32_t i = 0; i < MLX5_DEDICATED_BFS + MLX5_SHARED_BFS; i++)
		uars->wc_bfs[i].copy_bytes = layout->bf_reg_bytes / 2;
	return 0;
}

/* The least used page, where those for one QP only count as full once they have it. */
static uint32_t best_wc_page(const struct mlx5_uars *uars)
{
	uint32_t best = MLX5_DEDICATED_BFS;

	for (uint32_t i = 0; i < MLX5_DEDICATED_BFS; i++) {
		if (!uars->wc_bfs[i].users)
			return i;
	}
	for (uint32_t i = best + 1; i < MLX5_DEDICATED_BFS + MLX5_SHARED_BFS; i++) {
		if (uars->wc_bfs[i].users < uars->wc_bfs[best].users)
			best = i;
	}
	return best;
}

struct mlx5_bf *mlx5_bf_choose(struct mlx5_context *context)
{
	struct mlx5_uars *uars = &context->uars;
	struct mlx5_bf *bf = &uars->nc_bf;
	uint32_t page;

	if (!uars->dynamic)
		return NULL;
	if (!uars->wc_bfs[0].copy_bytes)
		return bf;

	pthread_mutex_lock(&uars->mutex);
	page = best_wc_page(uars);
	/* No more pages of that kind is no error: plain doorbells work as well. */
	if (uars->wc[page].page ||
	    !mlx5_uar_alloc(context, MLX5_IB_UAPI_UAR_ALLOC_TYPE_BF, &uars->wc[page])) {
		bf = &uars->wc_bfs[page];
		if (!bf->users++) {
			init_bf(context, bf, uars->wc[page].page + MLX5_BF_OFFSET, bf->copy_bytes,
				page >= MLX5_DEDICATED_BFS);
			bf->index = uars->wc[page].page_id;
		}
	}
	pthread_mutex_unlock(&uars->mutex);
	return bf;
}

off_t mlx5_bf_mmap_offset(const struct mlx5_context *context, const struct mlx5_bf *bf)
{
	const struct mlx5_uars *uars = &context->uars;

	if (!uars->dynamic)
		return mlx5_mmap_offset(MLX5_IB_MMAP_REGULAR_PAGE, bf->index / uars->bfs_per_page);
	return bf == &uars->nc_bf ? uars->nc.mmap_offset : uars->wc[bf - uars->wc_bfs].mmap_offset;
}

void mlx5_bf_release(struct mlx5_context *context, struct mlx5_bf *bf)
{
	struct mlx5_uars *uars = &context->uars;

	if (!bf || !uars->dynamic || bf == &uars->nc_bf)
		return;
	pthread_mutex_lock(&uars->mutex);
	bf->users--;
	pthread_mutex_unlock(&uars->mutex);
}

struct mlx5_bf *mlx5_bf_by_index(struct mlx5_context *context, uint32_t index)
{
	struct mlx5_uars *uars = &context->uars;

	return index < uars->num_bfs ? &uars->bfs[index] : NULL;
}

int mlx5_uars_open(struct mlx5_context *context, const struct mlx5_uar_layout *layout)
{
	struct mlx5_uars *uars = &context->uars;
	int err;

	pthread_mutex_init(&uars->mutex, NULL);
	uars->dynamic = !layout->num_bfs;
	err = uars->dynamic ? open_dynamic(context, layout) : open_static(context, layout);
	if (err)
		pthread_mutex_destroy(&uars->mutex);
	return err;
}

void mlx5_uars_close(struct mlx5_context *context)
{
	struct mlx5_uars *uars = &context->uars;

	for (uint32_t i = 0; i < MLX5_DEDICATED_BFS + MLX5_SHARED_BFS; i++)
		mlx5_uar_free(context, &uars->wc[i]);
	mlx5_uar_free(context, &uars->nc);
	close_static(uars);
	pthread_mutex_destroy(&uars->mutex);
}
