/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Event channels. The pipe holds thousands of events; beyond that they wait in memory and follow at
 * the next occasion, so that none is lost whatever the program does.
 */
#include "softhca/shim/channel.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of this many remembered events, those already read are forgotten first. */
enum { FIRST_CAPACITY = 64 };

static struct channel *to_channel(struct descriptor *descriptor)
{
	return (struct channel *)((char *)descriptor - offsetof(struct channel, descriptor));
}

static struct channel_event *event_at(struct channel *channel, uint32_t index)
{
	return &channel->events[(channel->first + index) % channel->capacity];
}

/* The program's last number for its end has gone: nobody can read any more. */
static void channel_closing(struct descriptor *descriptor, int fd, bool last)
{
	struct channel *channel = to_channel(descriptor);

	(void)fd;
	if (!last)
		return;
	pthread_mutex_lock(&channel->lock);
	channel->closed = true;
	pthread_mutex_unlock(&channel->lock);
}

static void channel_destroy(struct descriptor *descriptor)
{
	struct channel *channel = to_channel(descriptor);

	event_pipe_close(&channel->pipe);
	pthread_mutex_destroy(&channel->lock);
	free(channel->events);
	free(channel);
}

int channel_create(const void *owner, size_t event_bytes, struct channel **created, int *fd)
{
	struct channel *channel = calloc(1, sizeof(*channel));
	int rc;

	assert(event_bytes <= CHANNEL_EVENT_BYTES);
	if (!channel)
		return ENOMEM;
	channel->capacity = FIRST_CAPACITY;
	channel->events = calloc(channel->capacity, sizeof(*channel->events));
	rc = channel->events ? event_pipe_open(&channel->pipe, fd) : ENOMEM;
	if (rc) {
		free(channel->events);
		free(channel);
		return rc;
	}
	descriptor_init(&channel->descriptor, DESCRIPTOR_CHANNEL);
	channel->descriptor.closing = channel_closing;
	channel->descriptor.destroy = channel_destroy;
	channel->owner = owner;
	channel->event_bytes = event_bytes;
	pthread_mutex_init(&channel->lock, NULL);
	rc = descriptor_install(&channel->descriptor, *fd);
	if (rc) {
		syscall(SYS_close, *fd);
		channel_put(channel);
		return rc;
	}
	*created = channel;
	return 0;
}

int channel_find(const void *owner, int fd, size_t event_bytes, struct channel **found)
{
	struct descriptor *descriptor = descriptor_get(fd);
	struct channel *channel;

	if (!descriptor)
		return EBADF;
	channel = to_channel(descriptor);
	if (descriptor->kind != DESCRIPTOR_CHANNEL || descriptor_is_dead(descriptor) ||
	    channel->owner != owner || channel->event_bytes != event_bytes) {
		descriptor_put(descriptor);
		return EBADF;
	}
	*found = channel;
	return 0;
}

void channel_put(struct channel *channel)
{
	if (channel)
		descriptor_put(&channel->descriptor);
}

static uint32_t unread_in_pipe(struct channel *channel)
{
	int bytes = 0;

	if (syscall(SYS_ioctl, channel->pipe.look_fd, FIONREAD, &bytes))
		return 0;
	return ((uint32_t)bytes + (uint32_t)channel->event_bytes - 1) /
	       (uint32_t)channel->event_bytes;
}

static void drop_first(struct channel *channel)
{
	channel->first = (channel->first + 1) % channel->capacity;
	channel->count--;
	channel->piped--;
}

/* Forgets the events that the program has taken out of the pipe, and counts them. */
static void settle(struct channel *channel, uint32_t unread)
{
	while (channel->piped > unread) {
		struct event_source *source = event_at(channel, 0)->source;

		if (source)
			source->reported++;
		drop_first(channel);
	}
}

static void fill_pipe(struct channel *channel)
{
	while (!channel->closed && channel->piped < channel->count) {
		struct channel_event *event = event_at(channel, channel->piped);

		if (syscall(SYS_write, channel->pipe.write_fd, event->bytes, channel->event_bytes) <
		    0)
			return;
		channel->piped++;
	}
}

/* Takes everything unread out of the pipe again; the ring still has it. */
static void empty_pipe(struct channel *channel)
{
	uint8_t bytes[CHANNEL_EVENT_BYTES];
	uint32_t unread = 0;

	while (syscall(SYS_read, channel->pipe.look_fd, bytes, channel->event_bytes) > 0)
		unread++;
	settle(channel, unread);
	channel->piped = 0;
}

static int grow(struct channel *channel)
{
	uint32_t capacity = channel->capacity * 2;
	struct channel_event *events = calloc(capacity, sizeof(*events));

	if (!events)
		return ENOMEM;
	for (uint32_t i = 0; i < channel->count; i++)
		events[i] = *event_at(channel, i);
	free(channel->events);
	channel->events = events;
	channel->capacity = capacity;
	channel->first = 0;
	return 0;
}

void channel_post(struct channel *channel, struct event_source *source, const void *bytes)
{
	struct channel_event *event;

	pthread_mutex_lock(&channel->lock);
	if (channel->count == channel->capacity)
		settle(channel, unread_in_pipe(channel));
	if (!channel->closed && (channel->count < channel->capacity || !grow(channel))) {
		event = event_at(channel, channel->count++);
		event->source = source;
		memcpy(event->bytes, bytes, channel->event_bytes);
		fill_pipe(channel);
	}
	pthread_mutex_unlock(&channel->lock);
}

static void remove_source(struct channel *channel, const struct event_source *source)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < channel->count; i++)
		if (event_at(channel, i)->source != source)
			*event_at(channel, kept++) = *event_at(channel, i);
	channel->count = kept;
}

void channel_forget(struct channel *channel, struct event_source *source)
{
	pthread_mutex_lock(&channel->lock);
	empty_pipe(channel);
	remove_source(channel, source);
	fill_pipe(channel);
	pthread_mutex_unlock(&channel->lock);
}
