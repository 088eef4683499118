/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Receiving on a stream: bytes lie in the ring that the peer writes to, in their order. What has
 * been read makes room that the peer is told of.
 */
#include "librdmacm/rsocket/ring.h"
#include "librdmacm/rsocket/socket.h"

static uint64_t available(const struct rs_stream *stream)
{
	return atomic_load_explicit(&stream->received, memory_order_acquire) - stream->consumed;
}

bool rs_may_receive(const struct rs_socket *rs)
{
	return available(&rs->stream) != 0;
}

static bool readable(struct rs_socket *rs)
{
	return rs_may_receive(rs) || !rs->stream.can_read;
}

static void copy(const struct rs_stream *stream, uint64_t from, struct rs_cursor *to, size_t length)
{
	while (length) {
		uint32_t stretch =
			rs_ring_lesser(length, stream->receive_size - from % stream->receive_size);

		rs_cursor_copy_in(to, stream->receive_ring + from % stream->receive_size, stretch);
		from += stretch;
		length -= stretch;
	}
}

static void give_back(struct rs_socket *rs, size_t length)
{
	struct rs_stream *stream = &rs->stream;

	atomic_store_explicit(&stream->consumed, stream->consumed + length, memory_order_release);
	if (!rs_credits_due(rs))
		return;
	pthread_mutex_lock(&rs->lock);
	rs_settle(rs);
	pthread_mutex_unlock(&rs->lock);
}

static size_t receive_some(struct rs_socket *rs, struct rs_cursor *cursor, size_t length, int flags)
{
	size_t there = available(&rs->stream);

	if (there > length)
		there = length;
	copy(&rs->stream, rs->stream.consumed, cursor, there);
	if (there && !(flags & MSG_PEEK))
		give_back(rs, there);
	return there;
}

/* The end: an error once, if there was one, and nothing from then on. */
static ssize_t at_end(struct rs_socket *rs)
{
	return -atomic_exchange(&rs->error, 0);
}

static ssize_t receive(struct rs_socket *rs, struct rs_cursor *cursor, size_t length, int flags)
{
	bool whole = flags & MSG_WAITALL && !(flags & MSG_PEEK);
	size_t got = 0;

	do {
		int err = rs_await(rs, readable, rs_nonblocking(rs, flags), 0);

		if (err)
			return got ? (ssize_t)got : -err;
		if (!rs_may_receive(rs))
			return got ? (ssize_t)got : at_end(rs);
		got += receive_some(rs, cursor, length - got, flags);
	} while (whole && got < length);
	return (ssize_t)got;
}

ssize_t rs_stream_receive(struct rs_socket *rs, const struct iovec *iov, int count, int flags)
{
	struct rs_cursor cursor = {.iov = iov, .count = count};
	size_t length = rs_iov_length(iov, count);
	ssize_t got;
	int err;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	err = rs_stream_ready(rs, rs_nonblocking(rs, flags));
	if (err)
		return -err;
	if (!length)
		return 0;
	pthread_mutex_lock(&rs->receive_lock);
	got = receive(rs, &cursor, length, flags);
	pthread_mutex_unlock(&rs->receive_lock);
	return got;
}
