/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table that cmtime prints. */
#include <stdio.h>
#include <time.h>

#include "cmtime.h"

static const char *const names[CMTIME_STEPS] = {
	[CMTIME_CREATE_ID] = "create id",	   [CMTIME_BIND] = "bind addr",
	[CMTIME_RESOLVE_ADDRESS] = "resolve addr", [CMTIME_RESOLVE_ROUTE] = "resolve route",
	[CMTIME_CREATE_QP] = "create qp",	   [CMTIME_CONNECT] = "connect",
	[CMTIME_DISCONNECT] = "disconnect",	   [CMTIME_DESTROY] = "destroy",
};

/* Of a step over all connections that have been through it. */
struct summary {
	long count;
	uint64_t first_ns, last_ns; /* begin of the first, end of the last */
	uint64_t least_ns, most_ns; /* for one connection */
};

uint64_t cmtime_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void add(struct summary *summary, uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t taken_ns = end_ns - begin_ns;

	if (begin_ns < summary->first_ns)
		summary->first_ns = begin_ns;
	if (end_ns > summary->last_ns)
		summary->last_ns = end_ns;
	if (taken_ns < summary->least_ns)
		summary->least_ns = taken_ns;
	if (taken_ns > summary->most_ns)
		summary->most_ns = taken_ns;
	summary->count++;
}

static void print_step(const char *name, const struct summary *summary)
{
	double total_us = (double)(summary->last_ns - summary->first_ns) / 1e3;

	printf("%-13s:%12.2f%11.2f%11.2f%11.2f\n", name, total_us / 1e3,
	       (double)summary->most_ns / 1e6, (double)summary->least_ns / 1e3,
	       total_us / (double)summary->count);
}

void cmtime_print(const struct cmtime_times *all, long connections)
{
	puts("step              total ms     max ms     min us  us / conn");
	for (int step = 0; step < CMTIME_STEPS; step++) {
		struct summary summary = {.first_ns = UINT64_MAX, .least_ns = UINT64_MAX};

		for (long i = 0; i < connections; i++)
			if (all[i].end_ns[step])
				add(&summary, all[i].begin_ns[step], all[i].end_ns[step]);
		if (summary.count)
			print_step(names[step], &summary);
	}
}
