/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages from strangers: random and half-right ones, from a fixed seed. Nothing is asserted of
 * the answers but that there is one to each, that the server is there at the end, and that it
 * closes cleanly; the sanitizers see the rest.
 */
#include "harness.h"

#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS = 20000, FILE_BYTES = 64 * 4096 };

static struct world world;
static int file;
static uint64_t random_state = 0x9e3779b97f4a7c15;

/* xorshift64: the same numbers everywhere. */
static uint32_t random_number(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % below;
}

/* Values that a parser has to think about, more often than noise. */
static uint64_t interesting(void)
{
	static const uint64_t values[] = {0,	      1,	  2,	      3,
					  4,	      7,	  8,	      32,
					  0x1000,     0x2000,	  0xffff,     0x7fffffff,
					  0xffffffff, 0xfffff000, UINT64_MAX, UINT64_MAX - 0xfff};

	switch (random_number(4)) {
	case 0:
		return random_number(FILE_BYTES / 4096) * 4096ull;
	case 1:
		return random_state;
	default:
		return values[random_number(sizeof(values) / sizeof(values[0]))];
	}
}

static uint32_t interesting32(void)
{
	return (uint32_t)interesting();
}

static size_t put_map(uint8_t *body)
{
	struct vfio_user_dma_map map = {sizeof(map), random_number(4), interesting(), interesting(),
					interesting()};

	memcpy(body, &map, sizeof(map));
	return sizeof(map);
}

static size_t put_unmap(uint8_t *body)
{
	struct vfio_user_dma_unmap unmap = {sizeof(unmap), random_number(3), interesting(),
					    interesting()};

	memcpy(body, &unmap, sizeof(unmap));
	return sizeof(unmap);
}

static size_t put_irqs(uint8_t *body)
{
	const struct vfio_irq_set set = {
		.argsz = sizeof(set) + 8,
		.flags = random_number(2) ? 0x24 : interesting32(),
		.index = random_number(4),
		.start = random_number(FAKE_VECTORS + 2),
		.count = random_number(2) ? random_number(4) : interesting32(),
	};

	memcpy(body, &set, sizeof(set));
	memset(body + sizeof(set), 1, 8);
	return sizeof(set) + random_number(9);
}

static size_t put_access(uint8_t *body, bool write)
{
	struct vfio_user_region_access access = {interesting(), random_number(10),
						 random_number(64)};

	if (random_number(8) == 0)
		access.count = interesting32();
	memcpy(body, &access, sizeof(access));
	for (unsigned int i = 0; i < 64; i++)
		body[sizeof(access) + i] = (uint8_t)random_number(256);
	return sizeof(access) + (write && access.count < 64 ? access.count : random_number(8));
}

/* Sometimes cut short or too long. */
static size_t put_body(uint16_t number, uint8_t *body)
{
	size_t length;

	for (unsigned int i = 0; i < 128; i += 4) {
		uint32_t noise = interesting32();

		memcpy(body + i, &noise, sizeof(noise));
	}
	if (number == VFIO_USER_DMA_MAP)
		length = put_map(body);
	else if (number == VFIO_USER_DMA_UNMAP)
		length = put_unmap(body);
	else if (number == VFIO_USER_DEVICE_SET_IRQS)
		length = put_irqs(body);
	else if (number == VFIO_USER_REGION_READ || number == VFIO_USER_REGION_WRITE)
		length = put_access(body, number == VFIO_USER_REGION_WRITE);
	else
		length = random_number(64);
	return random_number(16) ? length : random_number(100);
}

static void take_answer(uint16_t id)
{
	static uint8_t body[VFIO_USER_MAX_TRANSFER + 64];
	size_t length;

	(void)answer(&world, id, body, sizeof(body), &length);
}

static void garbage_is_survived(void **state)
{
	uint8_t body[128];

	(void)state;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		const int files[] = {file, file, file};
		uint16_t number = (uint16_t)random_number(16);

		take_answer(command_with_files(&world, number, body, put_body(number, body), files,
					       random_number(2) ? random_number(4) : 1));
		if (random_number(64) == 0)
			enable(&world);
	}
	assert_int_equal(read_config16(&world, 0), 0x15b3);
}

/* Framing is lost at some point, after which the server is gone. */
static void noise_is_survived(void **state)
{
	uint8_t noise[64];

	(void)state;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		for (unsigned int j = 0; j < sizeof(noise); j++)
			noise[j] = (uint8_t)(random_number(4) ? 0 : random_number(256));
		if (send(world.client, noise, sizeof(noise), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			break;
	}
	shutdown(world.client, SHUT_RDWR);
	assert_true(world_await_server(&world) >= 0);
}

static int setup(void **state)
{
	(void)state;
	world_create(&world);
	greet(&world);
	enable(&world);
	file = make_file(FILE_BYTES);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_destroy(&world);
	close(file);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(garbage_is_survived, setup, teardown),
		cmocka_unit_test_setup_teardown(noise_is_survived, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
