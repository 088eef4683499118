/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages on the socket: framing, and the files that travel with them. What a message says is
 * nobody's concern here; that its size is possible is.
 */
#ifndef SOFTHCA_PCI_MESSAGE_H
#define SOFTHCA_PCI_MESSAGE_H

#include <stddef.h>

#include "softhca/pci/protocol.h"

enum {
	MESSAGE_MAX_BODY = sizeof(struct vfio_user_region_access) + VFIO_USER_MAX_TRANSFER,
};

struct connection {
	int socket;
	/* Readable when the server has to end. */
	int stop_fd;
};

struct vfio_user_message {
	struct vfio_user_header header;
	uint32_t body_bytes;
	unsigned int num_files;
	int files[VFIO_USER_MAX_FDS];
	uint8_t body[MESSAGE_MAX_BODY] __attribute__((aligned(8)));
};

/* Waits for a message. ENOTCONN: the peer has gone, in the middle of a message or not. ECANCELED:
 * stop_fd says so. EPROTO: sizes or files that cannot be, after which there is no telling where the
 * next message starts. The files are the caller's on success only. */
int vfio_user_receive(const struct connection *connection, struct vfio_user_message *message);
/* Closes the files that have not been taken. */
void vfio_user_close_files(struct vfio_user_message *message);
/* File number `index`, which is the caller's from now on. */
int vfio_user_take_file(struct vfio_user_message *message, unsigned int index);

/* Answers a command, unless it wants no answer. Errors as above. */
int vfio_user_reply(const struct connection *connection, const struct vfio_user_message *message,
		    const void *body, uint32_t bytes);
int vfio_user_refuse(const struct connection *connection, const struct vfio_user_message *message,
		     int error);

#endif
