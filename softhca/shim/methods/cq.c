/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completion queues. */
#include <errno.h>

#include "softhca/core/trace.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/methods/commands.h"
#include "softhca/shim/tables.h"

struct cq_request {
	uint64_t user_handle;
	uint32_t entries;
	uint32_t vector;
	int channel_fd; /* negative: none */
	int event_fd;	/* negative: the default */
	uint32_t flags;
};

struct cq_object *find_cq(struct shim_file *file, uint32_t number)
{
	return (struct cq_object *)handle_find(&file->handles, HANDLE_CQ, number);
}

static int check_request(const struct shim_file *file, const struct cq_request *request)
{
	if (request->vector >= FILE_COMP_VECTORS)
		return EINVAL;
	if (!request->entries || request->entries > file->hca->limits.max_cqe)
		return EINVAL;
	if (request->flags & ~(uint32_t)(IB_UVERBS_CQ_FLAGS_IGNORE_OVERRUN |
					 IB_UVERBS_CQ_FLAGS_TIMESTAMP_COMPLETION))
		return EOPNOTSUPP;
	return 0;
}

static void close_channels(struct cq_object *object)
{
	if (object->channel)
		channel_forget(object->channel, &object->completions);
	channel_put(object->channel);
	object->channel = NULL;
	async_source_close(&object->async);
}

static int open_channels(struct cq_object *object, const struct cq_request *request)
{
	struct shim_file *file = object->handle.file;
	int rc = async_source_open(&object->async, file, request->event_fd, request->user_handle);

	if (!rc && request->channel_fd >= 0)
		rc = channel_find(file, request->channel_fd,
				  sizeof(struct ib_uverbs_comp_event_desc), &object->channel);
	if (rc)
		close_channels(object);
	return rc;
}

static int create_in_core(struct cq_object *object, const struct cq_request *request,
			  const struct driver_data *driver)
{
	struct shim_file *file = object->handle.file;
	struct engine *engine = file->member->engine;
	struct cq_params params = {
		.has_channel = object->channel != NULL,
		.exact_time = request->flags & IB_UVERBS_CQ_FLAGS_TIMESTAMP_COMPLETION,
		.front = object,
	};
	int rc = file->abi->create_cq(file, driver, request->entries, &params, &object->pin);

	if (rc)
		return rc;
	engine_lock(engine);
	rc = cq_create(file->hca, &params, &object->cq);
	if (!rc)
		object->cq->ignore_overrun = request->flags & IB_UVERBS_CQ_FLAGS_IGNORE_OVERRUN;
	engine_unlock(engine);
	if (rc)
		pin_release(&object->pin);
	return rc;
}

static int create(struct shim_file *file, const struct cq_request *request,
		  struct driver_data *driver, struct cq_object **created)
{
	struct cq_object *object;
	int rc = check_request(file, request);

	if (rc)
		return rc;
	object = file_new_object(file, HANDLE_CQ, sizeof(*object));
	if (!object)
		return ENOMEM;
	rc = open_channels(object, request);
	if (rc)
		goto drop;
	rc = create_in_core(object, request, driver);
	if (rc)
		goto close;
	file->abi->created_cq(object->cq, driver);
	trace_printf("cq %u: number %#x, %u entries of %u bytes, %s", object->handle.number,
		     object->cq->cqn, object->cq->cqe_count, object->cq->cqe_size,
		     object->channel ? "with a channel" : "no channel");
	*created = object;
	return 0;
close:
	close_channels(object);
drop:
	file_drop_object(&object->handle);
	return rc;
}

int cq_object_destroy(struct handle *handle)
{
	struct cq_object *object = (struct cq_object *)handle;
	struct engine *engine = handle->file->member->engine;
	int rc;

	engine_lock(engine);
	rc = cq_destroy(object->cq);
	engine_unlock(engine);
	if (rc)
		return rc;
	tables_drop(object->async.user_handle);
	close_channels(object);
	pin_release(&object->pin);
	return 0;
}

