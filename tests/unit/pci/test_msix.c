/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Interrupts: from a vector to its eventfd, past the ways to hold them back. */
#include "harness.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct msix msix;
static int event[FAKE_VECTORS];

static int setup(void **state)
{
	(void)state;
	assert_int_equal(msix_init(&msix, FAKE_VECTORS), 0);
	for (unsigned int i = 0; i < FAKE_VECTORS; i++) {
		event[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		assert_int_equal(msix_set_event(&msix, i, dup(event[i])), 0);
	}
	msix_set_state(&msix, true, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	msix_end(&msix);
	for (unsigned int i = 0; i < FAKE_VECTORS; i++)
		close(event[i]);
	return 0;
}

static uint32_t get(uint32_t offset)
{
	uint32_t value;

	msix_read(&msix, offset, &value, sizeof(value));
	return value;
}

static void put(uint32_t offset, uint32_t value)
{
	msix_write(&msix, offset, &value, sizeof(value));
}

static uint64_t pending(void)
{
	uint64_t bits;

	msix_read(&msix, 0x1000, &bits, sizeof(bits));
	return bits;
}

static void an_interrupt_is_one_on_the_vectors_eventfd(void **state)
{
	(void)state;
	msix_raise(&msix, 2);
	assert_int_equal(events(event[2]), 1);
	assert_int_equal(events(event[0]), 0);
	assert_int_equal(pending(), 0);
	msix_raise(&msix, 2);
	msix_raise(&msix, 2);
	assert_int_equal(events(event[2]), 2);
}

static void a_vector_that_does_not_exist_is_ignored(void **state)
{
	(void)state;
	msix_raise(&msix, FAKE_VECTORS);
	msix_raise(&msix, UINT32_MAX);
	assert_int_equal(pending(), 0);
}

static void entries_keep_what_is_written(void **state)
{
	uint64_t address = 0xfee0100cfee01007;

	(void)state;
	msix_write(&msix, 0x10, &address, 8);
	put(0x18, 0x4041);
	assert_int_equal(get(0x10), 0xfee01004);
	assert_int_equal(get(0x14), 0xfee0100c);
	assert_int_equal(get(0x18), 0x4041);
	assert_int_equal(get(0x08), 0);
	/* Masked at first; reserved bits stay 0. */
	assert_int_equal(get(0x1c), 1);
	put(0x1c, 0xfffffffe);
	assert_int_equal(get(0x1c), 0);
}

static void a_masked_vector_stays_pending_until_it_is_unmasked(void **state)
{
	(void)state;
	put(0x1c, 1);
	msix_raise(&msix, 1);
	msix_raise(&msix, 1);
	msix_raise(&msix, 0);
	assert_int_equal(events(event[1]), 0);
	assert_int_equal(events(event[0]), 1);
	assert_int_equal(pending(), 1 << 1);
	put(0x1c, 0);
	assert_int_equal(events(event[1]), 1);
	assert_int_equal(pending(), 0);
}

static void masks_count_once_written(void **state)
{
	(void)state;
	assert_int_equal(get(0x0c), 1);
	msix_raise(&msix, 0);
	assert_int_equal(events(event[0]), 1);
	/* A client that writes the rest of an entry keeps its masks elsewhere all the same. */
	put(0x00, 0xfee00000);
	msix_raise(&msix, 0);
	assert_int_equal(events(event[0]), 1);
}

static void the_function_mask_holds_all_back(void **state)
{
	(void)state;
	msix_set_state(&msix, true, true);
	msix_raise(&msix, 0);
	msix_raise(&msix, 3);
	assert_int_equal(pending(), 1 << 0 | 1 << 3);
	msix_set_state(&msix, true, false);
	assert_int_equal(events(event[0]), 1);
	assert_int_equal(events(event[3]), 1);
	assert_int_equal(pending(), 0);
}

static void disabled_interrupts_are_lost(void **state)
{
	(void)state;
	msix_set_state(&msix, true, true);
	msix_raise(&msix, 0);
	msix_set_state(&msix, false, false);
	msix_raise(&msix, 1);
	msix_set_state(&msix, true, false);
	assert_int_equal(events(event[0]), 0);
	assert_int_equal(events(event[1]), 0);
}

static void a_vector_without_event_stays_pending(void **state)
{
	(void)state;
	assert_int_equal(msix_set_event(&msix, 0, -1), 0);
	msix_raise(&msix, 0);
	assert_int_equal(pending(), 1 << 0);
	assert_int_equal(msix_set_event(&msix, 0, dup(event[0])), 0);
	assert_int_equal(events(event[0]), 1);
	assert_int_equal(pending(), 0);
}

static void reset_keeps_the_events_and_nothing_else(void **state)
{
	(void)state;
	put(0x00, 0xfee00000);
	put(0x0c, 1);
	msix_raise(&msix, 0);
	msix_reset(&msix);
	assert_int_equal(pending(), 0);
	assert_int_equal(get(0x00), 0);
	msix_raise(&msix, 1);
	assert_int_equal(events(event[1]), 0);
	msix_set_state(&msix, true, false);
	msix_raise(&msix, 1);
	assert_int_equal(events(event[1]), 1);
}

static void a_full_event_does_not_block(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(msix_set_event(&msix, 0, dup(ends[1])), 0);
	for (unsigned int i = 0; i < 100000; i++)
		msix_raise(&msix, 0);
	close(ends[0]);
	close(ends[1]);
}

static void what_is_no_file_is_refused(void **state)
{
	(void)state;
	assert_int_equal(msix_set_event(&msix, 0, 123456), EINVAL);
	assert_int_equal(msix_set_event(&msix, FAKE_VECTORS, dup(event[0])), EINVAL);
	msix_raise(&msix, 0);
	assert_int_equal(events(event[0]), 1);
}

static void the_rest_of_the_bar_reads_zero(void **state)
{
	(void)state;
	put(0x40, 0xffffffff);
	put(0x1000, 0xffffffff);
	put(0x1ffc, 0xffffffff);
	assert_int_equal(get(0x40), 0);
	assert_int_equal(get(0x1000), 0);
	assert_int_equal(get(0x1ffc), 0);
}

static void many_vectors_have_room(void **state)
{
	struct msix big;
	uint64_t bits;

	(void)state;
	assert_int_equal(msix_init(&big, MSIX_MAX_VECTORS), 0);
	assert_int_equal(msix_pba_offset(MSIX_MAX_VECTORS), 0x8000);
	assert_int_equal(msix_bar_bytes(MSIX_MAX_VECTORS), 0x10000);
	msix_set_state(&big, true, false);
	msix_raise(&big, MSIX_MAX_VECTORS - 1);
	msix_read(&big, 0x8000 + MSIX_MAX_VECTORS / 8 - 8, &bits, 8);
	assert_true(bits == 1ull << 63);
	msix_end(&big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_interrupt_is_one_on_the_vectors_eventfd, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_vector_that_does_not_exist_is_ignored, setup,
						teardown),
		cmocka_unit_test_setup_teardown(entries_keep_what_is_written, setup, teardown),
		cmocka_unit_test_setup_teardown(a_masked_vector_stays_pending_until_it_is_unmasked,
						setup, teardown),
		cmocka_unit_test_setup_teardown(masks_count_once_written, setup, teardown),
		cmocka_unit_test_setup_teardown(the_function_mask_holds_all_back, setup, teardown),
		cmocka_unit_test_setup_teardown(disabled_interrupts_are_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(a_vector_without_event_stays_pending, setup,
						teardown),
		cmocka_unit_test_setup_teardown(reset_keeps_the_events_and_nothing_else, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_full_event_does_not_block, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_file_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(the_rest_of_the_bar_reads_zero, setup, teardown),
		cmocka_unit_test(many_vectors_have_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
