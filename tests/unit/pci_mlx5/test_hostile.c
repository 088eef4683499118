/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A driver that has lost its mind: random commands with contexts that are nearly right, random
 * doorbells, objects and records overwritten while in use. Nothing of it may be felt outside the
 * guest's memory, and after a reset the adapter is as new.
 */
#include <stdlib.h>
#include <string.h>

#include "rig.h"

static uint32_t seed;
/* Commands that were carried out: a run in which none is would prove nothing. */
static unsigned int carried_out;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return below ? (seed >> 8) % below : 0;
}

static const uint16_t opcodes[] = {
	0x100, 0x101, 0x102, 0x103, 0x104, 0x105, 0x107, 0x108, 0x109, 0x10a, 0x200, 0x201, 0x202,
	0x301, 0x302, 0x303, 0x400, 0x401, 0x402, 0x403, 0x500, 0x501, 0x502, 0x503, 0x504, 0x505,
	0x506, 0x507, 0x50a, 0x50b, 0x50c, 0x50d, 0x50e, 0x700, 0x701, 0x702, 0x703, 0x762, 0x763,
	0x764, 0x765, 0x800, 0x801, 0x802, 0x803, 0x805, 0x806, 0x807, 0x80e, 0x80f, 0x816, 0x817,
};

/* Small numbers hit objects, addresses hit memory, the rest hits nothing. */
static uint32_t value(void)
{
	switch (draw(5)) {
	case 0:
		return draw(4);
	case 1:
		return draw(64);
	case 2:
		return GUEST_BASE + draw(GUEST_BYTES / 64) * 64;
	case 3:
		return 1u << draw(32);
	default:
		return draw(1u << 24) << 8 ^ draw(1u << 24);
	}
}

static void random_command(void)
{
	uint16_t opcode = opcodes[draw(sizeof(opcodes) / sizeof(opcodes[0]))];

	/* Up and down now and then only. */
	if ((opcode == 0x103 || opcode == 0x105) && draw(16))
		opcode = 0x500;
	call_begin(opcode, (uint16_t)draw(4), draw(2) ? 0x110 + 8 * draw(64) : 16 + draw(0x200),
		   16 + draw(0x400));
	for (unsigned int i = 0; i < 40; i++)
		put32(call.in, 8 + 4 * draw((call.in_length < 0x120 ? call.in_length : 0x120) / 4),
		      value());
	call_deliver();
	carried_out += !call.delivery && !call.out[0];
}

static void random_doorbell(void)
{
	static const uint16_t offsets[] = {0x20, 0x24, 0x40, 0x48, 0x800, 0x804, 0x900, 0x904};

	reg_write64((uint64_t)(uar + draw(2)) * PAGE + offsets[draw(8)] / 8 * 8, value(), value());
	reg_write((uint64_t)draw(8192) * PAGE + draw(1024) * 4, value());
}

static void random_commands_and_doorbells_are_survived(void **state)
{
	(void)state;
	carried_out = 0;
	for (unsigned int i = 0; i < 20000; i++) {
		random_command();
		if (draw(4) == 0)
			random_doorbell();
		if (draw(64) == 0) {
			call_number(0x104, 0);
			call_number(0x102, 0);
			uar = 16;
			settle();
		}
	}
	print_message("%u of 20000 commands carried out\n", carried_out);
	assert_true(carried_out > 1000);
}

