/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Commands carried by RDMA_VERBS_IOCTL: the header and its attributes are copied once, checked
 * against the method's list, and handed to the method.
 */
#include <errno.h>
#include <string.h>

#include "softhca/core/trace.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/methods/commands.h"
#include "softhca/shim/user.h"

static const struct method_entry *const method_tables[] = {
	device_methods, port_methods, pd_methods,   mr_methods,	      channel_methods, cq_methods,
	qp_methods,	srq_methods,  ah_methods,   advise_methods,   dm_methods,      dmah_methods,
	mw_methods,	wq_methods,   flow_methods, counters_methods, xrcd_methods,
};

static const struct method_entry *find_in(const struct method_entry *table, uint16_t object,
					  uint16_t method)
{
	for (; table->handle; table++)
		if (table->object == object && table->method == method)
			return table;
	return NULL;
}

static const struct method_entry *find_method(const struct driver_abi *abi, uint16_t object,
					      uint16_t method)
{
	const struct method_entry *entry = NULL;

	for (size_t i = 0; !entry && abi->methods[i]; i++)
		entry = find_in(abi->methods[i], object, method);
	for (size_t i = 0; !entry && i < sizeof(method_tables) / sizeof(method_tables[0]); i++)
		entry = find_in(method_tables[i], object, method);
	return entry;
}

static const struct attr_spec *find_spec(const struct method_entry *method, uint16_t id)
{
	for (unsigned int i = 0; i < method->num_specs; i++)
		if (method->specs[i].id == id)
			return &method->specs[i];
	return NULL;
}

/* What a program sends beyond the input that we know must say nothing. */
static int check_rest(const struct ib_uverbs_attr *value, uint16_t known)
{
	uint8_t bytes[64];
	int rc = 0;

	if (value->len <= ATTR_INLINE_BYTES)
		return value->data >> (known * 8) ? EOPNOTSUPP : 0;
	for (uint32_t at = known, step; !rc && at < value->len; at += step) {
		step = value->len - at < sizeof(bytes) ? value->len - at : sizeof(bytes);
		rc = user_read(bytes, value->data + at, step);
		for (uint32_t i = 0; !rc && i < step; i++)
			rc = bytes[i] ? EOPNOTSUPP : 0;
	}
	return rc;
}

static int check_attr(const struct attr_spec *spec, const struct ib_uverbs_attr *value)
{
	switch (spec->kind) {
	case ATTR_IN:
		if (value->attr_data.reserved || value->len < spec->min_length)
			return EINVAL;
		return value->len > spec->max_length ? check_rest(value, spec->max_length) : 0;
	case ATTR_OUT:
		return value->attr_data.reserved || value->len < spec->min_length ? EINVAL : 0;
	case ATTR_FD:
		return value->attr_data.reserved || value->len || value->data_s64 < INT32_MIN ||
				       value->data_s64 > INT32_MAX
			       ? EINVAL
			       : 0;
	case ATTR_HANDLE:
		if (value->data > UINT32_MAX)
			return ENOENT;
		/* fall through */
	default:
		return value->attr_data.reserved || value->len ? EINVAL : 0;
	}
}

static int check_attrs(const struct method_entry *method, struct attrs *attrs)
{
	for (unsigned int i = 0; i < attrs->count; i++) {
		struct attr *attr = &attrs->attr[i];
		const struct attr_spec *spec = find_spec(method, attr->value.attr_id);
		int rc;

		if (attr->value.flags & ~UVERBS_ATTR_F_MANDATORY)
			return EINVAL;
		if (!spec && attr->value.flags & UVERBS_ATTR_F_MANDATORY)
			return EPROTONOSUPPORT;
		if (!spec)
			continue;
		if (attr_present(attrs, spec->id))
			return EINVAL;
		rc = check_attr(spec, &attr->value);
		if (rc)
			return rc;
		attr->spec = spec;
	}
	for (unsigned int i = 0; i < method->num_specs; i++)
		if (method->specs[i].mandatory && !attr_present(attrs, method->specs[i].id))
			return EINVAL;
	return 0;
}

/* Fetches the driver's input and looks how much it takes as output. */
static int open_driver_data(struct attrs *attrs)
{
	size_t length = attr_length(attrs, UVERBS_ATTR_UHW_IN);

	if (length > sizeof(attrs->driver_in))
		return EOPNOTSUPP;
	attrs->driver.in = attrs->driver_in;
	attrs->driver.in_length = length;
	attrs->driver.out_room = attr_length(attrs, UVERBS_ATTR_UHW_OUT);
	if (attrs->driver.out_room > DRIVER_BYTES)
		attrs->driver.out_room = DRIVER_BYTES;
	return attr_get(attrs, UVERBS_ATTR_UHW_IN, attrs->driver_in, length);
}

static int run_method(const struct method_entry *method, struct attrs *attrs)
{
	int rc = check_attrs(method, attrs);

	if (!rc && method->needs_context && !attrs->file->member)
		rc = EINVAL;
	if (!rc && file_is_gone(attrs->file))
		rc = EIO;
	if (!rc)
		rc = open_driver_data(attrs);
	if (!rc)
		rc = method->handle(attrs);
	if (!rc)
		rc = attr_put_partly(attrs, UVERBS_ATTR_UHW_OUT, attrs->driver.out,
				     attrs->driver.out_length);
	if (rc)
		creation_undo(&attrs->made, attrs->file);
	return rc;
}

/* Commands inside INVOKE_WRITE have a line of their own. */
static void trace_call(const struct ib_uverbs_ioctl_hdr *header, const struct method_entry *method,
		       int rc)
{
	if (!trace_on() || (header->object_id == UVERBS_OBJECT_DEVICE &&
			    header->method_id == UVERBS_METHOD_INVOKE_WRITE))
		return;
	trace_printf("ioctl %s (%#x/%#x), %u attributes: %s", method ? method->name : "unknown",
		     header->object_id, header->method_id, header->num_attrs,
		     rc ? strerror(rc) : "ok");
}

int ioctl_command(struct shim_file *file, uint64_t address)
{
	struct ib_uverbs_attr raw[MAX_ATTRS];
	struct ib_uverbs_ioctl_hdr header;
	struct attrs attrs = {.file = file, .made = CREATED_NOTHING};
	const struct method_entry *method;
	int rc = user_read(&header, address, sizeof(header));

	if (rc)
		return rc;
	if (header.num_attrs > MAX_ATTRS ||
	    header.length != sizeof(header) + header.num_attrs * sizeof(raw[0]))
		return EINVAL;
	if (header.reserved1 || header.reserved2)
		return EPROTONOSUPPORT;
	if (header.driver_id != file->abi->driver_id)
		return EINVAL;
	attrs.header = address + sizeof(header);
	rc = user_read(raw, attrs.header, header.num_attrs * sizeof(raw[0]));
	if (rc)
		return rc;
	method = find_method(file->abi, header.object_id, header.method_id);
	if (!method)
		rc = EPROTONOSUPPORT;
	attrs.count = header.num_attrs;
	for (unsigned int i = 0; i < attrs.count; i++)
		attrs.attr[i].value = raw[i];
	pthread_mutex_lock(&file->lock);
	if (!rc)
		rc = run_method(method, &attrs);
	file_keep_time(file);
	pthread_mutex_unlock(&file->lock);
	trace_call(&header, method, rc);
	return rc;
}
