/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The messages of udpong, and its two sides. What they hold was observed between Debian's udpongs,
 * and from its server by single datagrams; tests/witness/test_rsocket_tools.py holds it to that.
 */
#ifndef UDPONG_H
#define UDPONG_H

#include <stdbool.h>
#include <stdint.h>

#include "wish.h"

enum udpong_operation {
	UDPONG_LOGIN, /* the answer has the client's number */
	UDPONG_START, /* forget what has come so far; comes back */
	UDPONG_DATA,  /* is counted */
	UDPONG_ECHO,  /* is counted, and comes back whole */
	UDPONG_END,   /* the answer has the count */
};

struct udpong_message {
	uint8_t operation;
	uint8_t client;	  /* which one, of 256; the server's choice */
	uint8_t sequence; /* counts requests that want an answer */
	uint8_t reserved;
	uint32_t count; /* big-endian: messages that have come since START */
};

enum {
	UDPONG_HEADER = sizeof(struct udpong_message),
	UDPONG_SHORTEST = 16,  /* message; without payload it is zeros */
	UDPONG_LONGEST = 2056, /* that a server takes whole */
};

_Static_assert(sizeof(struct udpong_message) == 8, "observed");

struct udpong_wish {
	struct rs_wish link;
	long transfers, size; /* negative: the tests of a list */
	bool echo;
};

/* Print what is wrong and return 0 or a positive errno; the server serves until it is killed. */
int udpong_serve(const struct udpong_wish *wish);
int udpong_ask(const struct udpong_wish *wish);

#endif
