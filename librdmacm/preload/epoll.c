/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * epoll. A set of descriptors stays the system's until a carried socket joins it. From then on a
 * repoll set stands beside it, which watches the carried ones and, as one more member, the system's
 * own set.
 */
#include "librdmacm/preload/next.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <rdma/rsocket.h>

#include "librdmacm/preload/carried.h"
#include "util/clock.h"

/* Members hand back what the program has put there; nobody can mean our own set by its address. */
static char own_set;

static uint64_t own_mark(void)
{
	return (uint64_t)(uintptr_t)&own_set;
}

/* What stands beside the set `fd`, made if need be. Returned with a reference; NULL and errno. */
static struct carried *beside(int fd)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = own_mark()};
	struct carried *carried;
	int number = -1, err;

	pthread_mutex_lock(&lock);
	carried = carried_get(fd);
	if (carried)
		goto out;
	number = repoll_create(EPOLL_CLOEXEC);
	if (number < 0)
		goto out;
	if (repoll_ctl(number, EPOLL_CTL_ADD, fd, &event))
		goto fail;
	carried = carried_new(number);
	if (!carried) {
		errno = ENOMEM;
		goto fail;
	}
	carried->set = true;
	err = carried_install(fd, carried);
	if (err) {
		carried_put(carried);
		carried = NULL;
		errno = err;
	}
	goto out;
fail:
	err = errno;
	close(number);
	errno = err;
out:
	pthread_mutex_unlock(&lock);
	return carried;
}

/* A carried socket joins, changes or leaves the set `fd`. */
static int control_carried(int fd, int operation, int number, struct epoll_event *event)
{
	struct carried *set = beside(fd);
	int result;

	if (!set)
		return -1;
	result = repoll_ctl(set->number, operation, number, event);
	carried_put(set);
	return result;
}

HOOK int epoll_ctl(int fd, int operation, int member, struct epoll_event *event)
{
	return CARRY(member, control_carried(fd, operation, number, event),
		     NEXT(epoll_ctl)(fd, operation, member, event));
}

/* Puts what the system's own set has to say in the place of our mark. Returns how many events are
 * left in all. */
static int unfold(int fd, struct epoll_event *events, int count, int limit)
{
	for (int i = 0; i < count; i++) {
		int more;

		if (events[i].data.u64 != own_mark())
			continue;
		events[i] = events[--count];
		more = NEXT(epoll_wait)(fd, events + count, limit - count, 0);
		return more > 0 ? count + more : count;
	}
	return count;
}

/* Another thread may have taken what the mark was about, hence again until the time is over. */
static int wait_carried(int number, int fd, struct epoll_event *events, int limit, int timeout)
{
	uint64_t end = clock_ns() + (uint64_t)(timeout > 0 ? timeout : 0) * 1000000;

	for (;;) {
		int count = repoll_wait(number, events, limit, timeout);
		uint64_t now;

		if (count <= 0)
			return count;
		count = unfold(fd, events, count, limit);
		now = clock_ns();
		if (count || (timeout >= 0 && now >= end))
			return count;
		if (timeout > 0)
			timeout = (int)((end - now + 999999) / 1000000);
	}
}

static int wait_masked(int fd, struct epoll_event *events, int limit, int timeout,
		       const sigset_t *mask)
{
	struct carried *set = carried_get(fd);
	sigset_t before;
	int result, saved;

	if (!set)
		return NEXT(epoll_pwait)(fd, events, limit, timeout, mask);
	if (mask)
		pthread_sigmask(SIG_SETMASK, mask, &before);
	result = wait_carried(set->number, fd, events, limit, timeout);
	saved = errno;
	if (mask)
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	carried_put(set);
	errno = saved;
	return result;
}

HOOK int epoll_wait(int fd, struct epoll_event *events, int limit, int timeout)
{
	return wait_masked(fd, events, limit, timeout, NULL);
}

HOOK int epoll_pwait(int fd, struct epoll_event *events, int limit, int timeout,
		     const sigset_t *mask)
{
	return wait_masked(fd, events, limit, timeout, mask);
}
