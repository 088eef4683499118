/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Waiting: first by looking for a while, then in poll(). Events and completions of a socket are
 * taken by whoever comes first, for all; those asleep are then told through descriptors of their
 * own, since what they sleep on has become silent again.
 */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "librdmacm/rsocket/config.h"
#include "librdmacm/rsocket/socket.h"
#include "util/clock.h"

enum { LOOK_INTERVAL_NS = 1000000 };

static __thread int thread_wake_fd = -1;
static pthread_key_t wake_fd_key;

static void close_wake_fd(void *arg)
{
	(void)arg;
	close(thread_wake_fd);
	thread_wake_fd = -1;
}

/* A child would share its parent's. */
static void forget_wake_fd(void)
{
	if (thread_wake_fd >= 0)
		close_wake_fd(NULL);
}

static void make_key(void)
{
	pthread_key_create(&wake_fd_key, close_wake_fd);
	pthread_atfork(NULL, NULL, forget_wake_fd);
}

int rs_wake_fd(int *fd)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_key);
	if (thread_wake_fd < 0) {
		thread_wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (thread_wake_fd < 0)
			return errno;
		pthread_setspecific(wake_fd_key, &thread_wake_fd);
	}
	*fd = thread_wake_fd;
	return 0;
}

void rs_wake_fd_clear(int fd)
{
	eventfd_t count;

	eventfd_read(fd, &count);
}

void rs_wake(struct rs_socket *rs)
{
	list_for_each (node, &rs->sleepers)
		eventfd_write(list_entry(node, struct rs_sleeper, link)->wake_fd, 1);
	rs_members_tell(rs);
}

/* The queue may be armed anew now, which sleepers do. */
static void take_completion_event(struct rs_socket *rs)
{
	struct ibv_cq *cq;
	void *context;

	if (ibv_get_cq_event(rs->stream.completions, &cq, &context))
		return;
	ibv_ack_cq_events(cq, 1);
	rs->stream.armed = false;
	rs_wake(rs);
}

static void take_stream_events(struct rs_socket *rs, const struct epoll_event *events, int count)
{
	bool connection = false;

	for (int i = 0; i < count; i++) {
		if (rs->stream.completions && events[i].data.ptr == rs->stream.completions)
			take_completion_event(rs);
		else if (events[i].data.ptr == rs->stream.channel)
			connection = true;
	}
	/* What the peer has said comes before its leaving. */
	rs_progress(rs);
	if (connection) {
		rs_connection_events(rs);
		rs_progress(rs);
		rs_wake(rs);
	}
}

void rs_take_events(struct rs_socket *rs)
{
	struct epoll_event events[4];

	if (rs_is_stream(rs))
		take_stream_events(rs, events, epoll_wait(rs->fd, events, 4, 0));
	else
		rs_datagrams_take_events(rs);
}

int rs_arm(struct rs_socket *rs)
{
	struct rs_stream *stream = &rs->stream;
	int err;

	if (!rs_is_stream(rs))
		return rs_datagrams_arm(rs);
	if (!stream->cq || stream->armed)
		return 0;
	err = ibv_req_notify_cq(stream->cq, 0);
	stream->armed = !err;
	return err;
}

void rs_look(struct rs_socket *rs)
{
	if (rs_is_stream(rs))
		rs_progress(rs);
	else
		rs_datagrams_progress(rs);
}

/* Armed first and looked at then, so nothing can come unseen between the look and the sleep. */
int rs_sleeper_enter(struct rs_socket *rs, struct rs_sleeper *sleeper)
{
	int err;

	pthread_mutex_lock(&rs->lock);
	err = rs_arm(rs);
	rs_look(rs);
	list_append(&rs->sleepers, &sleeper->link);
	pthread_mutex_unlock(&rs->lock);
	return err;
}

void rs_sleeper_leave(struct rs_socket *rs, struct rs_sleeper *sleeper)
{
	pthread_mutex_lock(&rs->lock);
	list_remove(&sleeper->link);
	rs_take_events(rs);
	pthread_mutex_unlock(&rs->lock);
}

static int milliseconds_left(uint64_t deadline_ns)
{
	uint64_t now = clock_ns();

	if (!deadline_ns)
		return -1;
	return deadline_ns <= now ? 0 : (int)((deadline_ns - now) / NS_PER_MS + 1);
}

/* The condition may have become true before anybody knew that this thread would sleep. */
static int sleep_once(struct rs_socket *rs, rs_condition *holds, uint64_t deadline_ns)
{
	struct rs_sleeper sleeper;
	int err = rs_wake_fd(&sleeper.wake_fd);

	if (err)
		return err;
	err = rs_sleeper_enter(rs, &sleeper);
	if (!err && !holds(rs)) {
		struct pollfd fds[] = {{.fd = rs->fd, .events = POLLIN},
				       {.fd = sleeper.wake_fd, .events = POLLIN}};

		if (poll(fds, 2, milliseconds_left(deadline_ns)) < 0)
			err = errno;
	}
	rs_sleeper_leave(rs, &sleeper);
	rs_wake_fd_clear(sleeper.wake_fd);
	return err;
}

static bool look_for_a_while(struct rs_socket *rs, rs_condition *holds)
{
	uint64_t end = clock_ns() + rs_config()->polling_time_us * NS_PER_US;

	do {
		pthread_mutex_lock(&rs->lock);
		rs_look(rs);
		pthread_mutex_unlock(&rs->lock);
		if (holds(rs))
			return true;
	} while (clock_ns() < end);
	return false;
}

/*
 * A caller that only looks has no sleep to learn of a peer's death in. While a stream is connected
 * everything else is told by completions, which are looked at without a call of the system.
 */
void rs_look_at_all(struct rs_socket *rs)
{
	uint64_t now = clock_ns();

	pthread_mutex_lock(&rs->lock);
	if (rs_is_stream(rs) && rs->state == RS_CONNECTED &&
	    now - rs->looked_ns < LOOK_INTERVAL_NS) {
		rs_progress(rs);
	} else {
		rs->looked_ns = now;
		rs_take_events(rs);
	}
	pthread_mutex_unlock(&rs->lock);
}

int rs_await(struct rs_socket *rs, rs_condition *holds, bool nonblocking, uint64_t deadline_ns)
{
	int err = 0;

	if (holds(rs))
		return 0;
	if (nonblocking) {
		rs_look_at_all(rs);
		if (holds(rs))
			return 0;
		rs->refusals++;
		return EAGAIN;
	}
	if (look_for_a_while(rs, holds))
		return 0;
	while (!err && !holds(rs)) {
		err = sleep_once(rs, holds, deadline_ns);
		if (!err && deadline_ns && clock_ns() >= deadline_ns && !holds(rs))
			err = ETIMEDOUT;
	}
	return err;
}
