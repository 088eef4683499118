/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Channels through which a program reads events: completion channels and asynchronous event files.
 * A channel is a pipe whose reading end the program has, so that read, poll and O_NONBLOCK work by
 * themselves. What has been written is remembered in order, so that it is known of each event
 * whether the program has read it: destroying an object takes its unread events back and reports
 * how many were read, which is what a program waits for.
 *
 * No call blocks. The channel's own lock may be taken with the engine lock held.
 */
#ifndef SOFTHCA_SHIM_CHANNEL_H
#define SOFTHCA_SHIM_CHANNEL_H

#include <pthread.h>
#include <stdint.h>

#include "softhca/shim/descriptor.h"
#include "softhca/shim/event_pipe.h"

enum { CHANNEL_EVENT_BYTES = 16 };

/* Where events come from, embedded in an object. */
struct event_source {
	uint32_t reported; /* events that the program has read */
};

struct channel_event {
	struct event_source *source; /* NULL: of no object, or of one that is gone */
	uint8_t bytes[CHANNEL_EVENT_BYTES];
};

struct channel {
	struct descriptor descriptor;
	pthread_mutex_t lock;
	const void *owner;  /* the open device it was made by */
	size_t event_bytes; /* 8 for completions, 16 for asynchronous events */
	struct event_pipe pipe;
	/* Ring of events: the oldest `piped` of them have gone into the pipe, the others wait for
	 * room in it. */
	struct channel_event *events;
	uint32_t capacity, first, count, piped;
	bool closed;
};

/* The descriptor number is the program's; one reference is the caller's. */
int channel_create(const void *owner, size_t event_bytes, struct channel **channel, int *fd);
/* The channel behind a descriptor number, with a reference; EBADF unless it was made by `owner`
 * with events of that size. */
int channel_find(const void *owner, int fd, size_t event_bytes, struct channel **channel);
void channel_put(struct channel *channel); /* NULL is allowed */

void channel_post(struct channel *channel, struct event_source *source, const void *event);
/* Takes back the unread events of `source`, whose count of reported ones is final then. */
void channel_forget(struct channel *channel, struct event_source *source);

#endif
