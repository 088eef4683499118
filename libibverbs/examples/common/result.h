/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The lines a ping-pong ends with, in the form that scripts expect. */
#ifndef PP_RESULT_H
#define PP_RESULT_H

#include <stddef.h>
#include <stdint.h>

struct pp_result {
	uint64_t bytes; /* both directions */
	uint64_t iterations;
	double seconds;
};

/* Receive completion times in device clock ticks, counted between neighbours. */
struct pp_ticks {
	uint64_t mask; /* the counter wraps at it */
	uint64_t last, shortest, longest, sum, count;
};

void pp_ticks_add(struct pp_ticks *ticks, uint64_t timestamp);

void pp_result_format(const struct pp_result *result, char *text, size_t size);
void pp_ticks_format(const struct pp_ticks *ticks, char *text, size_t size);

#endif
