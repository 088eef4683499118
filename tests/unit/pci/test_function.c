/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What reaches the adapter, in which shape and order, and what a reset leaves. */
#include "harness.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "softhca/fabric/control.h"
#include "softhca/fabric/fabric.h"

enum { EXPRESS_CONTROL = 0x48, MSIX_CONTROL = 0x82 };

static struct world world;

static int setup(void **state)
{
	(void)state;
	world_create(&world);
	greet(&world);
	return 0;
}

static int setup_enabled(void **state)
{
	setup(state);
	enable(&world);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_destroy(&world);
	return 0;
}

static void expect_notes(const struct fake_note *notes, unsigned int count)
{
	struct adapter *adapter = world.function->adapter;

	engine_lock(world.engine);
	assert_int_equal(adapter->num_notes, count);
	for (unsigned int i = 0; i < count; i++) {
		assert_int_equal(adapter->notes[i].write, notes[i].write);
		assert_int_equal(adapter->notes[i].offset, notes[i].offset);
		assert_int_equal(adapter->notes[i].bytes, notes[i].bytes);
	}
	adapter->num_notes = 0;
	engine_unlock(world.engine);
}

static void stores_arrive_whole_and_in_order(void **state)
{
	static const struct fake_note notes[] = {
		{true, 0x800, 8}, {true, 0x18, 4}, {true, 0x20, 8}, {true, 0x6, 2}, {true, 0x3, 1}};
	uint8_t data[8] = "abcdefg", back[8];

	(void)state;
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(write_region(&world, 0, notes[i].offset, data, notes[i].bytes), 0);
	expect_notes(notes, 5);
	assert_int_equal(read_region(&world, 0, 0x800, back, 8), 0);
	assert_memory_equal(back, data, 8);
}

static void posted_stores_arrive_before_what_follows(void **state)
{
	enum { COUNT = 40 };
	struct {
		struct vfio_user_header header;
		struct vfio_user_region_access access;
		uint32_t data;
	} __attribute__((packed)) stores[COUNT];
	uint32_t value;

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++) {
		stores[i].header = (struct vfio_user_header){.command = VFIO_USER_REGION_WRITE,
							     .size = sizeof(stores[i]),
							     .flags = VFIO_USER_NO_REPLY};
		stores[i].access = (struct vfio_user_region_access){0x100, 0, 4};
		stores[i].data = i;
	}
	say(&world, stores, sizeof(stores), NULL, 0);
	assert_int_equal(read_region(&world, 0, 0x100, &value, 4), 0);
	assert_int_equal(value, COUNT - 1);
}

static void odd_accesses_are_cut_into_aligned_ones(void **state)
{
	static const struct fake_note writes[] = {{true, 0x101, 1}, {true, 0x102, 2},
						  {true, 0x104, 4}, {true, 0x108, 8},
						  {true, 0x110, 2}, {true, 0x112, 1}};
	static const struct fake_note reads[] = {{false, 0x104, 4}, {false, 0x108, 4}};
	uint8_t data[18] = "0123456789abcdefg", back[8];

	(void)state;
	assert_int_equal(write_region(&world, 0, 0x101, data, 18), 0);
	expect_notes(writes, 6);
	assert_int_equal(read_region(&world, 0, 0x104, back, 8), 0);
	expect_notes(reads, 2);
	assert_memory_equal(back, data + 3, 8);
}

static void accesses_outside_are_refused(void **state)
{
	uint8_t data[16] = {0};

	(void)state;
	assert_int_equal(read_region(&world, 0, FAKE_BAR0_BYTES - 4, data, 8), EINVAL);
	assert_int_equal(write_region(&world, 0, FAKE_BAR0_BYTES - 4, data, 8), EINVAL);
	assert_int_equal(read_region(&world, 0, FAKE_BAR0_BYTES, data, 1), EINVAL);
	assert_int_equal(read_region(&world, 0, UINT64_MAX - 3, data, 4), EINVAL);
	assert_int_equal(read_region(&world, 0, UINT64_MAX, data, 4), EINVAL);
	assert_int_equal(read_region(&world, VFIO_PCI_CONFIG_REGION_INDEX, 4094, data, 4), EINVAL);
	assert_int_equal(write_region(&world, VFIO_PCI_CONFIG_REGION_INDEX, 4096, data, 1), EINVAL);
	assert_int_equal(read_region(&world, 4, 8190, data, 4), EINVAL);
	for (uint32_t region = 0; region < 12; region++)
		if (region != 0 && region != 4 && region != 7)
			assert_int_equal(read_region(&world, region, 0, data, 4), EINVAL);
	assert_int_equal(read_region(&world, UINT32_MAX, 0, data, 4), EINVAL);
	assert_int_equal(read_region(&world, 0, 0x100, data, 0), 0);
	expect_notes(NULL, 0);
}

