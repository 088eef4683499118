/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A second process: forked before the device is opened, and talked to through a socket. */
#ifndef TESTS_VERBS_PEER_H
#define TESTS_VERBS_PEER_H

#include <sys/types.h>

#include "bed.h"

struct peer {
	pid_t pid;
	int socket;
};

/* A child that runs `run` and ends with status 0. */
struct peer peer_start(void (*run)(int socket));
/* The child has ended well. */
void peer_finish(struct peer *peer);
/* The child has stopped itself. */
void peer_wait_stopped(const struct peer *peer);
void peer_kill(struct peer *peer);

void tell(int socket, const void *bytes, size_t length);
void hear(int socket, void *bytes, size_t length);

/* What each end tells the other: where it is, and a buffer to work on. */
struct introduction {
	struct end_address address;
	uint64_t buffer;
	uint32_t rkey;
};

/* Connects `end` with the one that does the same at the other side of the socket. */
struct introduction introduce(int socket, struct end *end, const struct buffer *buffer);

#endif
