/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory windows: their keys. What they open is said by requests in a send queue. */
#include <errno.h>

#include <rdma/ib_user_ioctl_verbs.h>

#include "softhca/core/trace.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/methods/commands.h"

/* As the kernel numbers them. */
enum { MW_TYPE_1 = 1, MW_TYPE_2 = 2 };

static struct mw_object *find_mw(struct shim_file *file, uint32_t number)
{
	return (struct mw_object *)handle_find(&file->handles, HANDLE_MW, number);
}

int mw_object_destroy(struct handle *handle)
{
	struct mw_object *object = (struct mw_object *)handle;
	struct engine *engine = handle->file->member->engine;

	engine_lock(engine);
	mw_destroy(object->mw);
	engine_unlock(engine);
	return 0;
}

static int create(struct shim_file *file, struct pd *pd, uint8_t type, struct mw_object **created)
{
	struct mw_object *object = file_new_object(file, HANDLE_MW, sizeof(*object));
	enum key_kind kind = type == MW_TYPE_2 ? KEY_WINDOW_2 : KEY_WINDOW_1;
	struct engine *engine = file->member->engine;
	int rc;

	if (!object)
		return ENOMEM;
	engine_lock(engine);
	rc = mw_create(pd, kind, 0, &object->mw);
	engine_unlock(engine);
	if (rc) {
		file_drop_object(&object->handle);
		return rc;
	}
	*created = object;
	return 0;
}

int alloc_mw(struct command *command)
{
	struct shim_file *file = command->file;
	struct ib_uverbs_alloc_mw_resp answer = {0};
	struct ib_uverbs_alloc_mw request;
	struct mw_object *object;
	struct pd_object *pd;
	int rc;

	command_input(command, &request, sizeof(request));
	pd = find_pd(file, request.pd_handle);
	if (!pd || (request.mw_type != MW_TYPE_1 && request.mw_type != MW_TYPE_2))
		return EINVAL;
	rc = file->abi->alloc_mw(&command->driver);
	if (!rc)
		rc = create(file, pd->pd, request.mw_type, &object);
	if (rc)
		return rc;
	command->made.object = &object->handle;
	answer.mw_handle = object->handle.number;
	answer.rkey = object->mw->key;
	trace_printf("mw %u: type %u, key %#x", answer.mw_handle, request.mw_type, answer.rkey);
	command_output(command, &answer, sizeof(answer));
	return 0;
}

int dealloc_mw(struct command *command)
{
	struct ib_uverbs_dealloc_mw request;
	struct mw_object *object;

	command_input(command, &request, sizeof(request));
	object = find_mw(command->file, request.mw_handle);
	return object ? file_destroy_object(&object->handle) : EINVAL;
}

static int destroy_method(struct attrs *attrs)
{
	struct mw_object *object =
		find_mw(attrs->file, (uint32_t)attr_number(attrs, UVERBS_ATTR_DESTROY_MW_HANDLE));

	return object ? file_destroy_object(&object->handle) : ENOENT;
}

static const struct attr_spec destroy_attrs[] = {
	{UVERBS_ATTR_DESTROY_MW_HANDLE, ATTR_HANDLE, true, 0, 0},
};

const struct method_entry mw_methods[] = {
	METHOD(UVERBS_OBJECT_MW, UVERBS_METHOD_MW_DESTROY, destroy_attrs, destroy_method, true),
	{.handle = NULL},
};
