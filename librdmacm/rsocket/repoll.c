/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sets of repoll_create(). The program's descriptor is an epoll of the system, where descriptors of
 * other kinds are plain members; one more member, the inner epoll, stands for all sockets of ours.
 * Something has happened to a socket when its descriptor says so or when a thread that has taken
 * its events tells its memberships. Those members are looked at by the next wait, and none of the
 * others.
 *
 * Locks, in this order: that of all sets, a set's own, a socket's. The program may just close() a
 * set, which nobody is told: it is noticed when the next set is made or a socket closed.
 */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "librdmacm/rsocket/socket.h"
#include "util/clock.h"

struct rs_set {
	struct list link;
	int fd, inner, wake_fd;
	unsigned int waiting; /* threads; under the lock of all sets */
	bool closed;
	pthread_mutex_t mutex; /* of what follows */
	struct list members;
	struct list ready;		  /* what a wait has to look at */
	_Atomic(struct rs_member *) told; /* a stack of those who are to join them */
	_Atomic unsigned int turn;	  /* who goes first, as there may not be room for all */
};

struct rs_member {
	struct list in_set, in_ready;
	struct list in_socket; /* under the socket's lock */
	struct rs_set *set;
	struct rs_socket *rs;
	struct epoll_event event;
	bool spent; /* EPOLLONESHOT: it has been reported */
	/* EPOLLET: what was reported, and when. */
	uint32_t reported, arrivals, refusals;
	bool looked_at; /* by the thread that has the socket's lock */
	_Atomic bool told;
	struct rs_member *told_next;
};

static struct {
	pthread_mutex_t mutex;
	struct list list;
} sets = {.mutex = PTHREAD_MUTEX_INITIALIZER, .list = {&sets.list, &sets.list}};

/* With the socket's lock: the next wait of each set looks at it. */
void rs_members_tell(struct rs_socket *rs)
{
	list_for_each (node, &rs->members) {
		struct rs_member *member = list_entry(node, struct rs_member, in_socket);
		struct rs_set *set = member->set;

		if (member->looked_at || atomic_exchange(&member->told, true))
			continue;
		member->told_next = atomic_load(&set->told);
		while (!atomic_compare_exchange_weak(&set->told, &member->told_next, member))
			;
		eventfd_write(set->wake_fd, 1);
	}
}

static void make_ready(struct rs_member *member)
{
	if (!list_linked(&member->in_ready))
		list_append(&member->set->ready, &member->in_ready);
}

static void take_told(struct rs_set *set)
{
	struct rs_member *member = atomic_exchange(&set->told, NULL);

	while (member) {
		struct rs_member *next = member->told_next;

		atomic_store(&member->told, false);
		make_ready(member);
		member = next;
	}
}

static struct rs_member *find_member(struct rs_set *set, const struct rs_socket *rs)
{
	list_for_each (node, &set->members) {
		struct rs_member *member = list_entry(node, struct rs_member, in_set);

		if (member->rs == rs)
			return member;
	}
	return NULL;
}

static int add_member(struct rs_set *set, struct rs_socket *rs, const struct epoll_event *event)
{
	struct rs_member *member = calloc(1, sizeof(*member));
	struct epoll_event inner = {.events = EPOLLIN | EPOLLET, .data.ptr = member};

	if (!member)
		return ENOMEM;
	member->set = set;
	member->rs = rs;
	member->event = *event;
	if (epoll_ctl(set->inner, EPOLL_CTL_ADD, rs->fd, &inner)) {
		int err = errno;

		free(member);
		return err;
	}
	list_append(&set->members, &member->in_set);
	list_append(&set->ready, &member->in_ready);
	pthread_mutex_lock(&rs->lock);
	list_append(&rs->members, &member->in_socket);
	pthread_mutex_unlock(&rs->lock);
	return 0;
}

/* Once it has left the socket nobody tells it any more, and it is on the stack no longer. */
static void remove_member(struct rs_member *member)
{
	struct rs_set *set = member->set;

	epoll_ctl(set->inner, EPOLL_CTL_DEL, member->rs->fd, NULL);
	pthread_mutex_lock(&member->rs->lock);
	list_remove(&member->in_socket);
	pthread_mutex_unlock(&member->rs->lock);
	take_told(set);
	list_remove(&member->in_ready);
	list_remove(&member->in_set);
	free(member);
}

static int change(struct rs_set *set, int op, struct rs_socket *rs, const struct epoll_event *event)
{
	struct rs_member *member = find_member(set, rs);

	if (op != EPOLL_CTL_DEL && !event)
		return EFAULT;
	switch (op) {
	case EPOLL_CTL_ADD:
		return member ? EEXIST : add_member(set, rs, event);
	case EPOLL_CTL_MOD:
		if (!member)
			return ENOENT;
		member->event = *event;
		member->spent = false;
		member->reported = 0;
		make_ready(member);
		return 0;
	case EPOLL_CTL_DEL:
		if (!member)
			return ENOENT;
		remove_member(member);
		return 0;
	default:
		return EINVAL;
	}
}

