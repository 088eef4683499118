/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The commands of stock mlx5_core and mlx5_ib from the first probe on, in the order and with the
 * lengths that a Linux 6.1 guest was seen to issue them. Each must end as it ended there, but that
 * QUERY_ISSI, which was refused then, now says which versions of the interface there are.
 */
#include <string.h>

#include "rig.h"

struct step {
	uint16_t opcode, op_mod, in, out;
	uint8_t status;
	uint32_t at8; /* second argument, where there is one */
};

static void walk(const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct step *step = &steps[i];

		call_begin(step->opcode, step->op_mod, step->in, step->out);
		put32(call.in, 8, step->at8);
		if (step->opcode == 0x805)
			put32(call.in, 0x10, 1u << 16); /* local port */
		call_deliver();
		if (call.delivery || call.out[0] != step->status)
			fail_msg("step %zu, opcode %#x: delivery %#x status %#x", i, step->opcode,
				 call.delivery, call.out[0]);
	}
}
#define WALK(steps) walk(steps, sizeof(steps) / sizeof((steps)[0]))

static void driver_comes_up(void)
{
	static const struct step steps[] = {
		{0x104, 0, 16, 12, 0, 0},      {0x10a, 0, 16, 112, 0, 0},
		{0x107, 1, 16, 16, 0, 0},      {0x108, 1, 16, 16, 0, 0},
		{0x805, 0, 32, 32, 0, 0x7004}, {0x100, 1, 16, 4112, 0, 0},
		{0x100, 0, 16, 4112, 0, 0},    {0x109, 0, 4112, 16, 0, 0},
		{0x100, 7, 16, 4112, 0, 0},    {0x100, 6, 16, 4112, 0, 0},
		{0x107, 2, 16, 16, 0, 0},      {0x102, 0, 32, 16, 0, 0},
		{0x100, 1, 16, 4112, 0, 0},    {0x100, 7, 16, 4112, 0, 0},
		{0x101, 0, 16, 272, 0, 0},     {0x802, 0, 16, 16, 0, 0},
	};

	WALK(steps);
	uar = get32(call.out, 8);
	assert_in_range(uar, 4, 8191);
}

static void device_registers(void)
{
	static const struct step steps[] = {
		{0x762, 0, 16, 528, 0, 0},     {0x805, 1, 80, 80, 0, 0x6001},
		{0x80e, 0, 16, 16, 0, 0},      {0x80e, 0, 16, 16, 0, 0},
		{0x762, 0, 16, 528, 0, 0},     {0x805, 1, 80, 80, 0, 0x5004},
		{0x805, 1, 32, 32, 0, 0x5003}, {0x805, 1, 32, 32, 0, 0x5003},
		{0x805, 1, 32, 32, 0, 0x500f}, {0x101, 0, 16, 272, 0, 0},
		{0x50d, 3, 272, 272, 0, 1},
	};

	WALK(steps);
	for (uint32_t i = 0; i < 16; i++) {
		call_begin(0x764, 0, 16, 32);
		put32(call.in, 12, i);
		assert_int_equal(call_run(), 0);
		assert_int_equal(call.out[0x10], i ? 0 : 0xfe); /* the link-local one */
	}
	for (uint32_t i = 0; i < 128; i++) {
		call_begin(0x765, 0, 16, 20);
		put32(call.in, 12, i);
		assert_int_equal(call_run(), 0);
		assert_int_equal(get32(call.out, 0x10), i ? 0 : 0xffff);
	}
}

static void replay_of_a_probe_and_its_end(void **state)
{
	uint64_t buffer;
	uint32_t eqs[4], pd, key;
	struct made cq, srqs[2], qps[3];

	(void)state;
	driver_comes_up();
	eqs[0] = make_eq(8, 0, 1ull << 0x0a, &buffer);
	reg_write((uint64_t)uar * PAGE + 0x40, eqs[0] << 24);
	eqs[1] = make_eq(13, 0, 0x1f02be, &buffer);
	eqs[2] = make_eq(8, 0, 1ull << 0x0b, &buffer);
	eqs[3] = make_eq(11, 1, 0, &buffer);
	device_registers();
	pd = call_alloc(0x800);
	key = make_bus_key(pd);
	cq = make_cq(eqs[3], 9);
	srqs[0] = make_srq(pd, 2);
	srqs[1] = make_srq(pd, 2);
	qps[0] = make_qp(7, pd, cq.number, 0);
	qps[1] = make_qp(8, pd, cq.number, 0);
	qps[2] = make_qp(0xc, 0, cq.number, 0);
	assert_int_equal(qps[0].number, 0);
	assert_int_equal(qps[1].number, 1);
	connect_qp(0, 7, 0);
	connect_qp(1, 8, 0);
	connect_qp(qps[2].number, 0xc, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(call_number(0x50a, qps[i].number), 0);
		assert_int_equal(call_number(0x501, qps[i].number), 0);
	}
	assert_int_equal(call_number(0x401, cq.number), 0);
	assert_int_equal(call_number(0x202, key >> 8), 0);
	assert_int_equal(call_number(0x701, srqs[0].number), 0);
	assert_int_equal(call_number(0x701, srqs[1].number), 0);
	assert_int_equal(call_number(0x801, pd), 0);
	for (int i = 3; i >= 0; i--)
		assert_int_equal(call_number(0x302, eqs[i]), 0);
	assert_int_equal(call_number(0x103, 0), 0);
	assert_int_equal(call_number(0x105, 0), 0);
	/* And once more, as after loading the module again. */
	driver_comes_up();
}

