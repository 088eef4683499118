/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Objects by ioctl methods, with the attributes and lengths that stock libibverbs 44 and 65 were
 * seen to send; and the classic commands that the other tests leave out.
 */
#include "harness.h"

#include <errno.h>
#include <string.h>

static uint8_t memory[8192] __attribute__((aligned(4096)));

static int reg_mr_by_method(const struct device *device, uint32_t pd, uint64_t length,
			    uint32_t access, uint32_t *handle, uint32_t *lkey)
{
	uint64_t address = (uintptr_t)memory;
	uint32_t rkey;
	struct ib_uverbs_attr attrs[8] = {attr_id(UVERBS_ATTR_REG_MR_HANDLE, 0),
					  attr_id(UVERBS_ATTR_REG_MR_PD_HANDLE, pd),
					  attr_in(UVERBS_ATTR_REG_MR_IOVA, &address, 8),
					  attr_in(UVERBS_ATTR_REG_MR_ADDR, &address, 8),
					  attr_in(UVERBS_ATTR_REG_MR_LENGTH, &length, 8),
					  attr_in(UVERBS_ATTR_REG_MR_ACCESS_FLAGS, &access, 4),
					  attr_out(UVERBS_ATTR_REG_MR_RESP_LKEY, lkey, 4),
					  attr_out(UVERBS_ATTR_REG_MR_RESP_RKEY, &rkey, 4)};
	int rc = call(device, UVERBS_OBJECT_MR, UVERBS_METHOD_REG_MR, attrs, 8);

	*handle = (uint32_t)attrs[0].data;
	return rc;
}

static void memory_is_registered_by_method(void **state)
{
	struct device device = device_open_with_context();
	uint32_t pd = make_pd(&device), handle = 99, lkey = 0;
	struct ib_uverbs_attr destroy;

	(void)state;
	assert_int_equal(reg_mr_by_method(&device, pd, 4096, 1, &handle, &lkey), 0);
	assert_int_equal(find_mr(device.file, handle)->mr->key, lkey);
	assert_int_equal(reg_mr_by_method(&device, pd, 4096, 2, &handle, &lkey), EINVAL);
	assert_int_equal(reg_mr_by_method(&device, 77, 4096, 1, &handle, &lkey), ENOENT);
	assert_int_equal(reg_mr_by_method(&device, pd, 4096, 1, &handle, &lkey), 0);
	destroy = attr_id(UVERBS_ATTR_DESTROY_MR_HANDLE, handle);
	assert_int_equal(call(&device, UVERBS_OBJECT_MR, UVERBS_METHOD_MR_DESTROY, &destroy, 1), 0);
	assert_int_equal(call(&device, UVERBS_OBJECT_MR, UVERBS_METHOD_MR_DESTROY, &destroy, 1),
			 ENOENT);
	device_close(&device);
}

/* The key's own output cannot be written: the region must be gone again. */
static void an_answer_that_cannot_be_delivered_undoes_the_object(void **state)
{
	struct device device = device_open_with_context();
	uint32_t pd = make_pd(&device), handle;

	(void)state;
	assert_int_equal(reg_mr_by_method(&device, pd, 4096, 1, &handle, (uint32_t *)(uintptr_t)16),
			 EFAULT);
	assert_null(handle_next(&device.file->handles, HANDLE_MR, 0));
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DEALLOC_PD, pd), 0);
	device_close(&device);
}

static int create_cq_by_method(const struct device *device, struct queue *queue, uint32_t cqe,
			       uint32_t vector, uint32_t *handle)
{
	struct mlx5_ib_create_cq driver = {.buf_addr = (uintptr_t)queue->memory,
					   .db_addr = (uintptr_t)queue->record,
					   .cqe_size = 64};
	struct mlx5_ib_create_cq_resp driver_answer;
	uint64_t user_handle = 0x1111;
	uint32_t granted = 0;
	struct ib_uverbs_attr attrs[7] = {
		attr_id(UVERBS_ATTR_CREATE_CQ_HANDLE, 0),
		attr_out(UVERBS_ATTR_CREATE_CQ_RESP_CQE, &granted, 4),
		attr_in(UVERBS_ATTR_CREATE_CQ_CQE, &cqe, 4),
		attr_in(UVERBS_ATTR_CREATE_CQ_USER_HANDLE, &user_handle, 8),
		attr_in(UVERBS_ATTR_CREATE_CQ_COMP_VECTOR, &vector, 4),
		attr_in(UVERBS_ATTR_UHW_IN, &driver, 32),
		attr_out(UVERBS_ATTR_UHW_OUT, &driver_answer, 8)};
	int rc = call(device, UVERBS_OBJECT_CQ, UVERBS_METHOD_CQ_CREATE, attrs, 7);

	*handle = (uint32_t)attrs[0].data;
	if (!rc)
		assert_true(granted >= cqe);
	return rc;
}

