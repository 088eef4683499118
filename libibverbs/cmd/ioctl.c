/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The attribute builder of ioctl.h. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "libibverbs/ioctl.h"

void verbs_ioctl_begin(struct verbs_ioctl *call, uint16_t object, uint16_t method)
{
	call->num_attrs = 0;
	call->error = 0;
	memset(&call->hdr, 0, sizeof(call->hdr));
	call->hdr.object_id = object;
	call->hdr.method_id = method;
}

static struct ib_uverbs_attr *attr_at(struct verbs_ioctl *call, unsigned int index)
{
	return (struct ib_uverbs_attr *)&call->space[3 + 2 * (size_t)index];
}

/* With no room left, the last attribute is overwritten and the whole call refused later. */
static struct ib_uverbs_attr *add(struct verbs_ioctl *call, uint16_t attr_id, size_t len)
{
	struct ib_uverbs_attr *attr;

	if (call->num_attrs == VERBS_IOCTL_MAX_ATTRS || len > UINT16_MAX) {
		call->error = E2BIG;
		if (call->num_attrs == VERBS_IOCTL_MAX_ATTRS)
			call->num_attrs--;
	}
	attr = attr_at(call, call->num_attrs++);
	memset(attr, 0, sizeof(*attr));
	attr->attr_id = attr_id;
	attr->len = len;
	attr->flags = UVERBS_ATTR_F_MANDATORY;
	return attr;
}

static void set_data(struct ib_uverbs_attr *attr, const void *data, size_t len)
{
	if (!len)
		return;
	if (len <= sizeof(attr->data))
		memcpy(&attr->data, data, len);
	else
		attr->data = (uintptr_t)data;
}

void verbs_ioctl_in(struct verbs_ioctl *call, uint16_t attr_id, const void *data, size_t len)
{
	set_data(add(call, attr_id, len), data, len);
}

void verbs_ioctl_in_u32(struct verbs_ioctl *call, uint16_t attr_id, uint32_t value)
{
	verbs_ioctl_in(call, attr_id, &value, sizeof(value));
}

void verbs_ioctl_in_u64(struct verbs_ioctl *call, uint16_t attr_id, uint64_t value)
{
	verbs_ioctl_in(call, attr_id, &value, sizeof(value));
}

void verbs_ioctl_in_enum(struct verbs_ioctl *call, uint16_t attr_id, uint8_t choice,
			 const void *data, size_t len)
{
	struct ib_uverbs_attr *attr = add(call, attr_id, len);

	attr->attr_data.enum_data.elem_id = choice;
	set_data(attr, data, len);
}

void verbs_ioctl_in_handle(struct verbs_ioctl *call, uint16_t attr_id, uint32_t handle)
{
	add(call, attr_id, 0)->data = handle;
}

/* An array is always pointed at, even a short one. */
void verbs_ioctl_in_handles(struct verbs_ioctl *call, uint16_t attr_id, const uint32_t *handles,
			    size_t count)
{
	add(call, attr_id, count * sizeof(*handles))->data = (uintptr_t)handles;
}

void verbs_ioctl_in_fd(struct verbs_ioctl *call, uint16_t attr_id, int fd)
{
	add(call, attr_id, 0)->data_s64 = fd;
}

void verbs_ioctl_in_flags(struct verbs_ioctl *call, uint16_t attr_id, uint64_t flags)
{
	if (flags)
		verbs_ioctl_in_u64(call, attr_id, flags);
}

void verbs_ioctl_out(struct verbs_ioctl *call, uint16_t attr_id, void *data, size_t len)
{
	memset(data, 0, len);
	add(call, attr_id, len)->data = (uintptr_t)data;
}

unsigned int verbs_ioctl_new_handle(struct verbs_ioctl *call, uint16_t attr_id)
{
	add(call, attr_id, 0);
	return call->num_attrs - 1;
}

unsigned int verbs_ioctl_new_fd(struct verbs_ioctl *call, uint16_t attr_id)
{
	return verbs_ioctl_new_handle(call, attr_id);
}

void verbs_ioctl_udata(struct verbs_ioctl *call, const struct verbs_udata *udata)
{
	if (!udata)
		return;
	if (udata->in_len)
		verbs_ioctl_in(call, UVERBS_ATTR_UHW_IN, udata->in, udata->in_len);
	if (udata->out_len)
		verbs_ioctl_out(call, UVERBS_ATTR_UHW_OUT, udata->out, udata->out_len);
}

void verbs_ioctl_optional(struct verbs_ioctl *call)
{
	assert(call->num_attrs);
	attr_at(call, call->num_attrs - 1)->flags &= ~UVERBS_ATTR_F_MANDATORY;
}

uint32_t verbs_ioctl_u32(const struct verbs_ioctl *call, unsigned int index)
{
	assert(index < call->num_attrs);
	return (uint32_t)call->hdr.attrs[index].data;
}

bool verbs_ioctl_answered(const struct verbs_ioctl *call, unsigned int index)
{
	assert(index < call->num_attrs);
	return call->hdr.attrs[index].flags & UVERBS_ATTR_F_VALID_OUTPUT;
}
