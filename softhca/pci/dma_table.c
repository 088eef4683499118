/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "softhca/pci/dma_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "softhca/pci/protocol.h"

struct dma_file {
	dev_t device;
	ino_t inode;
	uint64_t bytes;
	uint8_t *base;
	bool writable;
	bool lent; /* somebody may have a pointer into it */
	size_t users;
	struct list link;
};

/* ---- files ---- */

/* A file that has grown is mapped again for the ranges behind its old end. */
static struct dma_file *find_file(struct dma_table *table, const struct stat *stat, uint64_t bytes,
				  bool writable)
{
	list_for_each (node, &table->files) {
		struct dma_file *file = list_entry(node, struct dma_file, link);

		if (file->device == stat->st_dev && file->inode == stat->st_ino &&
		    file->bytes >= bytes && file->writable >= writable)
			return file;
	}
	return NULL;
}

static int map_file(struct dma_file *file, int fd, bool writable)
{
	void *base = mmap(NULL, file->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	file->writable = base != MAP_FAILED;
	if (!file->writable && !writable)
		base = mmap(NULL, file->bytes, PROT_READ, MAP_SHARED, fd, 0);
	file->base = base;
	return base == MAP_FAILED ? errno : 0;
}

static int add_file(struct dma_table *table, const struct stat *stat, int fd, bool writable,
		    struct dma_file **added)
{
	struct dma_file *file;
	int rc;

	if (table->num_files == DMA_TABLE_MAX_FILES)
		return ENOSPC;
	file = calloc(1, sizeof(*file));
	if (!file)
		return ENOMEM;
	file->device = stat->st_dev;
	file->inode = stat->st_ino;
	file->bytes = (uint64_t)stat->st_size;
	rc = map_file(file, fd, writable);
	if (rc) {
		free(file);
		return rc;
	}
	list_append(&table->files, &file->link);
	table->num_files++;
	*added = file;
	return 0;
}

static void remove_if_unused(struct dma_table *table, struct dma_file *file)
{
	if (file->users || file->lent)
		return;
	munmap(file->base, file->bytes);
	list_remove(&file->link);
	table->num_files--;
	free(file);
}

/* The file with room for [offset, offset + bytes). */
static int take_file(struct dma_table *table, const struct dma_range *range, int fd,
		     uint64_t offset, struct dma_file **taken)
{
	struct stat stat;
	int rc = 0;

	if (fstat(fd, &stat))
		return errno;
	if (!S_ISREG(stat.st_mode) || stat.st_size <= 0 || offset % VFIO_USER_PAGE ||
	    offset > (uint64_t)stat.st_size || range->bytes > (uint64_t)stat.st_size - offset)
		return EINVAL;
	*taken = find_file(table, &stat, offset + range->bytes, range->writable);
	if (!*taken)
		rc = add_file(table, &stat, fd, range->writable, taken);
	return rc;
}

/* ---- ranges ---- */

static uint64_t last_byte(const struct dma_range *range)
{
	return range->address + (range->bytes - 1);
}

/* Number of the first range that ends at or after `address`. */
static size_t first_reaching(const struct dma_table *table, uint64_t address)
{
	size_t low = 0, high = table->num_ranges;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (last_byte(&table->ranges[middle]) < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A range may end with the last address, whose successor is 0. */
static bool is_range(uint64_t address, uint64_t bytes)
{
	return bytes && address % VFIO_USER_PAGE == 0 && bytes % VFIO_USER_PAGE == 0 &&
	       address + (bytes - 1) >= address;
}

static int make_room(struct dma_table *table)
{
	size_t room = table->room ? 2 * table->room : 64;
	struct dma_range *ranges;

	if (table->num_ranges == DMA_TABLE_MAX_RANGES)
		return ENOSPC;
	if (table->num_ranges < table->room)
		return 0;
	ranges = realloc(table->ranges, room * sizeof(*ranges));
	if (!ranges)
		return ENOMEM;
	table->ranges = ranges;
	table->room = room;
	return 0;
}

static void insert(struct dma_table *table, size_t at, const struct dma_range *range)
{
	memmove(table->ranges + at + 1, table->ranges + at,
		(table->num_ranges - at) * sizeof(*table->ranges));
	table->ranges[at] = *range;
	table->num_ranges++;
	if (range->file)
		range->file->users++;
}

/* Returns how many bytes they were. */
static uint64_t take_out(struct dma_table *table, size_t first, size_t end)
{
	uint64_t bytes = 0;

	for (size_t i = first; i < end; i++) {
		struct dma_file *file = table->ranges[i].file;

		bytes += table->ranges[i].bytes;
		if (file) {
			file->users--;
			remove_if_unused(table, file);
		}
	}
	if (end > first)
		memmove(table->ranges + first, table->ranges + end,
			(table->num_ranges - end) * sizeof(*table->ranges));
	table->num_ranges -= end - first;
	return bytes;
}

void dma_table_init(struct dma_table *table)
{
	memset(table, 0, sizeof(*table));
	list_init(&table->files);
}

void dma_table_end(struct dma_table *table)
{
	take_out(table, 0, table->num_ranges);
	dma_table_settle(table);
	free(table->ranges);
}

int dma_table_map(struct dma_table *table, const struct dma_range *wanted, int fd, uint64_t offset)
{
	struct dma_range range = *wanted;
	size_t at;
	int rc;

	if (!is_range(range.address, range.bytes))
		return EINVAL;
	at = first_reaching(table, range.address);
	if (at < table->num_ranges && table->ranges[at].address <= last_byte(&range))
		return EEXIST;
	rc = make_room(table);
	range.file = NULL;
	range.place = NULL;
	if (!rc && fd >= 0)
		rc = take_file(table, &range, fd, offset, &range.file);
	if (rc)
		return rc;
	if (range.file)
		range.place = range.file->base + offset;
	insert(table, at, &range);
	return 0;
}

int dma_table_unmap(struct dma_table *table, uint64_t address, uint64_t bytes, uint64_t *unmapped)
{
	const struct dma_range span = {.address = address, .bytes = bytes};
	size_t first, end;

	if (!is_range(address, bytes))
		return EINVAL;
	first = first_reaching(table, address);
	for (end = first; end < table->num_ranges && table->ranges[end].address <= last_byte(&span);
	     end++)
		if (table->ranges[end].address < address ||
		    last_byte(&table->ranges[end]) > last_byte(&span))
			return EINVAL;
	if (end == first)
		return ENOENT;
	*unmapped = take_out(table, first, end);
	return 0;
}

void dma_table_unmap_all(struct dma_table *table, uint64_t *unmapped)
{
	*unmapped = take_out(table, 0, table->num_ranges);
}

/* ---- access ---- */

static bool allows(const struct dma_range *range, bool writing)
{
	return range->file && range->readable && (range->writable || !writing);
}

static bool continues(const struct dma_range *before, const struct dma_range *range)
{
	return range->address == last_byte(before) + 1 &&
	       range->place == before->place + before->bytes;
}

uint8_t *dma_table_place(struct dma_table *table, uint64_t address, bool writing,
			 uint64_t *together)
{
	size_t at = first_reaching(table, address);
	const struct dma_range *range = table->ranges + at;
	uint64_t inside;

	if (at == table->num_ranges || range->address > address || !allows(range, writing))
		return NULL;
	inside = address - range->address;
	*together = range->bytes - inside;
	while (++at < table->num_ranges && allows(&table->ranges[at], writing) &&
	       table->ranges[at].file == range->file &&
	       continues(&table->ranges[at - 1], &table->ranges[at]))
		*together += table->ranges[at].bytes;
	range->file->lent = true;
	return range->place + inside;
}

void dma_table_settle(struct dma_table *table)
{
	list_for_each_safe (node, &table->files) {
		struct dma_file *file = list_entry(node, struct dma_file, link);

		file->lent = false;
		remove_if_unused(table, file);
	}
}
