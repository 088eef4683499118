/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Making connections. Events of the connection manager move a socket from state to state, whoever
 * takes them; a caller that may wait does nothing but wait for the last state.
 */
#include <stdlib.h>

#include "librdmacm/rsocket/socket.h"

enum { RESOLVE_MS = 2000, RESOLVE_TRIES = 3 };

bool rs_is_connecting(const struct rs_socket *rs)
{
	return rs->state >= RS_RESOLVING_ADDRESS && rs->state <= RS_ACCEPTING;
}

static struct rdma_conn_param terms_of(struct rs_hello *hello)
{
	return (struct rdma_conn_param){
		.private_data = hello,
		.private_data_len = sizeof(*hello),
		.responder_resources = 1,
		.initiator_depth = 1,
		.flow_control = 1,
		.retry_count = 7,
		.rnr_retry_count = 7, /* for ever: control messages are not counted */
	};
}

static int resolve_address(struct rs_socket *rs)
{
	rs->state = RS_RESOLVING_ADDRESS;
	return rdma_resolve_addr(rs->stream.id, NULL, (struct sockaddr *)&rs->stream.peer,
				 RESOLVE_MS)
		       ? errno
		       : 0;
}

/* A route that the program knows needs no resolving. */
static int resolve_route(struct rs_socket *rs)
{
	struct rs_stream *stream = &rs->stream;

	rs->state = RS_RESOLVING_ROUTE;
	if (stream->route)
		return rdma_set_option(stream->id, RDMA_OPTION_IB, RDMA_OPTION_IB_PATH,
				       stream->route, stream->route_length)
			       ? errno
			       : 0;
	return rdma_resolve_route(stream->id, RESOLVE_MS) ? errno : 0;
}

static int send_request(struct rs_socket *rs)
{
	struct rs_hello hello;
	struct rdma_conn_param param = terms_of(&hello);
	int err = rs_stream_prepare(rs);

	if (err)
		return err;
	rs_stream_offer(rs, &hello);
	rs->state = RS_CONNECTING;
	return rdma_connect(rs->stream.id, &param) ? errno : 0;
}

static void connected(struct rs_socket *rs)
{
	rs->state = RS_CONNECTED;
	rs_settle(rs);
}

static int accepted_by_peer(struct rs_socket *rs, const struct rdma_cm_event *event)
{
	int err = rs_stream_take_offer(rs, event->param.conn.private_data,
				       event->param.conn.private_data_len);

	if (err)
		return err;
	rs->stream.can_read = true;
	rs->stream.can_write = true;
	connected(rs);
	return 0;
}

static int established(struct rs_socket *rs, const struct rdma_cm_event *event)
{
	if (rs->state == RS_CONNECTING)
		return accepted_by_peer(rs, event);
	if (rs->state == RS_ACCEPTING)
		connected(rs);
	return 0;
}

static int failure_of(const struct rdma_cm_event *event, int otherwise)
{
	return event->status < 0 ? -event->status : otherwise;
}

static bool worth_another_try(struct rs_socket *rs, const struct rdma_cm_event *event)
{
	return event->status == -ETIMEDOUT && ++rs->stream.tries < RESOLVE_TRIES;
}

/* The peer has left. If it had said so before, or both sides had, it is no news. */
static int disconnected(struct rs_socket *rs)
{
	if (rs->state == RS_CONNECTED || rs->state == RS_ACCEPTING)
		return ECONNRESET;
	return 0;
}

static int advance(struct rs_socket *rs, const struct rdma_cm_event *event)
{
	switch (event->event) {
	case RDMA_CM_EVENT_ADDR_RESOLVED:
		return resolve_route(rs);
	case RDMA_CM_EVENT_ADDR_ERROR:
		return worth_another_try(rs, event) ? resolve_address(rs)
						    : failure_of(event, EHOSTUNREACH);
	case RDMA_CM_EVENT_ROUTE_RESOLVED:
		return send_request(rs);
	case RDMA_CM_EVENT_ROUTE_ERROR:
		return worth_another_try(rs, event) ? resolve_route(rs)
						    : failure_of(event, EHOSTUNREACH);
	case RDMA_CM_EVENT_ESTABLISHED:
		return established(rs, event);
	case RDMA_CM_EVENT_REJECTED:
		return ECONNREFUSED;
	case RDMA_CM_EVENT_UNREACHABLE:
		return failure_of(event, ETIMEDOUT);
	case RDMA_CM_EVENT_CONNECT_ERROR:
		return failure_of(event, ECONNREFUSED);
	case RDMA_CM_EVENT_DISCONNECTED:
		return disconnected(rs);
	case RDMA_CM_EVENT_DEVICE_REMOVAL:
		return ENETDOWN;
	default:
		return 0;
	}
}

void rs_connection_events(struct rs_socket *rs)
{
	struct rdma_cm_event *event;

	while (!rdma_get_cm_event(rs->stream.channel, &event)) {
		int err = rs->state == RS_ENDED ? 0 : advance(rs, event);

		rdma_ack_cm_event(event);
		if (err)
			rs_fail(rs, err);
	}
}

static bool settled(struct rs_socket *rs)
{
	return !rs_is_connecting(rs);
}

/* With the lock held. */
static int start(struct rs_socket *rs, const struct sockaddr *address, socklen_t length)
{
	struct rs_stream *stream = &rs->stream;

	if (rs_is_connecting(rs))
		return EALREADY;
	if (rs->state == RS_CONNECTED)
		return EISCONN;
	if (rs->state > RS_BOUND)
		return rs->state == RS_LISTENING ? EOPNOTSUPP : EINVAL;
	if (!address || length < sizeof(address->sa_family) || length > sizeof(stream->peer))
		return EINVAL;
	if (address->sa_family != rs->domain)
		return EAFNOSUPPORT;
	if (length < cma_address_length(address))
		return EINVAL;
	memcpy(&stream->peer, address, length);
	return resolve_address(rs);
}

static int finish(struct rs_socket *rs)
{
	int err = rs_await(rs, settled, rs_nonblocking(rs, 0), 0);

	if (err)
		return err == EAGAIN ? EINPROGRESS : err;
	return rs->state == RS_CONNECTED ? 0 : atomic_exchange(&rs->error, 0);
}

int rconnect(int socket, const struct sockaddr *addr, socklen_t addrlen)
{
	struct rs_socket *rs = rs_find(socket);
	enum rs_state before;
	int err;

	if (!rs)
		return cma_result(EBADF);
	if (!rs_is_stream(rs))
		return cma_result(rs_datagrams_connect(rs, addr, addrlen));
	pthread_mutex_lock(&rs->lock);
	before = rs->state;
	err = start(rs, addr, addrlen);
	/* What could not even be begun may be tried again. */
	if (err && rs->state != before)
		rs->state = before;
	pthread_mutex_unlock(&rs->lock);
	return cma_result(err ? err : finish(rs));
}

int rs_stream_ready(struct rs_socket *rs, bool nonblocking)
{
	if (rs->state >= RS_CONNECTED)
		return 0;
	if (!rs_is_connecting(rs))
		return ENOTCONN;
	return rs_await(rs, settled, nonblocking, 0);
}
