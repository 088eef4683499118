/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters of flow rules. */
#include <errno.h>

#include <rdma/ib_user_ioctl_verbs.h>

#include "softhca/core/trace.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/methods/commands.h"

struct counters_object *find_counters(struct shim_file *file, uint32_t number)
{
	return (struct counters_object *)handle_find(&file->handles, HANDLE_COUNTERS, number);
}

int counters_object_destroy(struct handle *handle)
{
	struct counters_object *object = (struct counters_object *)handle;
	struct engine *engine = handle->file->member->engine;
	int rc;

	engine_lock(engine);
	rc = counters_destroy(object->counters);
	engine_unlock(engine);
	return rc;
}

static int create(struct shim_file *file, struct counters_object **created)
{
	struct counters_object *object = file_new_object(file, HANDLE_COUNTERS, sizeof(*object));
	struct engine *engine = file->member->engine;
	int rc;

	if (!object)
		return ENOMEM;
	engine_lock(engine);
	rc = counters_create(file->hca, object, &object->counters);
	engine_unlock(engine);
	if (rc) {
		file_drop_object(&object->handle);
		return rc;
	}
	*created = object;
	return 0;
}

static int create_method(struct attrs *attrs)
{
	struct counters_object *object;
	int rc = create(attrs->file, &object);

	if (rc)
		return rc;
	attrs->made.object = &object->handle;
	return attr_put_number(attrs, UVERBS_ATTR_CREATE_COUNTERS_HANDLE, object->handle.number);
}

static struct counters_object *named(struct attrs *attrs, uint16_t id)
{
	return find_counters(attrs->file, (uint32_t)attr_number(attrs, id));
}

static int destroy_method(struct attrs *attrs)
{
	struct counters_object *object = named(attrs, UVERBS_ATTR_DESTROY_COUNTERS_HANDLE);

	return object ? file_destroy_object(&object->handle) : ENOENT;
}

/* As many numbers as the program has room for, of which those that are not counted stay 0. */
static int read_method(struct attrs *attrs)
{
	struct counters_object *object = named(attrs, UVERBS_ATTR_READ_COUNTERS_HANDLE);
	size_t length = attr_length(attrs, UVERBS_ATTR_READ_COUNTERS_BUFF);
	struct engine *engine = attrs->file->member->engine;
	uint64_t values[COUNTERS_MAX] = {0};
	uint32_t flags;
	int rc = attr_get_u32(attrs, UVERBS_ATTR_READ_COUNTERS_FLAGS, &flags);

	if (!object)
		return ENOENT;
	if (!rc && flags & ~(uint32_t)IB_UVERBS_READ_COUNTERS_PREFER_CACHED)
		rc = EINVAL;
	if (rc)
		return rc;
	if (length > sizeof(values))
		length = sizeof(values);
	engine_lock(engine);
	/* What lies in the rings has arrived. */
	engine_round(engine);
	rc = counters_read(object->counters, values, (uint32_t)(length / sizeof(values[0])));
	engine_unlock(engine);
	return rc ? rc : attr_put(attrs, UVERBS_ATTR_READ_COUNTERS_BUFF, values, length);
}

static const struct attr_spec create_attrs[] = {
	{UVERBS_ATTR_CREATE_COUNTERS_HANDLE, ATTR_NEW_HANDLE, true, 0, 0},
};

static const struct attr_spec destroy_attrs[] = {
	{UVERBS_ATTR_DESTROY_COUNTERS_HANDLE, ATTR_HANDLE, true, 0, 0},
};

static const struct attr_spec read_attrs[] = {
	{UVERBS_ATTR_READ_COUNTERS_HANDLE, ATTR_HANDLE, true, 0, 0},
	{UVERBS_ATTR_READ_COUNTERS_BUFF, ATTR_OUT, true, sizeof(uint64_t), 0},
	{UVERBS_ATTR_READ_COUNTERS_FLAGS, ATTR_IN, false, sizeof(uint32_t), sizeof(uint64_t)},
};

const struct method_entry counters_methods[] = {
	METHOD(UVERBS_OBJECT_COUNTERS, UVERBS_METHOD_COUNTERS_CREATE, create_attrs, create_method,
	       true),
	METHOD(UVERBS_OBJECT_COUNTERS, UVERBS_METHOD_COUNTERS_DESTROY, destroy_attrs,
	       destroy_method, true),
	METHOD(UVERBS_OBJECT_COUNTERS, UVERBS_METHOD_COUNTERS_READ, read_attrs, read_method, true),
	{.handle = NULL},
};
