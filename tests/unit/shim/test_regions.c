/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Regions of every kind of memory, by methods: what can be registered, what is refused and how.
 * Attributes and lengths are those that stock libibverbs 44 was seen to send, and for what is newer
 * those of rdma/ib_user_ioctl_cmds.h.
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rdma/ib_user_ioctl_verbs.h>

#include "softhca/shim/methods/dm.h"

enum {
	ALL = ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ | ACCESS_REMOTE_ATOMIC,
	PAGE = 4096,
};

static struct device device;
static uint32_t pd;
static uint8_t memory[2 * PAGE] __attribute__((aligned(PAGE)));

static int setup(void **state)
{
	(void)state;
	device = device_open_with_context();
	pd = make_pd(&device);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	device_close(&device);
	return 0;
}

/* Registration by REG_MR; `place` and `offset` by what it is made of. */
struct request {
	uint64_t start, length, iova;
	uint32_t access;
	int fd; /* -1: memory of the program */
	int64_t dmah;
	uint32_t handle, lkey;
};

static int reg(struct request *request)
{
	uint32_t rkey;
	bool by_fd = request->fd >= 0;
	struct ib_uverbs_attr attrs[10] = {
		attr_id(UVERBS_ATTR_REG_MR_HANDLE, 0),
		attr_id(UVERBS_ATTR_REG_MR_PD_HANDLE, pd),
		attr_in(UVERBS_ATTR_REG_MR_IOVA, &request->iova, 8),
		attr_in(UVERBS_ATTR_REG_MR_LENGTH, &request->length, 8),
		attr_in(UVERBS_ATTR_REG_MR_ACCESS_FLAGS, &request->access, 4),
		attr_out(UVERBS_ATTR_REG_MR_RESP_LKEY, &request->lkey, 4),
		attr_out(UVERBS_ATTR_REG_MR_RESP_RKEY, &rkey, 4),
		attr_in(by_fd ? UVERBS_ATTR_REG_MR_FD_OFFSET : UVERBS_ATTR_REG_MR_ADDR,
			&request->start, 8),
	};
	uint16_t count = 8;
	int rc;

	if (by_fd)
		attrs[count++] = attr_id(UVERBS_ATTR_REG_MR_FD, request->fd);
	if (request->dmah >= 0)
		attrs[count++] = attr_id(UVERBS_ATTR_REG_MR_DMA_HANDLE, request->dmah);
	rc = call(&device, UVERBS_OBJECT_MR, UVERBS_METHOD_REG_MR, attrs, count);
	request->handle = (uint32_t)attrs[0].data;
	return rc;
}

static int reg_program(uint64_t start, uint64_t length, uint64_t iova, uint32_t access)
{
	struct request request = {start, length, iova, access, -1, -1, 0, 0};

	return reg(&request);
}

static void wishes_and_rights(void **state)
{
	uint64_t start = (uintptr_t)memory;

	(void)state;
	assert_int_equal(reg_program(start, PAGE, start, ALL | ACCESS_RELAXED_ORDERING), 0);
	assert_int_equal(reg_program(start, PAGE, 0, ALL | ACCESS_ZERO_BASED), 0);
	assert_int_equal(reg_program(start, PAGE, start, ALL | ACCESS_HUGETLB), 0);
	/* Optional ones that nobody knows. */
	assert_int_equal(reg_program(start, PAGE, start, ALL | 1 << 29), 0);
	assert_int_equal(reg_program(start, PAGE, start, ALL | 1 << 15), EINVAL);
	assert_int_equal(reg_program(start, PAGE, start, ALL | 1 << 8), EOPNOTSUPP);
	assert_int_equal(reg_program(start, PAGE, start, ALL | 1 << 9), EOPNOTSUPP);
	assert_int_equal(reg_program(start, PAGE, start + 1, ALL), EINVAL);
}

