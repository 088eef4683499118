/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The leaning lock: who gets in, who is kept out, and that nobody sleeps for ever. */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "softhca/core/lock.h"

enum {
	THREADS = 4,
	TAKINGS = 200 * 1000,
	/* More than make a favourite, however often it has been upset. */
	MANY = 1 << 17,
};

static struct lock lock;
/* Under the lock and not atomic: what is lost of it was counted by two at once. */
static uint64_t count;

static void take_often(uint64_t times)
{
	for (uint64_t i = 0; i < times; i++) {
		lock_take(&lock);
		count++;
		lock_release(&lock);
	}
}

static int new_lock(void **state)
{
	(void)state;
	lock_init(&lock);
	count = 0;
	return 0;
}

/* ---- one thread ---- */

static void a_thread_that_takes_it_often_is_the_favourite(void **state)
{
	(void)state;
	if (!lock.leans)
		skip(); /* no fence from the system: ThreadSanitizer, a filter, an old kernel */
	take_often(MANY);
	assert_non_null(lock.favourite);
	lock_take(&lock);
	assert_non_null(lock.entered);
	assert_int_equal(lock.word, 0);
	lock_release(&lock);
}

static void who_has_it_does_not_get_it_again(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		lock_take(&lock);
		assert_false(lock_try(&lock));
		assert_true(lock_held_here());
		lock_release(&lock);
		assert_false(lock_held_here());
		take_often(MANY);
	}
}

/* ---- two ---- */

static void *try_it(void *arg)
{
	bool *got = arg;

	*got = lock_try(&lock);
	if (*got)
		lock_release(&lock);
	return NULL;
}

static bool another_thread_gets_it(void)
{
	pthread_t thread;
	bool got;

	assert_int_equal(pthread_create(&thread, NULL, try_it, &got), 0);
	pthread_join(thread, NULL);
	return got;
}

static void others_are_kept_out_while_the_favourite_is_inside(void **state)
{
	(void)state;
	take_often(MANY);
	lock_take(&lock);
	assert_false(another_thread_gets_it());
	/* Upset, but still inside. */
	assert_null(lock.favourite);
	assert_false(another_thread_gets_it());
	assert_false(lock_try(&lock));
	assert_true(lock_held_here());
	lock_release(&lock);
	assert_true(another_thread_gets_it());
	assert_true(lock_try(&lock));
	lock_release(&lock);
}

static sem_t about_to_sleep;

static void *take_it(void *arg)
{
	(void)arg;
	sem_post(&about_to_sleep);
	lock_take(&lock);
	count++;
	lock_release(&lock);
	return NULL;
}

static void who_sleeps_is_woken_by_the_release(void **state)
{
	(void)state;
	sem_init(&about_to_sleep, 0, 0);
	for (int i = 0; i < 50; i++) {
		pthread_t thread;
		uint64_t before;

		take_often(MANY / 64);
		before = count;
		lock_take(&lock);
		assert_int_equal(pthread_create(&thread, NULL, take_it, NULL), 0);
		sem_wait(&about_to_sleep);
		while (!atomic_load(&lock.sleepers))
			lock_relax();
		lock_release(&lock);
		pthread_join(thread, NULL);
		assert_int_equal(count, before + 1);
	}
	assert_int_equal(lock.sleepers, 0);
}

/* ---- many ---- */

static void *take_in_bursts(void *arg)
{
	unsigned int *burst = arg;

	for (unsigned int done = 0; done < TAKINGS; done += *burst) {
		take_often(*burst);
		for (unsigned int i = 0; i < *burst; i++)
			lock_relax();
	}
	return NULL;
}

/* Bursts of different lengths, so that the lock leans now to one and now to another. */
static void only_one_is_inside(void **state)
{
	unsigned int bursts[THREADS] = {1, 100, 1000, 10000};
	pthread_t threads[THREADS];
	uint64_t total = 0;

	(void)state;
	for (unsigned int i = 0; i < THREADS; i++) {
		total += (TAKINGS + bursts[i] - 1) / bursts[i] * bursts[i];
		assert_int_equal(pthread_create(&threads[i], NULL, take_in_bursts, &bursts[i]), 0);
	}
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(count, total);
	assert_int_equal(lock.sleepers, 0);
}

static void *take_some(void *arg)
{
	(void)arg;
	take_often(1000);
	return NULL;
}

/* More threads over time than the lock has seats. */
static void threads_come_and_go(void **state)
{
	(void)state;
	for (int i = 0; i < 8 * LOCK_SEATS; i++) {
		pthread_t pair[2];

		for (int j = 0; j < 2; j++)
			assert_int_equal(pthread_create(&pair[j], NULL, take_some, NULL), 0);
		for (int j = 0; j < 2; j++)
			pthread_join(pair[j], NULL);
	}
	assert_int_equal(count, 2 * 1000 * 8 * LOCK_SEATS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_thread_that_takes_it_often_is_the_favourite, new_lock),
		cmocka_unit_test_setup(who_has_it_does_not_get_it_again, new_lock),
		cmocka_unit_test_setup(others_are_kept_out_while_the_favourite_is_inside, new_lock),
		cmocka_unit_test_setup(who_sleeps_is_woken_by_the_release, new_lock),
		cmocka_unit_test_setup(only_one_is_inside, new_lock),
		cmocka_unit_test_setup(threads_come_and_go, new_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
