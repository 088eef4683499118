/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Objects of a device: handles, order of destruction, memory that is not there. */
#include "harness.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "softhca/shim/pin.h"

static int reg_mr(const struct device *device, uint32_t pd, void *start, uint64_t length,
		  uint32_t access, struct ib_uverbs_reg_mr_resp *answer)
{
	struct ib_uverbs_reg_mr request = {.start = (uintptr_t)start,
					   .length = length,
					   .hca_va = (uintptr_t)start,
					   .pd_handle = pd,
					   .access_flags = access};

	return classic(device, IB_USER_VERBS_CMD_REG_MR, &request, sizeof(request), NULL, 0, answer,
		       sizeof(*answer), 0);
}

static void handles_name_objects_of_their_type_only(void **state)
{
	struct device device = device_open_with_context();
	struct queue queue;
	uint32_t pd = make_pd(&device);
	uint32_t cq = make_cq(&device, &queue, 1, -1);

	(void)state;
	assert_int_not_equal(pd, cq);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEALLOC_PD, cq), EINVAL);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DESTROY_CQ, pd), EINVAL);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DESTROY_CQ, 0xffffffff),
			 EINVAL);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEALLOC_PD, pd), 0);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEALLOC_PD, pd), EINVAL);
	device_close(&device);
	queue_free(&queue);
}

static void objects_in_use_are_busy(void **state)
{
	struct device device = device_open_with_context();
	struct queue cq_queue, qp_queue;
	uint32_t pd = make_pd(&device);
	uint32_t cq = make_cq(&device, &cq_queue, 1, -1);
	uint32_t qp = make_qp(&device, &qp_queue, pd, cq, 2);

	(void)state;
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEALLOC_PD, pd), EBUSY);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DESTROY_CQ, cq), EBUSY);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DESTROY_QP, qp), 0);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DESTROY_CQ, cq), 0);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEALLOC_PD, pd), 0);
	device_close(&device);
	queue_free(&cq_queue);
	queue_free(&qp_queue);
}

static void address_handles_hold_their_pd(void **state)
{
	struct device device = device_open_with_context();
	uint32_t pd = make_pd(&device), ah;
	struct ib_uverbs_create_ah request = {.pd_handle = pd, .attr = {.dlid = 5, .port_num = 1}};

	(void)state;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_CREATE_AH, &request, sizeof(request),
				 NULL, 0, &ah, sizeof(ah), 0),
			 0);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEALLOC_PD, pd), EBUSY);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DESTROY_AH, ah), 0);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEALLOC_PD, pd), 0);
	request.attr.port_num = 2;
	request.pd_handle = make_pd(&device);
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_CREATE_AH, &request, sizeof(request),
				 NULL, 0, &ah, sizeof(ah), 0),
			 EINVAL);
	device_close(&device);
}

static void closing_ends_everything_whatever_is_left(void **state)
{
	struct device device = device_open_with_context();
	struct queue cq_queue, qp_queue;
	struct ib_uverbs_reg_mr_resp mr;
	static uint8_t memory[8192] __attribute__((aligned(4096)));
	uint32_t pd = make_pd(&device);
	uint32_t cq = make_cq(&device, &cq_queue, 1, -1);

	(void)state;
	make_qp(&device, &qp_queue, pd, cq, 2);
	assert_int_equal(reg_mr(&device, pd, memory, sizeof(memory), ACCESS_LOCAL_WRITE, &mr), 0);
	device_close(&device);
	/* The fabric has been left: the next device joins it anew. */
	assert_null(membership_current()->engine);
	device = device_open_with_context();
	assert_non_null(membership_current()->engine);
	device_close(&device);
	queue_free(&cq_queue);
	queue_free(&qp_queue);
}

static void a_duplicate_keeps_the_device_open(void **state)
{
	struct device device = device_open_with_context();
	int copy = dup(device.fd);
	uint32_t pd = make_pd(&device);

	(void)state;
	descriptor_duplicated(device.fd, copy);
	descriptor_closing(device.fd);
	close(device.fd);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEALLOC_PD, pd), 0);
	device.fd = copy;
	device_close(&device);
	assert_null(membership_current()->engine);
}

