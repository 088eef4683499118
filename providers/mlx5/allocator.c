/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory of queues, from the application where it wants to give it. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "include/mlx5dv.h"

#include "allocator.h"
#include "context.h"

/* Both dwords of a record are read and written as one. */
enum { RECORD_BYTES = 2 * sizeof(__be32) };

static struct mlx5_pd *with_allocators(struct ibv_pd *domain)
{
	return domain && to_mlx5_pd(domain)->alloc ? to_mlx5_pd(domain) : NULL;
}

/* What the application gives, IBV_ALLOCATOR_USE_DEFAULT where it has no functions of its own. */
static void *ask(struct ibv_pd *domain, size_t bytes, size_t alignment, uint64_t resource_type)
{
	struct mlx5_pd *parent = with_allocators(domain);
	void *memory;

	if (!parent)
		return IBV_ALLOCATOR_USE_DEFAULT;
	memory = parent->alloc(domain, parent->pd_context, bytes, alignment, resource_type);
	if (memory && memory != IBV_ALLOCATOR_USE_DEFAULT)
		memset(memory, 0, bytes);
	return memory;
}

static void give_back(struct ibv_pd *domain, void *memory, uint64_t resource_type)
{
	struct mlx5_pd *parent = to_mlx5_pd(domain);

	parent->free(domain, parent->pd_context, memory, resource_type);
}

int mlx5_queue_buf_alloc(struct mlx5_buf *buf, size_t bytes, enum mlx5_buf_pages pages,
			 struct ibv_pd *domain, uint64_t resource_type)
{
	void *memory = ask(domain, bytes, (size_t)sysconf(_SC_PAGESIZE), resource_type);

	buf->domain = NULL;
	if (memory == IBV_ALLOCATOR_USE_DEFAULT)
		return mlx5_buf_alloc(buf, bytes, pages);
	buf->addr = memory;
	buf->bytes = bytes;
	if (!memory)
		return ENOMEM;
	buf->domain = domain;
	buf->resource_type = resource_type;
	return 0;
}

void mlx5_queue_buf_free(struct mlx5_buf *buf)
{
	if (buf->domain)
		give_back(buf->domain, buf->addr, buf->resource_type);
	else
		mlx5_buf_free(buf);
}

__be32 *mlx5_queue_record_alloc(struct mlx5_context *context, struct ibv_pd *domain)
{
	void *memory = ask(domain, RECORD_BYTES, RECORD_BYTES, MLX5DV_RES_TYPE_DBR);

	return memory == IBV_ALLOCATOR_USE_DEFAULT ? mlx5_dbrec_alloc(&context->dbrecs) : memory;
}

void mlx5_queue_record_free(struct mlx5_context *context, struct ibv_pd *domain, __be32 *dbrec)
{
	if (!mlx5_dbrec_free(&context->dbrecs, dbrec))
		give_back(domain, dbrec, MLX5DV_RES_TYPE_DBR);
}

void mlx5_domain_hold(struct ibv_pd *domain)
{
	if (domain && to_mlx5_pd(domain)->protection)
		atomic_fetch_add(&to_mlx5_pd(domain)->users, 1);
}

void mlx5_domain_release(struct ibv_pd *domain)
{
	if (domain && to_mlx5_pd(domain)->protection)
		atomic_fetch_sub(&to_mlx5_pd(domain)->users, 1);
}
