/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of the functions that wrapped objects had before. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "softhca/shim/originals.h"

enum { OBJECT_BYTES = 16 };

static struct originals table;
/* Objects that are never looked into, only their addresses count. */
static uint8_t objects[64 * ORIGINALS_SLOTS][OBJECT_BYTES];
static uint8_t functions[2];

static int setup(void **state)
{
	(void)state;
	memset(&table, 0, sizeof(table));
	return 0;
}

static void an_object_has_the_function_it_was_given_last(void **state)
{
	(void)state;
	assert_null(originals_find(&table, objects[0]));
	assert_true(originals_add(&table, objects[0], &functions[0]));
	assert_ptr_equal(originals_find(&table, objects[0]), &functions[0]);
	assert_true(originals_add(&table, objects[0], &functions[1]));
	assert_ptr_equal(originals_find(&table, objects[0]), &functions[1]);
	assert_int_equal(table.live, 1);
	originals_drop(&table, objects[0]);
	assert_null(originals_find(&table, objects[0]));
	originals_drop(&table, objects[0]);
	assert_int_equal(table.live, 0);
}

/* Two objects with one slot; the first goes, and the second is added once more. */
static void an_object_behind_a_dropped_one_is_there_once(void **state)
{
	(void)state;
	assert_int_equal(originals_slot(objects[0], 0),
			 originals_slot(objects[ORIGINALS_SLOTS], 0));
	originals_add(&table, objects[0], &functions[0]);
	originals_add(&table, objects[ORIGINALS_SLOTS], &functions[0]);
	originals_drop(&table, objects[0]);
	originals_add(&table, objects[ORIGINALS_SLOTS], &functions[1]);
	originals_drop(&table, objects[ORIGINALS_SLOTS]);
	assert_null(originals_find(&table, objects[ORIGINALS_SLOTS]));
	assert_int_equal(table.live, 0);
}

static void a_full_table_says_so(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ORIGINALS_MAX; i++)
		assert_true(originals_add(&table, objects[i], &functions[0]));
	assert_false(originals_add(&table, objects[ORIGINALS_MAX], &functions[0]));
	originals_drop(&table, objects[7]);
	assert_true(originals_add(&table, objects[ORIGINALS_MAX], &functions[0]));
}

static unsigned int never_used(void)
{
	const struct original *half = table.halves[table.generation & 1];
	unsigned int count = 0;

	for (unsigned int i = 0; i < ORIGINALS_SLOTS; i++)
		count += !half[i].object;
	return count;
}

/* Searches end at slots that were never used: some are left whatever comes and goes. */
static void searches_stay_short_after_many_objects(void **state)
{
	unsigned int count = sizeof(objects) / sizeof(objects[0]);

	(void)state;
	originals_add(&table, objects[0], &functions[1]);
	for (unsigned int i = 1; i < count; i++) {
		assert_true(originals_add(&table, objects[i], &functions[0]));
		originals_drop(&table, objects[i]);
	}
	assert_true(never_used() >= ORIGINALS_SLOTS - ORIGINALS_MAX_DROPPED - table.live);
	assert_ptr_equal(originals_find(&table, objects[0]), &functions[1]);
	assert_int_equal(table.live, 1);
}

static void *come_and_go(void *done)
{
	for (unsigned int i = 1; i < sizeof(objects) / sizeof(objects[0]); i++) {
		originals_add(&table, objects[i], &functions[0]);
		originals_drop(&table, objects[i]);
	}
	atomic_store((_Atomic bool *)done, true);
	return NULL;
}

static void an_object_is_found_while_others_come_and_go(void **state)
{
	_Atomic bool done = false;
	pthread_t thread;

	(void)state;
	originals_add(&table, objects[0], &functions[1]);
	assert_int_equal(pthread_create(&thread, NULL, come_and_go, &done), 0);
	while (!atomic_load(&done))
		assert_ptr_equal(originals_find(&table, objects[0]), &functions[1]);
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_object_has_the_function_it_was_given_last, setup),
		cmocka_unit_test_setup(an_object_behind_a_dropped_one_is_there_once, setup),
		cmocka_unit_test_setup(a_full_table_says_so, setup),
		cmocka_unit_test_setup(searches_stay_short_after_many_objects, setup),
		cmocka_unit_test_setup(an_object_is_found_while_others_come_and_go, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
