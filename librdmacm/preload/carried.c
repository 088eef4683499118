/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of carried descriptors. Its lock is held for some instructions only. */
#include "librdmacm/preload/next.h"

#include "librdmacm/preload/carried.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <rdma/rsocket.h>

struct carried *_Atomic carried_slots[CARRIED_LIMIT];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pid_t owner;

/* A child that shares our memory until it execs (vfork) closes descriptors of its own. */
static bool is_owner(void)
{
	return owner == getpid();
}

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

/* Connections are the parent's: in the child the numbers are those of sockets never connected. */
static void in_child(void)
{
	for (size_t fd = 0; fd < CARRIED_LIMIT; fd++)
		atomic_store_explicit(&carried_slots[fd], NULL, memory_order_relaxed);
	owner = getpid();
	pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void begin(void)
{
	owner = getpid();
	pthread_atfork(before_fork, after_fork, in_child);
}

struct carried *carried_new(int number)
{
	struct carried *carried = calloc(1, sizeof(*carried));

	if (!carried)
		return NULL;
	carried->number = number;
	atomic_init(&carried->references, 1);
	return carried;
}

int carried_install(int fd, struct carried *carried)
{
	if ((unsigned int)fd >= CARRIED_LIMIT)
		return EMFILE;
	carried_forget(fd);
	atomic_fetch_add(&carried->references, 1);
	pthread_mutex_lock(&lock);
	atomic_store_explicit(&carried_slots[fd], carried, memory_order_release);
	pthread_mutex_unlock(&lock);
	return 0;
}

struct carried *carried_find(int fd)
{
	struct carried *carried;

	pthread_mutex_lock(&lock);
	carried = atomic_load_explicit(&carried_slots[fd], memory_order_relaxed);
	if (carried)
		atomic_fetch_add(&carried->references, 1);
	pthread_mutex_unlock(&lock);
	return carried;
}

void carried_put(struct carried *carried)
{
	int saved = errno;

	if (atomic_fetch_sub(&carried->references, 1) != 1)
		return;
	if (carried->set)
		close(carried->number);
	else
		rclose(carried->number);
	free(carried);
	errno = saved;
}

void carried_forget(int fd)
{
	struct carried *carried;

	if ((unsigned int)fd >= CARRIED_LIMIT ||
	    !atomic_load_explicit(&carried_slots[fd], memory_order_relaxed) || !is_owner())
		return;
	pthread_mutex_lock(&lock);
	carried = atomic_load_explicit(&carried_slots[fd], memory_order_relaxed);
	atomic_store_explicit(&carried_slots[fd], NULL, memory_order_relaxed);
	pthread_mutex_unlock(&lock);
	if (carried)
		carried_put(carried);
}

void carried_forget_range(unsigned int first, unsigned int last)
{
	for (unsigned int fd = first; fd < CARRIED_LIMIT && fd <= last; fd++)
		carried_forget((int)fd);
}

void carried_copy(int from, int to)
{
	struct carried *carried = carried_get(from);

	if (!carried)
		return;
	if (is_owner())
		carried_install(to, carried);
	carried_put(carried);
}

int carried_number(int fd)
{
	struct carried *carried = carried_get(fd);
	int number = fd;

	if (carried) {
		number = carried->number;
		carried_put(carried);
	}
	return number;
}
