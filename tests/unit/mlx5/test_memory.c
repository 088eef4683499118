/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Device memory where the kernel says it is, objects of other processes, buffers of our own. */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "fake_kernel.h"
#include "fake_memory.h"

static struct ibv_context *context;

static int setup(void **state)
{
	(void)state;
	fake_reset();
	memset(&fake_memory, 0, sizeof(fake_memory));
	context = fake_open();
	assert_non_null(context);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_close(context);
	return 0;
}

/* The byte of the device file where the memory begins, seen by another mapping of it. */
static void check_place(struct ibv_dm *dm, off_t place)
{
	uint32_t word = 0x44332211, found = 0;

	assert_int_equal(dm->memcpy_to_dm(dm, 8, &word, 4), 0);
	assert_int_equal(pread(context->cmd_fd, &found, 4, place + 8), 4);
	assert_int_equal(found, word);
	found = 0;
	assert_int_equal(dm->memcpy_from_dm(&found, dm, 8, 4), 0);
	assert_int_equal(found, word);
}

static void device_memory_is_where_the_kernel_says(void **state)
{
	struct ibv_alloc_dm_attr attr = {.length = 5000};
	struct ibv_dm *dm;

	(void)state;
	fake_memory.dm_page = 0x21;
	fake_memory.dm_start_offset = 0x1c0;
	dm = fake_ops()->alloc_dm(context, &attr);
	assert_non_null(dm);
	/* Command 8 in the second byte of the page number, the page in the first. */
	check_place(dm, 0x821 * 4096 + 0x1c0);
	fake_memory.fail_run = EBUSY;
	assert_int_equal(fake_ops()->free_dm(dm), EBUSY);
	check_place(dm, 0x821 * 4096 + 0x1c0);
	assert_int_equal(fake_ops()->free_dm(dm), 0);
}

static void copies_stay_inside_and_aligned(void **state)
{
	struct ibv_alloc_dm_attr attr = {.length = 4096};
	struct ibv_dm *dm = fake_ops()->alloc_dm(context, &attr);
	uint8_t bytes[16] = {0};

	(void)state;
	assert_non_null(dm);
	assert_int_equal(dm->memcpy_to_dm(dm, 4092, bytes, 4), 0);
	assert_int_equal(dm->memcpy_to_dm(dm, 4092, bytes, 8), EFAULT);
	assert_int_equal(dm->memcpy_from_dm(bytes, dm, UINT64_MAX - 3, 8), EFAULT);
	assert_int_equal(dm->memcpy_to_dm(dm, 2, bytes, 4), EINVAL);
	assert_int_equal(dm->memcpy_from_dm(bytes, dm, 0, 6), EINVAL);
	assert_int_equal(fake_ops()->free_dm(dm), 0);
}

static void a_place_that_makes_no_sense_is_given_back(void **state)
{
	struct ibv_alloc_dm_attr attr = {.length = 64};

	(void)state;
	fake_memory.dm_start_offset = 4096;
	assert_null(fake_ops()->alloc_dm(context, &attr));
	assert_int_equal(errno, EPROTO);
	assert_int_equal(fake.objects, 0);
}

