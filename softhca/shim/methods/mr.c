/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory regions: registration of memory of the program. */
#include <errno.h>
#include <inttypes.h>

#include <rdma/ib_user_ioctl_verbs.h>

#include "softhca/core/trace.h"
#include "softhca/shim/methods/commands.h"

enum {
	PAGE_OFFSET_MASK = 4095,
	REREG_TRANSLATION = 1,
	REREG_PD = 2,
	REREG_ACCESS = 4,
	REREG_SUPPORTED = REREG_TRANSLATION | REREG_PD | REREG_ACCESS,
	ACCESS_SUPPORTED = ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ |
			   ACCESS_REMOTE_ATOMIC | ACCESS_MW_BIND | ACCESS_ZERO_BASED |
			   ACCESS_HUGETLB | ACCESS_RELAXED_ORDERING,
	ACCESS_KNOWN_UNSUPPORTED = IB_UVERBS_ACCESS_ON_DEMAND | IB_UVERBS_ACCESS_FLUSH_GLOBAL |
				   IB_UVERBS_ACCESS_FLUSH_PERSISTENT,
};

struct mr_request {
	struct pd_object *pd;
	uint64_t start, length, iova;
	uint32_t access;
};

struct mr_object *find_mr(struct shim_file *file, uint32_t number)
{
	return (struct mr_object *)handle_find(&file->handles, HANDLE_MR, number);
}

/* Remote writes and atomics need the right to write locally; optional rights that we do not know
 * are left out silently, others refused. */
static int check_access(uint32_t *access)
{
	uint32_t unknown =
		*access & ~(uint32_t)(ACCESS_SUPPORTED | IB_UVERBS_ACCESS_OPTIONAL_RANGE);

	if (unknown)
		return unknown & ~(uint32_t)ACCESS_KNOWN_UNSUPPORTED ? EINVAL : EOPNOTSUPP;
	if (*access & (ACCESS_REMOTE_WRITE | ACCESS_REMOTE_ATOMIC) &&
	    !(*access & ACCESS_LOCAL_WRITE))
		return EINVAL;
	*access &= ACCESS_SUPPORTED;
	return 0;
}

static int check_request(struct mr_request *request)
{
	if (!request->pd)
		return EINVAL;
	if ((request->start ^ request->iova) & PAGE_OFFSET_MASK)
		return EINVAL;
	if (request->iova + request->length < request->iova)
		return EINVAL;
	return check_access(&request->access);
}

/* Makes the region in the core, holding its memory. */
static int register_memory(struct shim_file *file, struct mr_request *request, struct pin *pin,
			   struct mr **mr)
{
	struct engine *engine = file->member->engine;
	struct mr_params params;
	int rc = check_request(request);

	if (!rc)
		rc = pin_memory(pin, request->start, request->length,
				request->access & ACCESS_LOCAL_WRITE);
	if (rc)
		return rc;
	params = (struct mr_params){
		.iova = request->iova,
		.length = request->length,
		.access = request->access,
		.linear = (uint8_t *)(uintptr_t)request->start,
	};
	engine_lock(engine);
	rc = mr_create(request->pd->pd, &params, mr);
	engine_unlock(engine);
	if (rc)
		pin_release(pin);
	return rc;
}

static void remember(struct mr_object *object, const struct mr_request *request)
{
	object->pd = request->pd;
	object->start = request->start;
	object->length = request->length;
	object->iova = request->iova;
	object->access = request->access;
	trace_printf("mr %u: key %#x, %#" PRIx64 " bytes at %#" PRIx64 " as %#" PRIx64
		     ", access %#x",
		     object->handle.number, object->mr->key, request->length, request->start,
		     request->iova, request->access);
}

static int create(struct shim_file *file, struct mr_request *request, struct mr_object **created)
{
	struct mr_object *object = file_new_object(file, HANDLE_MR, sizeof(*object));
	int rc;

	if (!object)
		return ENOMEM;
	rc = register_memory(file, request, &object->pin, &object->mr);
	if (rc) {
		file_drop_object(&object->handle);
		return rc;
	}
	remember(object, request);
	*created = object;
	return 0;
}

