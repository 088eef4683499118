/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rpoll() and rselect(), over sockets of ours and descriptors of the system's side by side: looked
 * at for a while, then slept on in one poll().
 */
#include <limits.h>
#include <stdlib.h>

#include "librdmacm/rsocket/config.h"
#include "librdmacm/rsocket/socket.h"
#include "util/clock.h"

/* As TCP sockets of Linux have it, those that were never connected included. */
static short stream_now(const struct rs_socket *rs)
{
	const struct rs_stream *stream = &rs->stream;
	const enum rs_state state = rs->state;
	short now = 0;

	switch (state) {
	case RS_FRESH:
	case RS_BOUND:
		return POLLOUT | POLLWRNORM | POLLHUP;
	case RS_LISTENING:
		return rs_listener_filled(stream->listener) ? POLLIN | POLLRDNORM : 0;
	case RS_CONNECTED:
	case RS_ENDED:
		if (!stream->can_write || rs_may_send(rs))
			now |= POLLOUT | POLLWRNORM;
		if (!stream->can_read)
			now |= POLLIN | POLLRDNORM | POLLRDHUP;
		/* Programs take it for the end of all, and leave unread what there is. */
		if (!stream->can_read && !stream->can_write && !rs_may_receive(rs))
			now |= POLLHUP;
		break;
	default:
		break;
	}
	return rs_may_receive(rs) ? now | POLLIN | POLLRDNORM : now;
}

static short datagrams_now(struct rs_socket *rs)
{
	short now = rs_datagrams_may_send(rs) ? POLLOUT | POLLWRNORM : 0;

	return rs_datagrams_may_receive(rs) ? now | POLLIN | POLLRDNORM : now;
}

short rs_poll_now(struct rs_socket *rs, short events)
{
	short now = rs_is_stream(rs) ? stream_now(rs) : datagrams_now(rs);

	if (rs->error)
		now |= POLLERR;
	return now & (events | POLLERR | POLLHUP);
}

struct watched {
	struct rs_socket *rs; /* NULL: the system's */
	struct rs_sleeper sleeper;
};

struct polling {
	struct pollfd *fds;    /* the caller's */
	struct pollfd *system; /* what poll() is asked: as many, and one to be woken by */
	struct watched *watched;
	nfds_t count;
	bool any_of_system;
};

static int look_at_system(struct polling *polling)
{
	int ready;

	for (nfds_t i = 0; i < polling->count; i++) {
		polling->system[i] = polling->fds[i];
		if (polling->watched[i].rs)
			polling->system[i].fd = -1;
	}
	ready = poll(polling->system, polling->count, 0);
	for (nfds_t i = 0; ready >= 0 && i < polling->count; i++)
		polling->fds[i].revents = polling->system[i].revents;
	return ready;
}

/* How many are ready of ours. */
static int look_at_ours(struct polling *polling)
{
	int ready = 0;

	for (nfds_t i = 0; i < polling->count; i++) {
		struct rs_socket *rs = polling->watched[i].rs;

		if (!rs)
			continue;
		rs_look_at_all(rs);
		polling->fds[i].revents = rs_poll_now(rs, polling->fds[i].events);
		ready += polling->fds[i].revents != 0;
	}
	return ready;
}

static int look(struct polling *polling)
{
	int system = polling->any_of_system ? look_at_system(polling) : 0;

	return system < 0 ? -1 : system + look_at_ours(polling);
}

static bool any_ready(const struct polling *polling)
{
	for (nfds_t i = 0; i < polling->count; i++)
		if (polling->watched[i].rs &&
		    rs_poll_now(polling->watched[i].rs, polling->fds[i].events))
			return true;
	return false;
}

static int sleep_time(uint64_t deadline_ns)
{
	uint64_t now = clock_ns(), left = rs_config()->wake_up_interval_ms;

	if (deadline_ns <= now)
		return 0;
	if ((deadline_ns - now) / NS_PER_MS < left)
		left = (deadline_ns - now) / NS_PER_MS + 1;
	return (int)left;
}

/* A listener stays readable until somebody accepts: who does not ask for that sleeps on. */
static short wake_events(const struct rs_socket *rs, short events)
{
	return rs->state == RS_LISTENING && !(events & (POLLIN | POLLRDNORM)) ? 0 : POLLIN;
}

static nfds_t enter(struct polling *polling, int wake_fd, int *err)
{
	nfds_t entered = 0;

	for (*err = 0; entered < polling->count; entered++) {
		struct watched *watched = &polling->watched[entered];
		struct pollfd *system = &polling->system[entered];

		*system = polling->fds[entered];
		if (!watched->rs)
			continue;
		system->fd = watched->rs->fd;
		system->events = wake_events(watched->rs, system->events);
		watched->sleeper.wake_fd = wake_fd;
		*err = rs_sleeper_enter(watched->rs, &watched->sleeper);
		if (*err)
			return entered + 1;
	}
	polling->system[entered] = (struct pollfd){.fd = wake_fd, .events = POLLIN};
	return entered;
}

