/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared receive queues. */
#include <errno.h>

#include <rdma/ib_user_ioctl_verbs.h>

#include "softhca/core/trace.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/methods/commands.h"

enum { SRQ_MASK_MAX_WR = 1, SRQ_MASK_LIMIT = 2 };

struct srq_request {
	uint64_t user_handle;
	struct pd_object *pd;
	uint32_t max_wr, max_sge, limit;
	int event_fd;
};

struct srq_object *find_srq(struct shim_file *file, uint32_t number)
{
	return (struct srq_object *)handle_find(&file->handles, HANDLE_SRQ, number);
}

static int check_request(const struct shim_file *file, const struct srq_request *request)
{
	const struct hca_limits *limits = &file->hca->limits;

	if (!request->pd || !request->max_wr || request->max_wr > limits->max_srq_wr ||
	    request->max_sge > limits->max_srq_sge || request->limit > request->max_wr)
		return EINVAL;
	return 0;
}

static int create_in_core(struct srq_object *object, const struct srq_request *request,
			  const struct driver_data *driver)
{
	struct shim_file *file = object->handle.file;
	struct engine *engine = file->member->engine;
	struct srq_params params = {
		.max_wr = request->max_wr,
		.max_sge = request->max_sge,
		.limit = request->limit,
		.front = object,
	};
	int rc = file->abi->create_srq(file, driver, &params, &object->pin);

	if (rc)
		return rc;
	engine_lock(engine);
	rc = srq_create(request->pd->pd, &params, &object->srq);
	engine_unlock(engine);
	if (rc)
		pin_release(&object->pin);
	return rc;
}

static int create(struct shim_file *file, const struct srq_request *request,
		  struct driver_data *driver, struct srq_object **created)
{
	struct srq_object *object;
	int rc = check_request(file, request);

	if (rc)
		return rc;
	object = file_new_object(file, HANDLE_SRQ, sizeof(*object));
	if (!object)
		return ENOMEM;
	rc = async_source_open(&object->async, file, request->event_fd, request->user_handle);
	if (!rc)
		rc = create_in_core(object, request, driver);
	if (rc) {
		async_source_close(&object->async);
		file_drop_object(&object->handle);
		return rc;
	}
	file->abi->created_srq(object->srq, driver);
	trace_printf("srq %u: number %#x, %u entries of %u bytes, limit %u", object->handle.number,
		     object->srq->srqn, object->srq->wqe_count, 1u << object->srq->log_stride,
		     request->limit);
	*created = object;
	return 0;
}

int srq_object_destroy(struct handle *handle)
{
	struct srq_object *object = (struct srq_object *)handle;
	struct engine *engine = handle->file->member->engine;
	int rc;

	engine_lock(engine);
	rc = srq_destroy(object->srq);
	engine_unlock(engine);
	if (rc)
		return rc;
	async_source_close(&object->async);
	pin_release(&object->pin);
	return 0;
}

static int destroy(struct srq_object *object, struct ib_uverbs_destroy_srq_resp *answer)
{
	int rc = srq_object_destroy(&object->handle);

	if (rc)
		return rc;
	answer->events_reported = object->async.source.reported;
	file_drop_object(&object->handle);
	return 0;
}

static int create_command(struct command *command, const struct srq_request *request)
{
	struct ib_uverbs_create_srq_resp answer = {0};
	struct srq_object *object;
	int rc = create(command->file, request, &command->driver, &object);

	if (rc)
		return rc;
	command->made.object = &object->handle;
	answer.srq_handle = object->handle.number;
	answer.max_wr = object->srq->max_wr;
	answer.max_sge = object->srq->max_sge;
	answer.srqn = object->srq->srqn;
	command_output(command, &answer, sizeof(answer));
	return 0;
}

int create_srq(struct command *command)
{
	struct ib_uverbs_create_srq wire;
	struct srq_request request;

	command_input(command, &wire, sizeof(wire));
	request = (struct srq_request){
		.user_handle = wire.user_handle,
		.pd = find_pd(command->file, wire.pd_handle),
		.max_wr = wire.max_wr,
		.max_sge = wire.max_sge,
		.limit = wire.srq_limit,
		.event_fd = -1,
	};
	return create_command(command, &request);
}

int create_xsrq(struct command *command)
{
	struct ib_uverbs_create_xsrq wire;
	struct srq_request request;

	command_input(command, &wire, sizeof(wire));
	if (wire.srq_type != IB_UVERBS_SRQT_BASIC)
		return wire.srq_type <= IB_UVERBS_SRQT_TM ? EOPNOTSUPP : EINVAL;
	request = (struct srq_request){
		.user_handle = wire.user_handle,
		.pd = find_pd(command->file, wire.pd_handle),
		.max_wr = wire.max_wr,
		.max_sge = wire.max_sge,
		.limit = wire.srq_limit,
		.event_fd = -1,
	};
	return create_command(command, &request);
}

int modify_srq(struct command *command)
{
	struct engine *engine = command->file->member->engine;
	struct ib_uverbs_modify_srq wire;
	struct srq_object *object;
	int rc = 0;

	command_input(command, &wire, sizeof(wire));
	object = find_srq(command->file, wire.srq_handle);
	/* The queue cannot change its size. */
	if (!object || wire.attr_mask & ~(uint32_t)SRQ_MASK_LIMIT)
		return EINVAL;
	if (!(wire.attr_mask & SRQ_MASK_LIMIT))
		return 0;
	if (wire.srq_limit >= object->srq->wqe_count)
		return EINVAL;
	engine_lock(engine);
	rc = srq_set_limit(object->srq, wire.srq_limit);
	engine_unlock(engine);
	return rc;
}

