/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every call is there under its version, and says that the object is none of an EFA's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>

typedef int status_call(void *object, void *attr, uint32_t inlen);
typedef void *create_call(void *object, void *attr, void *more, uint32_t inlen);

static void *library;

static int load(void **state)
{
	(void)state;
	library = dlopen(LIBRARY, RTLD_NOW);
	return !library;
}

static int unload(void **state)
{
	(void)state;
	return dlclose(library);
}

static void queries_are_refused(void **state)
{
	static const char *const names[] = {"efadv_query_device", "efadv_query_ah"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		status_call *call = (status_call *)dlvsym(library, names[i], "EFA_1.1");

		assert_non_null(call);
		assert_int_equal(call(NULL, NULL, 0), EOPNOTSUPP);
	}
}

static void nothing_is_made(void **state)
{
	static const struct {
		const char *name, *version;
	} calls[] = {
		{"efadv_create_driver_qp", "EFA_1.0"},
		{"efadv_create_qp_ex", "EFA_1.1"},
		{"efadv_create_cq", "EFA_1.2"},
		{"efadv_cq_from_ibv_cq_ex", "EFA_1.2"},
	};

	(void)state;
	for (int i = 0; i < 4; i++) {
		create_call *call = (create_call *)dlvsym(library, calls[i].name, calls[i].version);

		assert_non_null(call);
		errno = 0;
		assert_null(call(NULL, NULL, NULL, 0));
		assert_int_equal(errno, EOPNOTSUPP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_are_refused),
		cmocka_unit_test(nothing_is_made),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
