/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Capacities that were asked for against those that the device says it has. */
#include <inttypes.h>

#include "libibverbs/explain/explain.h"

struct limit {
	const char *name;
	int64_t asked, most;
};

#define EXPLAIN_LIMITS(err, verb, limits)                                                          \
	explain_limits(err, verb, limits, sizeof(limits) / sizeof((limits)[0]))

static bool explain_limits(int err, const char *verb, const struct limit *limits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (limits[i].asked <= limits[i].most)
			continue;
		explain(err, verb, "%s %" PRId64 " > device limit %" PRId64, limits[i].name,
			limits[i].asked, limits[i].most);
		return true;
	}
	return false;
}

/* The limits of the device; false if there is nothing to compare with. */
static bool query(int err, struct ibv_context *context, struct ibv_device_attr *device)
{
	int saved = errno;
	bool answered = err != EOPNOTSUPP && !ibv_query_device(context, device);

	errno = saved;
	return answered;
}

/* Within the limits, there is just no room. */
static int explain_rest(int err, const char *verb, struct ibv_context *context, const char *kind,
			int most)
{
	if (err != ENOMEM)
		return explain_errno(err, verb, context);
	return explain(err, verb,
		       "no memory for its buffers, RLIMIT_MEMLOCK too low for them, or all of the "
		       "device's %d %s are in use",
		       most, kind);
}

int explain_cq(int err, const char *verb, struct ibv_context *context, int64_t cqe)
{
	struct ibv_device_attr device;

	if (explain_by_provider(err, verb))
		return err;
	if (!query(err, context, &device))
		return explain_errno(err, verb, context);
	const struct limit limits[] = {{"cqe", cqe, device.max_cqe}};

	if (EXPLAIN_LIMITS(err, verb, limits))
		return err;
	return explain_rest(err, verb, context, "completion queues", device.max_cq);
}

int explain_srq(int err, const char *verb, struct ibv_context *context,
		const struct ibv_srq_attr *attr)
{
	struct ibv_device_attr device;

	if (explain_by_provider(err, verb))
		return err;
	if (!query(err, context, &device))
		return explain_errno(err, verb, context);
	if (!device.max_srq)
		return explain(err, verb, "%s has no shared receive queues", context->device->name);
	const struct limit limits[] = {
		{"max_wr", attr->max_wr, device.max_srq_wr},
		{"max_sge", attr->max_sge, device.max_srq_sge},
	};

	if (EXPLAIN_LIMITS(err, verb, limits))
		return err;
	return explain_rest(err, verb, context, "shared receive queues", device.max_srq);
}

bool explain_tags(int err, const char *verb, struct ibv_context *context,
		  const struct ibv_tm_cap *cap)
{
	struct ibv_device_attr_ex device;
	int saved = errno;
	bool answered;

	if (explain_by_provider(err, verb))
		return true;
	answered = !ibv_query_device_ex(context, NULL, &device);
	errno = saved;
	if (!answered)
		return false;
	const struct limit limits[] = {
		{"max_num_tags", cap->max_num_tags, device.tm_caps.max_num_tags},
		{"max_ops", cap->max_ops, device.tm_caps.max_ops},
	};

	if (!device.tm_caps.max_num_tags)
		explain(err, verb, "%s has no tag matching", context->device->name);
	else if (!cap->max_num_tags)
		explain(err, verb, "max_num_tags is 0");
	else
		return EXPLAIN_LIMITS(err, verb, limits);
	return true;
}

int explain_qp(int err, const char *verb, struct ibv_context *context, enum ibv_qp_type type,
	       const struct ibv_qp_cap *cap)
{
	struct ibv_device_attr device;

	if (explain_by_provider(err, verb))
		return err;
	if (!query(err, context, &device))
		return explain_errno(err, verb, context);
	const struct limit limits[] = {
		{"max_send_wr", cap->max_send_wr, device.max_qp_wr},
		{"max_recv_wr", cap->max_recv_wr, device.max_qp_wr},
		{"max_send_sge", cap->max_send_sge, device.max_sge},
		{"max_recv_sge", cap->max_recv_sge, device.max_sge},
	};

	if (EXPLAIN_LIMITS(err, verb, limits))
		return err;
	if (err == EINVAL)
		return explain(err, verb,
			       "the kernel refuses it for %s: no %s queue pairs, or none with "
			       "max_send_wr %u, max_send_sge %u and max_inline_data %u together",
			       context->device->name, explain_qp_type(type), cap->max_send_wr,
			       cap->max_send_sge, cap->max_inline_data);
	return explain_rest(err, verb, context, "queue pairs", device.max_qp);
}
