/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Work queues, and the tables that list them. */
#include <errno.h>
#include <string.h>

#include <rdma/ib_user_ioctl_verbs.h>

#include "softhca/core/trace.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/methods/commands.h"
#include "softhca/shim/tables.h"

/* Bits of a modify mask, enum ib_wq_attr_mask of the kernel ABI. */
enum {
	WQ_MASK_STATE = 1 << 0,
	WQ_MASK_CURRENT_STATE = 1 << 1,
	WQ_MASK_FLAGS = 1 << 2,
};

struct wq_request {
	uint64_t user_handle;
	uint32_t type;
	struct pd_object *pd;
	struct cq_object *cq;
	uint32_t max_wr, max_sge;
	uint32_t flags;
	int event_fd;
};

static struct wq_object *find_wq(struct shim_file *file, uint32_t number)
{
	return (struct wq_object *)handle_find(&file->handles, HANDLE_WQ, number);
}

struct wq_table_object *find_wq_table(struct shim_file *file, uint32_t number)
{
	return (struct wq_table_object *)handle_find(&file->handles, HANDLE_WQ_TABLE, number);
}

static bool is_ethernet(const struct shim_file *file)
{
	return file->hca->shared->port_type == FABRIC_PORT_ETH;
}

/* ---- work queues ---- */

static int check_request(const struct shim_file *file, const struct wq_request *request)
{
	const struct hca_limits *limits = &file->hca->limits;

	if (!is_ethernet(file))
		return EOPNOTSUPP;
	if (request->type != IB_UVERBS_WQT_RQ || !request->pd || !request->cq || !request->max_wr ||
	    request->max_wr > limits->max_qp_wr || request->max_sge > limits->max_sge)
		return EINVAL;
	return 0;
}

static int create_in_core(struct wq_object *object, const struct wq_request *request,
			  const struct driver_data *driver)
{
	struct shim_file *file = object->handle.file;
	struct engine *engine = file->member->engine;
	struct wq_params params = {
		.pd = request->pd->pd,
		.cq = request->cq->cq,
		.flags = request->flags,
		.front = object,
	};
	int rc = file->abi->create_wq(file, driver, &params, &object->pin);

	if (rc)
		return rc;
	engine_lock(engine);
	rc = request->max_wr > params.count ? EINVAL : wq_create(file->hca, &params, &object->wq);
	engine_unlock(engine);
	if (rc)
		pin_release(&object->pin);
	return rc;
}

static int create(struct shim_file *file, const struct wq_request *request,
		  struct driver_data *driver, struct wq_object **created)
{
	struct wq_object *object;
	int rc = check_request(file, request);

	if (rc)
		return rc;
	object = file_new_object(file, HANDLE_WQ, sizeof(*object));
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
	file->abi->created_other(driver);
	trace_printf("wq %u: number %#x, %u entries of %u bytes, flags %#x", object->handle.number,
		     object->wq->wqn, object->wq->count, 1u << object->wq->log_stride,
		     request->flags);
	*created = object;
	return 0;
}

int wq_object_destroy(struct handle *handle)
{
	struct wq_object *object = (struct wq_object *)handle;
	struct engine *engine = handle->file->member->engine;
	int rc;

	engine_lock(engine);
	rc = wq_destroy(object->wq);
	engine_unlock(engine);
	if (rc)
		return rc;
	async_source_close(&object->async);
	pin_release(&object->pin);
	return 0;
}

static int destroy(struct wq_object *object, uint32_t *events_reported)
{
	int rc = wq_object_destroy(&object->handle);

	if (rc)
		return rc;
	*events_reported = object->async.source.reported;
	file_drop_object(&object->handle);
	return 0;
}

