/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory that was there when it was registered, and is not when it is used. */
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "fakes.h"
#include "softhca/memory/access.h"

enum { BYTES = 4096 };

static struct world world;
static struct pd *pd;
static struct mr *mr;
static struct sge sge;

/* Within the test and not before it: cmocka puts its own fault handlers in place in between. */
static void register_and_unmap(void)
{
	uint8_t *gone =
		mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct mr_params params = {.length = BYTES, .access = ACCESS_LOCAL_WRITE, .linear = gone};

	assert_ptr_not_equal(gone, MAP_FAILED);
	world_create(&world);
	pd = make_pd(&world);
	assert_int_equal(mr_create(pd, &params, &mr), 0);
	munmap(gone, BYTES);
	sge = (struct sge){8, 64, mr->key, NULL};
}

static int teardown(void **state)
{
	(void)state;
	world_destroy(&world);
	return 0;
}

static void copies_report_a_protection_error(void **state)
{
	uint8_t bytes[64] = {0};

	(void)state;
	register_and_unmap();
	assert_int_equal(memory_gather(world.hca, pd, &sge, 1, 0, bytes, 64),
			 STATUS_LOCAL_PROTECTION);
	assert_int_equal(memory_scatter(world.hca, pd, &sge, 1, 0, bytes, 64),
			 STATUS_LOCAL_PROTECTION);
	assert_false(memory_read(mr, 0, bytes, 1));
	assert_false(memory_write(mr, 0, bytes, 1));
}

static void atomics_report_failure(void **state)
{
	uint64_t found;

	(void)state;
	register_and_unmap();
	assert_false(memory_fetch_add(mr, 0, 1, &found));
	assert_false(memory_compare_swap(mr, 0, 0, 1, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(copies_report_a_protection_error, teardown),
		cmocka_unit_test_teardown(atomics_report_failure, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
