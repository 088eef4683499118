/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The guard catches its own faults, on every thread, and leaves everybody else's to whom they
 * belong. What ends a process is looked at from its parent.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "softhca/memory/guard.h"

enum { PAGE = 4096 };

static uint8_t *hole;

static int setup(void **state)
{
	(void)state;
	hole = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(hole, MAP_FAILED);
	assert_int_equal(mprotect(hole + PAGE, PAGE, PROT_NONE), 0);
	return 0;
}

static void copies_that_fault_on_either_side_return_false(void **state)
{
	uint8_t bytes[64] = "untouched";

	(void)state;
	assert_int_equal(guard_install(), 0);
	assert_true(guard_copy(hole, bytes, sizeof(bytes)));
	assert_memory_equal(hole, bytes, sizeof(bytes));
	assert_false(guard_copy(hole + PAGE, bytes, sizeof(bytes)));
	assert_false(guard_copy(bytes, hole + PAGE, sizeof(bytes)));
	assert_false(guard_copy(hole + PAGE - 8, bytes, sizeof(bytes)));
	assert_string_equal(bytes, "untouched");
	assert_null(guard_active);
	/* And again: the handler is still there, and no signal was left blocked. */
	assert_false(guard_copy(hole + PAGE, bytes, 1));
}

static void a_file_that_was_cut_is_a_fault_as_well(void **state)
{
	int fd = memfd_create("cut", 0);
	uint8_t *mapped, byte;

	(void)state;
	assert_int_equal(guard_install(), 0);
	assert_int_equal(ftruncate(fd, PAGE), 0);
	mapped = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(mapped, MAP_FAILED);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_false(guard_copy(&byte, mapped, 1));
	munmap(mapped, PAGE);
	close(fd);
}

static void *fault_often(void *arg)
{
	uintptr_t wrong = 0;
	uint8_t byte = 0;

	(void)arg;
	for (int i = 0; i < 200; i++) {
		wrong += guard_copy(hole + PAGE, &byte, 1);
		wrong += !guard_copy(&byte, hole, 1);
	}
	return (void *)wrong;
}

static void threads_fault_for_themselves(void **state)
{
	pthread_t threads[4];

	(void)state;
	assert_int_equal(guard_install(), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, fault_often, NULL), 0);
	for (int i = 0; i < 4; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
}

/* Runs `body` in a child that may die, without a core file; returns its wait status. */
static int status_of(void (*body)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void crash(void)
{
	signal(SIGSEGV, SIG_DFL);
	if (guard_install())
		_exit(1);
	*(volatile uint8_t *)(hole + PAGE) = 1;
}

static void a_fault_of_the_program_still_kills_it(void **state)
{
	int status = status_of(crash);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

static void be_killed(void)
{
	signal(SIGSEGV, SIG_DFL);
	if (guard_install())
		_exit(1);
	raise(SIGSEGV);
}

static void a_signal_that_was_sent_still_kills(void **state)
{
	int status = status_of(be_killed);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

static void program_handler(int number, siginfo_t *info, void *context)
{
	(void)context;
	_exit(number == SIGSEGV && info->si_addr == hole + PAGE ? 42 : 1);
}

static void crash_with_handler(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};
	uint8_t byte = 0;

	action.sa_sigaction = program_handler;
	sigaction(SIGSEGV, &action, NULL);
	if (guard_install() || guard_copy(hole + PAGE, &byte, 1))
		_exit(2);
	*(volatile uint8_t *)(hole + PAGE) = 1;
}

static void the_programs_own_handler_gets_its_own_faults(void **state)
{
	int status = status_of(crash_with_handler);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

static struct sigaction before_program;

static void chaining_handler(int number, siginfo_t *info, void *context)
{
	before_program.sa_sigaction(number, info, context);
}

/* The program's handler goes over ours, ours over it again, and it sends what it gets to ours. */
static void crash_in_a_circle(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_NODEFER};

	signal(SIGSEGV, SIG_DFL);
	action.sa_sigaction = chaining_handler;
	if (guard_install() || sigaction(SIGSEGV, &action, &before_program) || guard_install())
		_exit(1);
	*(volatile uint8_t *)(hole + PAGE) = 1;
}

static void handlers_in_a_circle_end(void **state)
{
	int status = status_of(crash_in_a_circle);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_of_the_program_still_kills_it),
		cmocka_unit_test(a_signal_that_was_sent_still_kills),
		cmocka_unit_test(the_programs_own_handler_gets_its_own_faults),
		cmocka_unit_test(handlers_in_a_circle_end),
		cmocka_unit_test(copies_that_fault_on_either_side_return_false),
		cmocka_unit_test(a_file_that_was_cut_is_a_fault_as_well),
		cmocka_unit_test(threads_fault_for_themselves),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
