/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared receive queues. */
#include <errno.h>

#include <rdma/ib_user_ioctl_verbs.h>

#include "softhca/core/trace.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/methods/commands.h"
#include "softhca/shim/tables.h"

enum { SRQ_MASK_MAX_WR = 1, SRQ_MASK_LIMIT = 2 };

struct srq_request {
	uint64_t user_handle;
	uint32_t type; /* enum ib_uverbs_srq_type */
	struct pd_object *pd;
	struct xrcd_object *xrcd; /* of XRC only */
	struct cq_object *cq;	  /* of XRC and tag matching */
	uint32_t max_tags;
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

	if (request->type > IB_UVERBS_SRQT_TM)
		return EINVAL;
	if (request->type == IB_UVERBS_SRQT_TM &&
	    (!request->cq || !request->max_tags || request->max_tags > limits->max_tags))
		return EINVAL;
	if (request->type == IB_UVERBS_SRQT_XRC && (!request->xrcd || !request->cq))
		return EINVAL;
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
	int rc;

	if (request->type == IB_UVERBS_SRQT_XRC)
		params.xrcd = request->xrcd->xrcd;
	if (request->type == IB_UVERBS_SRQT_TM)
		params.max_tags = request->max_tags;
	if (request->type != IB_UVERBS_SRQT_BASIC)
		params.cq = request->cq->cq;
	rc = file->abi->create_srq(file, driver, &params, &object->pin);
	if (rc)
		return rc;
	engine_lock(engine);
	rc = srq_create(request->pd->pd, &params, &object->srq);
	engine_unlock(engine);
	if (rc)
		pin_release(&object->pin);
	return rc;
}

void srq_objects_announce(struct shim_file *file)
{
	struct engine *engine = file->member->engine;
	struct handle *handle;

	if (!tables_are_wrapped(file->fd))
		return;
	engine_lock(engine);
	for (uint32_t number = 0; (handle = handle_next(&file->handles, HANDLE_SRQ, number));) {
		const struct srq *srq = ((struct srq_object *)handle)->srq;

		number = handle->number + 1;
		if (srq->cq)
			srq->cq->arming_announced = true;
	}
	engine_unlock(engine);
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
	if (object->srq->xrcd) {
		object->xrcd = request->xrcd;
		object->xrcd->users++;
	}
	if (object->srq->cq)
		srq_objects_announce(file);
	file->abi->created_srq(object->srq, driver);
	trace_printf("srq %u: number %#x, %u entries of %u bytes, limit %u%s",
		     object->handle.number, object->srq->srqn, object->srq->wqe_count,
		     1u << object->srq->log_stride, request->limit,
		     object->xrcd	 ? ", xrc"
		     : object->srq->tags ? ", tags"
					 : "");
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
	if (object->xrcd)
		object->xrcd->users--;
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
	request = (struct srq_request){
		.user_handle = wire.user_handle,
		.type = wire.srq_type,
		.pd = find_pd(command->file, wire.pd_handle),
		.xrcd = find_xrcd(command->file, wire.xrcd_handle),
		.cq = find_cq(command->file, wire.cq_handle),
		.max_tags = wire.max_num_tags,
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

/* Objects that the attributes name; those absent are NULL, those unknown an error. */
static int read_objects(struct attrs *attrs, struct srq_request *request)
{
	struct shim_file *file = attrs->file;

	request->pd = find_pd(file, (uint32_t)attr_number(attrs, UVERBS_ATTR_CREATE_SRQ_PD_HANDLE));
	request->xrcd =
		find_xrcd(file, (uint32_t)attr_number(attrs, UVERBS_ATTR_CREATE_SRQ_XRCD_HANDLE));
	request->cq = find_cq(file, (uint32_t)attr_number(attrs, UVERBS_ATTR_CREATE_SRQ_CQ_HANDLE));
	if (!request->pd ||
	    (attr_present(attrs, UVERBS_ATTR_CREATE_SRQ_XRCD_HANDLE) && !request->xrcd) ||
	    (attr_present(attrs, UVERBS_ATTR_CREATE_SRQ_CQ_HANDLE) && !request->cq))
		return ENOENT;
	return 0;
}

static int read_attrs(struct attrs *attrs, struct srq_request *request)
{
	int rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_SRQ_TYPE, &request->type);

	if (!rc)
		rc = attr_get_u64(attrs, UVERBS_ATTR_CREATE_SRQ_USER_HANDLE, &request->user_handle);
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_SRQ_MAX_WR, &request->max_wr);
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_SRQ_MAX_SGE, &request->max_sge);
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_SRQ_LIMIT, &request->limit);
	if (!rc && attr_present(attrs, UVERBS_ATTR_CREATE_SRQ_MAX_NUM_TAGS))
		rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_SRQ_MAX_NUM_TAGS, &request->max_tags);
	request->event_fd = (int)attr_number(attrs, UVERBS_ATTR_CREATE_SRQ_EVENT_FD);
	return rc ? rc : read_objects(attrs, request);
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
	{UVERBS_ATTR_CREATE_SRQ_XRCD_HANDLE, ATTR_HANDLE, false, 0, 0},
	{UVERBS_ATTR_CREATE_SRQ_CQ_HANDLE, ATTR_HANDLE, false, 0, 0},
	{UVERBS_ATTR_CREATE_SRQ_MAX_NUM_TAGS, ATTR_IN, false, sizeof(uint32_t), sizeof(uint32_t)},
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
