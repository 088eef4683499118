/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Doorbell record allocator. A page carries a bitmap of its free records; pages without a used
 * record are given back at once, which keeps fork and munmap bookkeeping small.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"
#include "buf.h"
#include "dbrec.h"

enum {
	WORD_BITS = 64,
};

struct mlx5_dbrec_page {
	struct mlx5_dbrec_page *next;
	struct mlx5_buf buf;
	unsigned int records, used;
	uint64_t taken[];
};

void mlx5_dbrec_pool_init(struct mlx5_dbrec_pool *pool, unsigned int stride)
{
	pthread_mutex_init(&pool->mutex, NULL);
	pool->pages = NULL;
	pool->stride = stride;
}

/*
 * Pages that are left belong to queues that the program has not destroyed. The adapter works on
 * those until the kernel sees the context closed, so they stay, as the buffers of these queues do.
 */
void mlx5_dbrec_pool_destroy(struct mlx5_dbrec_pool *pool)
{
	pthread_mutex_destroy(&pool->mutex);
}

static struct mlx5_dbrec_page *add_page(struct mlx5_dbrec_pool *pool)
{
	struct mlx5_dbrec_page *page;
	struct mlx5_buf buf;
	size_t words;

	if (mlx5_buf_alloc(&buf, 1, MLX5_BUF_NORMAL))
		return NULL;
	words = align_up(buf.bytes / pool->stride, WORD_BITS) / WORD_BITS;
	page = calloc(1, sizeof(*page) + words * sizeof(page->taken[0]));
	if (!page) {
		mlx5_buf_free(&buf);
		return NULL;
	}
	page->buf = buf;
	page->records = (unsigned int)(buf.bytes / pool->stride);
	page->next = pool->pages;
	pool->pages = page;
	return page;
}

static __be32 *take(struct mlx5_dbrec_page *page, unsigned int stride)
{
	unsigned int record = 0;
	char *dbrec;

	while (page->taken[record / WORD_BITS] >> record % WORD_BITS & 1)
		record++;
	page->taken[record / WORD_BITS] |= (uint64_t)1 << record % WORD_BITS;
	page->used++;
	dbrec = page->buf.addr + (size_t)record * stride;
	memset(dbrec, 0, stride);
	return (__be32 *)(void *)dbrec;
}

__be32 *mlx5_dbrec_alloc(struct mlx5_dbrec_pool *pool)
{
	struct mlx5_dbrec_page *page;
	__be32 *dbrec = NULL;

	pthread_mutex_lock(&pool->mutex);
	for (page = pool->pages; page; page = page->next) {
		if (page->used < page->records)
			break;
	}
	if (!page)
		page = add_page(pool);
	if (page)
		dbrec = take(page, pool->stride);
	pthread_mutex_unlock(&pool->mutex);
	return dbrec;
}

/* Where the page of this record hangs; the end of the list if it is in none. */
static struct mlx5_dbrec_page **page_of(struct mlx5_dbrec_pool *pool, uintptr_t address)
{
	struct mlx5_dbrec_page **link = &pool->pages;

	while (*link && address - (uintptr_t)(*link)->buf.addr >= (*link)->buf.bytes)
		link = &(*link)->next;
	return link;
}

static void free_in_page(struct mlx5_dbrec_pool *pool, struct mlx5_dbrec_page **link,
			 const __be32 *dbrec)
{
	struct mlx5_dbrec_page *page = *link;
	unsigned int record =
		(unsigned int)((uintptr_t)dbrec - (uintptr_t)page->buf.addr) / pool->stride;

	page->taken[record / WORD_BITS] &= ~((uint64_t)1 << record % WORD_BITS);
	if (--page->used)
		return;
	*link = page->next;
	mlx5_buf_free(&page->buf);
	free(page);
}

bool mlx5_dbrec_free(struct mlx5_dbrec_pool *pool, __be32 *dbrec)
{
	struct mlx5_dbrec_page **link;
	bool found;

	pthread_mutex_lock(&pool->mutex);
	link = page_of(pool, (uintptr_t)dbrec);
	found = *link;
	if (found)
		free_in_page(pool, link, dbrec);
	pthread_mutex_unlock(&pool->mutex);
	return found;
}
