/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The messages of rcopy, and its two sides. What they hold was observed between Debian's rcopys;
 * tests/witness/test_rsocket_tools.py holds it to that. Numbers are little-endian.
 */
#ifndef RCOPY_H
#define RCOPY_H

#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#include "wish.h"

enum rcopy_operation {
	RCOPY_OPEN = 1, /* value: mode of the file; the path follows, with its zero */
	RCOPY_CLOSE = 2,
	RCOPY_WRITE = 3, /* a __le64 follows, the file's length, and after the message the file */
	RCOPY_ANSWER = 0x80, /* to one of these; value: 0 or an errno */
};

struct rcopy_message {
	uint8_t version; /* 0 */
	uint8_t operation;
	__le16 size; /* of the message, with what follows */
	__le32 value;
	__le64 reserved;
};

_Static_assert(sizeof(struct rcopy_message) == 16, "observed");

enum {
	RCOPY_PATH_SIZE = 4096, /* with the zero */
	RCOPY_ALIGNMENT = 8,	/* of messages' sizes */
	RCOPY_PIECE = 1 << 20,	/* of a file, in memory at once */
};

struct rcopy_wish {
	struct rs_wish link;
	const char *source, *destination;
};

/* Print what is wrong and return 0 or a positive errno; the server serves until it is killed. */
int rcopy_serve(const struct rcopy_wish *wish);
int rcopy_send(const struct rcopy_wish *wish);

#endif
