/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Questions to a device and its ports: limits, port state, P_Key table. gid.c has the GIDs. */
#include <endian.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "libibverbs/cmd/context.h"
#include "libibverbs/entry.h"
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
	return err;
}

/* attr_size is what the program was compiled with: it may know less, or more, than this library. */
int entry_query_device_ex(struct ibv_context *context,
			  const struct ibv_query_device_ex_input *input,
			  struct ibv_device_attr_ex *attr, size_t attr_size)
{
	struct ibv_device_attr_ex all;
	int err;

	if (input && input->comp_mask)
		return EINVAL;
	if (attr_size < sizeof(all.orig_attr))
		return EINVAL;
	err = query_device(context, input, &all);
	if (err)
		return err;
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
	if (err)
		return err;
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

	return err == EPROTONOSUPPORT ? EOPNOTSUPP : err;
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
	if (err)
		return fail_minus(err == ENOENT ? EINVAL : err);
	if (sscanf(text, "0x%4x%c", &value, &end) != 1)
		return fail_minus(EIO);
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
		return fail_minus(err);
	for (int index = 0; index < attr.pkey_tbl_len; index++) {
		if (ibv_query_pkey(context, port_num, index, &entry))
			return -1;
		if (entry == pkey)
			return index;
	}
	return fail_minus(ENOENT);
}
