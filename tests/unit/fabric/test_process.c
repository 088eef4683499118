/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fabrics come and go with their processes; dead ones leave nothing behind. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "softhca/fabric/state.h"

static _Atomic uint32_t *shared;

static int setup(void **state)
{
	(void)state;
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared == MAP_FAILED;
}

static bool is_set(void *word)
{
	return atomic_load((_Atomic uint32_t *)word) != 0;
}

static void segment_file(char *path, size_t size)
{
	char directory[PATH_MAX];

	assert_int_equal(segment_path(fabric_name(), directory, NULL, 0), 0);
	snprintf(path, size, "%.4000s/segment", directory);
}

/* ---- the file ---- */

static void file_goes_away_with_the_last_process(void **state)
{
	struct fabric *first = join(1), *second = join(2), *looker;
	char path[PATH_MAX];

	(void)state;
	segment_file(path, sizeof(path));
	fabric_leave(first);
	assert_int_equal(access(path, F_OK), 0);
	fabric_leave(second);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(fabric_look(fabric_name(), &looker, NULL, 0), ENOENT);
}

static int hold_numbers(void *arg)
{
	struct fabric *fabric = join(1);
	const uint8_t mgid[16] = {0xff, 0x12, [15] = 9};
	struct fabric_hca *hca;
	struct fabric_key *key;
	struct fabric_qp *qp;
	uint32_t qpn, number;
	unsigned int index;

	(void)arg;
	if (!fabric || fabric_hca_open(fabric, "mlx5", &hca, &index))
		return 1;
	for (int i = 0; i < 100; i++) {
		if (fabric_qp_reserve(fabric, hca, &qpn, &qp) ||
		    fabric_key_reserve(fabric, hca, 0, &number, &key))
			return 1;
		atomic_store(&key->key, number);
	}
	if (fabric_group_attach(fabric, index, qpn, mgid, 0xc001))
		return 1;
	atomic_store(&shared[1], qpn);
	atomic_store(&shared[2], number);
	atomic_store(&shared[0], fabric_self(fabric) + 1);
	for (;;)
		pause();
}

static void count_member(void *arg, unsigned int hca, uint32_t qpn, unsigned int process)
{
	(void)hca;
	(void)qpn;
	(void)process;
	++*(unsigned int *)arg;
}

static void what_a_killed_process_held_is_freed(void **state)
{
	const uint8_t mgid[16] = {0xff, 0x12, [15] = 9};
	struct fabric *fabric = join(1);
	unsigned int members = 0;
	struct fabric_hca *hca;
	unsigned int index;
	pid_t child;

	(void)state;
	assert_int_equal(fabric_hca_open(fabric, "mlx5", &hca, &index), 0);
	atomic_store(&shared[0], 0);
	child = start_child(hold_numbers, NULL);
	wait_until(is_set, shared);
	assert_non_null(fabric_qp_find(hca, atomic_load(&shared[1])));
	assert_non_null(fabric_key_find(hca, atomic_load(&shared[2])));
	fabric_group_for_each(fabric, mgid, 0, count_member, &members);
	assert_int_equal(members, 1);
	kill_child(child);
	fabric_leave(join(2));
	assert_null(fabric_qp_find(hca, atomic_load(&shared[1])));
	assert_null(fabric_key_find(hca, atomic_load(&shared[2])));
	fabric_group_for_each(fabric, mgid, 0, count_member, &members);
	assert_int_equal(members, 1);
	assert_int_equal(fabric_process_pid(fabric, atomic_load(&shared[0]) - 1), 0);
	fabric_leave(fabric);
}

static void fabric_of_killed_processes_starts_afresh(void **state)
{
	struct fabric *fabric;
	pid_t child;

	(void)state;
	atomic_store(&shared[0], 0);
	child = start_child(hold_numbers, NULL);
	wait_until(is_set, shared);
	kill_child(child);
	/* Nobody is left to say so: looking finds it empty and takes the file away. */
	assert_int_equal(fabric_look(fabric_name(), &fabric, NULL, 0), ENOENT);
	fabric = join(1);
	assert_int_equal(fabric_self(fabric), 0);
	fabric_leave(fabric);
}

