/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The files below sysconfdir/rdma/rsocket, and what holds without them. */
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "librdmacm/rsocket/config.h"

static const struct rs_config defaults = {
	.polling_time_us = 10,
	.wake_up_interval_ms = 5000,
	.inline_size = 64,
	.sq_size = 384,
	.rq_size = 384,
	.receive_buffer = 1 << 17,
	.send_buffer = 1 << 17,
	.iomap_size = 0,
};

struct file {
	const char *name;
	size_t member;
	uint32_t least, most;
};

static const struct file files[] = {
	{"polling_time", offsetof(struct rs_config, polling_time_us), 0, 1000000},
	{"wake_up_interval", offsetof(struct rs_config, wake_up_interval_ms), 1, INT32_MAX},
	{"inline_default", offsetof(struct rs_config, inline_size), 0, RS_MAX_INLINE},
	{"sqsize_default", offsetof(struct rs_config, sq_size), RS_MIN_QUEUE, RS_MAX_QUEUE},
	{"rqsize_default", offsetof(struct rs_config, rq_size), RS_MIN_QUEUE, RS_MAX_QUEUE},
	{"mem_default", offsetof(struct rs_config, receive_buffer), RS_MIN_BUFFER, RS_MAX_BUFFER},
	{"wmem_default", offsetof(struct rs_config, send_buffer), RS_MIN_BUFFER, RS_MAX_BUFFER},
	{"iomap_size", offsetof(struct rs_config, iomap_size), 0, RS_MAX_IOMAPS},
};

uint32_t rs_clamp(int64_t value, uint32_t least, uint32_t most)
{
	if (value < least)
		return least;
	return value > most ? most : (uint32_t)value;
}

/* The number and nothing behind it but white space. */
static int read_number(const char *path, long long *number)
{
	char text[32], *end;
	FILE *file = fopen(path, "re");
	size_t length;

	if (!file)
		return -1;
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	*number = strtoll(text, &end, 10);
	if (end == text)
		return -1;
	while (*end == ' ' || *end == '\t' || *end == '\n')
		end++;
	return *end ? -1 : 0;
}

void rs_config_read(struct rs_config *config, const char *folder)
{
	*config = defaults;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct file *file = &files[i];
		char path[4096];
		long long number;
		int length = snprintf(path, sizeof(path), "%s/%s", folder, file->name);

		if (length >= (int)sizeof(path) || read_number(path, &number) || number < 0)
			continue;
		*(uint32_t *)((char *)config + file->member) =
			rs_clamp(number, file->least, file->most);
	}
}

static struct rs_config config;

static void read_config(void)
{
	rs_config_read(&config, OV_RSOCKET_CONFIG_DIR);
}

const struct rs_config *rs_config(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, read_config);
	return &config;
}