static void a_number_closed_behind_our_back_is_not_ours(void **state)
{
	struct device device = device_open_with_context();
	int fds[2];

	(void)state;
	close(device.fd);
	assert_int_equal(pipe(fds), 0);
	assert_true(fds[0] == device.fd || fds[1] == device.fd);
	assert_null(descriptor_get(device.fd));
	/* That was found out, and the device closed. */
	assert_null(membership_current()->engine);
	close(fds[0]);
	close(fds[1]);
	descriptor_closing(last_async_fd);
	close(last_async_fd);
	last_async_fd = -1;
}

static void memory_that_is_not_there_cannot_be_registered(void **state)
{
	struct device device = device_open_with_context();
	uint32_t pd = make_pd(&device);
	struct ib_uverbs_reg_mr_resp mr;
	uint8_t *pages =
		mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	munmap(pages + 4096, 4096);
	assert_int_equal(reg_mr(&device, pd, pages, 4096, ACCESS_LOCAL_WRITE, &mr), 0);
	assert_int_equal(reg_mr(&device, pd, pages, 3 * 4096, ACCESS_LOCAL_WRITE, &mr), EFAULT);
	assert_int_equal(reg_mr(&device, pd, pages + 4096, 1, 0, &mr), EFAULT);
	mprotect(pages + 8192, 4096, PROT_READ);
	assert_int_equal(reg_mr(&device, pd, pages + 8192, 4096, ACCESS_LOCAL_WRITE, &mr), EFAULT);
	assert_int_equal(reg_mr(&device, pd, pages + 8192, 4096, ACCESS_REMOTE_READ, &mr), 0);
	assert_int_equal(reg_mr(&device, pd, pages, 0, 0, &mr), EINVAL);
	assert_int_equal(reg_mr(&device, pd, (void *)-4096L, 8192, 0, &mr), EINVAL);
	device_close(&device);
	munmap(pages, 4096);
	munmap(pages + 8192, 4096);
}

static void access_rights_must_fit_together(void **state)
{
	struct device device = device_open_with_context();
	uint32_t pd = make_pd(&device);
	struct ib_uverbs_reg_mr_resp mr;
	static uint8_t memory[64];

	(void)state;
	assert_int_equal(reg_mr(&device, pd, memory, 64, ACCESS_REMOTE_WRITE, &mr), EINVAL);
	assert_int_equal(reg_mr(&device, pd, memory, 64, ACCESS_REMOTE_ATOMIC, &mr), EINVAL);
	assert_int_equal(reg_mr(&device, pd, memory, 64, 1 << 8, &mr), EOPNOTSUPP);
	assert_int_equal(reg_mr(&device, pd, memory, 64, 1 << 15, &mr), EINVAL);
	/* Optional rights that nobody knows do not count. */
	assert_int_equal(reg_mr(&device, pd, memory, 64, 1 << 25 | ACCESS_RELAXED_ORDERING, &mr),
			 0);
	assert_int_equal(reg_mr(&device, pd + 1, memory, 64, 0, &mr), EINVAL);
	device_close(&device);
}

/* Root may lock what it wants, so the limit is looked at without that right. */
static void locked_memory_is_limited_for_the_unprivileged(void **state)
{
	struct rlimit before, small = {16 * 4096, 16 * 4096};
	struct pin first = {0}, second = {0};
	static uint8_t memory[32 * 4096] __attribute__((aligned(4096)));
	uid_t uid = geteuid();

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
	small.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &small), 0);
	if (uid == 0)
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(pin_memory(&first, (uintptr_t)memory, 12 * 4096, true), 0);
	assert_int_equal(pin_memory(&second, (uintptr_t)memory, 12 * 4096, true), ENOMEM);
	pin_release(&first);
	assert_int_equal(pin_memory(&second, (uintptr_t)memory, 12 * 4096, true), 0);
	pin_release(&second);
	small.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &small), 0);
	assert_int_equal(pin_memory(&first, (uintptr_t)memory, 1, true), EPERM);
	if (uid == 0)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &before), 0);
}

static int create_qp_with(const struct device *device, const struct ib_uverbs_create_qp *wanted,
			  struct mlx5_ib_create_qp driver)
{
	struct ib_uverbs_create_qp request = *wanted;
	uint32_t answer[32];

