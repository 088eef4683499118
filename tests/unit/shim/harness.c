/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "softhca/shim/environment.h"

int last_async_fd = -1;

struct device device_open(void)
{
	struct device device;
	struct descriptor *descriptor;
	char fabric[32];

	snprintf(fabric, sizeof(fabric), "unit-shim-%d", (int)getpid());
	setenv(SOFTHCA_ENV_FABRIC, fabric, 1);
	device.fd = file_open(O_RDWR | O_CLOEXEC);
	assert_true(device.fd >= 0);
	descriptor = descriptor_get(device.fd);
	assert_non_null(descriptor);
	device.file = to_shim_file(descriptor);
	descriptor_put(descriptor);
	return device;
}

int classic(const struct device *device, uint32_t command, void *request, size_t request_bytes,
	    const void *driver_in, size_t driver_in_bytes, void *answer, size_t answer_bytes,
	    size_t driver_out_bytes)
{
	uint8_t bytes[1024];
	size_t total = sizeof(struct ib_uverbs_cmd_hdr) + request_bytes + driver_in_bytes;
	struct ib_uverbs_cmd_hdr header = {
		.command = command,
		.in_words = (uint16_t)(total / 4),
		.out_words = (uint16_t)((answer_bytes + driver_out_bytes) / 4),
	};
	uint64_t address = (uintptr_t)answer;

	assert_true(total <= sizeof(bytes));
	if (answer)
		memcpy(request, &address, sizeof(address));
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), request, request_bytes);
	if (driver_in_bytes)
		memcpy(bytes + sizeof(header) + request_bytes, driver_in, driver_in_bytes);
	return write_command(device->file, bytes, total) == (ssize_t)total ? 0 : errno;
}

struct device device_open_with_context(void)
{
	struct device device = device_open();
	struct mlx5_ib_alloc_ucontext_req_v2 driver = {
		.total_num_bfregs = 16, .num_low_latency_bfregs = 4, .max_cqe_version = 1};
	struct ib_uverbs_get_context request = {0};
	struct {
		uint32_t async_fd, num_comp_vectors;
		struct mlx5_ib_alloc_ucontext_resp driver;
	} answer = {0};

	assert_int_equal(classic(&device, IB_USER_VERBS_CMD_GET_CONTEXT, &request, sizeof(request),
				 &driver, sizeof(driver), &answer, 8, sizeof(answer.driver)),
			 0);
	assert_int_equal(answer.driver.tot_bfregs, 16);
	last_async_fd = (int)answer.async_fd;
	return device;
}

void device_close(struct device *device)
{
	if (last_async_fd >= 0) {
		descriptor_closing(last_async_fd);
		close(last_async_fd);
		last_async_fd = -1;
	}
	descriptor_closing(device->fd);
	close(device->fd);
	device->fd = -1;
}

int call(const struct device *device, uint16_t object, uint16_t method,
	 struct ib_uverbs_attr *attrs, uint16_t count)
{
	uint8_t request[sizeof(struct ib_uverbs_ioctl_hdr) +
			MAX_ATTRS * sizeof(struct ib_uverbs_attr)];
	struct ib_uverbs_ioctl_hdr header = {
		.length = (uint16_t)(sizeof(header) + count * sizeof(*attrs)),
		.object_id = object,
		.method_id = method,
		.num_attrs = count,
		.driver_id = RDMA_DRIVER_MLX5,
	};
	int rc;

	memcpy(request, &header, sizeof(header));
	if (count)
		memcpy(request + sizeof(header), attrs, count * sizeof(*attrs));
	rc = ioctl_command(device->file, (uintptr_t)request);
	if (count)
		memcpy(attrs, request + sizeof(header), count * sizeof(*attrs));
	return rc;
}

struct ib_uverbs_attr attr_in(uint16_t id, const void *data, uint16_t length)
{
	struct ib_uverbs_attr attr = {
		.attr_id = id, .len = length, .flags = UVERBS_ATTR_F_MANDATORY};

	if (length <= sizeof(attr.data))
		memcpy(&attr.data, data, length);
	else
		attr.data = (uintptr_t)data;
	return attr;
}

struct ib_uverbs_attr attr_out(uint16_t id, void *data, uint16_t length)
{
	return (struct ib_uverbs_attr){.attr_id = id,
				       .len = length,
				       .flags = UVERBS_ATTR_F_MANDATORY,
				       .data = (uintptr_t)data};
}

