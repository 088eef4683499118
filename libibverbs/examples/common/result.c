/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Result lines; see result.h. */
#include <inttypes.h>
#include <stdio.h>

#include "result.h"

/* The first timestamp only starts the counting: count is one less than the stamps seen, plus one.
 */
void pp_ticks_add(struct pp_ticks *ticks, uint64_t timestamp)
{
	uint64_t delta = (timestamp - ticks->last) & ticks->mask;

	ticks->last = timestamp;
	if (!ticks->count++)
		return;
	if (ticks->count == 2 || delta < ticks->shortest)
		ticks->shortest = delta;
	if (delta > ticks->longest)
		ticks->longest = delta;
	ticks->sum += delta;
}

void pp_result_format(const struct pp_result *result, char *text, size_t size)
{
	double seconds = result->seconds > 0 ? result->seconds : 1e-9;

	snprintf(text, size,
		 "%" PRIu64 " bytes in %.2f seconds = %.2f Mbit/sec\n"
		 "%" PRIu64 " iters in %.2f seconds = %.2f usec/iter\n",
		 result->bytes, result->seconds, (double)result->bytes * 8 / seconds / 1e6,
		 result->iterations, result->seconds,
		 result->iterations ? result->seconds * 1e6 / (double)result->iterations : 0);
}

void pp_ticks_format(const struct pp_ticks *ticks, char *text, size_t size)
{
	uint64_t intervals = ticks->count ? ticks->count - 1 : 0;

	snprintf(text, size,
		 "Max receive completion clock cycles = %" PRIu64 "\n"
		 "Min receive completion clock cycles = %" PRIu64 "\n"
		 "Average receive completion clock cycles = %f\n",
		 ticks->longest, ticks->shortest,
		 intervals ? (double)ticks->sum / (double)intervals : 0);
}
