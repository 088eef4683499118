/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Input and output of an ioctl method through its attributes. */
#include "softhca/shim/attrs.h"

#include <errno.h>
#include <string.h>

#include "softhca/shim/user.h"

static const struct attr *find_attr(const struct attrs *attrs, uint16_t id)
{
	for (unsigned int i = 0; i < attrs->count; i++)
		if (attrs->attr[i].spec && attrs->attr[i].value.attr_id == id)
			return &attrs->attr[i];
	return NULL;
}

/* Tells the program that an output has been written. */
static int mark_valid(struct attrs *attrs, const struct attr *attr)
{
	uint16_t flags = attr->value.flags | UVERBS_ATTR_F_VALID_OUTPUT;
	size_t index = (size_t)(attr - attrs->attr);

	return user_write(attrs->header + index * sizeof(struct ib_uverbs_attr) +
				  offsetof(struct ib_uverbs_attr, flags),
			  &flags, sizeof(flags));
}

bool attr_present(const struct attrs *attrs, uint16_t id)
{
	return find_attr(attrs, id) != NULL;
}

size_t attr_length(const struct attrs *attrs, uint16_t id)
{
	const struct attr *attr = find_attr(attrs, id);

	return attr ? attr->value.len : 0;
}

int attr_get(const struct attrs *attrs, uint16_t id, void *to, size_t size)
{
	const struct attr *attr = find_attr(attrs, id);
	size_t given = attr ? attr->value.len : 0;

	memset(to, 0, size);
	if (!given)
		return 0;
	if (given > ATTR_INLINE_BYTES)
		return user_read(to, attr->value.data, given < size ? given : size);
	memcpy(to, &attr->value.data, given < size ? given : size);
	return 0;
}

int attr_get_part(const struct attrs *attrs, uint16_t id, size_t offset, void *to, size_t size)
{
	const struct attr *attr = find_attr(attrs, id);

	if (!attr || attr->value.len <= ATTR_INLINE_BYTES || offset > attr->value.len ||
	    size > attr->value.len - offset)
		return EINVAL;
	return user_read(to, attr->value.data + offset, size);
}

int attr_get_u32(const struct attrs *attrs, uint16_t id, uint32_t *value)
{
	return attr_get(attrs, id, value, sizeof(*value));
}

int attr_get_u64(const struct attrs *attrs, uint16_t id, uint64_t *value)
{
	return attr_get(attrs, id, value, sizeof(*value));
}

int64_t attr_number(const struct attrs *attrs, uint16_t id)
{
	const struct attr *attr = find_attr(attrs, id);

	return attr ? attr->value.data_s64 : -1;
}

int attr_put_partly(struct attrs *attrs, uint16_t id, const void *from, size_t size)
{
	const struct attr *attr = find_attr(attrs, id);
	int rc;

	if (!attr || !size)
		return 0;
	rc = user_write(attr->value.data, from, size < attr->value.len ? size : attr->value.len);
	return rc ? rc : mark_valid(attrs, attr);
}

int attr_put(struct attrs *attrs, uint16_t id, const void *from, size_t size)
{
	const struct attr *attr = find_attr(attrs, id);
	int rc = attr_put_partly(attrs, id, from, size);

	if (!rc && attr && attr->value.len > size)
		rc = user_clear(attr->value.data + size, attr->value.len - size);
	return rc;
}

int attr_put_u32(struct attrs *attrs, uint16_t id, uint32_t value)
{
	return attr_put(attrs, id, &value, sizeof(value));
}

int attr_put_number(struct attrs *attrs, uint16_t id, int64_t value)
{
	const struct attr *attr = find_attr(attrs, id);
	size_t index;

	if (!attr)
		return EINVAL;
	index = (size_t)(attr - attrs->attr);
	return user_write(attrs->header + index * sizeof(struct ib_uverbs_attr) +
				  offsetof(struct ib_uverbs_attr, data),
			  &value, sizeof(value));
}
