/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory regions: made, changed and ended, and the classic commands for it. mr_methods.c has the
 * methods. */
#include <errno.h>
#include <inttypes.h>

#include <rdma/ib_user_ioctl_verbs.h>

#include "softhca/core/trace.h"
#include "softhca/shim/foreign.h"
#include "softhca/shim/methods/commands.h"
#include "softhca/shim/methods/region.h"
#include "softhca/shim/shared_context.h"

enum {
	PAGE_OFFSET_MASK = 4095,
	REREG_TRANSLATION = 1,
	REREG_PD = 2,
	REREG_ACCESS = 4,
	REREG_SUPPORTED = REREG_TRANSLATION | REREG_PD | REREG_ACCESS,
	ACCESS_ANY_MEMORY = ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ |
			    ACCESS_REMOTE_ATOMIC,
	ACCESS_KNOWN_UNSUPPORTED =
		IB_UVERBS_ACCESS_FLUSH_GLOBAL | IB_UVERBS_ACCESS_FLUSH_PERSISTENT,
};

/* Rights and wishes that make sense for the kind of memory. */
static const uint32_t supported_access[] = {
	[REGION_PROGRAM] = ACCESS_ANY_MEMORY | ACCESS_MW_BIND | ACCESS_ZERO_BASED |
			   ACCESS_ON_DEMAND | ACCESS_HUGETLB | ACCESS_RELAXED_ORDERING,
	[REGION_FILE] = ACCESS_ANY_MEMORY | ACCESS_RELAXED_ORDERING,
	[REGION_DEVICE] = ACCESS_ANY_MEMORY | ACCESS_ZERO_BASED,
};

struct mr_object *find_mr(struct shim_file *file, uint32_t number)
{
	return (struct mr_object *)handle_find(&file->handles, HANDLE_MR, number);
}

/* Remote writes and atomics need the right to write locally; optional rights that we do not know
 * are left out silently, others refused. */
static int check_access(struct region_request *request)
{
	uint32_t supported = supported_access[request->kind];
	uint32_t unknown =
		request->access & ~(supported | (uint32_t)IB_UVERBS_ACCESS_OPTIONAL_RANGE);

	if (unknown)
		return unknown & ~(uint32_t)ACCESS_KNOWN_UNSUPPORTED ? EINVAL : EOPNOTSUPP;
	if (request->access & (ACCESS_REMOTE_WRITE | ACCESS_REMOTE_ATOMIC) &&
	    !(request->access & ACCESS_LOCAL_WRITE))
		return EINVAL;
	request->access &= supported;
	return 0;
}

/* Peers know device memory by its offset and nothing else. */
static int check_device_memory(const struct region_request *request)
{
	const struct dm_object *dm = request->dm;

	if (!(request->access & ACCESS_ZERO_BASED) || request->start > dm->length ||
	    request->length > dm->length - request->start)
		return EINVAL;
	return 0;
}

static int check_request(struct region_request *request)
{
	if (!request->pd)
		return EINVAL;
	if (request->kind == REGION_DEVICE && check_device_memory(request))
		return EINVAL;
	if (request->kind != REGION_DEVICE && (request->start ^ request->iova) & PAGE_OFFSET_MASK)
		return EINVAL;
	if (request->iova + request->length < request->iova)
		return EINVAL;
	return check_access(request);
}

static int open_backing(const struct region_request *request, struct backing *backing,
			struct mr_params *params)
{
	switch (request->kind) {
	case REGION_FILE:
		return backing_file(backing, request->fd, request->start, params);
	case REGION_DEVICE:
		params->linear = request->dm->memory + request->start;
		return 0;
	default:
		return backing_program(backing, request->start, params);
	}
}

/* Makes the region in the core, holding its memory. */
static int register_memory(struct shim_file *file, struct region_request *request,
			   struct backing *backing, struct mr **mr)
{
	struct engine *engine = file->member->engine;
	struct mr_params params;
	int rc = check_request(request);

	if (rc)
		return rc;
	params = (struct mr_params){
		.iova = request->iova,
		.length = request->length,
		.access = request->access,
	};
	rc = open_backing(request, backing, &params);
	if (rc)
		return rc;
	engine_lock(engine);
	rc = mr_create(request->pd->pd, &params, mr);
	engine_unlock(engine);
	if (rc)
		backing_release(backing);
	return rc;
}

