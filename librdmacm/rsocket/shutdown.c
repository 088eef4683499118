/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ending streams. Data that a call has taken is in the send ring or on its way; a goodbye goes
 * behind it, and the queue pair stays until the peer has all of it, for as long as SO_LINGER says.
 */
#include <unistd.h>

#include "librdmacm/rsocket/socket.h"
#include "util/clock.h"

/* A peer that is there takes everything without its program's help: nobody waits for this long. */
enum { PATIENCE_S = 20 };

static bool all_sent(struct rs_socket *rs)
{
	return rs_all_sent(rs);
}

/* What is to be said when these directions end: half of a goodbye, all of it or nothing. */
static unsigned int goodbye(const struct rs_stream *stream, int how)
{
	if (how == SHUT_RD || (!stream->can_write && how == SHUT_WR))
		return 0;
	if (how == SHUT_RDWR || !stream->can_read)
		return 1u << RS_CONTROL_DISCONNECT;
	return 1u << RS_CONTROL_SHUTDOWN;
}

/* With both locks. */
static void say_goodbye(struct rs_socket *rs, int how)
{
	struct rs_stream *stream = &rs->stream;

	stream->owed |= goodbye(stream, how);
	if (how != SHUT_RD)
		stream->can_write = false;
	rs_settle(rs);
	if (how != SHUT_WR)
		stream->can_read = false;
}

int rs_stream_shutdown(struct rs_socket *rs, int how, uint64_t patience_ns)
{
	int err = rs_stream_ready(rs, rs_nonblocking(rs, 0));

	if (err)
		return err;
	if (rs->state != RS_CONNECTED)
		return 0;
	pthread_mutex_lock(&rs->send_lock);
	pthread_mutex_lock(&rs->lock);
	say_goodbye(rs, how);
	rs_wake(rs);
	pthread_mutex_unlock(&rs->lock);
	if (patience_ns && how != SHUT_RD)
		rs_await(rs, all_sent, false, clock_ns() + patience_ns);
	pthread_mutex_lock(&rs->lock);
	if (!rs->stream.can_read && !rs->stream.can_write)
		rs->state = RS_ENDED;
	pthread_mutex_unlock(&rs->lock);
	pthread_mutex_unlock(&rs->send_lock);
	return 0;
}

int rshutdown(int socket, int how)
{
	struct rs_socket *rs = rs_find(socket);

	if (!rs)
		return cma_result(EBADF);
	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		return cma_result(EINVAL);
	if (!rs_is_stream(rs))
		return cma_result(ENOTCONN);
	if (rs->state == RS_LISTENING)
		return cma_result(EOPNOTSUPP);
	return cma_result(rs_stream_shutdown(rs, how, PATIENCE_S * NS_PER_S));
}

static uint64_t patience_of(const struct rs_socket *rs)
{
	const struct linger *linger = &rs->options.linger;

	if (!linger->l_onoff)
		return PATIENCE_S * NS_PER_S;
	return linger->l_linger > 0 ? (uint64_t)linger->l_linger * NS_PER_S : 0;
}

int rclose(int socket)
{
	struct rs_socket *rs = rs_find(socket);

	if (!rs)
		return rs_set_close(socket) || rs_close_inherited(socket) ? 0 : cma_result(EBADF);
	if (rs_is_stream(rs) && rs->state == RS_ACCEPTING)
		rs_stream_ready(rs, true);
	if (rs_is_stream(rs) && rs->state == RS_CONNECTED)
		rs_stream_shutdown(rs, SHUT_RDWR, patience_of(rs));
	rs_socket_free(rs);
	return 0;
}
