/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of our descriptors. System calls are made raw: the hooks would come back here. */
#include "softhca/shim/descriptor.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

_Atomic uint32_t descriptor_limit;
struct descriptor *_Atomic descriptor_slots[DESCRIPTOR_SLOTS];

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

static pid_t current_pid(void)
{
	return (pid_t)syscall(SYS_getpid);
}

/* fstat() without the hook; the *at form with an empty path is the same on every libc. */
static int identify(int fd, struct stat *status)
{
	return (int)syscall(SYS_fstat, fd, status);
}

static bool names(int fd, const struct descriptor *descriptor)
{
	struct stat status;
	int before = errno;
	bool same = !identify(fd, &status) && status.st_dev == descriptor->device &&
		    status.st_ino == descriptor->inode;

	errno = before;
	return same;
}

void descriptor_init(struct descriptor *descriptor, enum descriptor_kind kind)
{
	descriptor->kind = kind;
	descriptor->before_closing = NULL;
	descriptor->references = 1;
	descriptor->numbers = 0;
	descriptor->pid = current_pid();
}

/* Takes the number away. Returns whether it was the last one. */
static bool remove_number(int fd, struct descriptor *descriptor)
{
	atomic_store_explicit(&descriptor_slots[fd], NULL, memory_order_release);
	return --descriptor->numbers == 0;
}

static void end_number(struct descriptor *descriptor, int fd, bool last)
{
	if (descriptor->closing)
		descriptor->closing(descriptor, fd, last);
	descriptor_put(descriptor);
}

static void put_number(struct descriptor *descriptor, int fd)
{
	atomic_fetch_add(&descriptor->references, 1);
	descriptor->numbers++;
	atomic_store_explicit(&descriptor_slots[fd], descriptor, memory_order_release);
	if ((uint32_t)fd >= descriptor_limit)
		descriptor_limit = (uint32_t)fd + 1;
}

int descriptor_install(struct descriptor *descriptor, int fd)
{
	struct stat status;

	if (fd < 0 || fd >= DESCRIPTOR_SLOTS)
		return EMFILE;
	if (identify(fd, &status))
		return errno;
	/* Whoever had the number before was closed behind our back. */
	descriptor_closing(fd);
	descriptor->device = status.st_dev;
	descriptor->inode = status.st_ino;
	pthread_mutex_lock(&table_lock);
	put_number(descriptor, fd);
	pthread_mutex_unlock(&table_lock);
	return 0;
}

struct descriptor *descriptor_get(int fd)
{
	struct descriptor *descriptor;

	if (!descriptor_possible(fd))
		return NULL;
	pthread_mutex_lock(&table_lock);
	descriptor = descriptor_slots[fd];
	if (descriptor)
		atomic_fetch_add(&descriptor->references, 1);
	pthread_mutex_unlock(&table_lock);
	if (descriptor && !names(fd, descriptor)) {
		descriptor_put(descriptor);
		descriptor_closing(fd);
		return NULL;
	}
	return descriptor;
}

void descriptor_put(struct descriptor *descriptor)
{
	if (atomic_fetch_sub(&descriptor->references, 1) == 1)
		descriptor->destroy(descriptor);
}

bool descriptor_is_dead(const struct descriptor *descriptor)
{
	return descriptor->pid != current_pid();
}

static void prepare_closing(int fd)
{
	struct descriptor *descriptor;

	pthread_mutex_lock(&table_lock);
	descriptor = descriptor_slots[fd];
	if (descriptor && (!descriptor->before_closing || descriptor_is_dead(descriptor)))
		descriptor = NULL;
	if (descriptor)
		atomic_fetch_add(&descriptor->references, 1);
	pthread_mutex_unlock(&table_lock);
	if (!descriptor)
		return;
	descriptor->before_closing(descriptor);
	descriptor_put(descriptor);
}

/*
 * A child that shares our memory until it executes a program (vfork) closes only its own copy of
 * the number, so the table stays as it is; after a real fork it is a copy that nobody misses.
 */
void descriptor_closing(int fd)
{
	struct descriptor *descriptor;
	bool last = false;

	if (!descriptor_possible(fd))
		return;
	prepare_closing(fd);
	pthread_mutex_lock(&table_lock);
	descriptor = descriptor_slots[fd];
	if (descriptor && descriptor_is_dead(descriptor))
		descriptor = NULL;
	if (descriptor)
		last = remove_number(fd, descriptor);
	pthread_mutex_unlock(&table_lock);
	if (descriptor)
		end_number(descriptor, fd, last);
}

void descriptor_duplicated(int from, int to)
{
	struct descriptor *descriptor = descriptor_get(from);

	if (!descriptor)
		return;
	descriptor_closing(to);
	if (to >= 0 && to < DESCRIPTOR_SLOTS && !descriptor_is_dead(descriptor)) {
		pthread_mutex_lock(&table_lock);
		put_number(descriptor, to);
		pthread_mutex_unlock(&table_lock);
	}
	descriptor_put(descriptor);
}

bool descriptor_same(int one, int other)
{
	return descriptor_possible(one) && descriptor_possible(other) &&
	       descriptor_slots[one] == descriptor_slots[other];
}

/* Under the table's lock. */
static struct descriptor *find_device(const struct stat *status)
{
	for (uint32_t fd = 0; fd < descriptor_limit; fd++) {
		struct descriptor *descriptor = descriptor_slots[fd];

		if (descriptor && descriptor->kind == DESCRIPTOR_DEVICE &&
		    descriptor->device == status->st_dev && descriptor->inode == status->st_ino &&
		    !descriptor_is_dead(descriptor))
			return descriptor;
	}
	return NULL;
}

struct descriptor *descriptor_rejoin(int fd)
{
	struct descriptor *descriptor;
	struct stat status;

	if (fd < 0 || fd >= DESCRIPTOR_SLOTS || identify(fd, &status))
		return NULL;
	pthread_mutex_lock(&table_lock);
	descriptor = find_device(&status);
	if (descriptor) {
		put_number(descriptor, fd);
		atomic_fetch_add(&descriptor->references, 1);
	}
	pthread_mutex_unlock(&table_lock);
	return descriptor;
}

void descriptor_after_fork(void)
{
	pthread_mutex_init(&table_lock, NULL);
}
