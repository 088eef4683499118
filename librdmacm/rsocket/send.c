/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sending on a stream: data goes in pieces to the peer's ring, each with a message that tells of
 * it. Small ones travel in the request itself, others by way of the send ring. Pieces grow, so that
 * the first is under way while the next is copied.
 */
#include "librdmacm/rsocket/ring.h"
#include "librdmacm/rsocket/socket.h"

enum { FIRST_PIECE = 1 << 12, LARGEST_PIECE = 1 << 16 };

static uint32_t queue_left(const struct rs_stream *stream)
{
	return stream->sq_size -
	       (stream->posted - atomic_load_explicit(&stream->completed, memory_order_acquire));
}

static uint32_t ring_left(const struct rs_stream *stream)
{
	return rs_ring_room(stream->send_pi,
			    atomic_load_explicit(&stream->send_ci, memory_order_acquire),
			    stream->send_size);
}

static bool target_known(const struct rs_stream *stream)
{
	return atomic_load_explicit(&stream->target_pi, memory_order_acquire) != stream->target_ci;
}

bool rs_may_post(const struct rs_socket *rs)
{
	return queue_left(&rs->stream) && ring_left(&rs->stream);
}

bool rs_may_send(const struct rs_socket *rs)
{
	const struct rs_stream *stream = &rs->stream;

	return target_known(stream) && rs_credits(stream->granted, stream->sent) && rs_may_post(rs);
}

static bool sendable(struct rs_socket *rs)
{
	return !rs->stream.can_write || rs_may_send(rs);
}

bool rs_all_sent(struct rs_socket *rs)
{
	const struct rs_stream *stream = &rs->stream;

	return rs->state == RS_ENDED || rs->error ||
	       (!stream->owed && stream->posted == stream->completed &&
		stream->controls == RS_CONTROLS);
}

/* What one request may carry at most: of what is left, of the peer's buffer. */
static uint32_t piece_length(const struct rs_stream *stream, size_t left, uint32_t most)
{
	const struct rs_range *target = &stream->targets[stream->target_ci % RS_TABLE_SIZE];

	return rs_ring_lesser(left, rs_ring_lesser(target->length, most));
}

/* Whether the next bytes lie together in the caller's memory. */
static bool together(const struct rs_cursor *cursor, uint32_t length)
{
	return cursor->iov->iov_len - cursor->offset >= length;
}

/*
 * From the ring no more than to its end. That little may be left there is no reason to put it into
 * the request: the ring would stay where it is, and all that follows come in such pieces.
 */
static struct rs_piece take_piece(struct rs_stream *stream, struct rs_cursor *cursor,
				  uint32_t length)
{
	struct rs_piece piece = {.length = length, .lkey = stream->send_mr->lkey};
	uint8_t *place = stream->send_ring + stream->send_pi % stream->send_size;

	if (length <= stream->max_inline && together(cursor, length)) {
		piece.data = (const uint8_t *)cursor->iov->iov_base + cursor->offset;
		piece.inlined = true;
		cursor->offset += length;
		return piece;
	}
	piece.length = rs_ring_lesser(length, ring_left(stream));
	piece.data = place;
	rs_cursor_copy_out(cursor, place, piece.length);
	return piece;
}

static int post_piece(struct rs_socket *rs, const struct rs_piece *piece)
{
	struct rs_stream *stream = &rs->stream;
	struct rs_range *target = &stream->targets[stream->target_ci % RS_TABLE_SIZE];
	uint32_t from_ring = piece->inlined ? 0 : piece->length;
	int err = rs_post_message(rs, piece, target->address, target->key,
				  rs_message(RS_OP_DATA, piece->length),
				  rs_request(RS_REQUEST_DATA, from_ring));

	if (err)
		return err;
	stream->send_pi += from_ring;
	stream->posted++;
	stream->sent++;
	target->address += piece->length;
	target->length -= piece->length;
	if (!target->length)
		stream->target_ci++;
	return 0;
}

/* 0 once a piece may be sent. */
static int await_room(struct rs_socket *rs, int flags)
{
	int err = rs_await(rs, sendable, rs_nonblocking(rs, flags), 0);

	if (err)
		return err;
	if (rs->stream.can_write)
		return 0;
	err = atomic_exchange(&rs->error, 0);
	return err ? err : EPIPE;
}

static ssize_t send_all(struct rs_socket *rs, struct rs_cursor *cursor, size_t length, int flags)
{
	struct rs_stream *stream = &rs->stream;
	uint32_t most = FIRST_PIECE;
	size_t left = length;
	int err = 0;

	while (left && !err) {
		err = await_room(rs, flags);
		if (!err) {
			struct rs_piece piece;

			while (cursor->offset == cursor->iov->iov_len) {
				cursor->iov++;
				cursor->offset = 0;
			}
			piece = take_piece(stream, cursor, piece_length(stream, left, most));
			err = post_piece(rs, &piece);
			if (!err)
				left -= piece.length;
			if (most < LARGEST_PIECE)
				most *= 2;
		}
	}
	return left < length || !err ? (ssize_t)(length - left) : -err;
}

ssize_t rs_stream_send(struct rs_socket *rs, const struct iovec *iov, int count, int flags)
{
	struct rs_cursor cursor = {.iov = iov, .count = count};
	size_t length = rs_iov_length(iov, count);
	ssize_t sent;
	int err;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	err = rs_stream_ready(rs, rs_nonblocking(rs, flags));
	if (err)
		return err == ENOTCONN ? -EPIPE : -err;
	pthread_mutex_lock(&rs->send_lock);
	sent = send_all(rs, &cursor, length, flags);
	pthread_mutex_unlock(&rs->send_lock);
	return sent;
}