/* A wait that is under way goes on with what has changed. */
static int change_and_wake(struct rs_set *set, int op, struct rs_socket *rs,
			   const struct epoll_event *event)
{
	int err;

	pthread_mutex_lock(&set->mutex);
	err = change(set, op, rs, event);
	pthread_mutex_unlock(&set->mutex);
	if (!err && set->waiting)
		eventfd_write(set->wake_fd, 1);
	return err;
}

/* Nobody but this set has its inner epoll as a member. */
static bool is_open(const struct rs_set *set)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = (void *)(uintptr_t)set};

	return !epoll_ctl(set->fd, EPOLL_CTL_MOD, set->inner, &event);
}

static void set_free(struct rs_set *set)
{
	list_for_each_safe (node, &set->members)
		remove_member(list_entry(node, struct rs_member, in_set));
	list_remove(&set->link);
	if (set->wake_fd >= 0)
		close(set->wake_fd);
	if (set->inner >= 0)
		close(set->inner);
	pthread_mutex_destroy(&set->mutex);
	free(set);
}

/* What the program has closed; with the lock of all sets. */
static void sweep(void)
{
	list_for_each_safe (node, &sets.list) {
		struct rs_set *set = list_entry(node, struct rs_set, link);

		if (!set->waiting && (set->closed || !is_open(set)))
			set_free(set);
	}
}

static struct rs_set *find_set(int fd)
{
	list_for_each (node, &sets.list) {
		struct rs_set *set = list_entry(node, struct rs_set, link);

		if (set->fd == fd && !set->closed && is_open(set))
			return set;
	}
	return NULL;
}

/* The lock of all sets, and the set; EBADF or EINVAL as the system has it, without the lock. */
static int lock_set(int fd, struct rs_set **set)
{
	pthread_mutex_lock(&sets.mutex);
	*set = find_set(fd);
	if (*set)
		return 0;
	pthread_mutex_unlock(&sets.mutex);
	return fcntl(fd, F_GETFD) < 0 ? EBADF : EINVAL;
}

void rs_members_leave(struct rs_socket *rs)
{
	pthread_mutex_lock(&sets.mutex);
	list_for_each_safe (node, &rs->members) {
		struct rs_set *set = list_entry(node, struct rs_member, in_socket)->set;

		pthread_mutex_lock(&set->mutex);
		remove_member(list_entry(node, struct rs_member, in_socket));
		pthread_mutex_unlock(&set->mutex);
	}
	sweep();
	pthread_mutex_unlock(&sets.mutex);
}

bool rs_set_close(int fd)
{
	struct rs_set *set;

	if (lock_set(fd, &set))
		return false;
	close(fd);
	set->closed = true;
	sweep();
	pthread_mutex_unlock(&sets.mutex);
	return true;
}

static int watch(int epoll_fd, int fd, void *what)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static struct rs_set *set_new(int fd)
{
	struct rs_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->fd = fd;
	list_init(&set->link);
	list_init(&set->members);
	list_init(&set->ready);
	pthread_mutex_init(&set->mutex, NULL);
	set->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	set->inner = epoll_create1(EPOLL_CLOEXEC);
	if (set->wake_fd < 0 || set->inner < 0 || watch(set->inner, set->wake_fd, NULL) ||
	    watch(fd, set->inner, set)) {
		int saved = errno;

		set_free(set);
		errno = saved;
		return NULL;
	}
	return set;
}

int repoll_create(int flags)
{
	int fd = epoll_create1(flags);
	struct rs_set *set;

	if (fd < 0)
		return -1;
	set = set_new(fd);
	if (!set) {
		int err = errno;

		close(fd);
		return cma_result(err);
	}
	pthread_mutex_lock(&sets.mutex);
	sweep();
	list_append(&sets.list, &set->link);
	pthread_mutex_unlock(&sets.mutex);
	return fd;
}

int repoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	struct rs_socket *rs = rs_find(fd);
	struct rs_set *set;
	int err = lock_set(epfd, &set);

	if (err)
		return cma_result(err);
	if (rs)
		err = change_and_wake(set, op, rs, event);
	else if (find_set(fd))
		err = EINVAL;
	else
		err = epoll_ctl(epfd, op, fd, event) ? errno : 0;
	pthread_mutex_unlock(&sets.mutex);
	return cma_result(err);
}

/* Nothing, if nothing has changed but what nobody waits for: a request of ours was completed. */
static uint32_t news_of(struct rs_member *member, uint32_t now)
{
	uint32_t arrivals = member->rs->arrivals, refusals = member->rs->refusals;
	bool news = now & ~member->reported || arrivals != member->arrivals ||
		    refusals != member->refusals;

	member->reported = now;
	member->arrivals = arrivals;
	member->refusals = refusals;
	return news ? now : 0;
}