static int sleep_once(struct polling *polling, uint64_t deadline_ns)
{
	int wake_fd, err = rs_wake_fd(&wake_fd);
	nfds_t entered;

	if (err)
		return err;
	entered = enter(polling, wake_fd, &err);
	if (!err && !any_ready(polling) &&
	    poll(polling->system, polling->count + 1, sleep_time(deadline_ns)) < 0)
		err = errno;
	while (entered--)
		if (polling->watched[entered].rs)
			rs_sleeper_leave(polling->watched[entered].rs,
					 &polling->watched[entered].sleeper);
	rs_wake_fd_clear(wake_fd);
	return err;
}

static int wait_for_any(struct polling *polling, int timeout)
{
	uint64_t now = clock_ns();
	uint64_t spin = now + rs_config()->polling_time_us * NS_PER_US;
	uint64_t deadline = timeout < 0 ? UINT64_MAX : now + (uint64_t)timeout * NS_PER_MS;

	for (;;) {
		int ready = look(polling), err = 0;

		now = clock_ns();
		if (ready || now >= deadline)
			return ready;
		if (now >= spin)
			err = sleep_once(polling, deadline);
		if (err)
			return cma_result(err);
	}
}

/* Whether any of them is ours. */
static bool find_ours(const struct pollfd *fds, nfds_t count)
{
	for (nfds_t i = 0; i < count; i++)
		if (rs_find(fds[i].fd))
			return true;
	return false;
}

int rpoll(struct pollfd *fds, nfds_t nfds, int timeout)
{
	enum { FEW = 32 };
	struct pollfd few_system[FEW + 1];
	struct watched few_watched[FEW];
	struct polling polling = {
		.fds = fds, .system = few_system, .watched = few_watched, .count = nfds};
	void *more = NULL;
	int ready;

	if (!find_ours(fds, nfds))
		return poll(fds, nfds, timeout);
	if (nfds > FEW) {
		more = calloc(nfds + 1, sizeof(struct pollfd) + sizeof(struct watched));
		if (!more)
			return cma_result(ENOMEM);
		polling.watched = more;
		polling.system = (struct pollfd *)(polling.watched + nfds);
	}
	for (nfds_t i = 0; i < nfds; i++) {
		polling.watched[i].rs = rs_find(fds[i].fd);
		polling.any_of_system |= !polling.watched[i].rs;
	}
	ready = wait_for_any(&polling, timeout);
	free(more);
	return ready;
}

static const short asked_for[] = {POLLIN, POLLOUT, POLLPRI};
/* An end and an error can be read and written. */
static const short granted_by[] = {POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI};

static nfds_t list_of_sets(int nfds, fd_set *const sets[3], struct pollfd *fds)
{
	nfds_t count = 0;

	for (int fd = 0; fd < nfds; fd++) {
		fds[count] = (struct pollfd){.fd = fd};
		for (int i = 0; i < 3; i++)
			if (sets[i] && FD_ISSET(fd, sets[i]))
				fds[count].events |= asked_for[i];
		count += fds[count].events != 0;
	}
	return count;
}

static int sets_of_list(const struct pollfd *fds, nfds_t count, fd_set *const sets[3])
{
	int bits = 0;

	for (nfds_t i = 0; i < count; i++)
		if (fds[i].revents & POLLNVAL)
			return cma_result(EBADF);
	for (nfds_t i = 0; i < count; i++) {
		for (int set = 0; set < 3; set++) {
			if (!(fds[i].events & asked_for[set]))
				continue;
			if (fds[i].revents & granted_by[set])
				bits++;
			else
				FD_CLR(fds[i].fd, sets[set]);
		}
	}
	return bits;
}

/* What is left of less than a millisecond is one. */
static int in_milliseconds(const struct timeval *time)
{
	if (!time)
		return -1;
	if (time->tv_sec >= INT_MAX / 1000)
		return INT_MAX;
	return (int)time->tv_sec * 1000 + (int)((time->tv_usec + 999) / 1000);
}

int rselect(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, struct timeval *timeout)
{
	fd_set *const sets[3] = {readfds, writefds, exceptfds};
	struct pollfd fds[FD_SETSIZE + 1];
	nfds_t count;

	if (nfds < 0 || nfds > FD_SETSIZE ||
	    (timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0)))
		return cma_result(EINVAL);
	count = list_of_sets(nfds, sets, fds);
	if (rpoll(fds, count, in_milliseconds(timeout)) < 0)
		return -1;
	return sets_of_list(fds, count, sets);
}
