/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Defaults of rsockets: files of one number each that an administrator may have put down. */
#ifndef RSOCKET_CONFIG_H
#define RSOCKET_CONFIG_H

#include <stdint.h>

struct rs_config {
	uint32_t polling_time_us;     /* how long calls look before they sleep */
	uint32_t wake_up_interval_ms; /* how long rpoll() sleeps at most */
	uint32_t inline_size;
	uint32_t sq_size, rq_size;
	uint32_t receive_buffer, send_buffer;
	uint32_t iomap_size;
};

enum {
	RS_MIN_QUEUE = 8,
	RS_MAX_QUEUE = 0x7fff, /* sequence numbers are compared by their signed distance */
	RS_MIN_BUFFER = 1 << 10,
	RS_MAX_BUFFER = 1 << 28, /* below what a message can tell */
	RS_MAX_INLINE = 1 << 12,
	RS_MAX_IOMAPS = 1 << 12,
};

/* Read once in a process. */
const struct rs_config *rs_config(void);
/* From that folder; for tests. A file that is not there, or no number in its limits, is passed
 * over. */
void rs_config_read(struct rs_config *config, const char *folder);

uint32_t rs_clamp(int64_t value, uint32_t least, uint32_t most);

#endif