static void counts_that_do_not_fit_are_refused(void **state)
{
	struct vfio_user_region_access access = {0, 0, VFIO_USER_MAX_TRANSFER + 1};
	uint8_t write[sizeof(access) + 8] = {0};

	(void)state;
	assert_int_equal(ask(&world, VFIO_USER_REGION_READ, &access, sizeof(access), NULL, 0),
			 EINVAL);
	access.count = UINT32_MAX;
	assert_int_equal(ask(&world, VFIO_USER_REGION_READ, &access, sizeof(access), NULL, 0),
			 EINVAL);
	memcpy(write, &access, sizeof(access));
	assert_int_equal(ask(&world, VFIO_USER_REGION_WRITE, write, sizeof(write), NULL, 0),
			 EINVAL);
	access.count = 9;
	memcpy(write, &access, sizeof(access));
	assert_int_equal(ask(&world, VFIO_USER_REGION_WRITE, write, sizeof(write), NULL, 0),
			 EINVAL);
	access.count = 7;
	memcpy(write, &access, sizeof(access));
	assert_int_equal(ask(&world, VFIO_USER_REGION_WRITE, write, sizeof(write), NULL, 0),
			 EINVAL);
	expect_notes(NULL, 0);
}

static void the_largest_transfer_passes(void **state)
{
	static uint8_t data[VFIO_USER_MAX_TRANSFER];

	(void)state;
	assert_int_equal(read_region(&world, 0, 0, data, sizeof(data)), 0);
	assert_int_equal(write_region(&world, 0, 0, data, sizeof(data)), 0);
}

static void registers_answer_only_when_memory_is_decoded(void **state)
{
	uint32_t value = 0x12345678;

	(void)state;
	write_config16(&world, PCI_COMMAND, PCI_COMMAND_MASTER);
	assert_int_equal(write_region(&world, 0, 0x10, &value, 4), 0);
	assert_int_equal(read_region(&world, 0, 0x10, &value, 4), 0);
	assert_int_equal(value, 0xffffffff);
	assert_int_equal(read_region(&world, 4, 0, &value, 4), 0);
	assert_int_equal(value, 0xffffffff);
	expect_notes(NULL, 0);
	enable(&world);
	assert_int_equal(read_region(&world, 0, 0x10, &value, 4), 0);
	assert_int_equal(value, 0);
}

static void the_msix_table_is_in_bar_4(void **state)
{
	uint32_t value = 0x4041;

	(void)state;
	assert_int_equal(write_region(&world, 4, 0x18, &value, 4), 0);
	value = 0;
	assert_int_equal(read_region(&world, 4, 0x18, &value, 4), 0);
	assert_int_equal(value, 0x4041);
	expect_notes(NULL, 0);
}

static int give_event(void)
{
	int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	assert_int_equal(function_set_event(world.function, 0, dup(event)), 0);
	return event;
}

static void ring(void)
{
	uint32_t vector = 0;

	assert_int_equal(write_region(&world, 0, FAKE_INTERRUPT_REGISTER, &vector, 4), 0);
}