static void completion_queues_come_and_go_by_method(void **state)
{
	struct device device = device_open_with_context();
	struct queue queue = queue_make(65536);
	struct ib_uverbs_destroy_cq_resp answer = {7, 7};
	struct ib_uverbs_attr destroy[2];
	uint32_t handle;

	(void)state;
	assert_int_equal(create_cq_by_method(&device, &queue, 512, FILE_COMP_VECTORS, &handle),
			 EINVAL);
	assert_int_equal(create_cq_by_method(&device, &queue, 0, 0, &handle), EINVAL);
	assert_int_equal(create_cq_by_method(&device, &queue, 1u << 30, 0, &handle), EINVAL);
	assert_int_equal(create_cq_by_method(&device, &queue, 511, 1, &handle), 0);
	destroy[0] = attr_out(UVERBS_ATTR_DESTROY_CQ_RESP, &answer, sizeof(answer));
	destroy[1] = attr_id(UVERBS_ATTR_DESTROY_CQ_HANDLE, handle);
	assert_int_equal(call(&device, UVERBS_OBJECT_CQ, UVERBS_METHOD_CQ_DESTROY, destroy, 2), 0);
	assert_int_equal(answer.comp_events_reported, 0);
	assert_int_equal(answer.async_events_reported, 0);
	device_close(&device);
	queue_free(&queue);
}

static int create_qp_by_method(const struct device *device, struct queue *queue, uint32_t pd,
			       uint32_t cq, uint32_t *handle, uint32_t *qpn)
{
	struct mlx5_ib_create_qp driver = {.buf_addr = (uintptr_t)queue->memory,
					   .db_addr = (uintptr_t)queue->record,
					   .sq_wqe_count = 4,
					   .rq_wqe_count = 512,
					   .rq_wqe_shift = 4,
					   .flags = MLX5_QP_FLAG_SCATTER_CQE};
	struct mlx5_ib_create_qp_resp driver_answer;
	struct ib_uverbs_qp_cap cap = {1, 500, 1, 1, 0}, granted;
	uint64_t user_handle = 0x2222, type = QP_TYPE_RC;
	struct ib_uverbs_attr attrs[11] = {
		attr_id(UVERBS_ATTR_CREATE_QP_PD_HANDLE, pd),
		attr_id(UVERBS_ATTR_CREATE_QP_SEND_CQ_HANDLE, cq),
		attr_id(UVERBS_ATTR_CREATE_QP_RECV_CQ_HANDLE, cq),
		attr_id(UVERBS_ATTR_CREATE_QP_HANDLE, 0),
		attr_in(UVERBS_ATTR_CREATE_QP_TYPE, &type, 8),
		attr_in(UVERBS_ATTR_CREATE_QP_USER_HANDLE, &user_handle, 8),
		attr_in(UVERBS_ATTR_CREATE_QP_CAP, &cap, 20),
		attr_out(UVERBS_ATTR_CREATE_QP_RESP_CAP, &granted, 20),
		attr_out(UVERBS_ATTR_CREATE_QP_RESP_QP_NUM, qpn, 4),
		attr_in(UVERBS_ATTR_UHW_IN, &driver, 56),
		attr_out(UVERBS_ATTR_UHW_OUT, &driver_answer, 40)};
	int rc = call(device, UVERBS_OBJECT_QP, UVERBS_METHOD_QP_CREATE, attrs, 11);

	*handle = (uint32_t)attrs[3].data;
	return rc;
}

