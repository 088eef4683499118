/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a program says to the shim: commands by write() and by ioctl(), on a device that has a few
 * objects. An input is a list of them, word by word; a word is a literal, a small number, or the
 * address of memory that is there.
 */
#include <string.h>

#include "harness.h"
#include "supply.h"
#include "target.h"

enum { MAX_WORDS = 60, MAX_CALLS = 32, SCRATCH_BYTES = 65536, GIVEN_ATTRS = 12 };

static uint8_t scratch[SCRATCH_BYTES] __attribute__((aligned(4096)));

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static uint64_t word(struct supply *supply)
{
	static const uint32_t edges[] = {0xffff, 0x7fffffff, 0x80000000, 0xffffffff};

	switch (supply_draw(supply, 6)) {
	case 0:
		return (uintptr_t)scratch + supply_draw(supply, SCRATCH_BYTES / 128) * 64;
	case 1:
		return supply_draw(supply, 4);
	case 2:
		return supply_draw(supply, 256);
	case 3:
		return 1ull << supply_draw(supply, 64);
	case 4:
		return edges[supply_draw(supply, 4)];
	default:
		return (uint64_t)supply_draw(supply, 1u << 31) << 32 |
		       supply_draw(supply, 1u << 31);
	}
}

static void put(uint8_t *to, uint64_t value, size_t bytes)
{
	memcpy(to, &value, bytes);
}

/* Contexts and channels, which are descriptors, are left to the target. */
static bool is_ours(uint32_t command)
{
	command &= IB_USER_VERBS_CMD_COMMAND_MASK;
	return command != IB_USER_VERBS_CMD_GET_CONTEXT &&
	       command != IB_USER_VERBS_CMD_CREATE_COMP_CHANNEL;
}

static void write_one(const struct device *device, struct supply *supply)
{
	uint8_t bytes[8 + 8 * MAX_WORDS];
	size_t length = 8 + 4 * supply_draw(supply, 2 * MAX_WORDS);
	struct ib_uverbs_cmd_hdr header = {
		.command = supply_draw(supply, 64),
		.in_words = (uint16_t)(supply_draw(supply, 8) ? length / 4
							      : supply_draw(supply, 1 << 16)),
		.out_words = (uint16_t)supply_draw(supply, 128),
	};

	if (supply_draw(supply, 4) == 0) {
		header.command |= IB_USER_VERBS_CMD_FLAG_EXTENDED;
		header.in_words = (uint16_t)((length - 8) / 8);
	}
	if (!is_ours(header.command))
		return;
	memcpy(bytes, &header, sizeof(header));
	for (size_t at = 8; at < length; at += 4)
		put(bytes + at, word(supply), 4);
	/* Addresses of answers and of much else take 8 bytes. */
	for (uint32_t count = supply_draw(supply, 4); count; count--) {
		size_t at = 8 + 8 * supply_draw(supply, MAX_WORDS);

		put(bytes + at, word(supply), 8);
	}
	write_command(device->file, bytes, length);
}

static void call_one(const struct device *device, struct supply *supply)
{
	static const uint16_t objects[] = {0, 1, 3, 4, 5, 6, 7, 8, 9, 0x1000, 0x1008};
	struct ib_uverbs_attr attrs[GIVEN_ATTRS];
	uint16_t count = (uint16_t)supply_draw(supply, GIVEN_ATTRS + 1);
	uint16_t object = objects[supply_draw(supply, sizeof(objects) / sizeof(objects[0]))];
	uint16_t method = (uint16_t)(supply_draw(supply, 8) | (object & 0x1000));

	for (uint16_t i = 0; i < count; i++)
		attrs[i] = (struct ib_uverbs_attr){
			.attr_id = (uint16_t)(supply_draw(supply, 16) |
					      (supply_draw(supply, 4) ? 0 : 0x1000)),
			.len = (uint16_t)(supply_draw(supply, 2) ? supply_draw(supply, 512) : 0),
			.flags = (uint16_t)supply_draw(supply, 2),
			.data = word(supply)};
	/* What INVOKE_WRITE carries. */
	if (object == UVERBS_OBJECT_DEVICE && method == UVERBS_METHOD_INVOKE_WRITE)
		for (uint16_t i = 0; i < count; i++)
			if (attrs[i].attr_id == UVERBS_ATTR_WRITE_CMD &&
			    !is_ours((uint32_t)attrs[i].data))
				return;
	/* The context stays the target's as well. */
	if (object == UVERBS_OBJECT_DEVICE && method == UVERBS_METHOD_GET_CONTEXT)
		return;
	call(device, object, method, attrs, count);
}

/* Inputs of ioctls lie there. */
static void fill_scratch(struct supply *supply)
{
	for (uint32_t count = supply_draw(supply, 32); count; count--)
		put(scratch + 8 * supply_draw(supply, 64), word(supply), 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct supply supply = {.bytes = data, .left = size};
	struct device device = device_open_with_context();
	struct queue queues[2];
	uint32_t pd = make_pd(&device);
	uint32_t cq = make_cq(&device, &queues[0], 1, -1);

	make_qp(&device, &queues[1], pd, cq, 2);
	memset(scratch, 0, sizeof(scratch));
	for (unsigned int i = 0; i < MAX_CALLS && !supply_has_ended(&supply); i++) {
		fill_scratch(&supply);
		if (supply_draw(&supply, 2))
			write_one(&device, &supply);
		else
			call_one(&device, &supply);
	}
	device_close(&device);
	queue_free(&queues[0]);
	queue_free(&queues[1]);
	return 0;
}
