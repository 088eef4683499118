/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "softhca/pci/message.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A peer that does neither read nor write must not keep us from ending. */
static int wait_for(const struct connection *connection, short events)
{
	struct pollfd fds[] = {
		{.fd = connection->socket, .events = events},
		{.fd = connection->stop_fd, .events = POLLIN},
	};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return errno;
	return fds[1].revents ? ECANCELED : 0;
}

/* ---- files ---- */

static bool keep_file(struct vfio_user_message *message, int file)
{
	if (message->num_files == VFIO_USER_MAX_FDS) {
		close(file);
		return false;
	}
	message->files[message->num_files++] = file;
	return true;
}

/* Every file has to be looked at: those that are not kept must be closed. */
static int collect_files(struct vfio_user_message *message, struct msghdr *header)
{
	bool kept = !(header->msg_flags & MSG_CTRUNC);

	for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control;
	     control = CMSG_NXTHDR(header, control)) {
		size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int file;

			memcpy(&file, CMSG_DATA(control) + i * sizeof(int), sizeof(file));
			kept &= keep_file(message, file);
		}
	}
	return kept ? 0 : EPROTO;
}

void vfio_user_close_files(struct vfio_user_message *message)
{
	for (unsigned int i = 0; i < message->num_files; i++)
		if (message->files[i] >= 0)
			close(message->files[i]);
	message->num_files = 0;
}

int vfio_user_take_file(struct vfio_user_message *message, unsigned int index)
{
	int file = message->files[index];

	message->files[index] = -1;
	return file;
}

/* ---- receiving ---- */

static int receive_some(const struct connection *connection, struct vfio_user_message *message,
			void *to, size_t bytes, size_t *received)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(VFIO_USER_MAX_FDS * sizeof(int))];
	} control;
	struct iovec vector = {to, bytes};
	struct msghdr header = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got = recvmsg(connection->socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*received = 0;
	if (got == 0 || (got < 0 && errno == ECONNRESET))
		return ENOTCONN;
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : errno;
	*received = (size_t)got;
	return collect_files(message, &header);
}

static int receive_all(const struct connection *connection, struct vfio_user_message *message,
		       void *to, size_t bytes)
{
	size_t received;
	uint8_t *at = to;
	int rc = 0;

	while (bytes && !rc) {
		rc = receive_some(connection, message, at, bytes, &received);
		at += received;
		bytes -= received;
		if (!rc && !received)
			rc = wait_for(connection, POLLIN);
	}
	return rc;
}

static int check_header(const struct vfio_user_header *header)
{
	if ((header->flags & VFIO_USER_TYPE_MASK) != VFIO_USER_TYPE_COMMAND ||
	    header->size < sizeof(*header) || header->size - sizeof(*header) > MESSAGE_MAX_BODY)
		return EPROTO;
	return 0;
}

int vfio_user_receive(const struct connection *connection, struct vfio_user_message *message)
{
	int rc;

	message->num_files = 0;
	/* Asked for each message: a peer that never stops writing would go on for ever. */
	rc = wait_for(connection, POLLIN);
	if (rc)
		return rc;
	rc = receive_all(connection, message, &message->header, sizeof(message->header));
	if (!rc)
		rc = check_header(&message->header);
	if (!rc) {
		message->body_bytes = message->header.size - sizeof(message->header);
		rc = receive_all(connection, message, message->body, message->body_bytes);
	}
	if (rc)
		vfio_user_close_files(message);
	return rc;
}

/* ---- answering ---- */

static void advance(struct msghdr *header, size_t sent)
{
	while (header->msg_iovlen && sent >= header->msg_iov->iov_len) {
		sent -= header->msg_iov->iov_len;
		header->msg_iov++;
		header->msg_iovlen--;
	}
	if (header->msg_iovlen) {
		header->msg_iov->iov_base = (uint8_t *)header->msg_iov->iov_base + sent;
		header->msg_iov->iov_len -= sent;
	}
}

static int send_all(const struct connection *connection, struct iovec *vectors, size_t count)
{
	struct msghdr header = {.msg_iov = vectors, .msg_iovlen = count};
	int rc = 0;

	while (!rc && header.msg_iovlen) {
		ssize_t sent = sendmsg(connection->socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent >= 0)
			advance(&header, (size_t)sent);
		else if (errno == EAGAIN || errno == EINTR)
			rc = wait_for(connection, POLLOUT);
		else
			rc = errno == EPIPE || errno == ECONNRESET ? ENOTCONN : errno;
	}
	return rc;
}

static int answer(const struct connection *connection, const struct vfio_user_message *message,
		  const void *body, uint32_t bytes, int error)
{
	struct vfio_user_header header = {
		.id = message->header.id,
		.command = message->header.command,
		.size = (uint32_t)sizeof(header) + bytes,
		.flags = VFIO_USER_TYPE_REPLY | (error ? VFIO_USER_ERROR : 0),
		.error = (uint32_t)error,
	};
	struct iovec vectors[] = {
		{&header, sizeof(header)},
		{(void *)(uintptr_t)body, bytes},
	};

	if (message->header.flags & VFIO_USER_NO_REPLY)
		return 0;
	return send_all(connection, vectors, bytes ? 2 : 1);
}

int vfio_user_reply(const struct connection *connection, const struct vfio_user_message *message,
		    const void *body, uint32_t bytes)
{
	return answer(connection, message, body, bytes, 0);
}

int vfio_user_refuse(const struct connection *connection, const struct vfio_user_message *message,
		     int error)
{
	return answer(connection, message, NULL, 0, error);
}