static void make_foreign_file(const char *path)
{
	const uint32_t words[64] = {0x61486673, 99};
	int fd;

	fabric_leave(join(1));
	{
		char directory[PATH_MAX];

		snprintf(directory, sizeof(directory), "%.*s", (int)(strrchr(path, '/') - path),
			 path);
		mkdir(directory, 0700);
	}
	fd = open(path, O_CREAT | O_EXCL | O_RDWR, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, words, sizeof(words)), sizeof(words));
	close(fd);
}

static void stale_file_of_another_version_is_replaced(void **state)
{
	char path[PATH_MAX];
	struct fabric *fabric;

	(void)state;
	segment_file(path, sizeof(path));
	make_foreign_file(path);
	fabric = join(1);
	assert_non_null(fabric);
	fabric_leave(fabric);
}

static void live_file_of_another_version_is_left_alone(void **state)
{
	struct fabric_options options = {
		.name = fabric_name(), .host = 1, .port_type = FABRIC_PORT_IB};
	struct fabric *fabric = NULL;
	char path[PATH_MAX], reason[512] = "";
	int user;

	(void)state;
	segment_file(path, sizeof(path));
	make_foreign_file(path);
	user = open(path, O_RDWR);
	assert_int_equal(flock(user, LOCK_SH), 0);
	assert_int_equal(fabric_join(&options, &fabric, reason, sizeof(reason)), EBUSY);
	assert_non_null(strstr(reason, "version"));
	close(user);
	fabric_leave(join(1));
}

static void fabric_of_another_pid_namespace_is_not_joined(void **state)
{
	struct fabric_options options = {
		.name = fabric_name(), .host = 2, .port_type = FABRIC_PORT_IB};
	struct fabric *first = join(1), *other = NULL;
	char reason[512] = "";

	(void)state;
	/* As if those who made it had been in another. */
	first->segment->pid_namespace++;
	assert_int_equal(fabric_join(&options, &other, reason, sizeof(reason)), EBUSY);
	assert_non_null(strstr(reason, "PID namespace"));
	assert_int_equal(fabric_look(fabric_name(), &other, reason, sizeof(reason)), EBUSY);
	/* Who was there has not been cleared away. */
	assert_int_equal(fabric_process_pid(first, fabric_self(first)), getpid());
	first->segment->pid_namespace--;
	fabric_leave(first);
}

static void directory_open_to_others_is_refused(void **state)
{
	struct fabric_options options = {
		.name = fabric_name(), .host = 1, .port_type = FABRIC_PORT_IB};
	char directory[PATH_MAX], reason[512] = "";
	struct fabric *fabric = NULL;

	(void)state;
	assert_int_equal(segment_path(fabric_name(), directory, NULL, 0), 0);
	assert_int_equal(mkdir(directory, 0700), 0);
	assert_int_equal(chmod(directory, 0755), 0);
	assert_int_equal(fabric_join(&options, &fabric, reason, sizeof(reason)), EPERM);
	assert_non_null(strstr(reason, "chmod"));
	assert_int_equal(rmdir(directory), 0);
}

static void small_limit_on_file_sizes_is_named(void **state)
{
	struct fabric_options options = {
		.name = fabric_name(), .host = 1, .port_type = FABRIC_PORT_IB};
	struct fabric *fabric = NULL;
	char reason[512] = "";
	struct rlimit limit, small;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 1 << 20;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(fabric_join(&options, &fabric, reason, sizeof(reason)), EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_non_null(strstr(reason, "ulimit -f"));
	fabric_leave(join(1));
}

static void odd_names_and_hosts_are_refused(void **state)
{
	static const char *const names[] = {"", ".", "..", "a/b", "a b", "\n"};
	struct fabric_options options = {.host = 1, .port_type = FABRIC_PORT_IB};
	struct fabric *fabric = NULL;
	char reason[512];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		options.name = names[i];
		assert_int_equal(fabric_join(&options, &fabric, reason, sizeof(reason)), EINVAL);
	}
	options.name = fabric_name();
	options.host = 0;
	assert_int_equal(fabric_join(&options, &fabric, reason, sizeof(reason)), EINVAL);
	options.host = 1;
	options.family = "nosuch";
	assert_int_equal(fabric_join(&options, &fabric, reason, sizeof(reason)), EINVAL);
}