struct ib_uverbs_attr attr_id(uint16_t id, int64_t number)
{
	return (struct ib_uverbs_attr){
		.attr_id = id, .flags = UVERBS_ATTR_F_MANDATORY, .data_s64 = number};
}

struct queue queue_make(size_t bytes)
{
	struct queue queue = {.memory = aligned_alloc(4096, (bytes + 4095) & ~(size_t)4095),
			      .record = aligned_alloc(64, 64)};

	assert_non_null(queue.memory);
	assert_non_null(queue.record);
	memset(queue.memory, 0, bytes);
	memset(queue.record, 0, 64);
	return queue;
}

void queue_free(struct queue *queue)
{
	free(queue->memory);
	free(queue->record);
}

uint32_t make_pd(const struct device *device)
{
	struct ib_uverbs_alloc_pd request = {0};
	uint32_t answer[2]; /* handle, number */

	assert_int_equal(classic(device, IB_USER_VERBS_CMD_ALLOC_PD, &request, sizeof(request),
				 NULL, 0, answer, 4, 4),
			 0);
	return answer[0];
}

uint32_t make_cq(const struct device *device, struct queue *queue, uint64_t user_handle,
		 int channel_fd)
{
	struct ib_uverbs_create_cq request = {
		.user_handle = user_handle, .cqe = 15, .comp_channel = channel_fd};
	struct mlx5_ib_create_cq driver = {.cqe_size = 64};
	struct {
		struct ib_uverbs_create_cq_resp core;
		struct mlx5_ib_create_cq_resp driver;
	} answer;

	*queue = queue_make(16 * 64);
	driver.buf_addr = (uintptr_t)queue->memory;
	driver.db_addr = (uintptr_t)queue->record;
	assert_int_equal(classic(device, IB_USER_VERBS_CMD_CREATE_CQ, &request, sizeof(request),
				 &driver, sizeof(driver), &answer, sizeof(answer.core),
				 sizeof(answer.driver)),
			 0);
	assert_int_equal(answer.core.cqe, 15);
	return answer.core.cq_handle;
}

uint32_t make_qp(const struct device *device, struct queue *queue, uint32_t pd, uint32_t cq,
		 uint64_t user_handle)
{
	struct ib_uverbs_create_qp request = {
		.user_handle = user_handle,
		.pd_handle = pd,
		.send_cq_handle = cq,
		.recv_cq_handle = cq,
		.max_send_wr = 4,
		.max_recv_wr = 16,
		.max_send_sge = 1,
		.max_recv_sge = 1,
		.qp_type = QP_TYPE_RC,
	};
	struct mlx5_ib_create_qp driver = {
		.sq_wqe_count = 4, .rq_wqe_count = 16, .rq_wqe_shift = 4};
	struct {
		struct ib_uverbs_create_qp_resp core;
		struct mlx5_ib_create_qp_resp driver;
	} answer;

	*queue = queue_make(16 * 16 + 4 * 64);
	driver.buf_addr = (uintptr_t)queue->memory;
	driver.db_addr = (uintptr_t)queue->record;
	assert_int_equal(classic(device, IB_USER_VERBS_CMD_CREATE_QP, &request, sizeof(request),
				 &driver, sizeof(driver), &answer, sizeof(answer.core),
				 sizeof(answer.driver)),
			 0);
	return answer.core.qp_handle;
}

int destroy_by_handle(const struct device *device, uint32_t command, uint32_t handle)
{
	/* DESTROY_CQ, _QP and _SRQ: address, handle, reserved. */
	struct ib_uverbs_destroy_cq request = {.cq_handle = handle};
	struct ib_uverbs_destroy_cq_resp answer;
	uint32_t plain = handle;

	switch (command) {
	case IB_USER_VERBS_CMD_DESTROY_CQ:
		return classic(device, command, &request, sizeof(request), NULL, 0, &answer,
			       sizeof(answer), 0);
	case IB_USER_VERBS_CMD_DESTROY_QP:
	case IB_USER_VERBS_CMD_DESTROY_SRQ:
		return classic(device, command, &request, sizeof(request), NULL, 0, &answer,
			       sizeof(struct ib_uverbs_destroy_qp_resp), 0);
	default:
		return classic(device, command, &plain, sizeof(plain), NULL, 0, NULL, 0, 0);
	}
}