/* Destroys it and says how many of its events the program has read. */
static int destroy(struct cq_object *object, struct ib_uverbs_destroy_cq_resp *answer)
{
	int rc = cq_object_destroy(&object->handle);

	if (rc)
		return rc;
	answer->comp_events_reported = object->completions.reported;
	answer->async_events_reported = object->async.source.reported;
	file_drop_object(&object->handle);
	return 0;
}

static uint32_t usable_entries(const struct cq *cq)
{
	return cq->cqe_count - 1;
}

int create_cq(struct command *command)
{
	struct ib_uverbs_create_cq_resp answer = {0};
	struct ib_uverbs_create_cq wire;
	struct cq_request request;
	struct cq_object *object;
	int rc;

	command_input(command, &wire, sizeof(wire));
	request = (struct cq_request){
		.user_handle = wire.user_handle,
		.entries = wire.cqe,
		.vector = wire.comp_vector,
		.channel_fd = wire.comp_channel,
		.event_fd = -1,
	};
	rc = create(command->file, &request, &command->driver, &object);
	if (rc)
		return rc;
	command->made.object = &object->handle;
	answer.cq_handle = object->handle.number;
	answer.cqe = usable_entries(object->cq);
	command_output(command, &answer, sizeof(answer));
	return 0;
}

int ex_create_cq(struct command *command)
{
	struct ib_uverbs_ex_create_cq_resp answer = {0};
	struct ib_uverbs_ex_create_cq wire;
	struct cq_request request;
	struct cq_object *object;
	int rc = command_input_extended(command, &wire, sizeof(wire));

	if (rc)
		return rc;
	if (wire.comp_mask || wire.reserved)
		return EINVAL;
	request = (struct cq_request){
		.user_handle = wire.user_handle,
		.entries = wire.cqe,
		.vector = wire.comp_vector,
		.channel_fd = wire.comp_channel,
		.event_fd = -1,
		.flags = wire.flags,
	};
	rc = create(command->file, &request, &command->driver, &object);
	if (rc)
		return rc;
	command->made.object = &object->handle;
	answer.base.cq_handle = object->handle.number;
	answer.base.cqe = usable_entries(object->cq);
	answer.response_length = command_output_length(command, sizeof(answer));
	command_output(command, &answer, sizeof(answer));
	return 0;
}

static int resize(struct cq_object *object, uint32_t entries, const struct driver_data *driver)
{
	struct shim_file *file = object->handle.file;
	struct engine *engine = file->member->engine;
	struct cq_params params = {.cqe_size = object->cq->cqe_size};
	struct pin pin = {0};
	int rc;

	if (!entries || entries > file->hca->limits.max_cqe)
		return EINVAL;
	rc = file->abi->resize_cq(file, driver, entries, &params, &pin);
	if (rc)
		return rc;
	engine_lock(engine);
	rc = cq_resize(object->cq, &params.memory, params.cqe_count, params.cqe_size);
	engine_unlock(engine);
	if (!rc) {
		struct pin old = object->pin;

		object->pin = pin;
		pin = old;
	}
	pin_release(&pin);
	return rc;
}

int resize_cq(struct command *command)
{
	struct ib_uverbs_resize_cq_resp answer = {0};
	struct ib_uverbs_resize_cq wire;
	struct cq_object *object;
	int rc;

	command_input(command, &wire, sizeof(wire));
	object = find_cq(command->file, wire.cq_handle);
	if (!object)
		return EINVAL;
	rc = resize(object, wire.cqe, &command->driver);
	if (rc)
		return rc;
	answer.cqe = usable_entries(object->cq);
	command_output(command, &answer, sizeof(answer));
	return 0;
}

int ex_modify_cq(struct command *command)
{
	enum { MODERATE = 1 }; /* enum ibv_cq_attr_mask */
	struct ib_uverbs_ex_modify_cq wire;
	struct cq_object *object;
	int rc = command_input_extended(command, &wire, sizeof(wire));

	if (rc)
		return rc;
	if (!wire.attr_mask || wire.reserved)
		return EINVAL;
	if (wire.attr_mask != MODERATE)
		return EOPNOTSUPP;
	object = find_cq(command->file, wire.cq_handle);
	if (!object)
		return EINVAL;
	engine_lock(command->file->member->engine);
	rc = cq_moderate(object->cq, wire.attr.cq_count, wire.attr.cq_period);
	engine_unlock(command->file->member->engine);
	return rc;
}

