/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The plans of rstream and riostream; see plan.h. */
#include <stdio.h>
#include <string.h>

#include "libibverbs/examples/common/options.h"
#include "libibverbs/examples/common/report.h"
#include "plan.h"

enum {
	SMALLEST = 64,
	LARGEST = 6 << 20,
	LONGEST = 1 << 30,
	USUAL_SIZE = 1000,
	USUAL_TRANSFERS = 1000,
};

/* What is tested unless -S says all. */
static const long some[] = {64, 4 << 10, 64 << 10, 1 << 20};

long rs_plan_size(int i)
{
	/* 64, 128, 192, 256, 384, ...: between two powers there is one and a half. */
	long size = i ? (long)(i & 1 ? 128 : 192) << ((i - 1) / 2) : SMALLEST;

	return size <= LARGEST ? size : 0;
}

long rs_plan_times(long size)
{
	if (size < 1 << 10)
		return 100000;
	if (size < 64 << 10)
		return 10000;
	return size < 1 << 20 ? 1000 : 100;
}

void rs_plan_format(long long bytes, char *text, size_t size)
{
	static const char units[] = "kmgt";
	long long unit = 1;
	int i = -1;

	while (bytes / unit >= 1024 && units[i + 1]) {
		unit *= 1024;
		i++;
	}
	if (i < 0)
		snprintf(text, size, "%lld", bytes);
	else if (bytes / unit < 10 && bytes % unit * 10 / unit)
		snprintf(text, size, "%lld.%lld%c", bytes / unit, bytes % unit * 10 / unit,
			 units[i]);
	else
		snprintf(text, size, "%lld%c", bytes / unit, units[i]);
}

static struct rs_test *add(struct rs_plan *plan, long size)
{
	struct rs_test *test = &plan->tests[plan->count++];

	if (size > plan->largest)
		plan->largest = size;
	test->size = size;
	return test;
}

/* Latency: one there, one back. */
static void add_latency(struct rs_plan *plan, long size)
{
	struct rs_test *test = add(plan, size);
	char text[8];

	plan->latency++;
	rs_plan_format(size, text, sizeof(text));
	snprintf(test->name, sizeof(test->name), "%s_lat", text);
	test->transfers = 1;
	test->iterations = rs_plan_times(size);
}

/* Bandwidth: all there, all back. */
static void add_bandwidth(struct rs_plan *plan, long size)
{
	struct rs_test *test = add(plan, size);
	char text[8];

	rs_plan_format(size, text, sizeof(text));
	snprintf(test->name, sizeof(test->name), "%s_bw", text);
	test->transfers = rs_plan_times(size);
	test->iterations = 1;
}

static void make_some(struct rs_plan *plan)
{
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		add_latency(plan, some[i]);
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		add_bandwidth(plan, some[i]);
}

static void make_all(struct rs_plan *plan)
{
	for (int i = 0; rs_plan_size(i); i++)
		add_latency(plan, rs_plan_size(i));
	for (int i = 0; rs_plan_size(i); i++)
		add_bandwidth(plan, rs_plan_size(i));
}

static int make_one(struct rs_plan *plan, const struct rs_plan_wish *wish)
{
	struct rs_test *test;
	long size = USUAL_SIZE;

	if (wish->size && tool_number_parse(wish->size, 1, LONGEST, &size))
		return tool_refuse("-S takes a number from 1 to %d, or 'all', not '%s'", LONGEST,
				   wish->size);
	test = add(plan, size);
	strcpy(test->name, "custom");
	test->transfers = wish->transfers < 0 ? USUAL_TRANSFERS : wish->transfers;
	test->iterations = wish->iterations < 0 ? 1 : wish->iterations;
	return 0;
}

int rs_plan_make(struct rs_plan *plan, const struct rs_plan_wish *wish)
{
	bool counted = wish->transfers >= 0 || wish->iterations >= 0;

	*plan = (struct rs_plan){0};
	if (wish->size && !strcmp(wish->size, "all")) {
		if (counted)
			return tool_refuse("-S all has counts of its own: leave out -C and -I");
		make_all(plan);
		return 0;
	}
	if (wish->size || counted)
		return make_one(plan, wish);
	make_some(plan);
	return 0;
}
