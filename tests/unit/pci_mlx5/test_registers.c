/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The initialization segment as a driver reads it before the first command. */
#include <string.h>

#include "rig.h"
#include "softhca/core/engine.h"
#include "softhca/fabric/fabric.h"

static struct fabric_hca *port(void)
{
	struct fabric_hca *hca;
	unsigned int index;

	assert_int_equal(fabric_hca_open(guest.fabric, "mlx5", &hca, &index), 0);
	return hca;
}

static void revision_is_that_of_a_connectx4_with_command_interface_5(void **state)
{
	(void)state;
	assert_int_equal(reg_read(0x00), 28u << 16 | 12);
	assert_int_equal(reg_read(0x04), 5u << 16 | 2006);
}

static void command_queue_has_32_entries_of_64_bytes_and_keeps_its_address(void **state)
{
	(void)state;
	reg_write(0x10, 0x12);
	reg_write(0x14, 0x345678ff);
	assert_int_equal(reg_read(0x10), 0x12);
	/* The NIC state is what the driver wrote: bits 10:8 of the low dword. */
	assert_int_equal(reg_read(0x14), 0x34567056);
	reg_write(0x14, 0x34567100);
	assert_int_equal(reg_read(0x14), 0x34567156);
}

static void firmware_is_not_initializing_and_healthy(void **state)
{
	(void)state;
	assert_int_equal(reg_read(0x1fc), 0);
	for (unsigned int offset = 0x200; offset < 0x240; offset += 4)
		assert_int_equal(reg_read(offset), 0);
}

static void health_counter_moves_with_every_read(void **state)
{
	uint32_t first = reg_read(0x1010);

	(void)state;
	assert_int_not_equal(reg_read(0x1010), first);
}

static void timer_goes_on(void **state)
{
	uint64_t first = (uint64_t)reg_read(0x1000) << 32 | reg_read(0x1004);
	uint64_t second = (uint64_t)reg_read(0x1000) << 32 | reg_read(0x1004);

	(void)state;
	assert_true(second > first);
}

static void narrow_and_wide_reads_see_the_same_bytes(void **state)
{
	uint8_t wide[8], narrow[8];

	(void)state;
	engine_lock(guest.engine);
	softhca_mlx5_adapter.bar_read(guest.adapter, 0, 0, wide, 8);
	for (unsigned int i = 0; i < 8; i++)
		softhca_mlx5_adapter.bar_read(guest.adapter, 0, i, &narrow[i], 1);
	engine_unlock(guest.engine);
	assert_memory_equal(wide, narrow, 8);
	assert_int_equal(get32(wide, 4), 5u << 16 | 2006);
}

static void killed_adapter_says_so_where_drivers_look(void **state)
{
	(void)state;
	atomic_store(&port()->killed, 1);
	assert_int_equal(reg_read(0x238) >> 31, 1);
	assert_int_equal(reg_read(0x23c) >> 16 & 0xff, 1);
	assert_int_equal(reg_read(0x14) >> 8 & 7, 1);
	atomic_store(&port()->killed, 0);
}

static void stores_to_nothing_change_nothing(void **state)
{
	uint8_t bytes[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const uint64_t last = (32 << 20) - 8;

	(void)state;
	engine_lock(guest.engine);
	for (unsigned int length = 1; length <= 8; length *= 2) {
		softhca_mlx5_adapter.bar_write(guest.adapter, 0, last, bytes, length);
		softhca_mlx5_adapter.bar_write(guest.adapter, 0, 0x200, bytes, length);
		softhca_mlx5_adapter.bar_write(guest.adapter, 2, 0x14, bytes, length);
	}
	engine_unlock(guest.engine);
	firmware_is_not_initializing_and_healthy(state);
	assert_int_equal(reg_read(last), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, guest_start, guest_stop)
	const struct CMUnitTest tests[] = {
		TEST(revision_is_that_of_a_connectx4_with_command_interface_5),
		TEST(command_queue_has_32_entries_of_64_bytes_and_keeps_its_address),
		TEST(firmware_is_not_initializing_and_healthy),
		TEST(health_counter_moves_with_every_read),
		TEST(timer_goes_on),
		TEST(narrow_and_wide_reads_see_the_same_bytes),
		TEST(killed_adapter_says_so_where_drivers_look),
		TEST(stores_to_nothing_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
