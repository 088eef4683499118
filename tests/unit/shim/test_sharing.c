/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A device that several processes have: what an importing library asks, descriptors that come from
 * elsewhere, and objects of other seats. Two processes meet in tests/traffic/verbs/sharing.c.
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rdma/ib_user_ioctl_verbs.h>

#include "softhca/shim/foreign.h"
#include "softhca/shim/kick.h"
#include "softhca/shim/methods/dm.h"
#include "softhca/shim/shared_context.h"
#include "softhca/shim/tables.h"
#include "softhca/shim/wrapped.h"

enum { PAGE = 4096 };

static struct device device;
static uint32_t pd;

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

/* Without the notes of the last call. */
static void call_again(struct ib_uverbs_attr *attrs, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		attrs[i].flags = UVERBS_ATTR_F_MANDATORY;
}

static int file_of(size_t bytes)
{
	int fd = memfd_create("stand-in", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	return fd;
}

static void contexts_and_domains_are_told_again(void **state)
{
	struct mlx5_ib_alloc_ucontext_resp context = {0};
	uint64_t support = 0;
	uint32_t vectors = 0, pdn = 0;
	struct ib_uverbs_attr attrs[3] = {
		attr_out(UVERBS_ATTR_QUERY_CONTEXT_NUM_COMP_VECTORS, &vectors, 4),
		attr_out(UVERBS_ATTR_QUERY_CONTEXT_CORE_SUPPORT, &support, 8),
		attr_out(MLX5_IB_ATTR_QUERY_CONTEXT_RESP_UCTX, &context, sizeof(context)),
	};
	struct ib_uverbs_attr query[2] = {
		attr_id(MLX5_IB_ATTR_QUERY_PD_HANDLE, pd),
		attr_out(MLX5_IB_ATTR_QUERY_PD_RESP_PDN, &pdn, 4),
	};

	(void)state;
	assert_int_equal(call(&device, UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_CONTEXT, attrs, 3),
			 0);
	assert_int_equal(vectors, FILE_COMP_VECTORS);
	assert_true(support & IB_UVERBS_CORE_SUPPORT_OPTIONAL_MR_ACCESS);
	assert_int_equal(context.tot_bfregs, device.file->static_bfregs);
	assert_int_equal(context.num_ports, 1);
	assert_int_equal(context.bf_reg_size, 512);
	assert_int_equal(call(&device, UVERBS_OBJECT_PD, MLX5_IB_METHOD_PD_QUERY, query, 2), 0);
	assert_int_equal(pdn, find_pd(device.file, pd)->pd->pdn);
	call_again(query, 2);
	query[0].data = 99;
	assert_int_equal(call(&device, UVERBS_OBJECT_PD, MLX5_IB_METHOD_PD_QUERY, query, 2),
			 ENOENT);
}

/* ---- descriptors that come from elsewhere ---- */

static void another_number_of_an_open_device_is_the_same_device(void **state)
{
	int other = (int)syscall(SYS_dup, device.fd);
	struct descriptor *found;

	(void)state;
	assert_null(descriptor_get(other));
	found = file_adopt(other);
	assert_ptr_equal(found, &device.file->descriptor);
	descriptor_put(found);
	assert_true(descriptor_same(other, device.fd));
	/* The context stays until the last number has gone. */
	descriptor_closing(other);
	syscall(SYS_close, other);
	assert_non_null(device.file->member);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEALLOC_PD, pd), 0);
}

static int program_clock(struct verbs_context_view *context, void *values)
{
	(void)context;
	(void)values;
	return 0;
}

/* ibv_import_device() opens no device, but speaks through a copy of the number it was given. */
static void tables_of_imported_contexts_are_wrapped_as_well(void **state)
{
	static struct verbs_context_extension program;
	struct verbs_cq cq = {.context = &program.context};
	struct verbs_wq wq = {.context = &program.context, .cq = &cq};
	int copy = (int)syscall(SYS_dup, device.fd);
	struct queue queue;
	uint32_t number = make_cq(&device, &queue, (uintptr_t)&cq, -1);

	(void)state;
	descriptor_put(file_adopt(copy));
	program = (struct verbs_context_extension){
		.query_rt_values = program_clock,
		.context = {.cmd_fd = copy, .abi_compat = UINTPTR_MAX}};
	file_keep_time(device.file);
	assert_ptr_equal(program.query_rt_values, kick_query_clock);
	tables_wrap_queue((uintptr_t)&wq, device.fd, device.file->hca,
			  find_cq(device.file, number)->cq);
	assert_ptr_equal(program.context.poll_cq, kick_poll_cq);
	assert_true(find_cq(device.file, number)->cq->arming_announced);
	descriptor_closing(copy);
	syscall(SYS_close, copy);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DESTROY_CQ, number), 0);
	queue_free(&queue);
}

static void files_that_are_no_devices_are_left_alone(void **state)
{
	int small = file_of(PAGE), large = file_of(FILE_MAP_BYTES), pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_null(file_adopt(-1));
	assert_null(file_adopt(pipes[0]));
	assert_null(file_adopt(small));
	assert_null(file_adopt(large));
	assert_null(descriptor_get(large));
	close(pipes[0]);
	close(pipes[1]);
	close(small);
	close(large);
}

