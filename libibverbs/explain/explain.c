/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reason of the last failure, one for each thread, and the names of values in it. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <infiniband/verbs_explain.h>

#include "libibverbs/explain/explain.h"

enum { TEXT_BYTES = 320 };

static _Thread_local struct {
	int err;
	char text[TEXT_BYTES];
	char provider[TEXT_BYTES]; /* not taken yet; empty: it has said nothing */
	struct explain_post post;
	bool is_post; /* the text is still to be made of it */
} last;

const char *ibv_explain_last_error(void)
{
	if (last.is_post)
		explain_post(&last.post);
	return last.text;
}

int ibv_explain_last_errno(void)
{
	return last.err;
}

void ibv_explain_forget(void)
{
	last.err = 0;
	last.is_post = false;
	last.text[0] = '\0';
	last.provider[0] = '\0';
}

int explain(int err, const char *verb, const char *format, ...)
{
	int saved = errno, length;
	va_list args;

	length = snprintf(last.text, sizeof(last.text), "%s: ", verb);
	va_start(args, format);
	vsnprintf(last.text + length, sizeof(last.text) - (size_t)length, format, args);
	va_end(args);
	last.err = err;
	last.is_post = false;
	last.provider[0] = '\0';
	errno = saved;
	return err;
}

struct explain_post *explain_post_later(int err)
{
	last.err = err;
	last.is_post = true;
	last.provider[0] = '\0';
	return &last.post;
}

void verbs_explain(const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	vsnprintf(last.provider, sizeof(last.provider), format, args);
	va_end(args);
	errno = saved;
}

void *verbs_explained(void *result, const char *verb, struct ibv_context *context)
{
	return explained_pointer(result, verb, context);
}

bool explain_by_provider(int err, const char *verb)
{
	char said[TEXT_BYTES];

	if (!last.provider[0])
		return false;
	memcpy(said, last.provider, sizeof(said));
	explain(err, verb, "%s", said);
	return true;
}

int explain_errno(int err, const char *verb, struct ibv_context *context)
{
	const char *cause = explain_cause(err, verb);

	if (explain_by_provider(err, verb))
		return err;
	if (err == EOPNOTSUPP && context)
		return explain(err, verb, "%s does not support it (provider %s)",
			       context->device->name, to_verbs_device(context->device)->ops->name);
	if (cause)
		return explain(err, verb, "%s: %s", strerror(err), cause);
	return explain(err, verb, "%s", strerror(err));
}

const char *explain_qp_type(enum ibv_qp_type type)
{
	switch (type) {
	case IBV_QPT_RC:
		return "RC";
	case IBV_QPT_UC:
		return "UC";
	case IBV_QPT_UD:
		return "UD";
	case IBV_QPT_RAW_PACKET:
		return "raw packet";
	case IBV_QPT_XRC_SEND:
		return "XRC send";
	case IBV_QPT_XRC_RECV:
		return "XRC receive";
	case IBV_QPT_DRIVER:
		return "driver's own";
	}
	return "unknown";
}

const char *explain_qp_state(enum ibv_qp_state state)
{
	static const char *const names[] = {
		[IBV_QPS_RESET] = "RESET", [IBV_QPS_INIT] = "INIT", [IBV_QPS_RTR] = "RTR",
		[IBV_QPS_RTS] = "RTS",	   [IBV_QPS_SQD] = "SQD",   [IBV_QPS_SQE] = "SQE",
		[IBV_QPS_ERR] = "ERR",
	};

	return (unsigned int)state <= IBV_QPS_ERR ? names[state] : "unknown";
}

const char *explain_bytes(uint64_t bytes, char text[EXPLAIN_BYTES_TEXT])
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes;
	unsigned int unit = 0;

	for (; value >= 1024 && unit < 6; unit++)
		value /= 1024;
	if (!unit)
		snprintf(text, EXPLAIN_BYTES_TEXT, "%" PRIu64 " bytes", bytes);
	else
		snprintf(text, EXPLAIN_BYTES_TEXT, "%.*f %s",
			 value == (double)(uint64_t)value && value >= 2 ? 0 : 1, value,
			 units[unit]);
	return text;
}
