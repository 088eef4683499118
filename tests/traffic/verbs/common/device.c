/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The device and its memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bed.h"

/* On Ethernet the second GID is a RoCE v2 one. */
enum { ETHERNET_GID_INDEX = 1 };

void bed_open(struct bed *bed)
{
	struct ibv_device **list;
	int devices = 0;

	*bed = (struct bed){0};
	list = ibv_get_device_list(&devices);
	CHECK(list);
	CHECK(devices > 0);
	bed->context = ibv_open_device(list[0]);
	CHECK(bed->context);
	ibv_free_device_list(list);
	bed->pd = ibv_alloc_pd(bed->context);
	CHECK(bed->pd);
	CHECK_OK(ibv_query_port(bed->context, 1, &bed->port));
	bed->ethernet = bed->port.link_layer == IBV_LINK_LAYER_ETHERNET;
	bed->gid_index = bed->ethernet ? ETHERNET_GID_INDEX : 0;
	CHECK_EQ(ibv_query_gid(bed->context, 1, bed->gid_index, &bed->gid), 0);
}

void bed_close(struct bed *bed)
{
	CHECK_OK(ibv_dealloc_pd(bed->pd));
	CHECK_EQ(ibv_close_device(bed->context), 0);
}

void buffer_make(struct buffer *buffer, struct ibv_pd *pd, size_t size, int access)
{
	buffer->size = size;
	buffer->bytes = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);
	CHECK(buffer->bytes);
	memset(buffer->bytes, 0, size);
	buffer->mr = ibv_reg_mr(pd, buffer->bytes, size, access);
	CHECK(buffer->mr);
}

void buffer_free(struct buffer *buffer)
{
	CHECK_OK(ibv_dereg_mr(buffer->mr));
	free(buffer->bytes);
}

uint64_t buffer_address(const struct buffer *buffer, size_t offset)
{
	return (uintptr_t)buffer->bytes + offset;
}

struct ibv_sge buffer_sge(const struct buffer *buffer, size_t offset, uint32_t length)
{
	return (struct ibv_sge){
		.addr = buffer_address(buffer, offset),
		.length = length,
		.lkey = buffer->mr->lkey,
	};
}

/* 251 is prime, so pages, segments and cache lines do not repeat. */
static uint8_t pattern_at(size_t i, unsigned int seed)
{
	return (uint8_t)((i % 251) + i / 251 * 7 + seed * 31 + 1);
}

void pattern_fill(void *bytes, size_t length, unsigned int seed)
{
	for (size_t i = 0; i < length; i++)
		((uint8_t *)bytes)[i] = pattern_at(i, seed);
}

void check_pattern(const char *file, int line, const void *bytes, size_t length, unsigned int seed)
{
	for (size_t i = 0; i < length; i++)
		if (((const uint8_t *)bytes)[i] != pattern_at(i, seed))
			fail(file, line, "byte %zu of %zu is 0x%02x instead of 0x%02x", i, length,
			     ((const uint8_t *)bytes)[i], pattern_at(i, seed));
}