static void whole_pages_can_be_exported(void **state)
{
	struct ibv_alloc_dm_attr attr = {.length = 8192};
	struct ibv_dm *dm;

	(void)state;
	fake_memory.dm_page = 3;
	dm = fake_ops()->alloc_dm(context, &attr);
	assert_int_equal(fake_ops()->dm_export_dmabuf_fd(dm), 1234);
	assert_int_equal(fake_memory.dmabuf_page, 0x803);
	fake_memory.fail_run = EMFILE;
	assert_int_equal(fake_ops()->dm_export_dmabuf_fd(dm), -1);
	assert_int_equal(errno, EMFILE);
	assert_int_equal(fake_ops()->free_dm(dm), 0);

	fake_memory.dm_start_offset = 64;
	dm = fake_ops()->alloc_dm(context, &attr);
	assert_int_equal(fake_ops()->dm_export_dmabuf_fd(dm), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	assert_int_equal(fake_ops()->free_dm(dm), 0);
}

static void objects_are_imported_by_their_handles(void **state)
{
	struct ibv_context *imported = fake_import();
	struct ibv_pd *pd;
	struct ibv_mr *mr;
	struct ibv_dm *dm;

	(void)state;
	assert_non_null(imported);
	fake_memory.pdn = 99;
	pd = fake_ops()->import_pd(imported, 0x55);
	assert_non_null(pd);
	assert_int_equal(fake_memory.handle, 0x55);
	assert_int_equal(fake_memory.method, 0x1000);
	assert_int_equal(pd->handle, 0x55);
	mr = fake_ops()->import_mr(pd, 0x66);
	assert_int_equal(mr->handle, 0x66);
	fake_memory.dm_page = 1;
	fake_memory.dm_length = 100;
	dm = fake_ops()->import_dm(imported, 0x77);
	assert_non_null(dm);
	assert_int_equal(fake_memory.handle, 0x77);
	assert_int_equal(fake_memory.method, 0x1001);
	check_place(dm, 0x801 * 4096);
	assert_int_equal(dm->memcpy_to_dm(dm, 100, "", 4), EFAULT);
	fake_ops()->unimport_dm(dm);
	fake_ops()->unimport_mr(mr);
	fake_ops()->unimport_pd(pd);
	fake_unimport(imported);
}

/* Leaks a domain if anybody forgets it: many of them, since the heap keeps a few freed ones. */
static void an_imported_domain_goes_with_its_last_parent_domain(void **state)
{
	enum { ROUNDS = 1000 };
	struct ibv_context *imported = fake_import();
	size_t used = mallinfo2().uordblks;

	(void)state;
	assert_non_null(imported);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct ibv_parent_domain_init_attr attr = {};
		struct ibv_pd *domains[2];

		attr.pd = fake_ops()->import_pd(imported, 0x55);
		assert_non_null(attr.pd);
		domains[0] = fake_ops()->alloc_parent_domain(imported, &attr);
		domains[1] = fake_ops()->alloc_parent_domain(imported, &attr);
		assert_non_null(domains[0]);
		assert_non_null(domains[1]);
		fake_ops()->unimport_pd(attr.pd);
		assert_int_equal(fake_ops()->dealloc_pd(domains[0]), 0);
		assert_int_equal(fake_ops()->dealloc_pd(domains[1]), 0);
	}
	assert_true(mallinfo2().uordblks < used + ROUNDS * sizeof(struct ibv_pd));
	fake_unimport(imported);
}

static void what_is_not_there_is_not_imported(void **state)
{
	struct ibv_context *imported;
	struct ibv_pd pd = {.context = context};

	(void)state;
	fake_memory.fail_run = EIO;
	assert_null(fake_import());
	assert_int_equal(errno, EIO);
	imported = fake_import();
	fake_memory.fail_run = ENOENT;
	assert_null(fake_ops()->import_pd(imported, 1));
	assert_int_equal(errno, ENOENT);
	/* A kernel before the method. */
	fake_memory.fail_run = EPROTONOSUPPORT;
	assert_null(fake_ops()->import_pd(imported, 1));
	assert_int_equal(errno, EOPNOTSUPP);
	fake_memory.fail_run = EPROTONOSUPPORT;
	assert_null(fake_ops()->import_dm(imported, 1));
	assert_int_equal(errno, EOPNOTSUPP);
	fake_memory.fail_run = ENOENT;
	assert_null(fake_ops()->import_mr(&pd, 1));
	assert_int_equal(errno, ENOENT);
	fake_unimport(imported);
}

static void a_buffer_is_registered_by_its_address(void **state)
{
	struct ibv_mr_init_attr attr = {.length = 4096,
					.comp_mask = IBV_REG_MR_MASK_BUF | IBV_REG_MR_MASK_ADDR |
						     IBV_REG_MR_MASK_DMAH};
	struct ibv_pd pd = {.context = context};
	struct ibv_buf *buf = NULL;
	struct ibv_mr *mr;
	char *addr;

	(void)state;
	assert_null(fake_ops()->alloc_buf(&pd, 0, &buf));
	assert_int_equal(errno, EINVAL);
	assert_null(fake_ops()->alloc_buf(&pd, SIZE_MAX - 1, &buf));
	assert_int_equal(errno, ENOMEM);
	addr = fake_ops()->alloc_buf(&pd, 5000, &buf);
	assert_non_null(addr);
	memset(addr, 1, 8192);
	attr.buf = buf;
	attr.addr = addr + 4096;
	mr = fake_ops()->reg_mr_ex(&pd, &attr);
	assert_non_null(mr);
	assert_int_equal(fake_memory.reg_attr.comp_mask,
			 IBV_REG_MR_MASK_ADDR | IBV_REG_MR_MASK_DMAH);
	free(mr);
	fake.objects--;
	attr.addr = addr + 4097;
	assert_null(fake_ops()->reg_mr_ex(&pd, &attr));
	assert_int_equal(errno, EINVAL);
	fake_ops()->free_buf(buf);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(device_memory_is_where_the_kernel_says),
		TEST(copies_stay_inside_and_aligned),
		TEST(a_place_that_makes_no_sense_is_given_back),
		TEST(whole_pages_can_be_exported),
		TEST(objects_are_imported_by_their_handles),
		TEST(an_imported_domain_goes_with_its_last_parent_domain),
		TEST(what_is_not_there_is_not_imported),
		TEST(a_buffer_is_registered_by_its_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
