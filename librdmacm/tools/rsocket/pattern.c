/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Payloads, made and looked at; see pattern.h. */
#include <errno.h>

#include "libibverbs/examples/common/report.h"
#include "pattern.h"

void rs_pattern_fill(struct rs_pattern *pattern, void *data, size_t size)
{
	uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		bytes[i] = pattern->sent++;
}

int rs_pattern_check(struct rs_pattern *pattern, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != pattern->received++)
			return tool_error(EBADMSG, "byte %zu of %zu is %#x and not %#x", i, size,
					  bytes[i], (uint8_t)(pattern->received - 1));
	}
	return 0;
}