static void on_demand_memory_need_not_be_there(void **state)
{
	const uint32_t access = ALL | ACCESS_ON_DEMAND;

	(void)state;
	assert_int_equal(reg_program(0x10000, PAGE, 0x10000, ALL), EFAULT);
	assert_int_equal(reg_program(0x10000, PAGE, 0x10000, access), 0);
	assert_int_equal(reg_program(0, PAGE, 0, access), 0);
	assert_int_equal(reg_program(0, PAGE, PAGE, access), EINVAL);
	assert_int_equal(reg_program(0x10000, 0, 0x10000, access), EINVAL);
	assert_int_equal(reg_program(UINT64_MAX - 5000, PAGE, 0xc77, access), EOVERFLOW);
	assert_int_equal(reg_program((uintptr_t)memory, PAGE, 0, access | ACCESS_HUGETLB), EINVAL);
	/* All memory, by its own addresses only. */
	assert_int_equal(reg_program(0, UINT64_MAX, 0, access), 0);
	assert_int_equal(reg_program(0, UINT64_MAX, PAGE, access), EINVAL);
}

static void on_demand_memory_is_not_counted_as_locked(void **state)
{
	struct request request = {(uintptr_t)memory, PAGE, 0, ALL | ACCESS_ON_DEMAND, -1, -1, 0, 0};

	(void)state;
	assert_int_equal(reg(&request), 0);
	assert_int_equal(find_mr(device.file, request.handle)->backing.pin.pages, 0);
	request.access = ALL;
	assert_int_equal(reg(&request), 0);
	assert_int_equal(find_mr(device.file, request.handle)->backing.pin.pages, 1);
}

static int advise(uint64_t advice, uint32_t flags, const struct ib_uverbs_sge *list,
		  uint16_t length)
{
	struct ib_uverbs_attr attrs[4] = {
		attr_id(UVERBS_ATTR_ADVISE_MR_PD_HANDLE, pd),
		attr_in(UVERBS_ATTR_ADVISE_MR_ADVICE, &advice, 8),
		attr_in(UVERBS_ATTR_ADVISE_MR_FLAGS, &flags, 4),
		attr_in(UVERBS_ATTR_ADVISE_MR_SGE_LIST, list, length),
	};

	return call(&device, UVERBS_OBJECT_MR, UVERBS_METHOD_ADVISE_MR, attrs, 4);
}

static void advice_is_checked(void **state)
{
	struct request request = {(uintptr_t)memory,
				  sizeof(memory),
				  (uintptr_t)memory,
				  ACCESS_ON_DEMAND,
				  -1,
				  -1,
				  0,
				  0};
	struct ib_uverbs_sge list[2];

	(void)state;
	assert_int_equal(reg(&request), 0);
	list[0] = (struct ib_uverbs_sge){request.start, PAGE, request.lkey};
	list[1] = (struct ib_uverbs_sge){request.start + PAGE, PAGE, request.lkey};
	assert_int_equal(advise(0, 1, list, sizeof(list)), 0);
	assert_int_equal(advise(2, 1, list, sizeof(list)), 0);
	assert_int_equal(advise(1, 0, list, sizeof(list)), EPERM);
	assert_int_equal(advise(3, 0, list, sizeof(list)), EOPNOTSUPP);
	assert_int_equal(advise(0, 2, list, sizeof(list)), EINVAL);
	assert_int_equal(advise(0, 0, list, sizeof(list) - 1), EINVAL);
	assert_int_equal(advise(0, 0, list, 8), EINVAL);
	/* The second element is the wrong one: nothing is done, and it is told unflushed as well.
	 */
	list[1].lkey++;
	assert_int_equal(advise(0, 0, list, sizeof(list)), ENOENT);
	list[1].lkey--;
	list[1].length = PAGE + 1;
	assert_int_equal(advise(0, 1, list, sizeof(list)), EFAULT);
	assert_int_equal(advise(0, 0, list, sizeof(list)), 0);
	assert_int_equal(advise(0, 1, (void *)(uintptr_t)16, sizeof(list)), EFAULT);
}