int destroy_cq(struct command *command)
{
	struct ib_uverbs_destroy_cq_resp answer = {0};
	struct ib_uverbs_destroy_cq wire;
	struct cq_object *object;
	int rc;

	command_input(command, &wire, sizeof(wire));
	object = find_cq(command->file, wire.cq_handle);
	rc = object ? destroy(object, &answer) : EINVAL;
	if (!rc)
		command_output(command, &answer, sizeof(answer));
	return rc;
}

static int create_method(struct attrs *attrs)
{
	struct cq_request request = {0};
	struct cq_object *object;
	uint32_t cqe;
	int rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_CQ_CQE, &request.entries);

	if (!rc)
		rc = attr_get_u64(attrs, UVERBS_ATTR_CREATE_CQ_USER_HANDLE, &request.user_handle);
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_CQ_COMP_VECTOR, &request.vector);
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_CQ_FLAGS, &request.flags);
	if (rc)
		return rc;
	request.channel_fd = (int)attr_number(attrs, UVERBS_ATTR_CREATE_CQ_COMP_CHANNEL);
	request.event_fd = (int)attr_number(attrs, UVERBS_ATTR_CREATE_CQ_EVENT_FD);
	rc = create(attrs->file, &request, &attrs->driver, &object);
	if (rc)
		return rc;
	attrs->made.object = &object->handle;
	cqe = usable_entries(object->cq);
	rc = attr_put_u32(attrs, UVERBS_ATTR_CREATE_CQ_RESP_CQE, cqe);
	return rc ? rc
		  : attr_put_number(attrs, UVERBS_ATTR_CREATE_CQ_HANDLE, object->handle.number);
}

static int destroy_method(struct attrs *attrs)
{
	struct ib_uverbs_destroy_cq_resp answer = {0};
	struct cq_object *object =
		find_cq(attrs->file, (uint32_t)attr_number(attrs, UVERBS_ATTR_DESTROY_CQ_HANDLE));
	int rc = object ? destroy(object, &answer) : ENOENT;

	return rc ? rc : attr_put(attrs, UVERBS_ATTR_DESTROY_CQ_RESP, &answer, sizeof(answer));
}

static const struct attr_spec create_attrs[] = {
	{UVERBS_ATTR_CREATE_CQ_HANDLE, ATTR_NEW_HANDLE, true, 0, 0},
	{UVERBS_ATTR_CREATE_CQ_CQE, ATTR_IN, true, sizeof(uint32_t), sizeof(uint32_t)},
	{UVERBS_ATTR_CREATE_CQ_USER_HANDLE, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_CREATE_CQ_COMP_CHANNEL, ATTR_FD, false, 0, 0},
	{UVERBS_ATTR_CREATE_CQ_COMP_VECTOR, ATTR_IN, true, sizeof(uint32_t), sizeof(uint32_t)},
	{UVERBS_ATTR_CREATE_CQ_FLAGS, ATTR_IN, false, sizeof(uint32_t), sizeof(uint64_t)},
	{UVERBS_ATTR_CREATE_CQ_RESP_CQE, ATTR_OUT, true, sizeof(uint32_t), 0},
	{UVERBS_ATTR_CREATE_CQ_EVENT_FD, ATTR_FD, false, 0, 0},
	ATTR_UHW,
};

static const struct attr_spec destroy_attrs[] = {
	{UVERBS_ATTR_DESTROY_CQ_HANDLE, ATTR_HANDLE, true, 0, 0},
	{UVERBS_ATTR_DESTROY_CQ_RESP, ATTR_OUT, true, sizeof(struct ib_uverbs_destroy_cq_resp), 0},
};

const struct method_entry cq_methods[] = {
	METHOD(UVERBS_OBJECT_CQ, UVERBS_METHOD_CQ_CREATE, create_attrs, create_method, true),
	METHOD(UVERBS_OBJECT_CQ, UVERBS_METHOD_CQ_DESTROY, destroy_attrs, destroy_method, true),
	{.handle = NULL},
};
