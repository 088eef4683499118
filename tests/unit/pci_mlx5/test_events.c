/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Event queues: order, wrap, arming, a full ring, and events of commands and of the port. */
#include <string.h>

#include "rig.h"
#include "softhca/fabric/fabric.h"

enum { COMMAND = 0x0a, PORT_CHANGE = 0x09 };

static void doorbell(unsigned int offset, uint32_t eqn, uint32_t consumer)
{
	reg_write((uint64_t)uar * PAGE + offset, eqn << 24 | consumer);
}

static const uint8_t *entry_at(uint64_t buffer, unsigned int slot)
{
	return guest_at(buffer) + slot * 64;
}

static void command_events_begin_behind_the_command_that_makes_their_queue(void **state)
{
	uint64_t buffer, other;
	uint32_t eqn = make_eq(4, 0, 1ull << COMMAND, &buffer);

	(void)state;
	assert_int_equal(entry_at(buffer, 0)[63], 1);
	doorbell(0x40, eqn, 0);
	assert_int_equal(guest.interrupts[0], 0);
	make_eq(4, 0, 0, &other); /* which makes a queue, too */
	assert_int_equal(entry_at(buffer, 0)[63], 0);
	assert_int_equal(entry_at(buffer, 0)[1], COMMAND);
	assert_int_equal(get32(entry_at(buffer, 0), 0x20), 1);
	assert_int_equal(guest.interrupts[0], 1);
}

static void command_that_ends_the_queue_has_no_event(void **state)
{
	uint64_t buffer;
	uint32_t eqn = make_eq(4, 0, 1ull << COMMAND, &buffer);

	(void)state;
	doorbell(0x40, eqn, 0);
	assert_int_equal(call_number(0x302, eqn), 0);
	assert_int_equal(entry_at(buffer, 0)[63], 1);
	assert_int_equal(guest.interrupts[0], 0);
	assert_int_equal(call_number(0x800, 0), 0);
}

static void owner_bit_turns_with_each_lap(void **state)
{
	uint64_t buffer;
	uint32_t eqn = make_eq(2, 0, 1ull << COMMAND, &buffer);

	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		assert_int_not_equal(entry_at(buffer, i % 4)[63], i / 4 & 1);
		call_alloc(0x800);
		assert_int_equal(entry_at(buffer, i % 4)[63], i / 4 & 1);
		doorbell(0x48, eqn, i + 1);
	}
	assert_int_equal(guest.interrupts[0], 0);
}

static void arming_late_has_its_interrupt_at_once(void **state)
{
	uint64_t buffer;
	uint32_t eqn = make_eq(4, 3, 1ull << COMMAND, &buffer);

	(void)state;
	call_alloc(0x800);
	assert_int_equal(guest.interrupts[3], 0);
	doorbell(0x40, eqn, 0);
	assert_int_equal(guest.interrupts[3], 1);
	call_alloc(0x800);
	assert_int_equal(guest.interrupts[3], 1);
	doorbell(0x40, eqn, 2);
	assert_int_equal(guest.interrupts[3], 1);
	call_alloc(0x800);
	assert_int_equal(guest.interrupts[3], 2);
}

static void full_queue_keeps_what_it_has_and_says_that_it_overran(void **state)
{
	uint64_t buffer;
	uint32_t eqn = make_eq(2, 0, 1ull << COMMAND, &buffer);

	(void)state;
	for (unsigned int i = 0; i < 10; i++)
		call_alloc(0x800);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(entry_at(buffer, i)[63], 0);
	call_begin(0x303, 0, 16, 0x110);
	put32(call.in, 8, eqn);
	assert_int_equal(call_run(), 0);
	assert_int_equal(get32(call.out, 0x10) >> 28, 0xa);
	assert_int_equal(get32(call.out, 0x10 + 0x2c), 4);
}

/* As many CQs as do not fit, each armed while it has something: the events come when there is
 * room. */
static void completion_events_wait_for_room(void **state)
{
	enum { CQS = 7 };
	uint64_t buffer;
	uint32_t eqn = make_eq(2, 1, 0, &buffer), seen = 0;
	struct made cqs[CQS];

	(void)state;
	for (unsigned int i = 0; i < CQS; i++) {
		cqs[i] = make_cq(eqn, 4);
		/* A consumer index that is behind: there are unpolled entries, or so it looks. */
		put32(guest_at(cqs[i].record), 0, 0xffffff);
		put32(guest_at(cqs[i].record), 4, 1u << 28 | 0xffffff);
		reg_write64((uint64_t)uar * PAGE + 0x20, 1u << 28 | 0xffffff, cqs[i].number);
	}
	for (unsigned int i = 0; i < 4; i++)
		seen |= 1u << (get32(entry_at(buffer, i), 0x38) - cqs[0].number);
	assert_int_equal(seen, 0xf);
	doorbell(0x40, eqn, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(entry_at(buffer, i)[63], 1);
		seen |= 1u << (get32(entry_at(buffer, i), 0x38) - cqs[0].number);
	}
	assert_int_equal(seen, 0x7f);
	/* One that is destroyed while it waits is not waited for. */
	put32(guest_at(cqs[0].record), 4, 2u << 28);
	reg_write64((uint64_t)uar * PAGE + 0x20, 2u << 28, cqs[0].number);
	assert_int_equal(call_number(0x401, cqs[0].number), 0);
	doorbell(0x48, eqn, 7);
	assert_int_equal(entry_at(buffer, 3)[63], 0);
}

