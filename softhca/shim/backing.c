/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the bytes of a region are. On-demand memory costs nothing here: the adapter works on the
 * program's own pages by its processor, so a page that is not there yet comes as it comes to the
 * program, and one that may not be touched is a fault for memory/guard.h.
 */
#include "softhca/shim/backing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "softhca/shim/page.h"

/* The address is the place. Used where a range begins at address 0, which a pointer cannot say. */
static uint8_t *place_of_program(void *arg, uint64_t address, bool writing, uint64_t *together)
{
	(void)arg;
	(void)writing;
	*together = UINT64_MAX - address;
	return (uint8_t *)(uintptr_t)address;
}

/* Whether the mapping at `address` consists of huge pages. */
static bool is_hugetlb(uint64_t address)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	unsigned long start, end, kb = 0;
	bool inside = false;
	char line[512];

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = address >= start && address < end;
		else if (inside && sscanf(line, "KernelPageSize: %lu kB", &kb) == 1)
			break;
	}
	if (maps)
		fclose(maps);
	return kb > PAGE_BYTES / 1024;
}

static int on_demand(uint64_t start, struct mr_params *params)
{
	if (!start && params->length == BACKING_WHOLE_SPACE) {
		if (params->iova)
			return EINVAL;
		params->place = place_of_program;
		return 0;
	}
	if (!params->length)
		return EINVAL;
	if (start + params->length < start || start + params->length > UINT64_MAX - PAGE_BYTES)
		return EOVERFLOW;
	if (params->access & ACCESS_HUGETLB && !is_hugetlb(start))
		return EINVAL;
	if (start)
		params->linear = (uint8_t *)(uintptr_t)start;
	else if (!params->iova)
		params->place = place_of_program;
	else
		return EINVAL;
	return 0;
}

int backing_program(struct backing *backing, uint64_t start, struct mr_params *params)
{
	if (params->access & ACCESS_ON_DEMAND)
		return on_demand(start, params);
	params->linear = (uint8_t *)(uintptr_t)start;
	return pin_memory(&backing->pin, start, params->length,
			  params->access & ACCESS_LOCAL_WRITE);
}

static int check_file(int fd, uint64_t offset, uint64_t length)
{
	struct stat status;
	off_t end;

	if (fstat(fd, &status))
		return errno;
	/* Files of the kernel's own, as dma-bufs are, have no type. */
	if (status.st_mode & S_IFMT && !S_ISREG(status.st_mode))
		return EINVAL;
	/* A dma-buf may tell its size by seeking alone; the position it has stays. */
	end = status.st_size;
	if (!end) {
		off_t before = lseek(fd, 0, SEEK_CUR);

		end = lseek(fd, 0, SEEK_END);
		if (before >= 0)
			lseek(fd, before, SEEK_SET);
	}
	if (end <= 0 || !length || offset > (uint64_t)end || length > (uint64_t)end - offset)
		return EINVAL;
	return 0;
}

int backing_file(struct backing *backing, int fd, uint64_t offset, struct mr_params *params)
{
	int protection = PROT_READ | (params->access & ACCESS_LOCAL_WRITE ? PROT_WRITE : 0);
	uint64_t in_page = offset & (PAGE_BYTES - 1);
	void *mapping;
	int rc = check_file(fd, offset, params->length);

	if (rc)
		return rc;
	mapping = mmap(NULL, params->length + in_page, protection, MAP_SHARED, fd,
		       (off_t)(offset - in_page));
	if (mapping == MAP_FAILED)
		return errno == ENOMEM ? ENOMEM : EINVAL;
	/* As the adapter's: a child has no part in it. */
	madvise(mapping, params->length + in_page, MADV_DONTFORK);
	backing->mapping = mapping;
	backing->mapped_bytes = params->length + in_page;
	params->linear = backing->mapping + in_page;
	return 0;
}

void backing_release(struct backing *backing)
{
	pin_release(&backing->pin);
	if (backing->mapping)
		munmap(backing->mapping, backing->mapped_bytes);
	memset(backing, 0, sizeof(*backing));
}