/* Bits of poll() and of epoll are the same. */
static uint32_t look_at(struct rs_member *member)
{
	struct rs_socket *rs = member->rs;
	uint32_t now;

	pthread_mutex_lock(&rs->lock);
	member->looked_at = true;
	rs_take_events(rs);
	if (rs_arm(rs))
		rs_fail(rs, EIO);
	rs_look(rs);
	member->looked_at = false;
	now = (uint16_t)rs_poll_now(rs, (short)(member->event.events & INT16_MAX));
	if (member->event.events & EPOLLET)
		now = news_of(member, now);
	pthread_mutex_unlock(&rs->lock);
	return now;
}

/* What has happened to sockets since. */
static void take_inner(struct rs_set *set)
{
	struct epoll_event events[32];
	eventfd_t times;
	int count;

	do {
		count = epoll_wait(set->inner, events, 32, 0);
		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr)
				make_ready(events[i].data.ptr);
			else
				eventfd_read(set->wake_fd, &times);
		}
	} while (count == 32);
	take_told(set);
}

/* Whether it has something to report. It stays among the ready ones if it may have again. */
static bool report(struct rs_member *member, struct epoll_event *event)
{
	uint32_t now = member->spent ? 0 : look_at(member);

	list_remove(&member->in_ready);
	if (!now)
		return false;
	*event = (struct epoll_event){.events = now, .data = member->event.data};
	if (member->event.events & EPOLLONESHOT)
		member->spent = true;
	else if (!(member->event.events & EPOLLET))
		list_append(&member->set->ready, &member->in_ready);
	return true;
}

static int collect_ours(struct rs_set *set, struct epoll_event *events, int room)
{
	struct list *last;
	int count = 0;
	bool done;

	pthread_mutex_lock(&set->mutex);
	take_inner(set);
	last = set->ready.prev;
	for (done = list_empty(&set->ready); !done && count < room;) {
		struct list *first = set->ready.next;

		done = first == last;
		count += report(list_entry(first, struct rs_member, in_ready), &events[count]);
	}
	pthread_mutex_unlock(&set->mutex);
	return count;
}

/* What others have to say, without our own mark; `ours` says whether that was there. */
static int collect_system(struct rs_set *set, struct epoll_event *events, int room, int timeout,
			  bool *ours)
{
	int count = room ? epoll_wait(set->fd, events, room, timeout) : 0;

	*ours = false;
	for (int i = 0; i < count; i++)
		if (events[i].data.ptr == set) {
			*ours = true;
			events[i--] = events[--count];
		}
	return count;
}

static int collect(struct rs_set *set, struct epoll_event *events, int room)
{
	bool system_first = atomic_fetch_add(&set->turn, 1) & 1, ours;
	int before = system_first ? 0 : collect_ours(set, events, room);
	int system = collect_system(set, events + before, room - before, 0, &ours);

	if (system < 0)
		return before ? before : -1;
	if (system_first)
		before = collect_ours(set, events + system, room - system);
	return before + system;
}

static int milliseconds_left(uint64_t deadline_ns)
{
	uint64_t now = clock_ns();

	if (deadline_ns == UINT64_MAX)
		return -1;
	return deadline_ns <= now ? 0 : (int)((deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS);
}

static int wait_in(struct rs_set *set, struct epoll_event *events, int room, int timeout)
{
	uint64_t deadline = timeout < 0 ? UINT64_MAX : clock_ns() + (uint64_t)timeout * NS_PER_MS;
	bool ours;

	for (;;) {
		int count = collect(set, events, room);

		if (count || !timeout)
			return count;
		count = collect_system(set, events, room, milliseconds_left(deadline), &ours);
		if (count)
			return count;
		/* The time is over, and this look is the last one. */
		if (!ours)
			timeout = 0;
	}
}

int repoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout)
{
	struct rs_set *set;
	int count, saved, err = maxevents > 0 ? lock_set(epfd, &set) : EINVAL;

	if (err)
		return cma_result(err);
	set->waiting++;
	pthread_mutex_unlock(&sets.mutex);
	count = wait_in(set, events, maxevents, timeout);
	saved = errno;
	pthread_mutex_lock(&sets.mutex);
	set->waiting--;
	pthread_mutex_unlock(&sets.mutex);
	errno = saved;
	return count;
}

/* A child begins without sets, as without sockets. */
void rs_sets_before_fork(void)
{
	pthread_mutex_lock(&sets.mutex);
}

void rs_sets_after_fork(bool child)
{
	if (child)
		list_init(&sets.list);
	pthread_mutex_unlock(&sets.mutex);
}