static void port_changes(struct fabric_hca *port, bool up)
{
	atomic_store(&port->link_up, up);
	atomic_fetch_add(&port->port_generation, 1);
}

static void tell_port_changes(void)
{
	engine_lock(guest.engine);
	softhca_mlx5_adapter.port_changed(guest.adapter);
	engine_unlock(guest.engine);
}

static void port_that_goes_down_and_up_is_told(void **state)
{
	struct fabric_hca *port;
	unsigned int index;
	uint64_t buffer;

	(void)state;
	assert_int_equal(fabric_hca_open(guest.fabric, "mlx5", &port, &index), 0);
	make_eq(4, 0, 1ull << PORT_CHANGE, &buffer);
	port_changes(port, false);
	tell_port_changes();
	assert_int_equal(entry_at(buffer, 0)[1], PORT_CHANGE);
	assert_int_equal(entry_at(buffer, 0)[3], 1);
	assert_int_equal(entry_at(buffer, 0)[0x28], 1 << 4);
	call_begin(0x762, 0, 16, 528);
	assert_int_equal(call_run(), 0);
	assert_int_equal(get32(call.out, 0x10 + 0x20) & 0xf0ff, 2u << 12 | 1u << 4 | 1);
	port_changes(port, true);
	tell_port_changes();
	assert_int_equal(entry_at(buffer, 1)[3], 4);
	/* There and back between two looks: both ways. */
	port_changes(port, false);
	port_changes(port, true);
	tell_port_changes();
	assert_int_equal(entry_at(buffer, 2)[3], 1);
	assert_int_equal(entry_at(buffer, 3)[3], 4);
	tell_port_changes();
	assert_int_equal(entry_at(buffer, 4)[63], 1);
}

static void killed_adapter_refuses_new_work_but_gives_back(void **state)
{
	uint32_t pd = call_alloc(0x800);
	struct fabric_hca *port;
	unsigned int index;

	(void)state;
	assert_int_equal(fabric_hca_open(guest.fabric, "mlx5", &port, &index), 0);
	atomic_store(&port->killed, 1);
	assert_int_equal(call_number(0x800, 0), 0x01);
	assert_int_equal(call_number(0x801, pd), 0);
	assert_int_equal(call_number(0x103, 0), 0);
	atomic_store(&port->killed, 0);
}

/* Its memory is somebody else's as soon as the driver knows. */
static void killed_adapter_writes_no_more_once_its_driver_knows(void **state)
{
	uint32_t pd = call_alloc(0x800);
	struct fabric_hca *port;
	unsigned int index;
	uint64_t buffer;

	(void)state;
	make_eq(4, 0, 1ull << COMMAND, &buffer);
	assert_int_equal(fabric_hca_open(guest.fabric, "mlx5", &port, &index), 0);
	atomic_store(&port->killed, 1);
	assert_int_equal(call_number(0x801, pd), 0);
	assert_int_equal(entry_at(buffer, 0)[63], 0);
	assert_int_equal(reg_read(0x23c) >> 16 & 0xff, 1);
	assert_int_equal(call_number(0x801, pd), 0);
	assert_int_equal(entry_at(buffer, 1)[63], 1);
	atomic_store(&port->killed, 0);
}

static void event_queue_that_cannot_be_is_refused(void **state)
{
	(void)state;
	call_begin(0x301, 0, 0x118, 16);
	put32(call.in, 0x10 + 0x0c, 31u << 24 | uar);
	put64(call.in, 0x110, guest_pages(PAGE));
	assert_int_equal(call_run(), 0x03);
	put32(call.in, 0x10 + 0x0c, 8u << 24 | uar); /* 4 pages, of which one is listed */
	assert_int_equal(call_run(), 0x50);
	put32(call.in, 0x10 + 0x0c, 4u << 24 | uar);
	put32(call.in, 0x10 + 0x14, 0xff);
	assert_int_equal(call_run(), 0x03);
	put32(call.in, 0x10 + 0x14, 0);
	put64(call.in, 0x110, 0xdead000);
	assert_int_equal(call_run(), 0x03);
	put32(call.in, 0x10 + 0x0c, 4u << 24 | (uar + 1));
	assert_int_equal(call_run(), 0x05);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, guest_start_ready, guest_stop)
	const struct CMUnitTest tests[] = {
		TEST(command_events_begin_behind_the_command_that_makes_their_queue),
		TEST(command_that_ends_the_queue_has_no_event),
		TEST(owner_bit_turns_with_each_lap),
		TEST(arming_late_has_its_interrupt_at_once),
		TEST(full_queue_keeps_what_it_has_and_says_that_it_overran),
		TEST(completion_events_wait_for_room),
		TEST(port_that_goes_down_and_up_is_told),
		TEST(killed_adapter_refuses_new_work_but_gives_back),
		TEST(killed_adapter_writes_no_more_once_its_driver_knows),
		TEST(event_queue_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