static int file_of(size_t bytes)
{
	int fd = memfd_create("stand-in", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	return fd;
}

static int reg_dmabuf(int fd, uint64_t offset, uint64_t length, uint64_t iova, uint32_t access)
{
	uint32_t lkey, rkey;
	struct ib_uverbs_attr attrs[9] = {
		attr_id(UVERBS_ATTR_REG_DMABUF_MR_HANDLE, 0),
		attr_id(UVERBS_ATTR_REG_DMABUF_MR_PD_HANDLE, pd),
		attr_in(UVERBS_ATTR_REG_DMABUF_MR_OFFSET, &offset, 8),
		attr_in(UVERBS_ATTR_REG_DMABUF_MR_LENGTH, &length, 8),
		attr_in(UVERBS_ATTR_REG_DMABUF_MR_IOVA, &iova, 8),
		attr_in(UVERBS_ATTR_REG_DMABUF_MR_FD, &fd, 4),
		attr_in(UVERBS_ATTR_REG_DMABUF_MR_ACCESS_FLAGS, &access, 4),
		attr_out(UVERBS_ATTR_REG_DMABUF_MR_RESP_LKEY, &lkey, 4),
		attr_out(UVERBS_ATTR_REG_DMABUF_MR_RESP_RKEY, &rkey, 4),
	};

	return call(&device, UVERBS_OBJECT_MR, UVERBS_METHOD_REG_DMABUF_MR, attrs, 9);
}

static void files_are_mapped_for_their_region(void **state)
{
	int fd = file_of(3 * PAGE), read_only;
	struct request request = {100, 2 * PAGE, 100, ALL, fd, -1, 0, 0};
	char path[64];
	uint8_t byte = 0x5a;
	const struct mr *mr;
	int pipes[2];

	(void)state;
	assert_int_equal(reg(&request), 0);
	mr = find_mr(device.file, request.handle)->mr;
	assert_int_equal(pwrite(fd, &byte, 1, 100 + PAGE), 1);
	assert_int_equal(mr->linear[PAGE], 0x5a);
	assert_int_equal(reg_dmabuf(fd, PAGE, 2 * PAGE, 0, ALL | ACCESS_RELAXED_ORDERING), 0);
	assert_int_equal(reg_dmabuf(fd, 0, 3 * PAGE + 1, 0, ALL), EINVAL);
	assert_int_equal(reg_dmabuf(fd, 4 * PAGE, 1, 0, ALL), EINVAL);
	assert_int_equal(reg_dmabuf(fd, UINT64_MAX & ~4095ull, 8192, 0, ALL), EINVAL);
	assert_int_equal(reg_dmabuf(fd, 0, 0, 0, ALL), EINVAL);
	assert_int_equal(reg_dmabuf(fd, 0, PAGE, 1, ALL), EINVAL);
	assert_int_equal(reg_dmabuf(fd, 0, PAGE, 0, ALL | ACCESS_ON_DEMAND), EINVAL);
	assert_int_equal(reg_dmabuf(fd, 0, PAGE, 0, ACCESS_REMOTE_WRITE), EINVAL);
	assert_int_equal(reg_dmabuf(-1, 0, PAGE, 0, ALL), EBADF);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(reg_dmabuf(pipes[0], 0, PAGE, 0, ALL), EINVAL);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_only = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read_only >= 0);
	assert_int_equal(reg_dmabuf(read_only, 0, PAGE, 0, ALL), EINVAL);
	assert_int_equal(reg_dmabuf(read_only, 0, PAGE, 0, ACCESS_REMOTE_READ), 0);
	close(read_only);
	close(pipes[0]);
	close(pipes[1]);
	/* The region keeps the memory. */
	close(fd);
	assert_int_equal(mr->linear[PAGE], 0x5a);
}

