/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Commands from strangers: random and half-right ones, by either carrier, from a fixed seed.
 * Nothing is asserted of the answers but that they come as errno values, that the process survives,
 * and that the device closes cleanly; the sanitizers see the rest.
 */
#include "harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/shim/environment.h"

enum { ROUNDS = 40000 };

static uint64_t random_state = 0x9e3779b97f4a7c15;

/* xorshift64: the same numbers everywhere. */
static uint32_t random_number(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % below;
}

static uint8_t scratch[65536] __attribute__((aligned(4096)));

/* Values that a parser has to think about, more often than noise. */
static uint64_t interesting(void)
{
	static const uint64_t values[] = {
		0, 1, 2, 3, 4, 8, 16, 64, 128, 4096, 0xffff, 0x7fffffff, 0xffffffff, UINT64_MAX};

	switch (random_number(4)) {
	case 0:
		return (uintptr_t)scratch + random_number(sizeof(scratch) / 2) / 64 * 64;
	case 1:
		return random_state;
	default:
		return values[random_number(sizeof(values) / sizeof(values[0]))];
	}
}

static void fill(uint8_t *bytes, size_t length)
{
	for (size_t at = 0; at + 4 <= length; at += 4) {
		uint64_t value = interesting();

		if (at % 8 == 0 && at + 8 <= length && random_number(2))
			memcpy(bytes + at, &value, 8);
		else
			memcpy(bytes + at, &value, 4);
	}
}

static void write_garbage(const struct device *device)
{
	uint8_t bytes[512];
	size_t words = 2 + random_number(62);
	struct ib_uverbs_cmd_hdr header = {.command = random_number(60),
					   .in_words = (uint16_t)words,
					   .out_words = (uint16_t)random_number(100)};
	uint64_t answer = (uintptr_t)scratch;

	fill(bytes, sizeof(bytes));
	if (random_number(4) == 0) {
		header.command |= IB_USER_VERBS_CMD_FLAG_EXTENDED;
		header.in_words = (uint16_t)random_number(20);
		words = (sizeof(struct ib_uverbs_ex_cmd_hdr) + 8 + header.in_words * 8u) / 4;
		memset(bytes + 16, 0, 8);
	}
	/* Contexts and closing are left to the test. */
	if ((header.command & 0xff) == IB_USER_VERBS_CMD_GET_CONTEXT ||
	    (header.command & 0xff) == IB_USER_VERBS_CMD_CREATE_COMP_CHANNEL)
		return;
	memcpy(bytes, &header, sizeof(header));
	if (random_number(4))
		memcpy(bytes + 8, &answer, 8);
	if (write_command(device->file, bytes, words * 4) < 0)
		assert_in_range(errno, 1, 200);
}

static void ioctl_garbage(const struct device *device)
{
	static const uint16_t objects[] = {0,  1,  3,  4,  5,	 6,  7,	    9,
					   11, 12, 14, 15, 0x10, 17, 0x1008};
	struct ib_uverbs_attr attrs[16];
	uint16_t count = (uint16_t)random_number(16);
	uint16_t object = objects[random_number(sizeof(objects) / sizeof(objects[0]))];
	uint16_t method =
		(uint16_t)(random_number(7) | (object >= 0x1000 || !random_number(4) ? 0x1000 : 0));
	int rc;

	/* No more descriptors than the process may have. */
	if (object == 0x10)
		count = 0;
	for (uint16_t i = 0; i < count; i++) {
		attrs[i] = (struct ib_uverbs_attr){
			.attr_id = (uint16_t)(random_number(15) | (random_number(4) ? 0 : 0x1000)),
			.len = (uint16_t)(random_number(3) ? random_number(9) : random_number(300)),
			.flags = (uint16_t)random_number(2),
			.data = interesting()};
		if (random_number(2))
			attrs[i].len = 0;
	}
	rc = call(device, object, method, attrs, count);
	assert_in_range(rc, 0, 200);
}

static void survive(const char *port_type)
{
	struct device device;
	struct queue queues[2];
	uint32_t pd, cq;

	setenv(SOFTHCA_ENV_PORT_TYPE, port_type, 1);
	device = device_open_with_context();
	unsetenv(SOFTHCA_ENV_PORT_TYPE);
	pd = make_pd(&device);
	cq = make_cq(&device, &queues[0], 1, -1);
	make_qp(&device, &queues[1], pd, cq, 2);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		write_garbage(&device);
		ioctl_garbage(&device);
	}
	device_close(&device);
	assert_null(membership_current()->engine);
	queue_free(&queues[0]);
	queue_free(&queues[1]);
}

static void survives_random_commands(void **state)
{
	(void)state;
	survive("ib");
}

static void survives_them_on_ethernet(void **state)
{
	(void)state;
	survive("eth");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(survives_random_commands),
		cmocka_unit_test(survives_them_on_ethernet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
