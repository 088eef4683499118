/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Listeners. Connections are taken by the service thread as they come, so a peer is connected
 * before raccept() is called, as with TCP. Those that find no more place are refused: there is
 * nobody who would ask again, so there is place for some even if little was asked for.
 */
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "librdmacm/rsocket/config.h"
#include "librdmacm/rsocket/socket.h"

enum { MIN_BACKLOG = 16, MAX_BACKLOG = 1024 };

struct rs_listener {
	struct rs_service_entry entry;
	struct rs_socket *rs;
	int ready_fd;	       /* as many as wait */
	pthread_mutex_t mutex; /* of what follows */
	unsigned int size, first;
	_Atomic unsigned int count;
	struct rs_socket *waiting[];
};

static int give_channel(struct rs_socket *rs)
{
	struct rs_stream *stream = &rs->stream;

	stream->channel = rdma_create_event_channel();
	if (!stream->channel)
		return errno;
	if (fcntl(stream->channel->fd, F_SETFL, O_NONBLOCK))
		return errno;
	if (rdma_migrate_id(stream->id, stream->channel))
		return errno;
	return rs_watch(rs, stream->channel->fd, stream->channel);
}

static int answer(struct rs_socket *rs, const struct rdma_conn_param *request)
{
	struct rs_hello hello;
	struct rdma_conn_param param = {.private_data = &hello,
					.private_data_len = sizeof(hello),
					.responder_resources = RDMA_MAX_RESP_RES,
					.initiator_depth = RDMA_MAX_INIT_DEPTH,
					.flow_control = 1,
					.rnr_retry_count = 7};
	int err = rs_stream_prepare(rs);

	if (!err)
		err = rs_stream_take_offer(rs, request->private_data, request->private_data_len);
	if (err)
		return err;
	rs_stream_offer(rs, &hello);
	rs->stream.can_read = true;
	rs->stream.can_write = true;
	rs->state = RS_ACCEPTING;
	return rdma_accept(rs->stream.id, &param) ? errno : 0;
}

/* A socket with what the listener's options say, for that id, which is the socket's from then on.
 */
static int make_socket(const struct rs_socket *listening, struct rdma_cm_id *id,
		       const struct rdma_conn_param *request, struct rs_socket **made)
{
	struct rs_socket *rs;
	int err = rs_socket_new(listening->domain, SOCK_STREAM, &rs);

	if (err) {
		rdma_reject(id, NULL, 0);
		rdma_destroy_id(id);
		return err;
	}
	rs->limits = listening->limits;
	rs->options = listening->options;
	rs->stream.id = id;
	id->context = rs;
	err = give_channel(rs);
	if (!err)
		err = answer(rs, request);
	if (!err)
		err = rs_keepalive_update(rs);
	if (err) {
		rdma_reject(id, NULL, 0);
		rs_socket_free(rs);
		return err;
	}
	*made = rs;
	return 0;
}

static void queue(struct rs_listener *listener, struct rs_socket *rs)
{
	pthread_mutex_lock(&listener->mutex);
	listener->waiting[(listener->first + listener->count++) % listener->size] = rs;
	listener->rs->arrivals++;
	eventfd_write(listener->ready_fd, 1);
	pthread_mutex_unlock(&listener->mutex);
}

static void request_arrived(struct rs_listener *listener, const struct rdma_cm_event *event)
{
	struct rs_socket *rs;

	if (listener->count == listener->size) {
		rdma_reject(event->id, NULL, 0);
		rdma_destroy_id(event->id);
	} else if (!make_socket(listener->rs, event->id, &event->param.conn, &rs)) {
		queue(listener, rs);
	}
}

static void handle(struct rs_service_entry *entry)
{
	struct rs_listener *listener = (struct rs_listener *)entry;
	struct rdma_cm_event *event;

	if (rdma_get_cm_event(listener->rs->stream.channel, &event))
		return;
	if (event->event == RDMA_CM_EVENT_CONNECT_REQUEST)
		request_arrived(listener, event);
	else if (event->event == RDMA_CM_EVENT_DEVICE_REMOVAL)
		listener->rs->error = ENETDOWN;
	rdma_ack_cm_event(event);
}