/* Commands as the driver makes them, with one dword of each spoiled. */
static void spoiled_command(void)
{
	static const uint16_t creators[] = {0x200, 0x301, 0x400, 0x500, 0x700, 0x502, 0x503, 0x504};
	uint16_t opcode = creators[draw(8)];
	uint64_t buffer = GUEST_BASE + 0x100000 + draw(64) * PAGE;

	call_begin(opcode, 0, 0x110 + 64 * 8, 16);
	for (unsigned int i = 0; i < 64; i++)
		put64(call.in, 0x110 + 8 * i, buffer + i * PAGE);
	switch (opcode) {
	case 0x200:
		put32(call.in, 0x10, 0xfu << 10 | 1u << 8);
		put32(call.in, 0x1c, 1 + draw(2));
		put64(call.in, 0x28, PAGE * draw(64));
		put32(call.in, 0x48, 12);
		break;
	case 0x301:
		put32(call.in, 0x1c, draw(6) << 24 | uar);
		put64(call.in, 0x58, 1ull << draw(32));
		break;
	case 0x400:
		put32(call.in, 0x1c, draw(8) << 24 | uar);
		put32(call.in, 0x24, 1 + draw(4));
		put64(call.in, 0x48, buffer);
		break;
	case 0x700:
		put32(call.in, 0x10, draw(8) << 24);
		put32(call.in, 0x14, 2u << 24);
		put32(call.in, 0x28, 1 + draw(2));
		put64(call.in, 0x38, buffer);
		break;
	default:
		put32(call.in, 8, draw(2) ? draw(2) : 64 + draw(32));
		put32(call.in, 0x18, draw(9) << 16);
		put32(call.in, 0x1c, 1 + draw(2));
		put32(call.in, 0x20, 4u << 19 | 2u << 16 | 4u << 11);
		put32(call.in, 0x24, uar);
		put32(call.in, 0x18 + 0x7c, 1 + draw(8));
		put32(call.in, 0x18 + 0x9c, 1 + draw(8));
		put64(call.in, 0x18 + 0xa0, buffer);
		break;
	}
	if (draw(2))
		put32(call.in, 8 + 4 * draw(0x40), value());
	call_deliver();
	carried_out += !call.delivery && !call.out[0];
}

/* Queues, records and everything else that the adapter looks at. */
static void scribble(void)
{
	for (unsigned int i = 0; i < 64; i++)
		put32(guest.memory, 0x100000 + 4 * draw(0x20000), value());
}

static void queues_that_change_under_it_are_survived(void **state)
{
	(void)state;
	carried_out = 0;
	call_alloc(0x800);
	call_alloc(0x800);
	for (unsigned int i = 0; i < 20000; i++) {
		spoiled_command();
		if (draw(4) == 0)
			scribble();
		if (draw(4) == 0)
			reg_write64((uint64_t)uar * PAGE + 0x800, value(),
				    (64 + draw(64)) << 8 | draw(64));
		if (draw(8) == 0)
			reg_write64((uint64_t)uar * PAGE + 0x20, value(), draw(64));
		if (draw(16) == 0)
			settle();
		if (draw(512) == 0) {
			assert_int_equal(call_number(0x103, 0), 0);
			assert_int_equal(call_number(0x102, 0), 0);
			uar = call_alloc(0x802);
			call_alloc(0x800);
			call_alloc(0x800);
		}
	}
	print_message("%u of 20000 commands carried out\n", carried_out);
	assert_true(carried_out > 1000);
}

static void reset_leaves_nothing_behind(void **state)
{
	uint64_t buffer;
	uint32_t pd, eqn;
	struct made cq;

	(void)state;
	for (unsigned int round = 0; round < 3; round++) {
		guest.next = GUEST_BASE + 0x100000;
		pd = call_alloc(0x800);
		make_bus_key(pd);
		eqn = make_eq(4, 0, 1ull << 0x0a, &buffer);
		cq = make_cq(eqn, 4);
		make_qp(0, pd, cq.number, 0);
		make_qp(8, pd, cq.number, 0);
		make_qp(0xc, 0, cq.number, 0);
		make_srq(pd, 3);
		assert_int_equal(guest_used_numbers(), 4);
		engine_lock(guest.engine);
		softhca_mlx5_adapter.reset(guest.adapter);
		engine_unlock(guest.engine);
		assert_int_equal(guest_used_numbers(), 0);
		assert_int_equal(reg_read(0x14), 0x56);
		reg_write(0x10, (uint32_t)(guest.queue >> 32));
		reg_write(0x14, (uint32_t)guest.queue);
		assert_int_equal(call_number(0x800, 0), 0x04);
		assert_int_equal(call_number(0x104, 0), 0);
		assert_int_equal(call_number(0x102, 0), 0);
		uar = call_alloc(0x802);
		assert_int_equal(uar, 16);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, guest_start_ready, guest_stop)
	const struct CMUnitTest tests[] = {
		TEST(random_commands_and_doorbells_are_survived),
		TEST(queues_that_change_under_it_are_survived),
		TEST(reset_leaves_nothing_behind),
	};
	const char *given = getenv("OV_FUZZ_SEED");

	seed = given ? (uint32_t)strtoul(given, NULL, 0) : 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
