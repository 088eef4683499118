/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The calls of sockets that the tools make, from the library that has rsockets or from the system:
 * each tool is written once, for both.
 */
#ifndef RS_CALLS_H
#define RS_CALLS_H

#include <poll.h>
#include <sys/socket.h>

struct rs_calls {
	const char *name; /* what messages call such a socket */
	int (*socket)(int domain, int type, int protocol);
	int (*bind)(int fd, const struct sockaddr *address, socklen_t size);
	int (*listen)(int fd, int backlog);
	int (*accept)(int fd, struct sockaddr *address, socklen_t *size);
	int (*connect)(int fd, const struct sockaddr *address, socklen_t size);
	int (*shutdown)(int fd, int how);
	int (*close)(int fd);
	ssize_t (*recvfrom)(int fd, void *data, size_t size, int flags, struct sockaddr *address,
			    socklen_t *address_size);
	ssize_t (*sendto)(int fd, const void *data, size_t size, int flags,
			  const struct sockaddr *address, socklen_t address_size);
	int (*poll)(struct pollfd *fds, nfds_t count, int timeout);
	int (*setsockopt)(int fd, int level, int name, const void *value, socklen_t size);
	int (*getsockopt)(int fd, int level, int name, void *value, socklen_t *size);
	int (*fcntl)(int fd, int command, ...);
};

extern const struct rs_calls rs_calls_system, rs_calls_rdma;

#endif
