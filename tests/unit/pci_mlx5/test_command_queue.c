/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Command entries and mailbox chains, whole and broken. */
#include <string.h>

#include "rig.h"

/* A description written and read back: 64 bytes each way, of which 64 lie in mailboxes. */
static void begin_description(uint16_t read)
{
	call_begin(0x805, read, 80, 80);
	put32(call.in, 8, 0x6001);
}

static void input_and_output_go_through_mailboxes(void **state)
{
	char text[64] = "a node of this description";

	(void)state;
	begin_description(0);
	memcpy(call.in + 16, text, sizeof(text));
	assert_int_equal(call_run(), 0);
	begin_description(1);
	assert_int_equal(call_run(), 0);
	assert_memory_equal(call.out + 16, text, sizeof(text));
}

static void long_output_goes_through_a_chain(void **state)
{
	(void)state;
	call_begin(0x100, 1, 16, 4112);
	assert_int_equal(call_run(), 0);
	/* log_max_qp in the first block; nothing in the last, which is written all the same. */
	assert_int_equal(get32(call.out, 0x10 + 0x10) & 0x1f, 15);
	assert_int_equal(get32(call.out, 4108), 0);
}

static void unknown_command_is_a_bad_operation(void **state)
{
	(void)state;
	assert_int_equal(call_number(0xffff, 0), 0x02);
	assert_int_equal(call_number(0x90c, 0), 0x02);
}

static void lengths_that_are_too_short_have_their_statuses(void **state)
{
	(void)state;
	call_begin(0x762, 0, 12, 528);
	assert_int_equal(call_run(), 0x50);
	call_begin(0x762, 0, 16, 512);
	assert_int_equal(call_run(), 0x51);
	call_begin(0x805, 1, 32, 80);
	put32(call.in, 8, 0x6001);
	assert_int_equal(call_run(), 0x50);
}

static void command_before_its_time_is_a_bad_state(void **state)
{
	(void)state;
	assert_int_equal(call_number(0x800, 0), 0x04);
	assert_int_equal(call_number(0x104, 0), 0);
	assert_int_equal(call_number(0x800, 0), 0x04);
	assert_int_equal(call_number(0x102, 0), 0);
	assert_int_equal(call_number(0x800, 0), 0);
	assert_int_equal(call_number(0x104, 0), 0x04);
	assert_int_equal(call_number(0x102, 0), 0x04);
}

/* Rings for the entry as it lies in memory after a change; the delivery status. */
static uint8_t ring_again(void)
{
	guest_at(guest.queue)[0x3f] = 1;
	reg_write(0x18, 1);
	assert_int_equal(guest_at(guest.queue)[0x3f] & 1, 0);
	return guest_at(guest.queue)[0x3f] >> 1;
}

static uint8_t *in_block(void)
{
	return guest_at(get64(guest_at(guest.queue), 0x08));
}

static uint8_t *out_block(void)
{
	return guest_at(get64(guest_at(guest.queue), 0x30));
}

static void deliver_description(void)
{
	begin_description(1);
	assert_int_equal(call_run(), 0);
	assert_int_equal(ring_again(), 0);
}

static void blocks_of_another_command_are_refused(void **state)
{
	(void)state;
	deliver_description();
	in_block()[0x23d] ^= 1;
	assert_int_equal(ring_again(), 0x02);
	in_block()[0x23d] ^= 1;
	out_block()[0x23d] ^= 1;
	assert_int_equal(ring_again(), 0x02);
}

static void blocks_out_of_order_are_refused(void **state)
{
	(void)state;
	deliver_description();
	put32(in_block(), 0x238, 1);
	assert_int_equal(ring_again(), 0x03);
}

static void chain_in_a_circle_is_refused(void **state)
{
	(void)state;
	call_begin(0x100, 1, 16, 4112);
	assert_int_equal(call_run(), 0);
	put64(out_block(), 0x230, get64(guest_at(guest.queue), 0x30));
	assert_int_equal(ring_again(), 0x03);
}

static void pointers_to_nowhere_or_not_aligned_are_refused(void **state)
{
	uint8_t *entry = guest_at(guest.queue);
	uint64_t in, out;

	(void)state;
	deliver_description();
	in = get64(entry, 0x08);
	out = get64(entry, 0x30);
	put64(entry, 0x08, in + 64);
	assert_int_equal(ring_again(), 0x05);
	put64(entry, 0x08, UINT64_MAX & ~1023ull);
	assert_int_equal(ring_again(), 0x05);
	put64(entry, 0x08, GUEST_BASE + GUEST_BYTES);
	assert_int_equal(ring_again(), 0x05);
	put64(entry, 0x08, in);
	put64(entry, 0x30, out + 512);
	assert_int_equal(ring_again(), 0x04);
	put64(entry, 0x30, 0);
	assert_int_equal(ring_again(), 0x04);
}

static void command_whose_answer_has_no_place_does_nothing(void **state)
{
	uint8_t *entry = guest_at(guest.queue);

	(void)state;
	begin_description(0);
	memset(call.in + 16, 'x', 64);
	call_deliver();
	memset(in_block(), 'y', 64);
	put64(entry, 0x30, 0);
	assert_int_equal(ring_again(), 0x04);
	begin_description(1);
	assert_int_equal(call_run(), 0);
	assert_int_equal(call.out[16], 'x');
}

static void lengths_and_types_that_cannot_be_are_refused(void **state)
{
	uint8_t *entry = guest_at(guest.queue);

	(void)state;
	deliver_description();
	put32(entry, 0x04, 0xffffffff);
	assert_int_equal(ring_again(), 0x07);
	put32(entry, 0x04, 4);
	assert_int_equal(ring_again(), 0x07);
	put32(entry, 0x04, 80);
	put32(entry, 0x38, 0x7fffffff);
	assert_int_equal(ring_again(), 0x08);
	put32(entry, 0x38, 80);
	entry[0] = 6;
	assert_int_equal(ring_again(), 0x10);
}

static void entry_of_the_driver_is_left_alone(void **state)
{
	uint8_t before[64];

	(void)state;
	deliver_description();
	memcpy(before, guest_at(guest.queue), 64);
	reg_write(0x18, 0xffffffff);
	assert_memory_equal(before, guest_at(guest.queue), 64);
}

static void queue_that_is_nowhere_is_survived(void **state)
{
	(void)state;
	reg_write(0x10, 0xffffffff);
	reg_write(0x14, 0xfffff000);
	reg_write(0x18, 0xffffffff);
	reg_write(0x10, 0);
	reg_write(0x14, (uint32_t)guest.queue);
	assert_int_equal(call_number(0x800, 0), 0);
}

int main(void)
{
#define TEST(name)  cmocka_unit_test_setup_teardown(name, guest_start_ready, guest_stop)
#define EARLY(name) cmocka_unit_test_setup_teardown(name, guest_start, guest_stop)
	const struct CMUnitTest tests[] = {
		TEST(input_and_output_go_through_mailboxes),
		TEST(long_output_goes_through_a_chain),
		TEST(unknown_command_is_a_bad_operation),
		TEST(lengths_that_are_too_short_have_their_statuses),
		EARLY(command_before_its_time_is_a_bad_state),
		TEST(blocks_of_another_command_are_refused),
		TEST(blocks_out_of_order_are_refused),
		TEST(chain_in_a_circle_is_refused),
		TEST(pointers_to_nowhere_or_not_aligned_are_refused),
		TEST(command_whose_answer_has_no_place_does_nothing),
		TEST(lengths_and_types_that_cannot_be_are_refused),
		TEST(entry_of_the_driver_is_left_alone),
		TEST(queue_that_is_nowhere_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