/* ---- many at once ---- */

enum { CROWD = 12 };

static bool crowd_is_there(void *arg)
{
	(void)arg;
	return atomic_load(&shared[0]) == CROWD;
}

static int join_with_the_crowd(void *arg)
{
	struct fabric *fabric = join(1 + (unsigned int)(uintptr_t)arg % 3);
	struct fabric_hca *hca;
	struct fabric_qp *qp;
	unsigned int index;
	uint32_t qpn;
	int status;

	if (!fabric || fabric_hca_open(fabric, "mlx5", &hca, &index) ||
	    fabric_qp_reserve(fabric, hca, &qpn, &qp))
		return 1;
	atomic_fetch_add(&shared[64 + fabric_self(fabric)], 1);
	atomic_fetch_add(&shared[0], 1);
	status = !becomes(crowd_is_there, NULL);
	fabric_leave(fabric);
	return status;
}

static void many_join_and_leave_at_once(void **state)
{
	pid_t children[CROWD];
	char path[PATH_MAX];

	(void)state;
	memset(shared, 0, 4096);
	for (uintptr_t i = 0; i < CROWD; i++)
		children[i] = start_child(join_with_the_crowd, (void *)i);
	for (int i = 0; i < CROWD; i++)
		finish_child(children[i]);
	for (int i = 0; i < CROWD; i++)
		assert_int_equal(atomic_load(&shared[64 + i]), 1);
	segment_file(path, sizeof(path));
	assert_int_equal(access(path, F_OK), -1);
}

/* ---- fork ---- */

static int forget(void *arg)
{
	fabric_forget(arg);
	return 0;
}

static void child_of_a_fork_forgets_without_harm(void **state)
{
	struct fabric *fabric = join(1);
	uint32_t before = fabric_process_pid(fabric, fabric_self(fabric));
	uint8_t bytes[64] = {0};

	(void)state;
	finish_child(start_child(forget, fabric));
	assert_int_equal(fabric_process_pid(fabric, fabric_self(fabric)), before);
	assert_int_equal(try_send(fabric, fabric_self(fabric), bytes, sizeof(bytes)), 0);
	fabric_leave(fabric);
}

static void closed_descriptors_do_not_matter(void **state)
{
	struct fabric *fabric = join(1), *other = join(2);
	uint8_t bytes[64] = {0};
	int stranger = open("/dev/null", O_RDWR);

	(void)state;
	/* The application has a file of its own under the number that was ours. */
	assert_int_equal(dup2(stranger, fabric->fd), fabric->fd);
	close(stranger);
	stranger = fabric->fd;
	assert_int_equal(try_send(fabric, fabric_self(other), bytes, sizeof(bytes)), 0);
	fabric_leave(other);
	fabric_leave(fabric);
	assert_int_equal(close(stranger), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_goes_away_with_the_last_process),
		cmocka_unit_test(what_a_killed_process_held_is_freed),
		cmocka_unit_test(fabric_of_killed_processes_starts_afresh),
		cmocka_unit_test(stale_file_of_another_version_is_replaced),
		cmocka_unit_test(live_file_of_another_version_is_left_alone),
		cmocka_unit_test(fabric_of_another_pid_namespace_is_not_joined),
		cmocka_unit_test(directory_open_to_others_is_refused),
		cmocka_unit_test(small_limit_on_file_sizes_is_named),
		cmocka_unit_test(odd_names_and_hosts_are_refused),
		cmocka_unit_test(many_join_and_leave_at_once),
		cmocka_unit_test(child_of_a_fork_forgets_without_harm),
		cmocka_unit_test(closed_descriptors_do_not_matter),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