static void port_registers_say_4x_edr_with_4096_bytes(void **state)
{
	(void)state;
	driver_comes_up();
	device_registers();
	call_begin(0x805, 1, 80, 80);
	put32(call.in, 8, 0x5004);
	put32(call.in, 0x10, 1u << 16 | 1);
	assert_int_equal(call_run(), 0);
	assert_int_equal(get32(call.out, 0x10 + 0x28), 4u << 16 | 32);
	call_begin(0x805, 1, 32, 32);
	put32(call.in, 8, 0x5003);
	put32(call.in, 0x10, 1u << 16);
	assert_int_equal(call_run(), 0);
	assert_int_equal(get32(call.out, 0x14), 4096u << 16);
	assert_int_equal(get32(call.out, 0x1c), 4096u << 16);
}

static void unknown_registers_ports_and_entries_are_bad_parameters(void **state)
{
	static const struct step steps[] = {
		{0x805, 1, 80, 80, 3, 0x9020},	  {0x805, 0, 32, 32, 3, 0x5003},
		{0x805, 2, 32, 32, 3, 0x5003},	  {0x805, 1, 32, 32, 3, 0x7004},
		{0x762, 0, 16, 528, 3, 1u << 31}, {0x762, 0, 16, 528, 3, 1},
		{0x762, 0, 16, 528, 3, 2u << 16}, {0x100, 0x40, 16, 4112, 3, 0},
		{0x107, 9, 16, 16, 3, 0},	  {0x108, 7, 16, 16, 3, 0},
		{0x50d, 3, 272, 272, 3, 2},
	};

	(void)state;
	driver_comes_up();
	WALK(steps);
	call_begin(0x764, 0, 16, 32);
	put32(call.in, 12, 16);
	assert_int_equal(call_run(), 3);
	call_begin(0x765, 0, 16, 20);
	put32(call.in, 12, 0xffff); /* all of them, and room for one */
	assert_int_equal(call_run(), 0x51);
}

static void only_the_first_version_of_the_interface_is_there(void **state)
{
	(void)state;
	driver_comes_up();
	call_begin(0x10a, 0, 16, 112);
	assert_int_equal(call_run(), 0);
	assert_int_equal(get32(call.out, 0x08), 0);
	assert_int_equal(get32(call.out, 0x6c), 1);
	assert_int_equal(call_number(0x10b, 0), 0);
	assert_int_equal(call_number(0x10b, 1), 3);
}

static void mad_comes_back_as_not_supported(void **state)
{
	(void)state;
	driver_comes_up();
	call_begin(0x50d, 3, 272, 272);
	put32(call.in, 8, 1);
	put32(call.in, 0x10, 0x01010101); /* version 1, subnet management, Get */
	put32(call.in, 0x10 + 16, 0xff900000);
	assert_int_equal(call_run(), 0);
	assert_int_equal(get32(call.out, 0x10), 0x01010181);
	assert_int_equal(get32(call.out, 0x14) >> 16, 0x000c);
	assert_int_equal(get32(call.out, 0x10 + 16), 0xff900000);
}

static void port_capabilities_are_the_hosts_to_change(void **state)
{
	uint32_t before;

	(void)state;
	driver_comes_up();
	own_lid();
	before = get32(call.out, 0x10 + 0x40);
	assert_int_equal(get32(call.out, 0x10 + 0x44) >> 16 & 1, 1);
	call_begin(0x763, 0, 528, 16);
	put32(call.in, 0x10 + 0x40, 1u << 16);
	put32(call.in, 0x10 + 0x44, 1u << 16);
	assert_int_equal(call_run(), 0);
	own_lid();
	assert_int_equal(get32(call.out, 0x10 + 0x40), before | 1u << 16);
	call_begin(0x763, 0, 528, 16);
	put32(call.in, 0x10 + 0x44, 1u << 1); /* to be the subnet's manager */
	assert_int_equal(call_run(), 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, guest_start, guest_stop)
	const struct CMUnitTest tests[] = {
		TEST(replay_of_a_probe_and_its_end),
		TEST(port_registers_say_4x_edr_with_4096_bytes),
		TEST(unknown_registers_ports_and_entries_are_bad_parameters),
		TEST(only_the_first_version_of_the_interface_is_there),
		TEST(mad_comes_back_as_not_supported),
		TEST(port_capabilities_are_the_hosts_to_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