/* Whoever writes nonsense into what processes share gains nothing by it. */
static void contexts_of_other_adapters_are_left_alone(void **state)
{
	struct shared_context *shared = device.file->shared;
	int copy = file_of(FILE_MAP_BYTES);
	struct shared_context *forged = mmap(NULL, sizeof(*forged), PROT_READ | PROT_WRITE,
					     MAP_SHARED, copy, FILE_MAP_BYTES / 2);

	(void)state;
	assert_ptr_not_equal(forged, MAP_FAILED);
	forged->node_guid = shared->node_guid + 1;
	memcpy(forged->fabric, shared->fabric, sizeof(forged->fabric));
	memcpy(forged->family, shared->family, sizeof(forged->family));
	atomic_store(&forged->magic, atomic_load(&shared->magic));
	assert_null(file_adopt(copy));
	forged->node_guid--;
	atomic_store(&forged->seats, SHARED_SEATS);
	assert_null(file_adopt(copy));
	munmap(forged, sizeof(*forged));
	close(copy);
}

/* The seat's number is in every handle, so the test needs no second process. */
static void handles_of_other_seats_are_found_in_what_is_shared(void **state)
{
	const uint32_t number = 5u << SHARED_SEAT_SHIFT | 3;
	struct shared_object *entry = &device.file->shared->objects[5][3];
	struct ib_uverbs_attr query[2];
	uint32_t pdn = 0;

	(void)state;
	assert_null(find_pd(device.file, number));
	entry->number = 0x4321;
	entry->generation = 1;
	atomic_store(&entry->type, HANDLE_PD + 1);
	/* Its process is none. */
	assert_null(find_pd(device.file, number));
	atomic_store(&device.file->shared->pids[5], (uint32_t)getpid());
	atomic_store(&entry->type, HANDLE_PD + 1);
	assert_null(foreign_dm(device.file, number));
	query[0] = attr_id(MLX5_IB_ATTR_QUERY_PD_HANDLE, number);
	query[1] = attr_out(MLX5_IB_ATTR_QUERY_PD_RESP_PDN, &pdn, 4);
	assert_int_equal(call(&device, UVERBS_OBJECT_PD, MLX5_IB_METHOD_PD_QUERY, query, 2), 0);
	assert_int_equal(pdn, 0x4321);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEALLOC_PD, number),
			 EOPNOTSUPP);
	/* Device memory that its process does not have. */
	entry++;
	*entry = (struct shared_object){.length = 64, .num_pages = 1, .fd = 999, .generation = 1};
	atomic_store(&entry->type, HANDLE_DM + 1);
	assert_null(find_dm(device.file, number + 1));
	entry->num_pages = FILE_DM_PAGES + 1;
	assert_null(find_dm(device.file, number + 1));
	/* Of its region the key is known, and it is not ours to end. */
	entry++;
	*entry = (struct shared_object){.number = 0x777700, .generation = 1};
	atomic_store(&entry->type, HANDLE_MR + 1);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEREG_MR, number + 2),
			 EOPNOTSUPP);
}

/* ---- numbers that are given again ---- */

/* An object of seat 5, made the way its process would make it. */
static void offer(enum handle_type type, uint32_t number, const struct shared_object *object)
{
	struct shim_file other = {.shared = device.file->shared, .seat = 5};
	struct handle handle = {.type = type, .number = number, .file = &other};

	other.handles.base = 5u << SHARED_SEAT_SHIFT;
	atomic_store(&other.shared->pids[5], (uint32_t)getpid());
	if (object)
		shared_object_put(&handle, object);
	else
		shared_object_drop(&handle);
}

static void a_domain_by_the_number_of_an_earlier_one_is_another(void **state)
{
	const uint32_t number = 5u << SHARED_SEAT_SHIFT;
	struct pd_object *first;

	(void)state;
	offer(HANDLE_PD, number, &(struct shared_object){.number = 0x4321});
	first = find_pd(device.file, number);
	assert_int_equal(first->pd->pdn, 0x4321);
	assert_ptr_equal(find_pd(device.file, number), first);
	/* What uses it here goes on with the number that the other process's keys no longer have.
	 */
	first->pd->users++;
	offer(HANDLE_PD, number, NULL);
	assert_ptr_equal(find_pd(device.file, number), first);
	offer(HANDLE_PD, number, &(struct shared_object){.number = 0x4322});
	assert_int_equal(find_pd(device.file, number)->pd->pdn, 0x4322);
	assert_int_equal(first->pd->pdn, 0x4321);
	first->pd->users--;
	assert_int_equal(device.file->hca->num_pd, 3);
	offer(HANDLE_PD, number, &(struct shared_object){.number = 0x4323});
	assert_int_equal(find_pd(device.file, number)->pd->pdn, 0x4323);
	assert_int_equal(device.file->hca->num_pd, 2);
}

