/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* DMA handles. Here is no bus that could heed the hints; which of them can be is checked. */
#include <errno.h>
#include <unistd.h>

#include "softhca/shim/methods/commands.h"

enum {
	MAX_PROCESSING_HINT = 3, /* PCI Express, TLP processing hints: two bits */
	MAX_MEMORY_TYPE = 1,	 /* volatile or persistent */
};

int dmah_object_destroy(struct handle *handle)
{
	return ((struct dmah_object *)handle)->users ? EBUSY : 0;
}

/* A processor and a kind of memory come together, since they choose a steering tag; a hint without
 * them says how data will be used. */
static int check_hints(struct attrs *attrs)
{
	bool has_cpu = attr_present(attrs, UVERBS_ATTR_ALLOC_DMAH_CPU_ID);
	uint64_t memory_type;
	uint32_t cpu;
	uint8_t hint;
	int rc = attr_get_u32(attrs, UVERBS_ATTR_ALLOC_DMAH_CPU_ID, &cpu);

	if (!rc)
		rc = attr_get_u64(attrs, UVERBS_ATTR_ALLOC_DMAH_TPH_MEM_TYPE, &memory_type);
	if (!rc)
		rc = attr_get(attrs, UVERBS_ATTR_ALLOC_DMAH_PH, &hint, sizeof(hint));
	if (rc)
		return rc;
	if (has_cpu != attr_present(attrs, UVERBS_ATTR_ALLOC_DMAH_TPH_MEM_TYPE))
		return EINVAL;
	if (has_cpu && cpu >= (uint32_t)sysconf(_SC_NPROCESSORS_CONF))
		return EINVAL;
	return memory_type > MAX_MEMORY_TYPE || hint > MAX_PROCESSING_HINT ? EINVAL : 0;
}

static int alloc_method(struct attrs *attrs)
{
	struct dmah_object *object;
	int rc = check_hints(attrs);

	if (rc)
		return rc;
	object = file_new_object(attrs->file, HANDLE_DMAH, sizeof(*object));
	if (!object)
		return ENOMEM;
	attrs->made.object = &object->handle;
	return attr_put_number(attrs, UVERBS_ATTR_ALLOC_DMAH_HANDLE, object->handle.number);
}

static int free_method(struct attrs *attrs)
{
	struct handle *handle =
		handle_find(&attrs->file->handles, HANDLE_DMAH,
			    (uint32_t)attr_number(attrs, UVERBS_ATTR_FREE_DMA_HANDLE));

	return handle ? file_destroy_object(handle) : ENOENT;
}

static const struct attr_spec alloc_attrs[] = {
	{UVERBS_ATTR_ALLOC_DMAH_HANDLE, ATTR_NEW_HANDLE, true, 0, 0},
	{UVERBS_ATTR_ALLOC_DMAH_CPU_ID, ATTR_IN, false, sizeof(uint32_t), sizeof(uint32_t)},
	{UVERBS_ATTR_ALLOC_DMAH_TPH_MEM_TYPE, ATTR_IN, false, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_ALLOC_DMAH_PH, ATTR_IN, false, sizeof(uint8_t), sizeof(uint8_t)},
};

static const struct attr_spec free_attrs[] = {
	{UVERBS_ATTR_FREE_DMA_HANDLE, ATTR_HANDLE, true, 0, 0},
};

const struct method_entry dmah_methods[] = {
	METHOD(UVERBS_OBJECT_DMAH, UVERBS_METHOD_DMAH_ALLOC, alloc_attrs, alloc_method, true),
	METHOD(UVERBS_OBJECT_DMAH, UVERBS_METHOD_DMAH_FREE, free_attrs, free_method, true),
	{.handle = NULL},
};