static int listener_new(struct rs_socket *rs, int backlog)
{
	unsigned int size = rs_clamp(backlog, MIN_BACKLOG, MAX_BACKLOG);
	struct rs_listener *listener =
		calloc(1, sizeof(*listener) + size * sizeof(listener->waiting[0]));
	int err;

	if (!listener)
		return ENOMEM;
	listener->rs = rs;
	listener->size = size;
	pthread_mutex_init(&listener->mutex, NULL);
	listener->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	err = listener->ready_fd < 0 ? errno : rs_watch(rs, listener->ready_fd, listener);
	if (err) {
		rs_listener_free(listener);
		return err;
	}
	rs->stream.listener = listener;
	return 0;
}

void rs_listener_free(struct rs_listener *listener)
{
	if (!listener)
		return;
	rs_service_remove(&listener->entry);
	for (; listener->count; listener->count--)
		rs_socket_free(listener->waiting[listener->first++ % listener->size]);
	if (listener->ready_fd >= 0)
		close(listener->ready_fd);
	pthread_mutex_destroy(&listener->mutex);
	free(listener);
}

bool rs_listener_filled(const struct rs_listener *listener)
{
	return listener && listener->count;
}

/* From here on the service thread has the channel. */
static int start(struct rs_socket *rs, int backlog)
{
	int fd = rs->stream.channel->fd, err;

	if (rdma_listen(rs->stream.id, (int)rs_clamp(backlog, MIN_BACKLOG, MAX_BACKLOG)))
		return errno;
	err = listener_new(rs, backlog);
	if (err)
		return err;
	epoll_ctl(rs->fd, EPOLL_CTL_DEL, fd, NULL);
	err = rs_service_add(&rs->stream.listener->entry, fd, handle);
	if (err)
		return err;
	rs->state = RS_LISTENING;
	return 0;
}

int rlisten(int socket, int backlog)
{
	struct rs_socket *rs = rs_find(socket);
	int err = 0;

	if (!rs)
		return cma_result(EBADF);
	if (!rs_is_stream(rs))
		return cma_result(EOPNOTSUPP);
	pthread_mutex_lock(&rs->lock);
	if (rs->state == RS_FRESH || rs->state == RS_BOUND)
		err = start(rs, backlog);
	else if (rs->state != RS_LISTENING)
		err = EINVAL;
	pthread_mutex_unlock(&rs->lock);
	return cma_result(err);
}

static struct rs_socket *take(struct rs_listener *listener)
{
	struct rs_socket *rs = NULL;
	eventfd_t one;

	pthread_mutex_lock(&listener->mutex);
	if (listener->count) {
		rs = listener->waiting[listener->first++ % listener->size];
		listener->count--;
		eventfd_read(listener->ready_fd, &one);
	}
	pthread_mutex_unlock(&listener->mutex);
	return rs;
}

static bool somebody_waits(struct rs_socket *rs)
{
	return rs_listener_filled(rs->stream.listener) || rs->error;
}

static int accept_next(struct rs_socket *rs, struct rs_socket **accepted)
{
	int err = 0;

	do {
		*accepted = take(rs->stream.listener);
		if (!*accepted)
			err = rs_await(rs, somebody_waits, rs_nonblocking(rs, 0), 0);
		if (!err && !*accepted)
			err = atomic_exchange(&rs->error, 0);
	} while (!err && !*accepted);
	return err;
}

int raccept(int socket, struct sockaddr *addr, socklen_t *addrlen)
{
	struct rs_socket *rs = rs_find(socket), *accepted;
	int err;

	if (!rs)
		return cma_result(EBADF);
	if (!rs_is_stream(rs))
		return cma_result(EOPNOTSUPP);
	if (rs->state != RS_LISTENING)
		return cma_result(EINVAL);
	err = accept_next(rs, &accepted);
	if (err)
		return cma_result(err);
	if (addr && addrlen)
		rgetpeername(accepted->fd, addr, addrlen);
	return accepted->fd;
}
