/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keys of another process of this host, in a domain that both have. The other process is this one
 * once more, as the system sees it: only the directory says whose the key is.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "fakes.h"
#include "softhca/memory/access.h"
#include "softhca/memory/foreign.h"

enum { BYTES = 8192, IOVA = 0x500000, INDEX = 77, KEY = INDEX << 8 | 5, OTHER = 1, LENGTH = 3000 };

static struct world world;
static struct pd *pd;
static struct fabric_key *entry;
static uint8_t theirs[BYTES], bytes[BYTES];

static int setup(void **state)
{
	(void)state;
	world_create(&world);
	pd = make_pd(&world);
	world.fabric->pids[OTHER] = (uint32_t)getpid();
	entry = &world.hca->shared->keys[INDEX];
	*entry = (struct fabric_key){
		.key = KEY,
		.owner = OTHER + 1,
		.pdn = pd->pdn,
		.access = ACCESS_LOCAL_READ | ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE |
			  ACCESS_REMOTE_READ | ACCESS_REMOTE_ATOMIC,
		.linear = 1,
		.iova = IOVA,
		.length = BYTES,
		.address = (uintptr_t)theirs,
	};
	for (int i = 0; i < BYTES; i++)
		theirs[i] = (uint8_t)(i * 3);
	memset(bytes, 0, sizeof(bytes));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_fabric.on_hca_at = NULL;
	memset(entry, 0, sizeof(*entry));
	world_destroy(&world);
	return 0;
}

static struct sge at(uint64_t offset, uint32_t length)
{
	return (struct sge){IOVA + offset, length, KEY, NULL};
}

static enum completion_status gather(struct sge sge)
{
	return memory_gather(world.hca, pd, &sge, 1, 0, bytes, sge.length);
}

static enum completion_status scatter(struct sge sge)
{
	return memory_scatter(world.hca, pd, &sge, 1, 0, bytes, sge.length);
}

static void its_memory_is_gathered_and_scattered(void **state)
{
	(void)state;
	assert_int_equal(gather(at(100, LENGTH)), STATUS_SUCCESS);
	assert_memory_equal(bytes, theirs + 100, LENGTH);
	assert_int_equal(world.fabric->holds, 1);
	memset(bytes, 0x77, LENGTH);
	assert_int_equal(scatter(at(200, LENGTH)), STATUS_SUCCESS);
	assert_memory_equal(theirs + 200, bytes, LENGTH);
	assert_int_equal(theirs[199], (uint8_t)(199 * 3));
	assert_int_equal(theirs[200 + LENGTH], (uint8_t)((200 + LENGTH) * 3));
	/* Less than what is written last in any case. */
	assert_int_equal(scatter(at(0, 5)), STATUS_SUCCESS);
	assert_int_equal(theirs[4], 0x77);
	assert_int_equal(theirs[5], 15);
	assert_int_equal(world.fabric->held_key[fake_fabric.self], 0);
}

static void range_and_rights_count(void **state)
{
	(void)state;
	assert_int_equal(gather(at(BYTES - 10, 11)), STATUS_LOCAL_PROTECTION);
	assert_int_equal(gather(at(-1ull, 1)), STATUS_LOCAL_PROTECTION);
	entry->access &= ~(uint32_t)ACCESS_LOCAL_WRITE;
	assert_int_equal(scatter(at(0, 8)), STATUS_LOCAL_PROTECTION);
	assert_int_equal(gather(at(0, 8)), STATUS_SUCCESS);
}

static void others_keys_are_not_ours(void **state)
{
	const struct fabric_key good = *entry;

	(void)state;
	entry->pdn++;
	assert_null(foreign_find(world.hca, pd, KEY));
	*entry = good;
	entry->owner = fake_fabric.self + 1;
	assert_null(foreign_find(world.hca, pd, KEY));
	*entry = good;
	entry->linear = 0;
	assert_null(foreign_find(world.hca, pd, KEY));
	*entry = good;
	/* A window of a queue pair over there. */
	entry->qpn = 0x20;
	assert_null(foreign_find(world.hca, pd, KEY));
	*entry = good;
	assert_null(foreign_find(world.hca, pd, KEY + 1));
	assert_null(foreign_find(world.hca, NULL, KEY));
	assert_non_null(foreign_find(world.hca, pd, KEY));
}

static void atomics_are_never_granted(void **state)
{
	struct mr *mr = foreign_find(world.hca, pd, KEY);
	uint64_t found;

	(void)state;
	assert_false(mr->access & ACCESS_REMOTE_ATOMIC);
	assert_true(mr->access & ACCESS_REMOTE_WRITE);
	assert_false(memory_fetch_add(mr, IOVA, 1, &found));
	assert_false(memory_compare_swap(mr, IOVA, 0, 1, &found));
}

/* Between finding it and using it. */
static void a_key_that_goes_takes_its_memory_along(void **state)
{
	const struct fabric_key good = *entry;
	struct mr *mr = foreign_find(world.hca, pd, KEY);

	(void)state;
	assert_true(memory_read(mr, IOVA, bytes, 8));
	entry->key = 0;
	assert_false(memory_read(mr, IOVA, bytes, 8));
	*entry = good;
	entry->length = 4;
	assert_false(memory_write(mr, IOVA, bytes, 8));
	*entry = good;
	world.fabric->pids[OTHER] = 0;
	assert_false(memory_read(mr, IOVA, bytes, 8));
}

static void take_key_back(void)
{
	entry->key = 0;
}

/* After the list was checked, and before the shortcut gathers it. */
static void a_key_that_goes_sends_shortcuts_to_packets(void **state)
{
	static struct fake_cq_record record; /* outlives this: the teardown completes into it */
	struct qp *qp = make_qp(&world, pd, make_cq(&world, 16, &record), NULL, QP_TYPE_RC);
	struct send_request request = {
		.opcode = REQUEST_WRITE, .length = 8, .num_sge = 1, .sge = {at(0, 8)}};
	enum completion_status status;

	(void)state;
	bring_to(qp, QP_RTS, 1, qp->qpn);
	fake_fabric.on_hca_at = take_key_back;
	assert_int_equal(memory_direct_write(qp, &request, &status), EOPNOTSUPP);
	assert_int_equal(status, STATUS_SUCCESS);
	assert_int_equal(memory_direct_write(qp, &request, &status), EFAULT);
	assert_int_equal(status, STATUS_LOCAL_PROTECTION);
}

static void memory_that_is_not_there_is_refused(void **state)
{
	(void)state;
	entry->address = 4096;
	assert_int_equal(gather(at(0, 8)), STATUS_LOCAL_PROTECTION);
	assert_int_equal(scatter(at(0, LENGTH)), STATUS_LOCAL_PROTECTION);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(its_memory_is_gathered_and_scattered),
		TEST(range_and_rights_count),
		TEST(others_keys_are_not_ours),
		TEST(atomics_are_never_granted),
		TEST(a_key_that_goes_takes_its_memory_along),
		TEST(a_key_that_goes_sends_shortcuts_to_packets),
		TEST(memory_that_is_not_there_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
