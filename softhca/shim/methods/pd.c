/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Protection domains. */
#include <errno.h>

#include "softhca/core/trace.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/foreign.h"
#include "softhca/shim/methods/commands.h"
#include "softhca/shim/shared_context.h"

struct pd_object *find_pd(struct shim_file *file, uint32_t number)
{
	struct handle *handle = handle_find(&file->handles, HANDLE_PD, number);

	return handle ? (struct pd_object *)handle : foreign_pd(file, number);
}

int pd_object_destroy(struct handle *handle)
{
	struct pd_object *object = (struct pd_object *)handle;
	struct engine *engine = handle->file->member->engine;
	int rc;

	engine_lock(engine);
	rc = pd_destroy(object->pd);
	engine_unlock(engine);
	return rc;
}

static int create(struct shim_file *file, struct pd_object **created)
{
	struct pd_object *object = file_new_object(file, HANDLE_PD, sizeof(*object));
	struct engine *engine = file->member->engine;
	int rc;

	if (!object)
		return ENOMEM;
	engine_lock(engine);
	rc = pd_create(file->hca, &object->pd);
	engine_unlock(engine);
	if (rc) {
		file_drop_object(&object->handle);
		return rc;
	}
	shared_object_put(&object->handle, &(struct shared_object){.number = object->pd->pdn});
	trace_printf("pd %u: number %#x", object->handle.number, object->pd->pdn);
	*created = object;
	return 0;
}

int alloc_pd(struct command *command)
{
	struct ib_uverbs_alloc_pd_resp answer = {0};
	struct pd_object *object;
	int rc = create(command->file, &object);

	if (rc)
		return rc;
	command->made.object = &object->handle;
	answer.pd_handle = object->handle.number;
	command->file->abi->created_pd(object->pd, &command->driver);
	command_output(command, &answer, sizeof(answer));
	return 0;
}

int dealloc_pd(struct command *command)
{
	struct ib_uverbs_dealloc_pd request;
	struct pd_object *object;

	command_input(command, &request, sizeof(request));
	object = find_pd(command->file, request.pd_handle);
	return object ? file_destroy_object(&object->handle) : EINVAL;
}

static int destroy_method(struct attrs *attrs)
{
	struct pd_object *object =
		find_pd(attrs->file, (uint32_t)attr_number(attrs, UVERBS_ATTR_DESTROY_PD_HANDLE));

	return object ? file_destroy_object(&object->handle) : ENOENT;
}

static const struct attr_spec destroy_attrs[] = {
	{UVERBS_ATTR_DESTROY_PD_HANDLE, ATTR_HANDLE, true, 0, 0},
};

const struct method_entry pd_methods[] = {
	METHOD(UVERBS_OBJECT_PD, UVERBS_METHOD_PD_DESTROY, destroy_attrs, destroy_method, true),
	{.handle = NULL},
};