static void remember(struct mr_object *object, const struct region_request *request)
{
	object->pd = request->pd;
	object->start = request->start;
	object->length = request->length;
	object->iova = request->iova;
	object->access = request->access;
	shared_object_put(&object->handle, &(struct shared_object){.number = object->mr->key,
								   .length = request->length,
								   .iova = request->iova});
	trace_printf("mr %u: key %#x, %#" PRIx64 " bytes at %#" PRIx64 " as %#" PRIx64
		     ", access %#x",
		     object->handle.number, object->mr->key, request->length, request->start,
		     request->iova, request->access);
}

int region_create(struct shim_file *file, struct region_request *request,
		  struct mr_object **created)
{
	struct mr_object *object = file_new_object(file, HANDLE_MR, sizeof(*object));
	int rc;

	if (!object)
		return ENOMEM;
	rc = register_memory(file, request, &object->backing, &object->mr);
	if (rc) {
		file_drop_object(&object->handle);
		return rc;
	}
	object->kind = request->kind;
	object->dm = request->dm;
	object->dmah = request->dmah;
	if (object->dm)
		object->dm->users++;
	if (object->dmah)
		object->dmah->users++;
	remember(object, request);
	*created = object;
	return 0;
}

static int end_region(struct shim_file *file, struct mr *mr, struct backing *backing)
{
	struct engine *engine = file->member->engine;
	int rc;

	engine_lock(engine);
	rc = mr_destroy(mr);
	engine_unlock(engine);
	if (!rc)
		backing_release(backing);
	return rc;
}

int mr_object_destroy(struct handle *handle)
{
	struct mr_object *object = (struct mr_object *)handle;
	int rc = end_region(handle->file, object->mr, &object->backing);

	if (rc)
		return rc;
	if (object->dm)
		object->dm->users--;
	if (object->dmah)
		object->dmah->users--;
	return 0;
}

int reg_mr(struct command *command)
{
	struct ib_uverbs_reg_mr_resp answer = {0};
	struct region_request request;
	struct ib_uverbs_reg_mr wire;
	struct mr_object *object;
	int rc;

	command_input(command, &wire, sizeof(wire));
	request = (struct region_request){
		.pd = find_pd(command->file, wire.pd_handle),
		.start = wire.start,
		.length = wire.length,
		.iova = wire.hca_va,
		.access = wire.access_flags,
	};
	rc = region_create(command->file, &request, &object);
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
static int change(struct mr_object *object, struct region_request *request)
{
	struct shim_file *file = object->handle.file;
	struct backing backing = {0};
	struct mr *mr;
	int rc = register_memory(file, request, &backing, &mr);

	if (rc)
		return rc;
	rc = end_region(file, object->mr, &object->backing);
	if (rc) {
		end_region(file, mr, &backing);
		return rc;
	}
	object->mr = mr;
	object->backing = backing;
	remember(object, request);
	return 0;
}

/* Device memory has nothing to change, and the file behind a region is not kept. */
static int check_change(const struct mr_object *object, uint32_t flags)
{
	if (!object || !flags)
		return EINVAL;
	if (flags & ~(uint32_t)REREG_SUPPORTED)
		return EOPNOTSUPP;
	if (object->kind == REGION_DEVICE)
		return EINVAL;
	return object->kind == REGION_FILE ? EOPNOTSUPP : 0;
}

int rereg_mr(struct command *command)
{
	struct ib_uverbs_rereg_mr_resp answer = {0};
	struct ib_uverbs_rereg_mr wire;
	struct region_request request;
	struct mr_object *object;
	int rc;

	command_input(command, &wire, sizeof(wire));
	object = find_mr(command->file, wire.mr_handle);
	rc = check_change(object, wire.flags);
	if (rc)
		return rc;
	request = (struct region_request){.pd = object->pd,
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
	if (object)
		return file_destroy_object(&object->handle);
	return foreign_exists(command->file, HANDLE_MR, request.mr_handle) ? EOPNOTSUPP : EINVAL;
}