int ex_create_wq(struct command *command)
{
	struct ib_uverbs_ex_create_wq_resp answer = {0};
	struct shim_file *file = command->file;
	struct ib_uverbs_ex_create_wq wire;
	struct wq_request request;
	struct wq_object *object;
	int rc = command_input_extended(command, &wire, sizeof(wire));

	if (rc)
		return rc;
	if (wire.comp_mask)
		return EOPNOTSUPP;
	request = (struct wq_request){
		.user_handle = wire.user_handle,
		.type = wire.wq_type,
		.pd = find_pd(file, wire.pd_handle),
		.cq = find_cq(file, wire.cq_handle),
		.max_wr = wire.max_wr,
		.max_sge = wire.max_sge,
		.flags = wire.create_flags,
		.event_fd = -1,
	};
	rc = create(file, &request, &command->driver, &object);
	if (rc)
		return rc;
	command->made.object = &object->handle;
	answer.wq_handle = object->handle.number;
	answer.max_wr = request.max_wr;
	answer.max_sge = request.max_sge;
	answer.wqn = object->wq->wqn;
	answer.response_length = command_output_length(command, sizeof(answer));
	command_output(command, &answer, sizeof(answer));
	return 0;
}

int ex_destroy_wq(struct command *command)
{
	struct ib_uverbs_ex_destroy_wq_resp answer = {0};
	struct ib_uverbs_ex_destroy_wq wire;
	struct wq_object *object;
	int rc = command_input_extended(command, &wire, sizeof(wire));

	if (!rc && wire.comp_mask)
		rc = EOPNOTSUPP;
	if (rc)
		return rc;
	object = find_wq(command->file, wire.wq_handle);
	rc = object ? destroy(object, &answer.events_reported) : EINVAL;
	if (rc)
		return rc;
	answer.response_length = command_output_length(command, sizeof(answer));
	command_output(command, &answer, sizeof(answer));
	return 0;
}

/* ---- changing them ---- */

static int change(struct wq *wq, const struct ib_uverbs_ex_modify_wq *wire)
{
	int rc = 0;

	if (wire->attr_mask & WQ_MASK_CURRENT_STATE && wire->curr_wq_state != wq->state)
		return EINVAL;
	if (wire->attr_mask & WQ_MASK_STATE && wire->wq_state > WQ_ERROR)
		return EINVAL;
	if (wire->attr_mask & WQ_MASK_FLAGS)
		rc = wq_modify_flags(wq, wire->flags, wire->flags_mask);
	if (!rc && wire->attr_mask & WQ_MASK_STATE)
		rc = wq_modify(wq, (enum wq_state)wire->wq_state);
	return rc;
}

int ex_modify_wq(struct command *command)
{
	uint32_t known = WQ_MASK_STATE | WQ_MASK_CURRENT_STATE | WQ_MASK_FLAGS;
	struct shim_file *file = command->file;
	struct ib_uverbs_ex_modify_wq wire;
	struct wq_object *object;
	int rc = command_input_extended(command, &wire, sizeof(wire));

	if (rc)
		return rc;
	if (!wire.attr_mask || wire.attr_mask & ~known)
		return EINVAL;
	object = find_wq(file, wire.wq_handle);
	rc = object ? file->abi->modify_wq(&command->driver) : EINVAL;
	if (rc)
		return rc;
	tables_wrap_queue(object->async.user_handle, file->fd, file->hca, object->wq->cq);
	engine_lock(file->member->engine);
	rc = change(object->wq, &wire);
	engine_unlock(file->member->engine);
	trace_printf("modify wq %#x: mask %#x, state %u", object->wq->wqn, wire.attr_mask,
		     wire.wq_state);
	return rc;
}

/* ---- tables ---- */

int wq_table_object_destroy(struct handle *handle)
{
	struct wq_table_object *object = (struct wq_table_object *)handle;
	struct engine *engine = handle->file->member->engine;
	int rc;

	engine_lock(engine);
	rc = wq_table_destroy(object->table);
	engine_unlock(engine);
	return rc;
}

