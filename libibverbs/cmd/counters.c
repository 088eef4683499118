/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters of flows. What they count goes to the kernel with the flow, as the driver's data. */
#include "libibverbs/cmd/carrier.h"

int ibv_cmd_create_counters(struct ibv_context *context, const struct ibv_counters_init_attr *attr,
			    struct verbs_counters *counters, struct verbs_ioctl *call)
{
	struct verbs_ioctl own;
	unsigned int handle;
	int err;

	if (attr->comp_mask)
		return EOPNOTSUPP;
	call = method_begin(&own, call, UVERBS_OBJECT_COUNTERS, UVERBS_METHOD_COUNTERS_CREATE);
	handle = verbs_ioctl_new_handle(call, UVERBS_ATTR_CREATE_COUNTERS_HANDLE);
	err = method_run(context, call);
	if (err)
		return err;
	counters->counters.context = context;
	counters->handle = verbs_ioctl_u32(call, handle);
	return 0;
}

int ibv_cmd_destroy_counters(struct verbs_counters *counters)
{
	struct verbs_ioctl call;

	verbs_ioctl_begin(&call, UVERBS_OBJECT_COUNTERS, UVERBS_METHOD_COUNTERS_DESTROY);
	verbs_ioctl_in_handle(&call, UVERBS_ATTR_DESTROY_COUNTERS_HANDLE, counters->handle);
	return destroy_result(method_run(counters->counters.context, &call));
}

int ibv_cmd_read_counters(struct verbs_counters *counters, uint64_t *values, uint32_t count,
			  uint32_t flags, struct verbs_ioctl *call)
{
	struct verbs_ioctl own;

	/* The length of an attribute has 16 bits. */
	if (!count || count > UINT16_MAX / sizeof(*values))
		return EINVAL;
	call = method_begin(&own, call, UVERBS_OBJECT_COUNTERS, UVERBS_METHOD_COUNTERS_READ);
	verbs_ioctl_in_handle(call, UVERBS_ATTR_READ_COUNTERS_HANDLE, counters->handle);
	verbs_ioctl_out(call, UVERBS_ATTR_READ_COUNTERS_BUFF, values, count * sizeof(*values));
	verbs_ioctl_in_u32(call, UVERBS_ATTR_READ_COUNTERS_FLAGS, flags);
	return method_run(counters->counters.context, call);
}
