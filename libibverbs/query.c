/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Questions to a device and its ports: limits, port state, P_Key table. gid.c has the GIDs. */
#include <endian.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "libibverbs/cmd/context.h"
#include "libibverbs/entry.h"
#include "libibverbs/explain/explain.h"
#include "libibverbs/library.h"

#undef ibv_query_port

static int query_device(struct ibv_context *context, const struct ibv_query_device_ex_input *input,
			struct ibv_device_attr_ex *attr)
{
	const struct verbs_context_ops *ops = context_ops(context);

	memset(attr, 0, sizeof(*attr));
	return ops->query_device_ex ? ops->query_device_ex(context, input, attr) : EOPNOTSUPP;
}

int ibv_query_device(struct ibv_context *context, struct ibv_device_attr *device_attr)
{
	struct ibv_device_attr_ex attr;
	int err;

	err = query_device(context, NULL, &attr);
	if (!err)
		*device_attr = attr.orig_attr;
	return explained(err, __func__, context);
}

/* attr_size is what the program was compiled with: it may know less, or more, than this library. */
int entry_query_device_ex(struct ibv_context *context,
			  const struct ibv_query_device_ex_input *input,
			  struct ibv_device_attr_ex *attr, size_t attr_size)
{
	static const char verb[] = "ibv_query_device_ex";
	struct ibv_device_attr_ex all;
	int err;

	if (input && input->comp_mask)
		return explain(EINVAL, verb, "comp_mask %#x has unknown bits", input->comp_mask);
	if (attr_size < sizeof(all.orig_attr))
		return explain(EINVAL, verb, "attr has %zu bytes, %zu are the least", attr_size,
			       sizeof(all.orig_attr));
	err = query_device(context, input, &all);
	if (err)
		return explain_errno(err, verb, context);
	memset(attr, 0, attr_size);
	memcpy(attr, &all, attr_size < sizeof(all) ? attr_size : sizeof(all));
	return 0;
}

static int query_port(struct ibv_context *context, uint8_t port_num, struct ibv_port_attr *attr)
{
	const struct verbs_context_ops *ops = context_ops(context);

	memset(attr, 0, sizeof(*attr));
	return ops->query_port ? ops->query_port(context, port_num, attr) : EOPNOTSUPP;
}

int entry_query_port(struct ibv_context *context, uint8_t port_num, struct ibv_port_attr *attr,
		     size_t attr_size)
{
	struct ibv_port_attr all;
	int err;

	err = query_port(context, port_num, &all);
	if (err == EINVAL)
		return explain(err, "ibv_query_port", "%s has no port %u", context->device->name,
			       port_num);
	if (err)
		return explain_errno(err, "ibv_query_port", context);
	memset(attr, 0, attr_size);
	memcpy(attr, &all, attr_size < sizeof(all) ? attr_size : sizeof(all));
	return 0;
}

/* The structure of programs from before port_cap_flags2; the front of the present one. */
#define COMPAT_PORT_ATTR_SIZE offsetof(struct ibv_port_attr, port_cap_flags2)

int ibv_query_port(struct ibv_context *context, uint8_t port_num,
		   struct _compat_ibv_port_attr *port_attr)
{
	return entry_query_port(context, port_num, (struct ibv_port_attr *)port_attr,
				COMPAT_PORT_ATTR_SIZE);
}

int ibv_query_port_speed(struct ibv_context *context, uint32_t port_num, uint64_t *port_speed)
{
	int err = ibv_cmd_query_port_speed(context, port_num, port_speed);

	return explained(err == EPROTONOSUPPORT ? EOPNOTSUPP : err, __func__, context);
}

/* Index beyond the table or no such port: there is no such file. */
int ibv_query_pkey(struct ibv_context *context, uint8_t port_num, int index, __be16 *pkey)
{
	char text[16];
	unsigned int value;
	char end;
	int err;

	err = sysfs_read(text, sizeof(text), "%s/ports/%u/pkeys/%d", context->device->ibdev_path,
			 port_num, index);
	if (err == ENOENT)
		return fail_minus(explain(EINVAL, __func__,
					  "%s has no port %u or no P_Key %d there",
					  context->device->name, port_num, index));
	if (!err && sscanf(text, "0x%4x%c", &value, &end) != 1)
		err = EIO;
	if (err)
		return fail_minus(explain_errno(err, __func__, context));
	*pkey = htobe16(value);
	return 0;
}

/* Full and limited members of a partition differ in the top bit and are different entries. */
int ibv_get_pkey_index(struct ibv_context *context, uint8_t port_num, __be16 pkey)
{
	struct ibv_port_attr attr;
	__be16 entry;
	int err;

	err = query_port(context, port_num, &attr);
	if (err)
		return fail_minus(explain_errno(err, __func__, context));
	for (int index = 0; index < attr.pkey_tbl_len; index++) {
		if (ibv_query_pkey(context, port_num, index, &entry))
			return -1;
		if (entry == pkey)
			return index;
	}
	return fail_minus(explain(ENOENT, __func__, "port %u of %s is not in partition %#x",
				  port_num, context->device->name, be16toh(pkey)));
}
