/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Commands by write(): what is accepted, and with which errno the rest is refused. */
#include "harness.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static int send_words(const struct device *device, const uint32_t *words, size_t count)
{
	return write_command(device->file, words, count * 4) == (ssize_t)(count * 4) ? 0 : errno;
}

static void alloc_pd_of_literal_words_answers_handle_and_number(void **state)
{
	struct device device = device_open_with_context();
	uint32_t answer[2] = {0xffffffff, 0xffffffff};
	uint64_t address = (uintptr_t)answer;
	/* ALLOC_PD = 3, 4 words in, 2 out; the address of the answer. */
	uint32_t words[4] = {3, 4 | 2 << 16, (uint32_t)address, (uint32_t)(address >> 32)};

	(void)state;
	assert_int_equal(send_words(&device, words, 4), 0);
	assert_int_equal(answer[0], 0);
	assert_int_not_equal(answer[1], 0xffffffff);
	device_close(&device);
}

static void length_must_be_what_the_header_says(void **state)
{
	struct device device = device_open_with_context();
	uint64_t answer = 0, address = (uintptr_t)&answer;
	uint32_t words[5] = {3, 5 | 2 << 16, (uint32_t)address, (uint32_t)(address >> 32), 0};

	(void)state;
	assert_int_equal(send_words(&device, words, 4), EINVAL);
	assert_int_equal(send_words(&device, words, 1), EINVAL);
	assert_int_equal(write_command(device.file, words, 0), -1);
	assert_int_equal(write_command(device.file, words, 7), -1);
	/* Too short for the command, and no room for its answer. */
	words[1] = 3 | 2 << 16;
	assert_int_equal(send_words(&device, words, 3), ENOSPC);
	words[1] = 4;
	assert_int_equal(send_words(&device, words, 4), ENOSPC);
	device_close(&device);
}

static void unknown_commands_and_flags_are_refused(void **state)
{
	struct device device = device_open_with_context();
	uint32_t words[6] = {0};

	(void)state;
	words[0] = IB_USER_VERBS_CMD_POST_SEND;
	words[1] = 6;
	assert_int_equal(send_words(&device, words, 6), EOPNOTSUPP);
	words[0] = 200;
	assert_int_equal(send_words(&device, words, 6), EOPNOTSUPP);
	words[0] = IB_USER_VERBS_CMD_ALLOC_PD | 1 << 12;
	assert_int_equal(send_words(&device, words, 6), EINVAL);
	device_close(&device);
}

static void commands_need_a_context_and_only_one(void **state)
{
	struct device device = device_open();
	struct mlx5_ib_alloc_ucontext_req_v2 driver = {.total_num_bfregs = 16};
	struct ib_uverbs_get_context request = {0};
	uint32_t answer[20];
	struct ib_uverbs_alloc_pd alloc = {0};
	uint32_t pd;

	(void)state;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_ALLOC_PD, &alloc, sizeof(alloc), NULL,
				 0, &pd, sizeof(pd), 0),
			 EINVAL);
	device_close(&device);
	device = device_open_with_context();
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_GET_CONTEXT, &request, sizeof(request),
				 &driver, sizeof(driver), answer, 8, 72),
			 EINVAL);
	device_close(&device);
}

static void devx_and_reserved_fields_of_the_context_are_refused(void **state)
{
	struct device device = device_open();
	struct mlx5_ib_alloc_ucontext_req_v2 driver = {.total_num_bfregs = 16,
						       .flags = MLX5_IB_ALLOC_UCTX_DEVX};
	struct ib_uverbs_get_context request = {0};
	uint32_t answer[20];

	(void)state;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_GET_CONTEXT, &request, sizeof(request),
				 &driver, sizeof(driver), answer, 8, 72),
			 EINVAL);
	driver.flags = 0;
	driver.reserved1 = 1;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_GET_CONTEXT, &request, sizeof(request),
				 &driver, sizeof(driver), answer, 8, 72),
			 EOPNOTSUPP);
	driver.reserved1 = 0;
	driver.total_num_bfregs = 0;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_GET_CONTEXT, &request, sizeof(request),
				 &driver, sizeof(driver), answer, 8, 72),
			 EINVAL);
	device_close(&device);
}

static void answer_is_cut_to_the_room_there_is(void **state)
{
	struct device device = device_open();
	struct mlx5_ib_alloc_ucontext_req driver = {.total_num_bfregs = 16,
						    .num_low_latency_bfregs = 4};
	struct ib_uverbs_get_context request = {0};
	uint32_t answer[8];

	(void)state;
	memset(answer, 0xee, sizeof(answer));
	/* The oldest library: 8 bytes in, room for four words. */
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_GET_CONTEXT, &request, sizeof(request),
				 &driver, sizeof(driver), answer, 8, 16),
			 0);
	assert_int_equal(answer[1], FILE_COMP_VECTORS);
	assert_int_equal(answer[4], 16);
	assert_int_equal(answer[6], 0xeeeeeeee);
	last_async_fd = (int)answer[0];
	device_close(&device);
}

