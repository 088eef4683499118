/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A listening UNIX socket at a path, for one client. The path appears when the socket is ready, and
 * is private to the user. What a dead server has left there is replaced, a live one's is not.
 */
#ifndef SOFTHCA_PCI_LISTENER_H
#define SOFTHCA_PCI_LISTENER_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

struct listener {
	int socket;
	struct sockaddr_un address;
	/* Of the path, which may be somebody else's by the time it is to be removed. */
	dev_t device;
	ino_t inode;
};

/* 0, or a positive errno and a sentence in `reason`. */
int listener_open(struct listener *listener, const char *path, char *reason, size_t reason_size);
/* Waits for a client; nobody else can connect then. ECANCELED: `stop_fd` is readable. */
int listener_accept(struct listener *listener, int stop_fd, int *client);
/* Removes the path. */
void listener_close(struct listener *listener);

#endif