	return classic(device, IB_USER_VERBS_CMD_CREATE_QP, &request, sizeof(request), &driver,
		       sizeof(driver), answer, sizeof(struct ib_uverbs_create_qp_resp), 40);
}

static void impossible_queue_pairs_are_refused(void **state)
{
	struct device device = device_open_with_context();
	struct queue cq_queue, queue = queue_make(4096);
	uint32_t pd = make_pd(&device), cq = make_cq(&device, &cq_queue, 1, -1);
	struct ib_uverbs_create_qp request = {.pd_handle = pd,
					      .send_cq_handle = cq,
					      .recv_cq_handle = cq,
					      .max_send_wr = 4,
					      .max_recv_wr = 4,
					      .max_send_sge = 1,
					      .max_recv_sge = 1,
					      .qp_type = QP_TYPE_RC};
	struct mlx5_ib_create_qp driver = {.buf_addr = (uintptr_t)queue.memory,
					   .db_addr = (uintptr_t)queue.record,
					   .sq_wqe_count = 4,
					   .rq_wqe_count = 4,
					   .rq_wqe_shift = 4};
	struct ib_uverbs_create_qp r = request;
	struct mlx5_ib_create_qp d = driver;

	(void)state;
	assert_int_equal(create_qp_with(&device, &request, driver), 0);
	r.qp_type = 77;
	assert_int_equal(create_qp_with(&device, &r, driver), EINVAL);
	r.qp_type = IB_UVERBS_QPT_RAW_PACKET;
	assert_int_equal(create_qp_with(&device, &r, driver), EOPNOTSUPP);
	r = request;
	r.send_cq_handle = pd;
	assert_int_equal(create_qp_with(&device, &r, driver), EINVAL);
	r = request;
	r.max_send_wr = 1 << 20;
	assert_int_equal(create_qp_with(&device, &r, driver), EINVAL);
	d.sq_wqe_count = 3;
	assert_int_equal(create_qp_with(&device, &request, d), EINVAL);
	d = driver;
	d.flags = MLX5_QP_FLAG_SIGNATURE;
	assert_int_equal(create_qp_with(&device, &request, d), EOPNOTSUPP);
	d = driver;
	d.buf_addr = 4096;
	assert_int_equal(create_qp_with(&device, &request, d), EFAULT);
	d = driver;
	d.db_addr = 8;
	assert_int_equal(create_qp_with(&device, &request, d), EFAULT);
	d = driver;
	d.flags = MLX5_QP_FLAG_UAR_PAGE_INDEX;
	assert_int_equal(create_qp_with(&device, &request, d), EINVAL);
	d.flags = MLX5_QP_FLAG_TYPE_DCI;
	assert_int_equal(create_qp_with(&device, &request, d), EOPNOTSUPP);
	device_close(&device);
	queue_free(&cq_queue);
	queue_free(&queue);
}

/* What a library means by a queue pair of the driver's own kind, it says in the driver's part. */
static void halves_of_dynamic_connections_are_told_apart(void **state)
{
	struct device device = device_open_with_context();
	struct queue cq_queue, queue = queue_make(4096);
	uint32_t pd = make_pd(&device), cq = make_cq(&device, &cq_queue, 1, -1);
	struct ib_uverbs_create_qp request = {.pd_handle = pd,
					      .send_cq_handle = cq,
					      .max_send_wr = 4,
					      .max_send_sge = 1,
					      .qp_type = IB_UVERBS_QPT_DRIVER};
	struct mlx5_ib_create_qp driver = {.buf_addr = (uintptr_t)queue.memory,
					   .db_addr = (uintptr_t)queue.record,
					   .sq_wqe_count = 4};

	(void)state;
	assert_int_equal(create_qp_with(&device, &request, driver), EINVAL);
	driver.flags = MLX5_QP_FLAG_TYPE_DCI | MLX5_QP_FLAG_TYPE_DCT;
	assert_int_equal(create_qp_with(&device, &request, driver), EINVAL);
	driver.flags = MLX5_QP_FLAG_TYPE_DCI | MLX5_QP_FLAG_DCI_STREAM;
	assert_int_equal(create_qp_with(&device, &request, driver), EOPNOTSUPP);
	driver.flags = MLX5_QP_FLAG_TYPE_DCI;
	assert_int_equal(create_qp_with(&device, &request, driver), 0);
	/* There is no SRQ for it. */
	driver.flags = MLX5_QP_FLAG_TYPE_DCT;
	request.recv_cq_handle = cq;
	assert_int_equal(create_qp_with(&device, &request, driver), EINVAL);
	device_close(&device);
	queue_free(&cq_queue);
	queue_free(&queue);
}

