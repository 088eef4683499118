/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The descriptors of a program that rsockets stand behind. The program's number names an ordinary
 * socket, which is never connected: it keeps the number, answers for options that rsockets do not
 * know, and takes over where the other side cannot be reached by RDMA. An epoll descriptor is
 * carried, by a repoll one beside it, once it watches a carried socket.
 */
#ifndef RSPRELOAD_CARRIED_H
#define RSPRELOAD_CARRIED_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { CARRIED_LIMIT = 1 << 16 };

struct carried {
	int number; /* of rsockets */
	bool set;   /* it is a repoll descriptor */
	_Atomic unsigned int references;
	int type, protocol, domain;
	_Atomic bool nonblocking;
	/* Where the program wants to connect from, for when the ordinary socket takes over. */
	socklen_t bound_length;
	struct sockaddr_storage bound;
};

extern struct carried *_Atomic carried_slots[CARRIED_LIMIT];

/* A new one for a number of rsockets, with a reference for the caller; NULL when memory is out. */
struct carried *carried_new(int number);
/* `fd` stands for it from now on and takes a reference of its own. EMFILE beyond the limit. */
int carried_install(int fd, struct carried *carried);
/* What `fd` stands for, with a reference; NULL: an ordinary descriptor. */
struct carried *carried_find(int fd);
/* Gives a reference back; with the last one the number of rsockets is closed. errno stays. */
void carried_put(struct carried *carried);
/* `fd` is about to be closed or to become something else. */
void carried_forget(int fd);
/* `to` has become a copy of `from`. */
void carried_copy(int from, int to);
/* Descriptors from `first` to `last` are about to be closed. */
void carried_forget_range(unsigned int first, unsigned int last);

static inline struct carried *carried_get(int fd)
{
	if ((unsigned int)fd >= CARRIED_LIMIT ||
	    !atomic_load_explicit(&carried_slots[fd], memory_order_relaxed))
		return NULL;
	return carried_find(fd);
}

/* The number that rpoll() knows a descriptor by: of rsockets if it is carried, else its own. */
int carried_number(int fd);

/*
 * The result of `ours` if rsockets carry `fd`, where `number` is its number and `carried` what is
 * known of it, and else of `usual`.
 */
#define CARRY(fd, ours, usual)                                                                     \
	({                                                                                         \
		struct carried *carried = carried_get(fd);                                         \
		__typeof__(usual) result_;                                                         \
		if (carried && !carried->set) {                                                    \
			int number = carried->number;                                              \
			(void)number;                                                              \
			result_ = (ours);                                                          \
		} else {                                                                           \
			result_ = (usual);                                                         \
		}                                                                                  \
		if (carried)                                                                       \
			carried_put(carried);                                                      \
		result_;                                                                           \
	})

#endif
