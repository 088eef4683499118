/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory windows as commands make and end them. */
#include <errno.h>
#include <string.h>

#include "harness.h"

static int alloc(const struct device *device, uint32_t pd, uint8_t type,
		 const struct mlx5_ib_alloc_mw *driver, size_t driver_bytes,
		 struct ib_uverbs_alloc_mw_resp *answer)
{
	struct ib_uverbs_alloc_mw request = {.pd_handle = pd, .mw_type = type};

	memset(answer, 0, sizeof(*answer));
	return classic(device, IB_USER_VERBS_CMD_ALLOC_MW, &request, sizeof(request), driver,
		       driver_bytes, answer, sizeof(*answer), 0);
}

static void windows_come_by_command_and_go_by_either_way(void **state)
{
	struct device device = device_open_with_context();
	uint32_t pd = make_pd(&device);
	struct ib_uverbs_alloc_mw_resp first, second;
	struct ib_uverbs_attr attr = attr_id(UVERBS_ATTR_DESTROY_MW_HANDLE, 0);

	(void)state;
	assert_int_equal(alloc(&device, pd, 1, NULL, 0, &first), 0);
	assert_int_equal(alloc(&device, pd, 2, NULL, 0, &second), 0);
	assert_int_not_equal(first.rkey, second.rkey);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEALLOC_PD, pd), EBUSY);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEALLOC_MW, first.mw_handle),
			 0);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEALLOC_MW, first.mw_handle),
			 EINVAL);
	attr.data = second.mw_handle;
	assert_int_equal(call(&device, UVERBS_OBJECT_MW, UVERBS_METHOD_MW_DESTROY, &attr, 1), 0);
	assert_int_equal(call(&device, UVERBS_OBJECT_MW, UVERBS_METHOD_MW_DESTROY, &attr, 1),
			 ENOENT);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEALLOC_PD, pd), 0);
	device_close(&device);
}

static void windows_that_cannot_be(void **state)
{
	struct device device = device_open_with_context();
	uint32_t pd = make_pd(&device);
	struct mlx5_ib_alloc_mw driver = {.num_klms = 1};
	struct ib_uverbs_alloc_mw_resp answer;

	(void)state;
	assert_int_equal(alloc(&device, pd, 0, NULL, 0, &answer), EINVAL);
	assert_int_equal(alloc(&device, pd, 3, NULL, 0, &answer), EINVAL);
	assert_int_equal(alloc(&device, pd + 1, 1, NULL, 0, &answer), EINVAL);
	assert_int_equal(alloc(&device, pd, 1, &driver, sizeof(driver), &answer), 0);
	driver.num_klms = 2;
	assert_int_equal(alloc(&device, pd, 1, &driver, sizeof(driver), &answer), EOPNOTSUPP);
	driver = (struct mlx5_ib_alloc_mw){.comp_mask = 1};
	assert_int_equal(alloc(&device, pd, 1, &driver, sizeof(driver), &answer), EOPNOTSUPP);
	driver = (struct mlx5_ib_alloc_mw){.reserved2 = 1};
	assert_int_equal(alloc(&device, pd, 1, &driver, sizeof(driver), &answer), EOPNOTSUPP);
	/* What is left ends with the device. */
	device_close(&device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_come_by_command_and_go_by_either_way),
		cmocka_unit_test(windows_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
