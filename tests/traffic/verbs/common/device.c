/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The device and its memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bed.h"

static struct ibv_context *open_chosen(void)
{
	const char *name = getenv("OV_DEVICE");
	struct ibv_context *context = NULL;
	struct ibv_device **list = ibv_get_device_list(NULL);

	CHECK(list);
	for (int i = 0; list[i] && !context; i++)
		if (!name || !strcmp(ibv_get_device_name(list[i]), name)) {
			context = ibv_open_device(list[i]);
			CHECK(context);
		}
	if (!context)
		fail(__FILE__, __LINE__, "no device %s", name ? name : "at all");
	ibv_free_device_list(list);
	return context;
}

static bool in_kernel(void)
{
	const char *world = getenv("OV_WORLD");

	return world && !strcmp(world, "kernel");
}

static uint8_t number_from(const char *variable, uint8_t otherwise)
{
	const char *text = getenv(variable);
	char *end;
	long number;

	if (!text)
		return otherwise;
	number = strtol(text, &end, 10);
	if (end == text || *end || number < 0 || number > UINT8_MAX)
		fail(__FILE__, __LINE__, "%s=%s is not a number from 0 to 255", variable, text);
	return (uint8_t)number;
}

static uint8_t first_routable_gid(const struct bed *bed)
{
	struct ibv_gid_entry entry;

	for (int index = 0; index < bed->port.gid_tbl_len && index <= UINT8_MAX; index++)
		if (!ibv_query_gid_ex(bed->context, bed->port_num, (uint32_t)index, &entry, 0) &&
		    entry.gid_type == IBV_GID_TYPE_ROCE_V2)
			return (uint8_t)index;
	fail(__FILE__, __LINE__, "port %u has no GID of RoCE v2", bed->port_num);
}

void bed_open(struct bed *bed)
{
	*bed = (struct bed){.context = open_chosen(), .port_num = number_from("OV_PORT", 1)};
	CHECK_OK(ibv_query_device(bed->context, &bed->device));
	bed->family = family_of(bed->context);
	bed->kernel = in_kernel();
	bed->pd = ibv_alloc_pd(bed->context);
	CHECK(bed->pd);
	CHECK_OK(ibv_query_port(bed->context, bed->port_num, &bed->port));
	bed->ethernet = bed->port.link_layer == IBV_LINK_LAYER_ETHERNET;
	bed->gid_index = number_from("OV_GID_INDEX", bed->ethernet ? first_routable_gid(bed) : 0);
	CHECK_EQ(ibv_query_gid(bed->context, bed->port_num, bed->gid_index, &bed->gid), 0);
}

void bed_close(struct bed *bed)
{
	CHECK_OK(ibv_dealloc_pd(bed->pd));
	CHECK_EQ(ibv_close_device(bed->context), 0);
}

enum ibv_mtu bed_mtu(const struct bed *bed, enum ibv_mtu wanted)
{
	return wanted < bed->port.active_mtu ? wanted : bed->port.active_mtu;
}

uint32_t bed_packet_bytes(const struct bed *bed)
{
	return 128u << bed->port.active_mtu;
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
