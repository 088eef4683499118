/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "whole.h"

#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "softhca/fabric/fabric.h"

enum { FILE_BYTES = GUEST_BYTES + WHOLE_PRIVATE_BYTES, CANARY = 0xc5 };

/* ---- registers ---- */

void guest_read(uint64_t offset, uint8_t *bytes, unsigned int length)
{
	assert_int_equal(function_read(guest.function, 0, offset, bytes, length), 0);
}

void guest_write(uint64_t offset, const uint8_t *bytes, unsigned int length)
{
	assert_int_equal(function_write(guest.function, 0, offset, bytes, length), 0);
}

/* ---- memory ---- */

int whole_map(uint64_t address, uint64_t bytes, uint64_t offset, bool writable)
{
	struct dma_range range = {
		.address = address, .bytes = bytes, .readable = true, .writable = writable};

	assert_true(offset <= GUEST_BYTES && bytes <= GUEST_BYTES - offset);
	return function_map(guest.function, &range, guest.file, offset);
}

void whole_enable(void)
{
	const uint8_t memory_and_master[] = {0x06, 0x04};

	assert_int_equal(function_write(guest.function, VFIO_PCI_CONFIG_REGION_INDEX, 4,
					memory_and_master, sizeof(memory_and_master)),
			 0);
}

void whole_plug(void)
{
	struct dma_range no_memory = {.address = WHOLE_NO_MEMORY, .bytes = PAGE, .readable = true};
	uint64_t unmapped;

	function_unmap_all(guest.function, &unmapped);
	function_reset(guest.function);
	for (uint64_t i = 0; i < WHOLE_RANGES; i++)
		assert_int_equal(whole_map(GUEST_BASE + i * WHOLE_RANGE_BYTES, WHOLE_RANGE_BYTES,
					   i * WHOLE_RANGE_BYTES, true),
				 0);
	assert_int_equal(whole_map(WHOLE_READ_ONLY, WHOLE_RANGE_BYTES, 0, false), 0);
	assert_int_equal(function_map(guest.function, &no_memory, -1, 0), 0);
	whole_enable();
}

void whole_check_private(void)
{
	static uint8_t untouched[WHOLE_PRIVATE_BYTES];

	memset(untouched, CANARY, sizeof(untouched));
	assert_memory_equal(guest.memory + GUEST_BYTES, untouched, sizeof(untouched));
}

void whole_clear(void)
{
	assert_int_equal(
		fallocate(guest.file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, GUEST_BYTES),
		0);
}

/* ---- life ---- */

int guest_start(void **state)
{
	struct fabric_options options = {.host = 1, .family = "mlx5", .port_type = FABRIC_PORT_IB};
	char name[48], reason[256] = "";

	(void)state;
	memset(&guest, 0, sizeof(guest));
	snprintf(name, sizeof(name), "unit-pci-whole-%d", (int)getpid());
	options.name = name;
	if (fabric_join(&options, &guest.fabric, reason, sizeof(reason))) {
		fprintf(stderr, "%s\n", reason);
		return -1;
	}
	guest.file = memfd_create("guest", MFD_CLOEXEC);
	if (guest.file < 0 || ftruncate(guest.file, FILE_BYTES))
		return -1;
	guest.memory = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, guest.file, 0);
	if (guest.memory == MAP_FAILED || engine_create(guest.fabric, &guest.engine))
		return -1;
	memset(guest.memory + GUEST_BYTES, CANARY, WHOLE_PRIVATE_BYTES);
	assert_int_equal(function_create(guest.engine, &softhca_mlx5_adapter, &guest.function), 0);
	whole_plug();
	guest_begin();
	return 0;
}

int guest_stop(void **state)
{
	(void)state;
	function_destroy(guest.function);
	engine_destroy(guest.engine);
	fabric_leave(guest.fabric);
	munmap(guest.memory, FILE_BYTES);
	close(guest.file);
	return 0;
}