static void bad_addresses_give_efault_and_leave_nothing(void **state)
{
	struct device device = device_open_with_context();
	struct ib_uverbs_alloc_pd request = {0};
	uint8_t *wall = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_int_equal(write_command(device.file, (void *)8, 16), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_ALLOC_PD, &request, sizeof(request),
				 NULL, 0, wall, 4, 4),
			 EFAULT);
	assert_null(handle_next(&device.file->handles, HANDLE_PD, 0));
	munmap(wall, 4096);
	device_close(&device);
}

static int extended(const struct device *device, uint32_t command, const void *core,
		    uint16_t core_words, uint16_t driver_words, void *answer, uint16_t out_words,
		    uint16_t driver_out_words, uint32_t reserved)
{
	uint8_t bytes[256] = {0};
	struct ib_uverbs_cmd_hdr header = {.command = command | IB_USER_VERBS_CMD_FLAG_EXTENDED,
					   .in_words = core_words,
					   .out_words = out_words};
	struct ib_uverbs_ex_cmd_hdr more = {.response = (uintptr_t)answer,
					    .provider_in_words = driver_words,
					    .provider_out_words = driver_out_words,
					    .cmd_hdr_reserved = reserved};
	size_t total = sizeof(header) + sizeof(more) + (core_words + (size_t)driver_words) * 8;

	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), &more, sizeof(more));
	memcpy(bytes + sizeof(header) + sizeof(more), core, core_words * 8u);
	return write_command(device->file, bytes, total) == (ssize_t)total ? 0 : errno;
}

static void extended_query_device_says_how_much_it_answers(void **state)
{
	struct device device = device_open_with_context();
	struct {
		struct ib_uverbs_ex_query_device_resp core;
		struct mlx5_ib_query_device_resp driver;
	} answer;
	uint64_t request[2] = {0};

	(void)state;
	memset(&answer, 0xee, sizeof(answer));
	assert_int_equal(extended(&device, IB_USER_VERBS_EX_CMD_QUERY_DEVICE, request, 1, 0,
				  &answer, sizeof(answer.core) / 8, 13, 0),
			 0);
	assert_int_equal(answer.core.response_length, sizeof(answer.core));
	assert_int_equal(answer.core.base.vendor_part_id, 4115);
	assert_int_equal(answer.driver.response_length, 104);
	device_close(&device);
}

static void extended_headers_are_checked(void **state)
{
	struct device device = device_open_with_context();
	uint8_t answer[512];
	uint64_t request[3] = {0, 1, 0};

	(void)state;
	assert_int_equal(extended(&device, IB_USER_VERBS_EX_CMD_QUERY_DEVICE, request, 1, 0, answer,
				  38, 0, 1),
			 EINVAL);
	assert_int_equal(
		extended(&device, IB_USER_VERBS_EX_CMD_QUERY_DEVICE, request, 1, 0, NULL, 38, 0, 0),
		EINVAL);
	assert_int_equal(extended(&device, IB_USER_VERBS_EX_CMD_QUERY_DEVICE, request, 1, 0, answer,
				  0, 0, 0),
			 EINVAL);
	assert_int_equal(extended(&device, IB_USER_VERBS_EX_CMD_QUERY_DEVICE, request, 1, 0, answer,
				  2, 0, 0),
			 ENOSPC);
	/* More input than is known, and it says something. */
	assert_int_equal(extended(&device, IB_USER_VERBS_EX_CMD_QUERY_DEVICE, request, 2, 0, answer,
				  38, 0, 0),
			 EOPNOTSUPP);
	request[0] = 1;
	assert_int_equal(extended(&device, IB_USER_VERBS_EX_CMD_QUERY_DEVICE, request, 1, 0, answer,
				  38, 0, 0),
			 EINVAL);
	device_close(&device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alloc_pd_of_literal_words_answers_handle_and_number),
		cmocka_unit_test(length_must_be_what_the_header_says),
		cmocka_unit_test(unknown_commands_and_flags_are_refused),
		cmocka_unit_test(commands_need_a_context_and_only_one),
		cmocka_unit_test(devx_and_reserved_fields_of_the_context_are_refused),
		cmocka_unit_test(answer_is_cut_to_the_room_there_is),
		cmocka_unit_test(bad_addresses_give_efault_and_leave_nothing),
		cmocka_unit_test(extended_query_device_says_how_much_it_answers),
		cmocka_unit_test(extended_headers_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