static void queue_pairs_come_and_go_by_method(void **state)
{
	struct device device = device_open_with_context();
	struct queue cq_queue = queue_make(65536), queue = queue_make(512 * 16 + 256);
	struct ib_uverbs_destroy_qp_resp answer = {7};
	struct ib_uverbs_attr destroy[2];
	uint32_t pd = make_pd(&device), cq, qp, qpn = 0;

	(void)state;
	assert_int_equal(create_cq_by_method(&device, &cq_queue, 512, 0, &cq), 0);
	assert_int_equal(create_qp_by_method(&device, &queue, 99, cq, &qp, &qpn), ENOENT);
	assert_int_equal(create_qp_by_method(&device, &queue, pd, pd, &qp, &qpn), ENOENT);
	assert_int_equal(create_qp_by_method(&device, &queue, pd, cq, &qp, &qpn), 0);
	assert_int_equal(find_qp(device.file, qp)->qp->qpn, qpn);
	destroy[0] = attr_out(UVERBS_ATTR_DESTROY_QP_RESP, &answer, sizeof(answer));
	destroy[1] = attr_id(UVERBS_ATTR_DESTROY_QP_HANDLE, qp);
	assert_int_equal(call(&device, UVERBS_OBJECT_QP, UVERBS_METHOD_QP_DESTROY, destroy, 2), 0);
	assert_int_equal(answer.events_reported, 0);
	device_close(&device);
	queue_free(&cq_queue);
	queue_free(&queue);
}

static void a_region_changes_as_a_whole_or_not_at_all(void **state)
{
	struct device device = device_open_with_context();
	uint32_t pd = make_pd(&device), handle, lkey;
	struct ib_uverbs_rereg_mr request = {.flags = 4, .access_flags = ACCESS_REMOTE_WRITE};
	struct ib_uverbs_rereg_mr_resp answer;

	(void)state;
	assert_int_equal(reg_mr_by_method(&device, pd, 4096, 1, &handle, &lkey), 0);
	request.mr_handle = handle;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_REREG_MR, &request, sizeof(request),
				 NULL, 0, &answer, 8, 0),
			 EINVAL);
	assert_int_equal(find_mr(device.file, handle)->mr->key, lkey);
	request.access_flags |= ACCESS_LOCAL_WRITE;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_REREG_MR, &request, sizeof(request),
				 NULL, 0, &answer, 8, 0),
			 0);
	assert_int_equal(find_mr(device.file, handle)->mr->key, answer.lkey);
	assert_int_equal(find_mr(device.file, handle)->mr->access,
			 request.access_flags | ACCESS_LOCAL_READ);
	request.flags = 8;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_REREG_MR, &request, sizeof(request),
				 NULL, 0, &answer, 8, 0),
			 EOPNOTSUPP);
	request.flags = 0;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_REREG_MR, &request, sizeof(request),
				 NULL, 0, &answer, 8, 0),
			 EINVAL);
	device_close(&device);
}

static void a_completion_queue_moves_to_a_larger_buffer(void **state)
{
	struct device device = device_open_with_context();
	struct queue queue, larger = queue_make(64 * 64);
	uint32_t cq = make_cq(&device, &queue, 1, -1), answer[2];
	struct ib_uverbs_resize_cq request = {.cq_handle = cq, .cqe = 63};
	struct mlx5_ib_resize_cq driver = {.buf_addr = (uintptr_t)larger.memory, .cqe_size = 64};

	(void)state;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_RESIZE_CQ, &request, sizeof(request),
				 &driver, sizeof(driver), answer, 8, 0),
			 0);
	assert_int_equal(answer[0], 63);
	driver.buf_addr = 64;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_RESIZE_CQ, &request, sizeof(request),
				 &driver, sizeof(driver), answer, 8, 0),
			 EFAULT);
	driver.cqe_size = 32;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_RESIZE_CQ, &request, sizeof(request),
				 &driver, sizeof(driver), answer, 8, 0),
			 EINVAL);
	device_close(&device);
	queue_free(&queue);
	queue_free(&larger);
}

