/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* poll() and select(), under all the names that they have. */
#include "librdmacm/preload/next.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

#include <rdma/rsocket.h>

#include "librdmacm/preload/carried.h"

HOOK int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size);
HOOK int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
		     const sigset_t *mask, size_t size);

enum { FEW = 64 };

static bool any_carried(const struct pollfd *fds, nfds_t count)
{
	for (nfds_t i = 0; i < count; i++)
		if ((unsigned int)fds[i].fd < CARRIED_LIMIT &&
		    atomic_load_explicit(&carried_slots[fds[i].fd], memory_order_relaxed))
			return true;
	return false;
}

static int poll_carried(struct pollfd *fds, nfds_t count, int timeout)
{
	struct pollfd few[FEW], *mapped = few;
	int ready;

	if (count > FEW) {
		mapped = calloc(count, sizeof(*mapped));
		if (!mapped) {
			errno = ENOMEM;
			return -1;
		}
	}
	for (nfds_t i = 0; i < count; i++) {
		mapped[i] = fds[i];
		mapped[i].fd = carried_number(fds[i].fd);
	}
	ready = rpoll(mapped, count, timeout);
	for (nfds_t i = 0; ready >= 0 && i < count; i++)
		fds[i].revents = mapped[i].revents;
	if (mapped != few)
		free(mapped);
	return ready;
}

HOOK int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	if (!any_carried(fds, count))
		return NEXT(poll)(fds, count, timeout);
	return poll_carried(fds, count, timeout);
}

static int milliseconds(const struct timespec *time)
{
	if (!time)
		return -1;
	if (time->tv_sec > INT_MAX / 1000 - 1)
		return INT_MAX;
	return (int)time->tv_sec * 1000 + (int)((time->tv_nsec + 999999) / 1000000);
}

/* The mask does not change in one step with the wait, as it would below; a signal that comes in
 * between is seen when the wait is over. */
static int poll_masked(struct pollfd *fds, nfds_t count, int timeout, const sigset_t *mask)
{
	sigset_t before;
	int ready, saved;

	if (mask)
		pthread_sigmask(SIG_SETMASK, mask, &before);
	ready = poll_carried(fds, count, timeout);
	saved = errno;
	if (mask)
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return ready;
}

HOOK int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
	       const sigset_t *mask)
{
	if (!any_carried(fds, count))
		return NEXT(ppoll)(fds, count, timeout, mask);
	return poll_masked(fds, count, milliseconds(timeout), mask);
}

HOOK int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size)
{
	if (!any_carried(fds, count))
		return NEXT(__poll_chk)(fds, count, timeout, size);
	return size / sizeof(*fds) < count ? (abort(), -1) : poll_carried(fds, count, timeout);
}

HOOK int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
		     const sigset_t *mask, size_t size)
{
	if (!any_carried(fds, count))
		return NEXT(__ppoll_chk)(fds, count, timeout, mask, size);
	return size / sizeof(*fds) < count ? (abort(), -1)
					   : poll_masked(fds, count, milliseconds(timeout), mask);
}

/* ---- select(), as a poll ---- */

struct selection {
	fd_set *sets[3]; /* to be read, to be written, out of band */
	struct pollfd fds[FD_SETSIZE];
	nfds_t count;
};

static const short wanted[3] = {POLLIN, POLLOUT, POLLPRI};
/* What makes select() say yes: an end or an error can be read and written. */
static const short granted[3] = {POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI};

static bool collect(struct selection *selection, int limit, fd_set *readable, fd_set *writable,
		    fd_set *special)
{
	bool carried = false;

	selection->sets[0] = readable;
	selection->sets[1] = writable;
	selection->sets[2] = special;
	selection->count = 0;
	for (int fd = 0; fd < limit && fd < FD_SETSIZE; fd++) {
		struct pollfd *entry = &selection->fds[selection->count];

		*entry = (struct pollfd){.fd = fd};
		for (int i = 0; i < 3; i++)
			if (selection->sets[i] && FD_ISSET(fd, selection->sets[i]))
				entry->events |= wanted[i];
		if (!entry->events)
			continue;
		selection->count++;
		carried |= any_carried(entry, 1);
	}
	return carried;
}

/* As the call does: descriptors that are none fail it, else bits of all that are ready. */
static int distribute(struct selection *selection)
{
	int bits = 0;

	for (nfds_t n = 0; n < selection->count; n++)
		if (selection->fds[n].revents & POLLNVAL) {
			errno = EBADF;
			return -1;
		}
	for (nfds_t n = 0; n < selection->count; n++) {
		const struct pollfd *entry = &selection->fds[n];

		for (int i = 0; i < 3; i++) {
			if (!selection->sets[i] || !FD_ISSET(entry->fd, selection->sets[i]))
				continue;
			if (entry->revents & granted[i])
				bits++;
			else
				FD_CLR(entry->fd, selection->sets[i]);
		}
	}
	return bits;
}

static int select_carried(struct selection *selection, int timeout, const sigset_t *mask)
{
	if (poll_masked(selection->fds, selection->count, timeout, mask) < 0)
		return -1;
	return distribute(selection);
}

HOOK int select(int limit, fd_set *readable, fd_set *writable, fd_set *special,
		struct timeval *timeout)
{
	struct selection selection;
	struct timespec time;

	if (!collect(&selection, limit, readable, writable, special))
		return NEXT(select)(limit, readable, writable, special, timeout);
	if (timeout)
		time = (struct timespec){timeout->tv_sec, timeout->tv_usec * 1000};
	return select_carried(&selection, milliseconds(timeout ? &time : NULL), NULL);
}

HOOK int pselect(int limit, fd_set *readable, fd_set *writable, fd_set *special,
		 const struct timespec *timeout, const sigset_t *mask)
{
	struct selection selection;

	if (!collect(&selection, limit, readable, writable, special))
		return NEXT(pselect)(limit, readable, writable, special, timeout, mask);
	return select_carried(&selection, milliseconds(timeout), mask);
}
