/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The thread behind rsockets: started with the first entry, ended with the last. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "librdmacm/rsocket/service.h"

static struct {
	pthread_mutex_t mutex; /* of what follows */
	pthread_cond_t handled;
	unsigned int entries;
	bool running;
	struct rs_service_entry *current; /* its handler runs */
	int epoll_fd, stop_fd;
	pthread_t thread;
} service = {.mutex = PTHREAD_MUTEX_INITIALIZER, .handled = PTHREAD_COND_INITIALIZER};

/* Of starting and ending; taken before the other. A handler may take it: while one runs its entry
 * is there, and nobody ends the thread. */
static pthread_mutex_t life = PTHREAD_MUTEX_INITIALIZER;

static void handle(const struct epoll_event *event)
{
	struct rs_service_entry *entry = event->data.ptr;

	entry->handle(entry);
	pthread_mutex_lock(&service.mutex);
	service.current = NULL;
	pthread_cond_broadcast(&service.handled);
	pthread_mutex_unlock(&service.mutex);
}

/* An entry that is removed between the wait and the lock is not seen: one event a time, and asked
 * for under the lock. */
static bool next(struct epoll_event *event)
{
	bool got;

	pthread_mutex_lock(&service.mutex);
	got = epoll_wait(service.epoll_fd, event, 1, 0) == 1;
	service.current = got ? event->data.ptr : NULL;
	pthread_mutex_unlock(&service.mutex);
	return got;
}

static void *serve(void *arg)
{
	struct epoll_event event;

	(void)arg;
	for (;;) {
		if (epoll_wait(service.epoll_fd, &event, 1, -1) < 0 && errno != EINTR)
			return NULL;
		if (!next(&event))
			continue;
		if (!event.data.ptr)
			return NULL;
		handle(&event);
	}
}

/* Signals are for the program's own threads. */
static int create_thread(void)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&service.thread, NULL, serve, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

static int start(void)
{
	struct epoll_event stop = {.events = EPOLLIN};
	int err;

	service.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (service.epoll_fd < 0)
		return errno;
	service.stop_fd = eventfd(0, EFD_CLOEXEC);
	err = service.stop_fd < 0 ? errno : 0;
	if (err)
		goto close_epoll;
	if (epoll_ctl(service.epoll_fd, EPOLL_CTL_ADD, service.stop_fd, &stop))
		err = errno;
	if (!err)
		err = create_thread();
	service.running = !err;
	if (!err)
		return 0;
	close(service.stop_fd);
close_epoll:
	close(service.epoll_fd);
	return err;
}

static void stop(void)
{
	eventfd_write(service.stop_fd, 1);
	pthread_join(service.thread, NULL);
	service.running = false;
	close(service.stop_fd);
	close(service.epoll_fd);
}

/* A child has no such thread, and what its parent has registered is not the child's to serve. */
static void before_fork(void)
{
	pthread_mutex_lock(&life);
	pthread_mutex_lock(&service.mutex);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&service.mutex);
	pthread_mutex_unlock(&life);
}

static void after_fork_in_child(void)
{
	if (service.running) {
		close(service.stop_fd);
		close(service.epoll_fd);
	}
	service.running = false;
	service.entries = 0;
	service.current = NULL;
	pthread_cond_init(&service.handled, NULL);
	after_fork();
}

static void watch_forks(void)
{
	pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

static int add(struct rs_service_entry *entry)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = entry};
	int err = 0;

	pthread_mutex_lock(&service.mutex);
	if (epoll_ctl(service.epoll_fd, EPOLL_CTL_ADD, entry->fd, &event))
		err = errno;
	else
		service.entries++;
	pthread_mutex_unlock(&service.mutex);
	return err;
}

static void stop_if_idle(void)
{
	bool idle;

	pthread_mutex_lock(&life);
	pthread_mutex_lock(&service.mutex);
	idle = service.running && !service.entries;
	pthread_mutex_unlock(&service.mutex);
	if (idle)
		stop();
	pthread_mutex_unlock(&life);
}

int rs_service_add(struct rs_service_entry *entry, int fd,
		   void (*handler)(struct rs_service_entry *entry))
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int err = 0;

	pthread_once(&once, watch_forks);
	entry->fd = fd;
	entry->handle = handler;
	pthread_mutex_lock(&life);
	if (!service.running)
		err = start();
	if (!err)
		err = add(entry);
	pthread_mutex_unlock(&life);
	if (err) {
		entry->handle = NULL;
		stop_if_idle();
	}
	return err;
}

/* In a child the descriptor is not in the set, or the set is gone. */
void rs_service_remove(struct rs_service_entry *entry)
{
	if (!entry->handle)
		return;
	pthread_mutex_lock(&service.mutex);
	if (service.running && !epoll_ctl(service.epoll_fd, EPOLL_CTL_DEL, entry->fd, NULL)) {
		while (service.current == entry)
			pthread_cond_wait(&service.handled, &service.mutex);
		service.entries--;
	}
	pthread_mutex_unlock(&service.mutex);
	stop_if_idle();
	entry->handle = NULL;
}
