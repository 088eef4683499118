/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Local and remote accesses by key, and copies through gather and scatter lists. */
#include "softhca/memory/access.h"

#include "softhca/memory/guard.h"
#include "softhca/memory/lookup.h"

static uint8_t *place_in_pages(const struct mr *mr, uint64_t offset, uint64_t *together)
{
	uint64_t page_bytes = 1ull << mr->log_page_size, in_page = offset & (page_bytes - 1);
	uint8_t *page = mr->pages[offset >> mr->log_page_size];

	*together = page_bytes - in_page;
	return page ? page + in_page : NULL;
}

uint8_t *lookup_scattered(const struct mr *mr, uint64_t address, bool writing, uint64_t *together)
{
	if (mr->foreign)
		return NULL;
	if (mr->place)
		return mr->place(mr->place_arg, address, writing, together);
	return place_in_pages(mr, address - mr->iova + mr->page_offset, together);
}

static struct mr *find_local(const struct hca *hca, const struct pd *pd, uint32_t lkey,
			     uint64_t address, uint64_t length, bool writing)
{
	uint32_t access = writing ? ACCESS_LOCAL_WRITE : ACCESS_LOCAL_READ;
	struct mr *mr = lookup_key(hca, pd, lkey);

	if (!mr || !lookup_inside(mr->iova, mr->length, address, length))
		return NULL;
	return mr->access & access ? mr : NULL;
}

enum completion_status memory_check(struct hca *hca, const struct pd *pd, const struct sge *sge,
				    unsigned int num_sge, bool writing)
{
	for (; num_sge; num_sge--, sge++) {
		if (sge->inline_data || !sge->length)
			continue;
		if (!find_local(hca, pd, sge->lkey, sge->address, sge->length, writing))
			return STATUS_LOCAL_PROTECTION;
	}
	return STATUS_SUCCESS;
}

/* Out of line, these two, so that linear memory costs no more than the copy. */
static __attribute__((noinline)) bool read_scattered(const struct mr *mr, uint64_t address,
						     void *to, uint32_t length)
{
	uint8_t *out = to;

	if (mr->foreign)
		return foreign_read(mr, address, to, length);
	while (length) {
		uint64_t together;
		const uint8_t *from = lookup_scattered(mr, address, false, &together);
		uint32_t chunk = together < length ? (uint32_t)together : length;

		if (!from || !guard_copy(out, from, chunk))
			return false;
		out += chunk;
		address += chunk;
		length -= chunk;
	}
	return true;
}

static __attribute__((noinline)) bool write_scattered(const struct mr *mr, uint64_t address,
						      const void *from, uint32_t length)
{
	const uint8_t *in = from;

	if (mr->foreign)
		return foreign_write(mr, address, from, length);
	while (length) {
		uint64_t together;
		uint8_t *to = lookup_scattered(mr, address, true, &together);
		uint32_t chunk = together < length ? (uint32_t)together : length;

		if (!to || !guard_copy_in_order(to, in, chunk))
			return false;
		in += chunk;
		address += chunk;
		length -= chunk;
	}
	return true;
}

bool memory_read(const struct mr *mr, uint64_t address, void *to, uint32_t length)
{
	if (__builtin_expect(!mr->linear, 0))
		return read_scattered(mr, address, to, length);
	return guard_copy(to, mr->linear + (address - mr->iova), length);
}

bool memory_write(const struct mr *mr, uint64_t address, const void *from, uint32_t length)
{
	if (__builtin_expect(!mr->linear, 0))
		return write_scattered(mr, address, from, length);
	return guard_copy_in_order(mr->linear + (address - mr->iova), from, length);
}

/* The part of an element behind `*skip` bytes, at most `length`; lessens *skip by what it skips. */
static uint32_t part_of(const struct sge *sge, uint64_t *skip, uint32_t length, uint32_t *start)
{
	if (*skip >= sge->length) {
		*skip -= sge->length;
		return 0;
	}
	*start = (uint32_t)*skip;
	*skip = 0;
	return sge->length - *start < length ? sge->length - *start : length;
}

static bool gather_from(struct hca *hca, const struct pd *pd, const struct sge *sge, uint32_t start,
			void *to, uint32_t length)
{
	uint64_t address = sge->address + start;
	const struct mr *mr;

	if (sge->inline_data)
		return guard_copy(to, (const uint8_t *)sge->inline_data + start, length);
	mr = find_local(hca, pd, sge->lkey, address, length, false);
	return mr && memory_read(mr, address, to, length);
}

/* Why an element could not be touched: if key, range and rights were in order, by its memory. Pages
 * of on-demand regions are told apart. */
static enum completion_status refusal(struct hca *hca, const struct pd *pd, const struct sge *sge,
				      bool writing)
{
	const struct mr *mr = sge->inline_data ? NULL
					       : find_local(hca, pd, sge->lkey, sge->address,
							    sge->length, writing);

	return mr && mr->access & ACCESS_ON_DEMAND ? STATUS_LOCAL_PAGE_FAULT
						   : STATUS_LOCAL_PROTECTION;
}

enum completion_status memory_gather(struct hca *hca, const struct pd *pd, const struct sge *sge,
				     unsigned int num_sge, uint64_t skip, void *to, uint32_t length)
{
	uint8_t *out = to;

	for (; num_sge && length; num_sge--, sge++) {
		uint32_t start, part = part_of(sge, &skip, length, &start);

		if (!part)
			continue;
		if (!gather_from(hca, pd, sge, start, out, part))
			return refusal(hca, pd, sge, false);
		out += part;
		length -= part;
	}
	return length ? STATUS_LOCAL_LENGTH : STATUS_SUCCESS;
}

static bool scatter_to(struct hca *hca, const struct pd *pd, const struct sge *sge, uint32_t start,
		       const void *from, uint32_t length)
{
	uint64_t address = sge->address + start;
	const struct mr *mr = find_local(hca, pd, sge->lkey, address, length, true);

	return mr && memory_write(mr, address, from, length);
}

enum completion_status memory_scatter(struct hca *hca, const struct pd *pd, const struct sge *sge,
				      unsigned int num_sge, uint64_t skip, const void *from,
				      uint32_t length)
{
	const uint8_t *in = from;

	for (; num_sge && length; num_sge--, sge++) {
		uint32_t start, part = part_of(sge, &skip, length, &start);

		if (!part)
			continue;
		if (!scatter_to(hca, pd, sge, start, in, part))
			return refusal(hca, pd, sge, true);
		in += part;
		length -= part;
	}
	return length ? STATUS_LOCAL_LENGTH : STATUS_SUCCESS;
}

struct mr *memory_remote(const struct qp *qp, const struct pd *pd, uint32_t rkey, uint64_t address,
			 uint64_t length, uint32_t access)
{
	struct mr *mr = lookup_index(qp->hca, rkey);

	if (!mr || mr->key != rkey || (mr->scope != pd && mr->scope != qp))
		mr = pd ? foreign_find(qp->hca, pd, rkey) : NULL;
	if (!mr || (mr->access & access) != access ||
	    !lookup_inside(mr->iova, mr->length, address, length))
		return NULL;
	return mr;
}