int query_srq(struct command *command)
{
	struct ib_uverbs_query_srq_resp answer = {0};
	struct ib_uverbs_query_srq wire;
	struct srq_object *object;

	command_input(command, &wire, sizeof(wire));
	object = find_srq(command->file, wire.srq_handle);
	if (!object)
		return EINVAL;
	answer.max_wr = object->srq->max_wr;
	answer.max_sge = object->srq->max_sge;
	answer.srq_limit = object->srq->limit;
	command_output(command, &answer, sizeof(answer));
	return 0;
}

int destroy_srq(struct command *command)
{
	struct ib_uverbs_destroy_srq_resp answer = {0};
	struct ib_uverbs_destroy_srq wire;
	struct srq_object *object;
	int rc;

	command_input(command, &wire, sizeof(wire));
	object = find_srq(command->file, wire.srq_handle);
	rc = object ? destroy(object, &answer) : EINVAL;
	if (!rc)
		command_output(command, &answer, sizeof(answer));
	return rc;
}

static int read_attrs(struct attrs *attrs, struct srq_request *request)
{
	uint32_t type;
	int rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_SRQ_TYPE, &type);

	if (!rc && type != IB_UVERBS_SRQT_BASIC)
		rc = type <= IB_UVERBS_SRQT_TM ? EOPNOTSUPP : EINVAL;
	if (!rc)
		rc = attr_get_u64(attrs, UVERBS_ATTR_CREATE_SRQ_USER_HANDLE, &request->user_handle);
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_SRQ_MAX_WR, &request->max_wr);
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_SRQ_MAX_SGE, &request->max_sge);
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_SRQ_LIMIT, &request->limit);
	request->event_fd = (int)attr_number(attrs, UVERBS_ATTR_CREATE_SRQ_EVENT_FD);
	request->pd = find_pd(attrs->file,
			      (uint32_t)attr_number(attrs, UVERBS_ATTR_CREATE_SRQ_PD_HANDLE));
	return rc ? rc : request->pd ? 0 : ENOENT;
}

static int create_method(struct attrs *attrs)
{
	struct srq_request request = {0};
	struct srq_object *object;
	int rc = read_attrs(attrs, &request);

	if (!rc)
		rc = create(attrs->file, &request, &attrs->driver, &object);
	if (rc)
		return rc;
	attrs->made.object = &object->handle;
	rc = attr_put_u32(attrs, UVERBS_ATTR_CREATE_SRQ_RESP_MAX_WR, object->srq->max_wr);
	if (!rc)
		rc = attr_put_u32(attrs, UVERBS_ATTR_CREATE_SRQ_RESP_MAX_SGE, object->srq->max_sge);
	if (!rc)
		rc = attr_put_u32(attrs, UVERBS_ATTR_CREATE_SRQ_RESP_SRQ_NUM, object->srq->srqn);
	return rc ? rc
		  : attr_put_number(attrs, UVERBS_ATTR_CREATE_SRQ_HANDLE, object->handle.number);
}

static int destroy_method(struct attrs *attrs)
{
	struct ib_uverbs_destroy_srq_resp answer = {0};
	struct srq_object *object =
		find_srq(attrs->file, (uint32_t)attr_number(attrs, UVERBS_ATTR_DESTROY_SRQ_HANDLE));
	int rc = object ? destroy(object, &answer) : ENOENT;

	return rc ? rc : attr_put(attrs, UVERBS_ATTR_DESTROY_SRQ_RESP, &answer, sizeof(answer));
}

static const struct attr_spec create_attrs[] = {
	{UVERBS_ATTR_CREATE_SRQ_HANDLE, ATTR_NEW_HANDLE, true, 0, 0},
	{UVERBS_ATTR_CREATE_SRQ_PD_HANDLE, ATTR_HANDLE, true, 0, 0},
	{UVERBS_ATTR_CREATE_SRQ_USER_HANDLE, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_CREATE_SRQ_MAX_WR, ATTR_IN, true, sizeof(uint32_t), sizeof(uint32_t)},
	{UVERBS_ATTR_CREATE_SRQ_MAX_SGE, ATTR_IN, true, sizeof(uint32_t), sizeof(uint32_t)},
	{UVERBS_ATTR_CREATE_SRQ_LIMIT, ATTR_IN, true, sizeof(uint32_t), sizeof(uint32_t)},
	{UVERBS_ATTR_CREATE_SRQ_TYPE, ATTR_IN, true, sizeof(uint32_t), sizeof(uint64_t)},
	{UVERBS_ATTR_CREATE_SRQ_EVENT_FD, ATTR_FD, false, 0, 0},
	{UVERBS_ATTR_CREATE_SRQ_RESP_MAX_WR, ATTR_OUT, true, sizeof(uint32_t), 0},
	{UVERBS_ATTR_CREATE_SRQ_RESP_MAX_SGE, ATTR_OUT, true, sizeof(uint32_t), 0},
	{UVERBS_ATTR_CREATE_SRQ_RESP_SRQ_NUM, ATTR_OUT, false, sizeof(uint32_t), 0},
	ATTR_UHW,
};

static const struct attr_spec destroy_attrs[] = {
	{UVERBS_ATTR_DESTROY_SRQ_HANDLE, ATTR_HANDLE, true, 0, 0},
	{UVERBS_ATTR_DESTROY_SRQ_RESP, ATTR_OUT, true, sizeof(struct ib_uverbs_destroy_srq_resp),
	 0},
};

const struct method_entry srq_methods[] = {
	METHOD(UVERBS_OBJECT_SRQ, UVERBS_METHOD_SRQ_CREATE, create_attrs, create_method, true),
	METHOD(UVERBS_OBJECT_SRQ, UVERBS_METHOD_SRQ_DESTROY, destroy_attrs, destroy_method, true),
	{.handle = NULL},
};