static int end_region(struct shim_file *file, struct mr *mr, struct pin *pin)
{
	struct engine *engine = file->member->engine;
	int rc;

	engine_lock(engine);
	rc = mr_destroy(mr);
	engine_unlock(engine);
	if (!rc)
		pin_release(pin);
	return rc;
}

int mr_object_destroy(struct handle *handle)
{
	struct mr_object *object = (struct mr_object *)handle;

	return end_region(handle->file, object->mr, &object->pin);
}

int reg_mr(struct command *command)
{
	struct ib_uverbs_reg_mr_resp answer = {0};
	struct ib_uverbs_reg_mr wire;
	struct mr_request request;
	struct mr_object *object;
	int rc;

	command_input(command, &wire, sizeof(wire));
	request = (struct mr_request){
		.pd = find_pd(command->file, wire.pd_handle),
		.start = wire.start,
		.length = wire.length,
		.iova = wire.hca_va,
		.access = wire.access_flags,
	};
	rc = create(command->file, &request, &object);
	if (rc)
		return rc;
	command->made.object = &object->handle;
	answer.mr_handle = object->handle.number;
	answer.lkey = answer.rkey = object->mr->key;
	command_output(command, &answer, sizeof(answer));
	return 0;
}

/* A changed region is a new one with new keys, as the specification allows. The old one stays
 * whole until the new one exists. */
static int change(struct mr_object *object, struct mr_request *request)
{
	struct shim_file *file = object->handle.file;
	struct pin pin = {0};
	struct mr *mr;
	int rc = register_memory(file, request, &pin, &mr);

	if (rc)
		return rc;
	rc = end_region(file, object->mr, &object->pin);
	if (rc) {
		end_region(file, mr, &pin);
		return rc;
	}
	object->mr = mr;
	object->pin = pin;
	remember(object, request);
	return 0;
}

int rereg_mr(struct command *command)
{
	struct ib_uverbs_rereg_mr_resp answer = {0};
	struct ib_uverbs_rereg_mr wire;
	struct mr_request request;
	struct mr_object *object;
	int rc;

	command_input(command, &wire, sizeof(wire));
	object = find_mr(command->file, wire.mr_handle);
	if (!object || !wire.flags)
		return EINVAL;
	if (wire.flags & ~(uint32_t)REREG_SUPPORTED)
		return EOPNOTSUPP;
	request = (struct mr_request){.pd = object->pd,
				      .start = object->start,
				      .length = object->length,
				      .iova = object->iova,
				      .access = object->access};
	if (wire.flags & REREG_PD)
		request.pd = find_pd(command->file, wire.pd_handle);
	if (wire.flags & REREG_ACCESS)
		request.access = wire.access_flags;
	if (wire.flags & REREG_TRANSLATION) {
		request.start = wire.start;
		request.length = wire.length;
		request.iova = wire.hca_va;
	}
	rc = change(object, &request);
	if (rc)
		return rc;
	answer.lkey = answer.rkey = object->mr->key;
	command_output(command, &answer, sizeof(answer));
	return 0;
}

int dereg_mr(struct command *command)
{
	struct ib_uverbs_dereg_mr request;
	struct mr_object *object;

	command_input(command, &request, sizeof(request));
	object = find_mr(command->file, request.mr_handle);
	return object ? file_destroy_object(&object->handle) : EINVAL;
}

static int reg_method(struct attrs *attrs)
{
	struct mr_request request = {0};
	struct mr_object *object;
	int rc;

	request.pd =
		find_pd(attrs->file, (uint32_t)attr_number(attrs, UVERBS_ATTR_REG_MR_PD_HANDLE));
	if (attr_present(attrs, UVERBS_ATTR_REG_MR_FD) || !request.pd)
		return request.pd ? EOPNOTSUPP : ENOENT;
	rc = attr_get_u64(attrs, UVERBS_ATTR_REG_MR_ADDR, &request.start);
	if (!rc)
		rc = attr_get_u64(attrs, UVERBS_ATTR_REG_MR_LENGTH, &request.length);
	if (!rc)
		rc = attr_get_u64(attrs, UVERBS_ATTR_REG_MR_IOVA, &request.iova);
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_REG_MR_ACCESS_FLAGS, &request.access);
	if (!rc)
		rc = create(attrs->file, &request, &object);
	if (rc)
		return rc;
	attrs->made.object = &object->handle;
	rc = attr_put_number(attrs, UVERBS_ATTR_REG_MR_HANDLE, object->handle.number);
	if (!rc)
		rc = attr_put_u32(attrs, UVERBS_ATTR_REG_MR_RESP_LKEY, object->mr->key);
	return rc ? rc : attr_put_u32(attrs, UVERBS_ATTR_REG_MR_RESP_RKEY, object->mr->key);
}