/* The handles follow the command's head, padded to 8 bytes. */
static int read_table(const struct command *command, uint32_t log_size, struct wq **wqs)
{
	size_t head = sizeof(struct ib_uverbs_ex_create_rwq_ind_table);
	uint32_t size, number;

	if (log_size > IB_USER_VERBS_MAX_LOG_IND_TBL_SIZE || 1u << log_size > RSS_MAX_TABLE)
		return EINVAL;
	size = 1u << log_size;
	if (command->in_length < head + size * sizeof(number))
		return EINVAL;
	for (uint32_t i = 0; i < size; i++) {
		struct wq_object *object;

		memcpy(&number, command->in + head + i * sizeof(number), sizeof(number));
		object = find_wq(command->file, number);
		if (!object)
			return EINVAL;
		wqs[i] = object->wq;
	}
	return 0;
}

static int create_table(struct shim_file *file, struct wq *const *wqs, uint32_t size,
			struct wq_table_object **created)
{
	struct wq_table_object *object = file_new_object(file, HANDLE_WQ_TABLE, sizeof(*object));
	struct engine *engine = file->member->engine;
	int rc;

	if (!object)
		return ENOMEM;
	engine_lock(engine);
	rc = wq_table_create(file->hca, wqs, size, object, &object->table);
	engine_unlock(engine);
	if (rc) {
		file_drop_object(&object->handle);
		return rc;
	}
	trace_printf("wq table %u: %u work queues", object->handle.number, size);
	*created = object;
	return 0;
}

int ex_create_wq_table(struct command *command)
{
	struct ib_uverbs_ex_create_rwq_ind_table_resp answer = {0};
	struct ib_uverbs_ex_create_rwq_ind_table wire;
	struct wq_table_object *object;
	struct wq *wqs[RSS_MAX_TABLE];
	int rc = 0;

	command_input(command, &wire, sizeof(wire));
	if (wire.comp_mask || !is_ethernet(command->file))
		rc = EOPNOTSUPP;
	if (!rc)
		rc = read_table(command, wire.log_ind_tbl_size, wqs);
	if (!rc)
		rc = create_table(command->file, wqs, 1u << wire.log_ind_tbl_size, &object);
	if (rc)
		return rc;
	command->made.object = &object->handle;
	command->file->abi->created_other(&command->driver);
	answer.ind_tbl_handle = object->handle.number;
	answer.ind_tbl_num = object->table->number;
	answer.response_length = command_output_length(command, sizeof(answer));
	command_output(command, &answer, sizeof(answer));
	return 0;
}

int ex_destroy_wq_table(struct command *command)
{
	struct ib_uverbs_ex_destroy_rwq_ind_table wire;
	struct wq_table_object *object;
	int rc = command_input_extended(command, &wire, sizeof(wire));

	if (!rc && wire.comp_mask)
		rc = EOPNOTSUPP;
	if (rc)
		return rc;
	object = find_wq_table(command->file, wire.ind_tbl_handle);
	return object ? file_destroy_object(&object->handle) : EINVAL;
}

/* ---- methods ---- */

static int create_method(struct attrs *attrs)
{
	struct shim_file *file = attrs->file;
	struct wq_request request = {
		.pd = find_pd(file, (uint32_t)attr_number(attrs, UVERBS_ATTR_CREATE_WQ_PD_HANDLE)),
		.cq = find_cq(file, (uint32_t)attr_number(attrs, UVERBS_ATTR_CREATE_WQ_CQ_HANDLE)),
		.event_fd = (int)attr_number(attrs, UVERBS_ATTR_CREATE_WQ_EVENT_FD),
	};
	struct wq_object *object;
	int rc = request.pd && request.cq ? 0 : ENOENT;

	if (!rc)
		rc = attr_get_u64(attrs, UVERBS_ATTR_CREATE_WQ_USER_HANDLE, &request.user_handle);
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_WQ_TYPE, &request.type);
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_WQ_MAX_WR, &request.max_wr);
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_WQ_MAX_SGE, &request.max_sge);
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_WQ_FLAGS, &request.flags);
	if (!rc)
		rc = create(file, &request, &attrs->driver, &object);
	if (rc)
		return rc;
	attrs->made.object = &object->handle;
	rc = attr_put_u32(attrs, UVERBS_ATTR_CREATE_WQ_RESP_MAX_WR, request.max_wr);
	if (!rc)
		rc = attr_put_u32(attrs, UVERBS_ATTR_CREATE_WQ_RESP_MAX_SGE, request.max_sge);
	if (!rc)
		rc = attr_put_u32(attrs, UVERBS_ATTR_CREATE_WQ_RESP_WQ_NUM, object->wq->wqn);
	return rc ? rc
		  : attr_put_number(attrs, UVERBS_ATTR_CREATE_WQ_HANDLE, object->handle.number);
}