static void an_interrupt_takes_a_bus_master(void **state)
{
	int event = give_event();

	(void)state;
	write_config16(&world, MSIX_CONTROL, PCI_MSIX_FLAGS_ENABLE);
	write_config16(&world, PCI_COMMAND, PCI_COMMAND_MEMORY);
	ring();
	assert_int_equal(events(event), 0);
	enable(&world);
	assert_int_equal(events(event), 1);
	write_config16(&world, MSIX_CONTROL, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	ring();
	assert_int_equal(events(event), 0);
	write_config16(&world, MSIX_CONTROL, PCI_MSIX_FLAGS_ENABLE);
	assert_int_equal(events(event), 1);
	write_config16(&world, MSIX_CONTROL, 0);
	ring();
	assert_int_equal(events(event), 0);
	close(event);
}

static unsigned int num_resets(void)
{
	unsigned int resets;

	engine_lock(world.engine);
	resets = world.function->adapter->resets;
	engine_unlock(world.engine);
	return resets;
}

static void expect_power_on_state(void)
{
	uint8_t *place;

	assert_int_equal(read_config16(&world, PCI_COMMAND), 0);
	assert_int_equal(read_config16(&world, MSIX_CONTROL), FAKE_VECTORS - 1);
	assert_int_equal(read_config16(&world, PCI_BASE_ADDRESS_0 + 2), 0);
	enable(&world);
	engine_lock(world.engine);
	place = pci_dma(world.function, 0, 0x1000, true);
	engine_unlock(world.engine);
	/* The memory is the guest's and was not reset. */
	assert_non_null(place);
}

static void dirty_everything(void)
{
	const struct dma_range range = {.bytes = 0x1000, .readable = true, .writable = true};
	int file = make_file(0x1000);

	assert_int_equal(function_map(world.function, &range, file, 0), 0);
	close(file);
	write_config16(&world, MSIX_CONTROL, PCI_MSIX_FLAGS_ENABLE);
	write_config16(&world, PCI_BASE_ADDRESS_0 + 2, 0xfe00);
}

static void a_reset_puts_it_into_the_state_after_power_on(void **state)
{
	(void)state;
	dirty_everything();
	assert_int_equal(ask(&world, VFIO_USER_DEVICE_RESET, NULL, 0, NULL, 0), 0);
	assert_int_equal(num_resets(), 1);
	expect_power_on_state();
}

static void so_does_a_function_level_reset(void **state)
{
	(void)state;
	dirty_everything();
	write_config16(&world, EXPRESS_CONTROL, PCI_EXP_DEVCTL_BCR_FLR);
	assert_int_equal(num_resets(), 1);
	expect_power_on_state();
}

/* ---- the thread ---- */

static struct fabric *look(void)
{
	struct fabric *fabric;
	char name[32], reason[128];

	snprintf(name, sizeof(name), "unit-pci-%d", (int)getpid());
	assert_int_equal(fabric_look(name, &fabric, reason, sizeof(reason)), 0);
	return fabric;
}

static bool has_seen_the_link_go(struct world *seen)
{
	return seen->function->adapter->port_changes == 1;
}

static bool has_seen_the_link_return(struct world *seen)
{
	return seen->function->adapter->port_changes == 2;
}

static bool has_seen_the_end(struct world *seen)
{
	return seen->function->adapter->port_changes == 3;
}

static void the_adapter_learns_of_its_port_without_the_guests_doing(void **state)
{
	struct fabric *fabric = look();
	unsigned int count;

	(void)state;
	assert_int_equal(fabric_set_link(fabric, 1, false, &count), 0);
	assert_int_equal(count, 1);
	wait_until(&world, has_seen_the_link_go);
	assert_int_equal(fabric_set_link(fabric, 1, true, &count), 0);
	wait_until(&world, has_seen_the_link_return);
	assert_int_equal(fabric_kill(fabric, 1, &count), 0);
	wait_until(&world, has_seen_the_end);
	fabric_look_away(fabric);
}

static bool sleeps_for_long(struct world *seen)
{
	return atomic_load(&seen->function->drive.wakes_ns) > seen->engine->now_ns + 10000000;
}

static void senders_know_that_it_must_be_woken(void **state)
{
	struct fabric *fabric = look();
	const struct fabric_process *process = fabric_process_at(fabric, fabric_self(world.fabric));

	(void)state;
	assert_true(atomic_load(&process->armed));
	wait_until(&world, sleeps_for_long);
	fabric_look_away(fabric);
}

static void ill_formed_identities_are_refused(void **state)
{
	struct adapter_ops ops = fake_adapter;
	struct pci_function *function;

	(void)state;
	ops.identity.bar_bytes[0] = 0x3000;
	assert_int_equal(function_create(world.engine, &ops, &function), EINVAL);
	ops = fake_adapter;
	ops.identity.bar_bytes[4] = 0x4000;
	assert_int_equal(function_create(world.engine, &ops, &function), EINVAL);
	ops = fake_adapter;
	ops.identity.msix_vectors = 0;
	assert_int_equal(function_create(world.engine, &ops, &function), EINVAL);
	/* The adapter's own failure: the host's HCA is open already. */
	assert_int_equal(function_create(world.engine, &fake_adapter, &function), EBUSY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_enabled, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stores_arrive_whole_and_in_order),
		TEST(posted_stores_arrive_before_what_follows),
		TEST(odd_accesses_are_cut_into_aligned_ones),
		TEST(accesses_outside_are_refused),
		TEST(counts_that_do_not_fit_are_refused),
		TEST(the_largest_transfer_passes),
		TEST(registers_answer_only_when_memory_is_decoded),
		TEST(the_msix_table_is_in_bar_4),
		TEST(an_interrupt_takes_a_bus_master),
		TEST(a_reset_puts_it_into_the_state_after_power_on),
		TEST(so_does_a_function_level_reset),
		TEST(the_adapter_learns_of_its_port_without_the_guests_doing),
		TEST(senders_know_that_it_must_be_woken),
		TEST(ill_formed_identities_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