static int query_method(struct attrs *attrs)
{
	const struct mr_object *object =
		find_mr(attrs->file, (uint32_t)attr_number(attrs, UVERBS_ATTR_QUERY_MR_HANDLE));
	int rc;

	if (!object)
		return ENOENT;
	rc = attr_put_u32(attrs, UVERBS_ATTR_QUERY_MR_RESP_LKEY, object->mr->key);
	if (!rc)
		rc = attr_put_u32(attrs, UVERBS_ATTR_QUERY_MR_RESP_RKEY, object->mr->key);
	if (!rc)
		rc = attr_put(attrs, UVERBS_ATTR_QUERY_MR_RESP_LENGTH, &object->length,
			      sizeof(object->length));
	return rc ? rc
		  : attr_put(attrs, UVERBS_ATTR_QUERY_MR_RESP_IOVA, &object->iova,
			     sizeof(object->iova));
}

static int destroy_method(struct attrs *attrs)
{
	struct mr_object *object =
		find_mr(attrs->file, (uint32_t)attr_number(attrs, UVERBS_ATTR_DESTROY_MR_HANDLE));

	return object ? file_destroy_object(&object->handle) : ENOENT;
}

static const struct attr_spec reg_attrs[] = {
	{UVERBS_ATTR_REG_MR_HANDLE, ATTR_NEW_HANDLE, true, 0, 0},
	{UVERBS_ATTR_REG_MR_PD_HANDLE, ATTR_HANDLE, true, 0, 0},
	{UVERBS_ATTR_REG_MR_IOVA, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_REG_MR_ADDR, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_REG_MR_LENGTH, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_REG_MR_ACCESS_FLAGS, ATTR_IN, true, sizeof(uint32_t), sizeof(uint64_t)},
	{UVERBS_ATTR_REG_MR_FD, ATTR_FD, false, 0, 0},
	{UVERBS_ATTR_REG_MR_RESP_LKEY, ATTR_OUT, true, sizeof(uint32_t), 0},
	{UVERBS_ATTR_REG_MR_RESP_RKEY, ATTR_OUT, true, sizeof(uint32_t), 0},
};

static const struct attr_spec query_attrs[] = {
	{UVERBS_ATTR_QUERY_MR_HANDLE, ATTR_HANDLE, true, 0, 0},
	{UVERBS_ATTR_QUERY_MR_RESP_LKEY, ATTR_OUT, true, sizeof(uint32_t), 0},
	{UVERBS_ATTR_QUERY_MR_RESP_RKEY, ATTR_OUT, true, sizeof(uint32_t), 0},
	{UVERBS_ATTR_QUERY_MR_RESP_LENGTH, ATTR_OUT, true, sizeof(uint64_t), 0},
	{UVERBS_ATTR_QUERY_MR_RESP_IOVA, ATTR_OUT, false, sizeof(uint64_t), 0},
};

static const struct attr_spec destroy_attrs[] = {
	{UVERBS_ATTR_DESTROY_MR_HANDLE, ATTR_HANDLE, true, 0, 0},
};

const struct method_entry mr_methods[] = {
	METHOD(UVERBS_OBJECT_MR, UVERBS_METHOD_REG_MR, reg_attrs, reg_method, true),
	METHOD(UVERBS_OBJECT_MR, UVERBS_METHOD_QUERY_MR, query_attrs, query_method, true),
	METHOD(UVERBS_OBJECT_MR, UVERBS_METHOD_MR_DESTROY, destroy_attrs, destroy_method, true),
	{.handle = NULL},
};