static void shared_receive_queues_keep_their_limit(void **state)
{
	struct device device = device_open_with_context();
	struct queue queue = queue_make(16 * 32);
	struct ib_uverbs_create_srq create = {
		.pd_handle = make_pd(&device), .max_wr = 15, .max_sge = 1};
	struct mlx5_ib_create_srq driver = {.buf_addr = (uintptr_t)queue.memory,
					    .db_addr = (uintptr_t)queue.record};
	uint32_t made[6];
	struct ib_uverbs_modify_srq modify = {.attr_mask = 2, .srq_limit = 7};
	struct ib_uverbs_query_srq query = {0};
	struct ib_uverbs_query_srq_resp answer;

	(void)state;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_CREATE_SRQ, &create, sizeof(create),
				 &driver, sizeof(driver), made, 16, 8),
			 0);
	modify.srq_handle = query.srq_handle = made[0];
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_MODIFY_SRQ, &modify, sizeof(modify),
				 NULL, 0, NULL, 0, 0),
			 0);
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_QUERY_SRQ, &query, sizeof(query), NULL,
				 0, &answer, sizeof(answer), 0),
			 0);
	assert_int_equal(answer.srq_limit, 7);
	assert_int_equal(answer.max_wr, 15);
	modify.attr_mask = 1;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_MODIFY_SRQ, &modify, sizeof(modify),
				 NULL, 0, NULL, 0, 0),
			 EINVAL);
	modify.attr_mask = 2;
	modify.srq_limit = 16;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_MODIFY_SRQ, &modify, sizeof(modify),
				 NULL, 0, NULL, 0, 0),
			 EINVAL);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DESTROY_SRQ, made[0]), 0);
	device_close(&device);
	queue_free(&queue);
}

static uint32_t make_ud_qp(const struct device *device, struct queue *queue, uint32_t pd,
			   uint32_t cq)
{
	struct ib_uverbs_create_qp request = {.pd_handle = pd,
					      .send_cq_handle = cq,
					      .recv_cq_handle = cq,
					      .max_send_wr = 4,
					      .max_recv_wr = 16,
					      .max_send_sge = 1,
					      .max_recv_sge = 1,
					      .qp_type = QP_TYPE_UD};
	struct mlx5_ib_create_qp driver = {
		.sq_wqe_count = 4, .rq_wqe_count = 16, .rq_wqe_shift = 4};
	uint32_t answer[18];

	*queue = queue_make(512);
	driver.buf_addr = (uintptr_t)queue->memory;
	driver.db_addr = (uintptr_t)queue->record;
	assert_int_equal(classic(device, IB_USER_VERBS_CMD_CREATE_QP, &request, sizeof(request),
				 &driver, sizeof(driver), answer, 32, 40),
			 0);
	return answer[0];
}

static void a_member_of_a_group_is_busy_until_it_leaves(void **state)
{
	struct device device = device_open_with_context();
	struct queue cq_queue, queue;
	uint32_t pd = make_pd(&device), cq = make_cq(&device, &cq_queue, 1, -1);
	uint32_t qp = make_ud_qp(&device, &queue, pd, cq);
	struct ib_uverbs_attach_mcast request = {
		.gid = {0xff, 0x12, [15] = 1}, .qp_handle = qp, .mlid = 0xc001};
	size_t bytes = sizeof(request);

	(void)state;
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_DETACH_MCAST, &request, bytes, NULL, 0,
				 NULL, 0, 0),
			 EINVAL);
	/* Twice in, once out. */
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(classic(&device, IB_USER_VERBS_CMD_ATTACH_MCAST, &request, bytes,
					 NULL, 0, NULL, 0, 0),
				 0);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DESTROY_QP, qp), EBUSY);
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_DETACH_MCAST, &request, bytes, NULL, 0,
				 NULL, 0, 0),
			 0);
	assert_int_equal(destroy_by_handle(&device, IB_USER_VERBS_CMD_DESTROY_QP, qp), 0);
	/* One that is still a member when the device is closed. */
	queue_free(&queue);
	request.qp_handle = make_ud_qp(&device, &queue, pd, cq);
	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_ATTACH_MCAST, &request, bytes, NULL, 0,
				 NULL, 0, 0),
			 0);
	device_close(&device);
	assert_null(membership_current()->engine);
	queue_free(&cq_queue);
	queue_free(&queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_registered_by_method),
		cmocka_unit_test(an_answer_that_cannot_be_delivered_undoes_the_object),
		cmocka_unit_test(completion_queues_come_and_go_by_method),
		cmocka_unit_test(queue_pairs_come_and_go_by_method),
		cmocka_unit_test(a_region_changes_as_a_whole_or_not_at_all),
		cmocka_unit_test(a_completion_queue_moves_to_a_larger_buffer),
		cmocka_unit_test(shared_receive_queues_keep_their_limit),
		cmocka_unit_test(a_member_of_a_group_is_busy_until_it_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
