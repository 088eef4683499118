/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The public calls that send and receive, all of them cases of two. */
#include <limits.h>

#include "librdmacm/rsocket/socket.h"

static ssize_t result(ssize_t value)
{
	if (value >= 0)
		return value;
	errno = (int)-value;
	return -1;
}

static bool is_vector(const struct iovec *iov, int count)
{
	return count >= 0 && count <= IOV_MAX && (iov || !count);
}

static ssize_t send_to(int socket, const struct iovec *iov, int count, int flags,
		       const struct sockaddr *to, socklen_t to_length)
{
	struct rs_socket *rs = rs_find(socket);

	if (!rs)
		return result(-EBADF);
	if (!rs_is_stream(rs))
		return result(rs_datagram_send(rs, iov, count, flags, to, to_length));
	if (to && rs->state >= RS_CONNECTED)
		return result(-EISCONN);
	return result(rs_stream_send(rs, iov, count, flags));
}

static ssize_t receive_from(int socket, const struct iovec *iov, int count, int flags,
			    struct sockaddr *from, socklen_t *from_length, int *out_flags)
{
	struct rs_socket *rs = rs_find(socket);

	if (!rs)
		return result(-EBADF);
	if (!rs_is_stream(rs))
		return result(
			rs_datagram_receive(rs, iov, count, flags, from, from_length, out_flags));
	/* The other end of a stream is known by other means. */
	if (from_length)
		*from_length = 0;
	return result(rs_stream_receive(rs, iov, count, flags));
}

ssize_t rsend(int socket, const void *buf, size_t len, int flags)
{
	const struct iovec iov = {.iov_base = (void *)(uintptr_t)buf, .iov_len = len};

	return send_to(socket, &iov, 1, flags, NULL, 0);
}

ssize_t rsendto(int socket, const void *buf, size_t len, int flags,
		const struct sockaddr *dest_addr, socklen_t addrlen)
{
	const struct iovec iov = {.iov_base = (void *)(uintptr_t)buf, .iov_len = len};

	return send_to(socket, &iov, 1, flags, dest_addr, addrlen);
}

/* There is nothing to be told beside data. */
ssize_t rsendmsg(int socket, const struct msghdr *msg, int flags)
{
	if (!msg || msg->msg_iovlen > IOV_MAX)
		return result(msg ? -EMSGSIZE : -EFAULT);
	if (msg->msg_controllen)
		return result(-EOPNOTSUPP);
	return send_to(socket, msg->msg_iov, (int)msg->msg_iovlen, flags, msg->msg_name,
		       msg->msg_namelen);
}

ssize_t rwrite(int socket, const void *buf, size_t count)
{
	return rsend(socket, buf, count, 0);
}

ssize_t rwritev(int socket, const struct iovec *iov, int iovcnt)
{
	if (!is_vector(iov, iovcnt))
		return result(-EINVAL);
	return send_to(socket, iov, iovcnt, 0, NULL, 0);
}

ssize_t rrecv(int socket, void *buf, size_t len, int flags)
{
	const struct iovec iov = {.iov_base = buf, .iov_len = len};

	return receive_from(socket, &iov, 1, flags, NULL, NULL, NULL);
}

ssize_t rrecvfrom(int socket, void *buf, size_t len, int flags, struct sockaddr *src_addr,
		  socklen_t *addrlen)
{
	const struct iovec iov = {.iov_base = buf, .iov_len = len};

	return receive_from(socket, &iov, 1, flags, src_addr, src_addr ? addrlen : NULL, NULL);
}

ssize_t rrecvmsg(int socket, struct msghdr *msg, int flags)
{
	ssize_t got;

	if (!msg || msg->msg_iovlen > IOV_MAX)
		return result(msg ? -EMSGSIZE : -EFAULT);
	msg->msg_flags = 0;
	got = receive_from(socket, msg->msg_iov, (int)msg->msg_iovlen, flags, msg->msg_name,
			   msg->msg_name ? &msg->msg_namelen : NULL, &msg->msg_flags);
	if (got >= 0)
		msg->msg_controllen = 0;
	return got;
}

ssize_t rread(int socket, void *buf, size_t count)
{
	return rrecv(socket, buf, count, 0);
}

ssize_t rreadv(int socket, const struct iovec *iov, int iovcnt)
{
	if (!is_vector(iov, iovcnt))
		return result(-EINVAL);
	return receive_from(socket, iov, iovcnt, 0, NULL, NULL, NULL);
}
