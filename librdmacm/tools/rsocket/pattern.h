/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Payloads that are told apart by place: bytes count up, from one message to the next. */
#ifndef RS_PATTERN_H
#define RS_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* The byte that comes next, each way for itself. */
struct rs_pattern {
	uint8_t sent, received;
};

void rs_pattern_fill(struct rs_pattern *pattern, void *data, size_t size);

/* Prints which byte is wrong and returns EBADMSG, or 0. */
int rs_pattern_check(struct rs_pattern *pattern, const void *data, size_t size);

#endif