static int destroy_method(struct attrs *attrs)
{
	struct wq_object *object =
		find_wq(attrs->file, (uint32_t)attr_number(attrs, UVERBS_ATTR_DESTROY_WQ_HANDLE));
	uint32_t events_reported = 0;
	int rc = object ? destroy(object, &events_reported) : ENOENT;

	return rc ? rc : attr_put_u32(attrs, UVERBS_ATTR_DESTROY_WQ_RESP, events_reported);
}

static int destroy_table_method(struct attrs *attrs)
{
	struct wq_table_object *object = find_wq_table(
		attrs->file, (uint32_t)attr_number(attrs, UVERBS_ATTR_DESTROY_RWQ_IND_TBL_HANDLE));

	return object ? file_destroy_object(&object->handle) : ENOENT;
}

static const struct attr_spec create_attrs[] = {
	{UVERBS_ATTR_CREATE_WQ_HANDLE, ATTR_NEW_HANDLE, true, 0, 0},
	{UVERBS_ATTR_CREATE_WQ_PD_HANDLE, ATTR_HANDLE, true, 0, 0},
	{UVERBS_ATTR_CREATE_WQ_CQ_HANDLE, ATTR_HANDLE, true, 0, 0},
	{UVERBS_ATTR_CREATE_WQ_USER_HANDLE, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_CREATE_WQ_TYPE, ATTR_IN, true, sizeof(uint32_t), sizeof(uint64_t)},
	{UVERBS_ATTR_CREATE_WQ_EVENT_FD, ATTR_FD, false, 0, 0},
	{UVERBS_ATTR_CREATE_WQ_MAX_WR, ATTR_IN, true, sizeof(uint32_t), sizeof(uint32_t)},
	{UVERBS_ATTR_CREATE_WQ_MAX_SGE, ATTR_IN, true, sizeof(uint32_t), sizeof(uint32_t)},
	{UVERBS_ATTR_CREATE_WQ_FLAGS, ATTR_IN, true, sizeof(uint32_t), sizeof(uint64_t)},
	{UVERBS_ATTR_CREATE_WQ_RESP_MAX_WR, ATTR_OUT, true, sizeof(uint32_t), 0},
	{UVERBS_ATTR_CREATE_WQ_RESP_MAX_SGE, ATTR_OUT, true, sizeof(uint32_t), 0},
	{UVERBS_ATTR_CREATE_WQ_RESP_WQ_NUM, ATTR_OUT, false, sizeof(uint32_t), 0},
	ATTR_UHW,
};

static const struct attr_spec destroy_attrs[] = {
	{UVERBS_ATTR_DESTROY_WQ_HANDLE, ATTR_HANDLE, true, 0, 0},
	{UVERBS_ATTR_DESTROY_WQ_RESP, ATTR_OUT, true, sizeof(uint32_t), 0},
};

static const struct attr_spec destroy_table_attrs[] = {
	{UVERBS_ATTR_DESTROY_RWQ_IND_TBL_HANDLE, ATTR_HANDLE, true, 0, 0},
};

const struct method_entry wq_methods[] = {
	METHOD(UVERBS_OBJECT_WQ, UVERBS_METHOD_WQ_CREATE, create_attrs, create_method, true),
	METHOD(UVERBS_OBJECT_WQ, UVERBS_METHOD_WQ_DESTROY, destroy_attrs, destroy_method, true),
	METHOD(UVERBS_OBJECT_RWQ_IND_TBL, UVERBS_METHOD_RWQ_IND_TBL_DESTROY, destroy_table_attrs,
	       destroy_table_method, true),
	{.handle = NULL},
};