static void a_region_is_in_one_place(void **state)
{
	uint64_t zero = 0, length = PAGE;
	uint32_t access = ALL, key;
	int fd = file_of(PAGE);
	struct ib_uverbs_attr attrs[9] = {
		attr_id(UVERBS_ATTR_REG_MR_HANDLE, 0),
		attr_id(UVERBS_ATTR_REG_MR_PD_HANDLE, pd),
		attr_in(UVERBS_ATTR_REG_MR_IOVA, &zero, 8),
		attr_in(UVERBS_ATTR_REG_MR_LENGTH, &length, 8),
		attr_in(UVERBS_ATTR_REG_MR_ACCESS_FLAGS, &access, 4),
		attr_out(UVERBS_ATTR_REG_MR_RESP_LKEY, &key, 4),
		attr_out(UVERBS_ATTR_REG_MR_RESP_RKEY, &key, 4),
		attr_id(UVERBS_ATTR_REG_MR_FD, fd),
		attr_in(UVERBS_ATTR_REG_MR_ADDR, &zero, 8),
	};

	(void)state;
	assert_int_equal(call(&device, UVERBS_OBJECT_MR, UVERBS_METHOD_REG_MR, attrs, 7), EINVAL);
	assert_int_equal(call(&device, UVERBS_OBJECT_MR, UVERBS_METHOD_REG_MR, attrs, 8), EINVAL);
	assert_int_equal(call(&device, UVERBS_OBJECT_MR, UVERBS_METHOD_REG_MR, attrs, 9), EINVAL);
	close(fd);
}

static int rereg(uint32_t handle, uint32_t flags)
{
	struct ib_uverbs_rereg_mr_resp answer;
	struct ib_uverbs_rereg_mr request = {
		.mr_handle = handle, .flags = flags, .access_flags = ACCESS_LOCAL_WRITE};

	return classic(&device, IB_USER_VERBS_CMD_REREG_MR, &request, sizeof(request), NULL, 0,
		       &answer, 8, 0);
}

static void a_region_of_a_file_does_not_change(void **state)
{
	struct request request = {0, PAGE, 0, ALL, file_of(PAGE), -1, 0, 0};

	(void)state;
	assert_int_equal(reg(&request), 0);
	assert_int_equal(rereg(request.handle, 4), EOPNOTSUPP);
	assert_int_equal(find_mr(device.file, request.handle)->mr->key, request.lkey);
	close(request.fd);
}

/* ---- DMA handles ---- */

static int alloc_dmah(uint32_t cpu, uint64_t type, uint8_t hint, unsigned int present,
		      uint32_t *handle)
{
	struct ib_uverbs_attr attrs[4] = {attr_id(UVERBS_ATTR_ALLOC_DMAH_HANDLE, 0)};
	uint16_t count = 1;
	int rc;

	if (present & 1)
		attrs[count++] = attr_in(UVERBS_ATTR_ALLOC_DMAH_CPU_ID, &cpu, 4);
	if (present & 2)
		attrs[count++] = attr_in(UVERBS_ATTR_ALLOC_DMAH_TPH_MEM_TYPE, &type, 8);
	if (present & 4)
		attrs[count++] = attr_in(UVERBS_ATTR_ALLOC_DMAH_PH, &hint, 1);
	rc = call(&device, UVERBS_OBJECT_DMAH, UVERBS_METHOD_DMAH_ALLOC, attrs, count);
	*handle = (uint32_t)attrs[0].data;
	return rc;
}

static int free_dmah(uint32_t handle)
{
	struct ib_uverbs_attr attr = attr_id(UVERBS_ATTR_FREE_DMA_HANDLE, handle);

	return call(&device, UVERBS_OBJECT_DMAH, UVERBS_METHOD_DMAH_FREE, &attr, 1);
}

static void hints_are_checked_and_held_by_regions(void **state)
{
	struct request request = {(uintptr_t)memory, PAGE, (uintptr_t)memory, ALL, -1, 0, 0, 0};
	uint32_t handle;

	(void)state;
	assert_int_equal(alloc_dmah(0, 0, 0, 1, &handle), EINVAL);
	assert_int_equal(alloc_dmah(0, 0, 0, 2, &handle), EINVAL);
	assert_int_equal(alloc_dmah(1 << 20, 0, 0, 3, &handle), EINVAL);
	assert_int_equal(alloc_dmah(0, 2, 0, 3, &handle), EINVAL);
	assert_int_equal(alloc_dmah(0, 0, 4, 4, &handle), EINVAL);
	assert_int_equal(alloc_dmah(0, 1, 3, 7, &handle), 0);
	request.dmah = handle;
	assert_int_equal(reg(&request), 0);
	assert_int_equal(free_dmah(handle), EBUSY);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEREG_MR, request.handle), 0);
	assert_int_equal(free_dmah(handle), 0);
	assert_int_equal(free_dmah(handle), ENOENT);
	assert_int_equal(reg(&request), ENOENT);
}

