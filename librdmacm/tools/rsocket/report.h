/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The lines that rstream, riostream and udpong print of their tests, and the clock they go by. */
#ifndef RS_REPORT_H
#define RS_REPORT_H

/* Seconds of a clock that runs evenly. */
double rs_clock(void);

enum { RS_NO_ITERATIONS = -1 };

struct rs_result {
	const char *name;
	long size, transfers;
	long iterations;    /* or RS_NO_ITERATIONS, where the table has none */
	long long messages; /* in all, both ways */
	double seconds;
};

/* iterations: whether there is a column of them, as in struct rs_result. */
void rs_report_head(long iterations);
void rs_report(const struct rs_result *result);

#endif