static void device_memory_by_the_number_of_an_earlier_one_is_another(void **state)
{
	const uint32_t number = 5u << SHARED_SEAT_SHIFT;
	struct shared_object shared = {.length = 64, .page = 7, .num_pages = 1};
	int files[2] = {file_of(PAGE), file_of(PAGE)};
	struct dm_object *dm;

	(void)state;
	assert_int_equal(pwrite(files[0], "1", 1, 0), 1);
	assert_int_equal(pwrite(files[1], "2", 1, 0), 1);
	atomic_store(&device.file->shared->dm_owner[7], 5 + 1);
	shared.fd = files[0];
	offer(HANDLE_DM, number, &shared);
	dm = find_dm(device.file, number);
	assert_non_null(dm);
	assert_int_equal(dm->memory[0], '1');
	assert_ptr_equal(foreign_dm_at(device.file, 7), dm);
	offer(HANDLE_DM, number, NULL);
	assert_null(find_dm(device.file, number));
	assert_null(foreign_dm_at(device.file, 7));
	shared.fd = files[1];
	offer(HANDLE_DM, number, &shared);
	dm = find_dm(device.file, number);
	assert_int_equal(dm->memory[0], '2');
	assert_ptr_equal(foreign_dm_at(device.file, 7), dm);
	/* Its process has died, and somebody else has its page. */
	atomic_store(&device.file->shared->dm_owner[7], 6 + 1);
	assert_null(foreign_dm_at(device.file, 7));
	close(files[0]);
	close(files[1]);
}

/* ---- processes that have been stopped or killed ---- */

static struct mlx5_ib_clock_info *map_notes(off_t offset)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, device.fd, offset);

	assert_ptr_not_equal(page, MAP_FAILED);
	return page;
}

/* As if this process had joined, and the one that made the context were stopped. */
static void a_process_stopped_while_it_notes_the_time_stops_no_other(void **state)
{
	const off_t place = (MLX5_IB_MMAP_CLOCK_INFO << 8 | MLX5_IB_CLOCK_INFO_V1) * PAGE;
	const uint64_t timer = (MLX5_IB_MMAP_CORE_CLOCK << 8) * PAGE;
	struct mlx5_ib_clock_info *theirs = map_notes(place), *ours;
	struct engine *engine = device.file->member->engine;
	struct device_clock *clock = &device.file->clock;
	uint32_t sign, next;
	int rc;

	(void)state;
	/* The background thread writes the notes, too. */
	engine_lock(engine);
	device.file->abi->close_clock(clock);
	theirs->sign |= MLX5_IB_CLOCK_INFO_KERNEL_UPDATING;
	device.file->seat = 5;
	rc = device.file->abi->reopen_context(device.file);
	ours = map_notes((off_t)file_own_offset(device.file, (uint64_t)place));
	sign = ours->sign;
	device.file->abi->tick(clock);
	next = ours->sign;
	device.file->seat = 0;
	engine_unlock(engine);
	assert_int_equal(rc, 0);
	assert_false(sign & MLX5_IB_CLOCK_INFO_KERNEL_UPDATING);
	assert_int_equal(next, sign + 2);
	assert_true(theirs->sign & MLX5_IB_CLOCK_INFO_KERNEL_UPDATING);
	/* The pages of registers and the timer are everybody's. */
	assert_int_equal(file_own_offset(device.file, 0), 0);
	assert_int_equal(file_own_offset(device.file, timer), timer);
	munmap(theirs, PAGE);
	munmap(ours, PAGE);
}

static void pages_of_killed_processes_are_free(void **state)
{
	struct shared_context *shared = device.file->shared;
	const pid_t pid = fork();
	struct dm_object *dm;

	(void)state;
	if (!pid)
		_exit(0);
	for (unsigned int i = 0; i < FILE_DM_PAGES; i++)
		atomic_store(&shared->dm_owner[i], 5 + 1);
	atomic_store(&shared->pids[5], (uint32_t)pid);
	/* It has ended for good when it has been waited for. */
	assert_int_equal(dm_create(device.file, PAGE, 0, &dm), ENOMEM);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(dm_create(device.file, FILE_DM_PAGES * PAGE, 0, &dm), 0);
	assert_int_equal(file_destroy_object(&dm->handle), 0);
	for (unsigned int i = 0; i < FILE_DM_PAGES; i++)
		assert_int_equal(atomic_load(&shared->dm_owner[i]), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(contexts_and_domains_are_told_again),
		TEST(another_number_of_an_open_device_is_the_same_device),
		TEST(tables_of_imported_contexts_are_wrapped_as_well),
		TEST(files_that_are_no_devices_are_left_alone),
		TEST(contexts_of_other_adapters_are_left_alone),
		TEST(handles_of_other_seats_are_found_in_what_is_shared),
		TEST(a_domain_by_the_number_of_an_earlier_one_is_another),
		TEST(device_memory_by_the_number_of_an_earlier_one_is_another),
		TEST(a_process_stopped_while_it_notes_the_time_stops_no_other),
		TEST(pages_of_killed_processes_are_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