/* ---- device memory ---- */

static int alloc_dm(uint64_t length, uint32_t alignment, uint64_t type, uint32_t *handle,
		    uint16_t *page)
{
	uint64_t offset = 99;
	struct ib_uverbs_attr attrs[6] = {
		attr_id(UVERBS_ATTR_ALLOC_DM_HANDLE, 0),
		attr_in(UVERBS_ATTR_ALLOC_DM_LENGTH, &length, 8),
		attr_in(UVERBS_ATTR_ALLOC_DM_ALIGNMENT, &alignment, 4),
		attr_out(MLX5_IB_ATTR_ALLOC_DM_RESP_START_OFFSET, &offset, 8),
		attr_out(MLX5_IB_ATTR_ALLOC_DM_RESP_PAGE_INDEX, page, 2),
		attr_in(MLX5_IB_ATTR_ALLOC_DM_REQ_TYPE, &type, 8),
	};
	int rc = call(&device, UVERBS_OBJECT_DM, UVERBS_METHOD_DM_ALLOC, attrs, 6);

	*handle = (uint32_t)attrs[0].data;
	if (!rc)
		assert_int_equal(offset, 0);
	return rc;
}

static int free_dm(uint32_t handle)
{
	struct ib_uverbs_attr attr = attr_id(UVERBS_ATTR_FREE_DM_HANDLE, handle);

	return call(&device, UVERBS_OBJECT_DM, UVERBS_METHOD_DM_FREE, &attr, 1);
}

static void device_memory_has_pages_of_its_own(void **state)
{
	uint32_t first, second, third;
	uint16_t page, other;

	(void)state;
	assert_int_equal(alloc_dm(2 * PAGE + 1, 0, 0, &first, &page), 0);
	assert_int_equal(page, 0);
	assert_int_equal(alloc_dm(64, 0, 0, &second, &other), 0);
	assert_int_equal(other, 3);
	assert_int_equal(free_dm(first), 0);
	assert_int_equal(alloc_dm(4 * PAGE, 0, 0, &third, &other), 0);
	assert_int_equal(other, 4);
	/* 16 pages of 4 KB are 64 KB. */
	assert_int_equal(alloc_dm(64, 16, 0, &first, &other), 0);
	assert_int_equal(other, 0);
	assert_int_equal(alloc_dm(64, 16, 0, &first, &other), 0);
	assert_int_equal(other, 16);
}

static void device_memory_that_cannot_be(void **state)
{
	uint32_t handle;
	uint16_t page;

	(void)state;
	assert_int_equal(alloc_dm(0, 0, 0, &handle, &page), EINVAL);
	assert_int_equal(alloc_dm(64, 17, 0, &handle, &page), EINVAL);
	assert_int_equal(alloc_dm(64, 0, 1, &handle, &page), EOPNOTSUPP);
	assert_int_equal(alloc_dm(65 * PAGE, 0, 0, &handle, &page), ENOMEM);
	assert_int_equal(alloc_dm(UINT64_MAX, 0, 0, &handle, &page), ENOMEM);
	assert_int_equal(free_dm(77), ENOENT);
}

static void *map_at(uint64_t page, size_t length)
{
	struct dm_mapping mapping = {.length = length,
				     .protection = PROT_READ | PROT_WRITE,
				     .flags = MAP_SHARED,
				     .offset = page * PAGE};

	return dm_map(device.file, &mapping);
}

