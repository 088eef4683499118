/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Holds of shortcuts: who takes back a key or a queue pair waits for the living, not for the dead.
 */
#include "harness.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "softhca/fabric/hold.h"
#include "softhca/fabric/state.h"

/* What parent and child tell each other. */
static struct shared {
	_Atomic uint32_t qpn, key;
	_Atomic uint32_t holding;
	_Atomic uint32_t let_go; /* asked to, then done */
	_Atomic uint32_t done;
} * shared;

static struct fabric *fabric;
static struct fabric_hca *hca;
static struct fabric_qp *qp;
static struct fabric_key *key;
static unsigned int hca_index;

static int setup(void **state)
{
	uint32_t number;

	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	fabric = join(1);
	if (shared == MAP_FAILED || !fabric || fabric_hca_open(fabric, "mlx5", &hca, &hca_index) ||
	    fabric_qp_reserve(fabric, hca, &number, &qp))
		return 1;
	atomic_store(&shared->qpn, number);
	if (fabric_key_reserve(fabric, hca, 7, &number, &key))
		return 1;
	atomic_store(&key->key, number);
	atomic_store(&shared->key, number);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fabric_leave(fabric);
	munmap(shared, sizeof(*shared));
	return 0;
}

static bool is_set(void *word)
{
	return atomic_load((_Atomic uint32_t *)word) != 0;
}

/* Holds both until it is told to let go. */
static int hold_both(void *arg)
{
	struct fabric *own = join(2);

	(void)arg;
	if (!own)
		return 1;
	fabric_hold(own, hca_index, atomic_load(&shared->qpn), atomic_load(&shared->key));
	atomic_store(&shared->holding, 1);
	if (!becomes(is_set, &shared->let_go))
		return 1;
	/* Before it can be seen: whoever is let through sees this. */
	atomic_store(&shared->done, 1);
	fabric_let_go(own);
	fabric_leave(own);
	return 0;
}

static pid_t start_holder(void)
{
	pid_t child = start_child(hold_both, NULL);

	wait_until(is_set, &shared->holding);
	return child;
}

struct release {
	bool of_key;
	_Atomic uint32_t begun;
	bool was_done; /* when it returned, the holder had come to its end */
};

static void *release(void *arg)
{
	struct release *work = arg;

	atomic_store(&work->begun, 1);
	if (work->of_key)
		fabric_key_release(fabric, hca, key);
	else
		fabric_qp_release(fabric, hca, qp);
	work->was_done = atomic_load(&shared->done);
	return NULL;
}

static bool key_is_closed(void *arg)
{
	(void)arg;
	return atomic_load(&key->key) == 0;
}

static void release_waits_for_a_holder(bool of_key)
{
	struct release work = {.of_key = of_key};
	pid_t child = start_holder();
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, release, &work), 0);
	wait_until(is_set, &work.begun);
	if (of_key)
		wait_until(key_is_closed, NULL);
	/* Not to be given out again before it has been let go. */
	assert_int_not_equal(atomic_load(of_key ? &key->owner : &qp->owner), 0);
	atomic_store(&shared->let_go, 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(work.was_done);
	finish_child(child);
}

static void release_of_a_key_waits_for_who_holds_it(void **state)
{
	(void)state;
	release_waits_for_a_holder(true);
}

static void release_of_a_queue_pair_waits_for_who_holds_it(void **state)
{
	(void)state;
	release_waits_for_a_holder(false);
}

static void dead_holders_are_not_waited_for(void **state)
{
	pid_t child = start_holder();

	(void)state;
	kill_child(child);
	fabric_key_release(fabric, hca, key);
	fabric_qp_release(fabric, hca, qp);
	assert_int_equal(atomic_load(&shared->done), 0);
}

static void other_entries_are_not_waited_for(void **state)
{
	pid_t child = start_holder();
	struct fabric_key *other_key;
	struct fabric_qp *other_qp;
	uint32_t number;

	(void)state;
	assert_int_equal(fabric_key_reserve(fabric, hca, 0, &number, &other_key), 0);
	assert_int_equal(fabric_qp_reserve(fabric, hca, &number, &other_qp), 0);
	fabric_key_release(fabric, hca, other_key);
	fabric_qp_release(fabric, hca, other_qp);
	assert_int_equal(atomic_load(&shared->done), 0);
	atomic_store(&shared->let_go, 1);
	finish_child(child);
}

/* An owner dies, its entries are cleared away and given out again while somebody still holds them:
 * the late end of that hold leaves nothing behind. */
static void letting_go_late_does_not_harm_the_next_owner(void **state)
{
	struct fabric *initiator = join(2);

	(void)state;
	fabric_hold(initiator, hca_index, atomic_load(&shared->qpn), atomic_load(&shared->key));
	atomic_store(&key->key, 0);
	atomic_store(&key->owner, 0);
	atomic_store(&key->owner, fabric_self(fabric) + 1);
	fabric_let_go(initiator);
	assert_int_equal(atomic_load(&initiator->own->hold), 0);
	fabric_key_release(fabric, hca, key);
	fabric_hold(initiator, hca_index, 0, UINT32_MAX);
	fabric_let_go(initiator);
	fabric_leave(initiator);
}

static void released_queue_pair_accepts_nothing_in_its_next_life(void **state)
{
	(void)state;
	qp->state = 3;
	fabric_qp_release(fabric, hca, qp);
	assert_int_equal(qp->state, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(release_of_a_key_waits_for_who_holds_it),
		TEST(release_of_a_queue_pair_waits_for_who_holds_it),
		TEST(dead_holders_are_not_waited_for),
		TEST(other_entries_are_not_waited_for),
		TEST(letting_go_late_does_not_harm_the_next_owner),
		TEST(released_queue_pair_accepts_nothing_in_its_next_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
