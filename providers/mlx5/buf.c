/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory of queues. */

#include <errno.h>
#include <unistd.h>
#include <sys/mman.h>

#include "libibverbs/driver.h"

#include "bits.h"
#include "buf.h"

static const size_t huge_page_bytes = 2u << 20; /* the common size; the kernel's default pool */

static char *map(size_t bytes, int extra_flags)
{
	char *addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | extra_flags, -1, 0);

	return addr == MAP_FAILED ? NULL : addr;
}

int mlx5_buf_alloc(struct mlx5_buf *buf, size_t bytes, enum mlx5_buf_pages pages)
{
	int err;

	buf->addr = NULL;
	if (pages != MLX5_BUF_NORMAL) {
		buf->bytes = align_up(bytes, huge_page_bytes);
		buf->addr = map(buf->bytes, MAP_HUGETLB);
	}
	if (!buf->addr && pages != MLX5_BUF_HUGE) {
		buf->bytes = align_up(bytes, (size_t)sysconf(_SC_PAGESIZE));
		buf->addr = map(buf->bytes, 0);
	}
	if (!buf->addr)
		return ENOMEM;

	err = ibv_dontfork_range(buf->addr, buf->bytes);
	if (err)
		munmap(buf->addr, buf->bytes);
	return err;
}

void mlx5_buf_free(struct mlx5_buf *buf)
{
	if (!buf->addr)
		return;
	ibv_dofork_range(buf->addr, buf->bytes);
	munmap(buf->addr, buf->bytes);
	buf->addr = NULL;
}