static void device_memory_is_mapped_and_exported(void **state)
{
	uint64_t window_page = 0x800;
	struct ib_uverbs_attr export[2];
	uint32_t handle;
	uint8_t *bytes;
	uint16_t page;
	int fd;

	(void)state;
	assert_int_equal(alloc_dm(64, 0, 0, &handle, &page), 0);
	assert_int_equal(alloc_dm(2 * PAGE, 0, 0, &handle, &page), 0);
	assert_true(dm_is_window(device.file, (window_page + page) * PAGE));
	assert_false(dm_is_window(device.file, (window_page - 1) * PAGE));
	assert_false(dm_is_window(device.file, (window_page + 64) * PAGE));
	bytes = map_at(window_page + page, 2 * PAGE);
	assert_ptr_not_equal(bytes, MAP_FAILED);
	bytes[PAGE + 7] = 0x77;
	assert_int_equal(find_dm(device.file, handle)->memory[PAGE + 7], 0x77);
	assert_ptr_equal(map_at(window_page + page, 3 * PAGE), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(map_at(window_page + page + 2, PAGE), MAP_FAILED);

	export[0] = attr_id(UVERBS_ATTR_ALLOC_DMABUF_HANDLE, 0);
	window_page += page;
	export[1] = attr_in(UVERBS_ATTR_ALLOC_DMABUF_PGOFF, &window_page, 8);
	assert_int_equal(call(&device, UVERBS_OBJECT_DMABUF, UVERBS_METHOD_DMABUF_ALLOC, export, 2),
			 0);
	fd = (int)export[0].data;
	assert_int_equal(lseek(fd, 0, SEEK_END), 2 * PAGE);
	assert_int_equal(reg_dmabuf(fd, 0, 2 * PAGE, 0, ALL), 0);
	window_page++;
	export[0] = attr_id(UVERBS_ATTR_ALLOC_DMABUF_HANDLE, 0);
	export[1] = attr_in(UVERBS_ATTR_ALLOC_DMABUF_PGOFF, &window_page, 8);
	assert_int_equal(call(&device, UVERBS_OBJECT_DMABUF, UVERBS_METHOD_DMABUF_ALLOC, export, 2),
			 EINVAL);
	/* Both outlive the memory's name. */
	assert_int_equal(free_dm(handle), 0);
	assert_int_equal(bytes[PAGE + 7], 0x77);
	munmap(bytes, 2 * PAGE);
	close(fd);
}

/* Without the notes of the last call. */
static void call_again(struct ib_uverbs_attr *attrs, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		attrs[i].flags = UVERBS_ATTR_F_MANDATORY;
}

static void device_memory_is_asked_for_again(void **state)
{
	uint64_t offset = 99, length = 0;
	struct ib_uverbs_attr attrs[4];
	uint16_t page, found = 99;
	uint32_t handle;

	(void)state;
	assert_int_equal(alloc_dm(64, 0, 0, &handle, &page), 0);
	assert_int_equal(alloc_dm(100, 0, 0, &handle, &page), 0);
	attrs[0] = attr_id(MLX5_IB_ATTR_QUERY_DM_REQ_HANDLE, handle);
	attrs[1] = attr_out(MLX5_IB_ATTR_QUERY_DM_RESP_START_OFFSET, &offset, 8);
	attrs[2] = attr_out(MLX5_IB_ATTR_QUERY_DM_RESP_PAGE_INDEX, &found, 2);
	attrs[3] = attr_out(MLX5_IB_ATTR_QUERY_DM_RESP_LENGTH, &length, 8);
	assert_int_equal(call(&device, UVERBS_OBJECT_DM, MLX5_IB_METHOD_DM_QUERY, attrs, 4), 0);
	assert_int_equal(offset, 0);
	assert_int_equal(found, page);
	assert_int_equal(length, 100);
	call_again(attrs, 4);
	attrs[0].data = handle + 1;
	assert_int_equal(call(&device, UVERBS_OBJECT_DM, MLX5_IB_METHOD_DM_QUERY, attrs, 4),
			 ENOENT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(wishes_and_rights),
		TEST(on_demand_memory_need_not_be_there),
		TEST(on_demand_memory_is_not_counted_as_locked),
		TEST(advice_is_checked),
		TEST(files_are_mapped_for_their_region),
		TEST(a_region_is_in_one_place),
		TEST(a_region_of_a_file_does_not_change),
		TEST(hints_are_checked_and_held_by_regions),
		TEST(device_memory_has_pages_of_its_own),
		TEST(device_memory_that_cannot_be),
		TEST(device_memory_is_mapped_and_exported),
		TEST(device_memory_is_asked_for_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
