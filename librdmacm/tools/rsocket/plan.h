/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which tests rstream and riostream make: sizes and how often, one after the other. */
#ifndef RS_PLAN_H
#define RS_PLAN_H

#include <stddef.h>

struct rs_test {
	char name[16];
	long size;	 /* bytes of a transfer */
	long transfers;	 /* one way, before those of the other way */
	long iterations; /* of both ways */
};

/* What the options say; negative or NULL where they do not. */
struct rs_plan_wish {
	const char *size; /* a number of bytes, or "all" */
	long transfers, iterations;
};

enum { RS_PLAN_TESTS = 66 };

struct rs_plan {
	struct rs_test tests[RS_PLAN_TESTS];
	int count;
	int latency;  /* how many of them, the first ones, are of latency */
	long largest; /* bytes */
};

/* Prints what is wrong and returns EINVAL, or 0. */
int rs_plan_make(struct rs_plan *plan, const struct rs_plan_wish *wish);

/* The sizes of all tests grow by halves, from 64 bytes: number i of them, or 0 past the last. */
long rs_plan_size(int i);

/* "1.5k" of 1536: a number of bytes in four letters or so, rounded down. */
void rs_plan_format(long long bytes, char *text, size_t size);

/* Times that a size is transferred: enough for figures, and not for minutes. */
long rs_plan_times(long size);

#endif