static void modify_and_query_agree(void **state)
{
	struct device device = device_open_with_context();
	struct queue cq_queue, queue;
	uint32_t pd = make_pd(&device), cq = make_cq(&device, &cq_queue, 1, -1);
	uint32_t qp = make_qp(&device, &queue, pd, cq, 2);
	struct ib_uverbs_modify_qp modify = {.qp_handle = qp,
					     .attr_mask = QP_STATE | QP_PKEY_INDEX | QP_PORT |
							  QP_ACCESS_FLAGS,
					     .qp_state = QP_INIT,
					     .port_num = 1,
					     .qp_access_flags = ACCESS_REMOTE_READ};
	struct ib_uverbs_query_qp query = {.qp_handle = qp};
	struct ib_uverbs_query_qp_resp answer;

	(void)state;
	modify.port_num = 2;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_MODIFY_QP, &modify, sizeof(modify),
				 NULL, 0, NULL, 0, 0),
			 EINVAL);
	modify.port_num = 1;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_MODIFY_QP, &modify, sizeof(modify),
				 NULL, 0, NULL, 0, 0),
			 0);
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_QUERY_QP, &query, sizeof(query), NULL,
				 0, &answer, sizeof(answer), 0),
			 0);
	assert_int_equal(answer.qp_state, QP_INIT);
	assert_int_equal(answer.port_num, 1);
	assert_int_equal(answer.qp_access_flags, ACCESS_REMOTE_READ);
	assert_int_equal(answer.max_recv_wr, 16);
	modify.attr_mask |= 1u << 30;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_MODIFY_QP, &modify, sizeof(modify),
				 NULL, 0, NULL, 0, 0),
			 EINVAL);
	device_close(&device);
	queue_free(&cq_queue);
	queue_free(&queue);
}

/* A signal handler that exits may interrupt whoever has the engine lock. */
static void exit_with_the_engine_locked_does_not_wait(void **state)
{
	int status;
	pid_t child;

	(void)state;
	fflush(NULL);
	child = fork();
	if (child == 0) {
		struct device device = device_open_with_context();

		alarm(20);
		engine_lock(device.file->member->engine);
		exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static struct device locked_device;

static void *lock_for_ever(void *ready)
{
	pthread_detach(pthread_self());
	engine_lock(locked_device.file->member->engine);
	pthread_barrier_wait(ready);
	pause();
	return NULL;
}

static void exit_with_the_engine_locked_by_another_thread_ends(void **state)
{
	int status;
	pid_t child;

	(void)state;
	fflush(NULL);
	child = fork();
	if (child == 0) {
		pthread_barrier_t ready;
		pthread_t thread;

		locked_device = device_open_with_context();
		alarm(20);
		pthread_barrier_init(&ready, NULL, 2);
		if (pthread_create(&thread, NULL, lock_for_ever, &ready))
			exit(1);
		pthread_barrier_wait(&ready);
		exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handles_name_objects_of_their_type_only),
		cmocka_unit_test(objects_in_use_are_busy),
		cmocka_unit_test(address_handles_hold_their_pd),
		cmocka_unit_test(closing_ends_everything_whatever_is_left),
		cmocka_unit_test(a_duplicate_keeps_the_device_open),
		cmocka_unit_test(a_number_closed_behind_our_back_is_not_ours),
		cmocka_unit_test(memory_that_is_not_there_cannot_be_registered),
		cmocka_unit_test(access_rights_must_fit_together),
		cmocka_unit_test(locked_memory_is_limited_for_the_unprivileged),
		cmocka_unit_test(impossible_queue_pairs_are_refused),
		cmocka_unit_test(halves_of_dynamic_connections_are_told_apart),
		cmocka_unit_test(modify_and_query_agree),
		cmocka_unit_test(exit_with_the_engine_locked_does_not_wait),
		cmocka_unit_test(exit_with_the_engine_locked_by_another_thread_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
