/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Mapping of rings. */

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libibverbs/driver.h"

#include "ring.h"

int siw_map_ring(struct siw_map *map, struct ibv_context *context, uint64_t key, uint32_t count,
		 size_t element_bytes, size_t tail_bytes)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = count * element_bytes + tail_bytes;
	void *addr;

	if (!count || count & (count - 1))
		return EPROTO;
	/* The kernel insists on the very number of pages. */
	bytes = (bytes + page_bytes - 1) & ~(page_bytes - 1);
	addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, context->cmd_fd, (off_t)key);
	if (addr == MAP_FAILED)
		return errno;
	map->addr = addr;
	map->bytes = bytes;
	return 0;
}

void siw_unmap_ring(struct siw_map *map)
{
	if (map->bytes)
		munmap(map->addr, map->bytes);
	map->bytes = 0;
}
