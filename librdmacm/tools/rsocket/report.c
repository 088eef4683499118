/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tables of results; see report.h. */
#include <stdio.h>
#include <time.h>

#include "plan.h"
#include "report.h"

double rs_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void rs_report_head(long iterations)
{
	printf("%-10s%-8s%-8s", "name", "bytes", "xfers");
	if (iterations != RS_NO_ITERATIONS)
		printf("%-8s", "iters");
	printf("%-8s%8s%11s%13s\n", "total", "time", "Gb/sec", "usec/xfer");
}

/* Whole thousands are shown as such, other numbers to the last digit. */
static void print_count(long count)
{
	char text[24];

	snprintf(text, sizeof(text), count && count % 1000 == 0 ? "%ldk" : "%ld",
		 count && count % 1000 == 0 ? count / 1000 : count);
	printf("%-8s", text);
}

static void print_bytes(long long bytes)
{
	char text[24];

	rs_plan_format(bytes, text, sizeof(text));
	printf("%-8s", text);
}

void rs_report(const struct rs_result *result)
{
	long long bytes = result->messages * result->size;

	printf("%-10s", result->name);
	print_bytes(result->size);
	print_count(result->transfers);
	if (result->iterations != RS_NO_ITERATIONS)
		print_count(result->iterations);
	print_bytes(bytes);
	printf("%8.2fs%10.2f", result->seconds, (double)bytes * 8e-9 / result->seconds);
	if (result->messages)
		printf("%13.2f\n", result->seconds * 1e6 / (double)result->messages);
	else
		printf("%13s\n", "-");
}
