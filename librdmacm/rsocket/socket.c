/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The life of a socket and its addresses. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "librdmacm/rsocket/config.h"
#include "librdmacm/rsocket/socket.h"

int rs_watch(struct rs_socket *rs, int fd, void *what)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

	return epoll_ctl(rs->fd, EPOLL_CTL_ADD, fd, &event) ? errno : 0;
}

static void set_defaults(struct rs_socket *rs)
{
	const struct rs_config *config = rs_config();

	rs->limits = (struct rs_limits){
		.sq_size = config->sq_size,
		.rq_size = config->rq_size,
		.inline_size = config->inline_size,
		.receive_buffer = config->receive_buffer,
		.send_buffer = config->send_buffer,
		.iomap_size = config->iomap_size,
	};
	/* Those of TCP on Linux. */
	rs->options.keepalive_idle_s = 7200;
	rs->options.keepalive_interval_s = 75;
	rs->options.keepalive_probes = 9;
}

int rs_socket_new(int domain, int type, struct rs_socket **created)
{
	struct rs_socket *rs = calloc(1, sizeof(*rs));
	int err;

	if (!rs)
		return ENOMEM;
	rs->domain = domain;
	rs->type = type;
	rs->keepalive_timer = -1;
	list_init(&rs->sleepers);
	list_init(&rs->members);
	list_init(&rs->stream.maps);
	pthread_mutex_init(&rs->send_lock, NULL);
	pthread_mutex_init(&rs->receive_lock, NULL);
	pthread_mutex_init(&rs->lock, NULL);
	set_defaults(rs);
	rs->fd = epoll_create1(EPOLL_CLOEXEC);
	err = rs->fd < 0 ? errno : rs_table_insert(rs);
	if (err) {
		rs_socket_free(rs);
		return err;
	}
	*created = rs;
	return 0;
}

static void free_stream(struct rs_socket *rs)
{
	struct rs_stream *stream = &rs->stream;

	rs_listener_free(stream->listener);
	rs_stream_release(rs);
	if (stream->id)
		rdma_destroy_id(stream->id);
	if (stream->channel)
		rdma_destroy_event_channel(stream->channel);
	free(stream->route);
}

void rs_socket_free(struct rs_socket *rs)
{
	rs_members_leave(rs);
	rs_keepalive_stop(rs);
	if (rs->datagrams)
		rs_datagrams_free(rs);
	else
		free_stream(rs);
	if (rs->fd >= 0) {
		if (rs_find(rs->fd) == rs)
			rs_table_remove(rs);
		close(rs->fd);
	}
	pthread_mutex_destroy(&rs->lock);
	pthread_mutex_destroy(&rs->receive_lock);
	pthread_mutex_destroy(&rs->send_lock);
	free(rs);
}

static int open_stream(struct rs_socket *rs)
{
	struct rs_stream *stream = &rs->stream;

	stream->channel = rdma_create_event_channel();
	if (!stream->channel)
		return errno;
	if (fcntl(stream->channel->fd, F_SETFL, O_NONBLOCK))
		return errno;
	if (rdma_create_id(stream->channel, &stream->id, rs,
			   rs->domain == AF_IB ? RDMA_PS_IB : RDMA_PS_TCP))
		return errno;
	return rs_watch(rs, stream->channel->fd, stream->channel);
}

static int check_kind(int domain, int type, int protocol)
{
	if (domain != AF_INET && domain != AF_INET6 && domain != AF_IB)
		return EAFNOSUPPORT;
	if (type == SOCK_STREAM)
		return protocol && protocol != IPPROTO_TCP ? EPROTONOSUPPORT : 0;
	if (type == SOCK_DGRAM && domain != AF_IB)
		return protocol && protocol != IPPROTO_UDP ? EPROTONOSUPPORT : 0;
	return EPROTONOSUPPORT;
}

int rsocket(int domain, int type, int protocol)
{
	int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
	int err = check_kind(domain, kind, protocol);
	struct rs_socket *rs;

	if (!err)
		err = rs_socket_new(domain, kind, &rs);
	if (err)
		return cma_result(err);
	if (type & SOCK_NONBLOCK)
		rs->flags = O_NONBLOCK;
	err = kind == SOCK_STREAM ? open_stream(rs) : rs_datagrams_new(rs);
	if (err) {
		rs_socket_free(rs);
		return cma_result(err);
	}
	return rs->fd;
}

static int bind_stream(struct rs_socket *rs, const struct sockaddr *address, socklen_t length)
{
	struct sockaddr_storage copy = {0};
	struct rdma_cm_id *id = rs->stream.id;

	if (rs->state != RS_FRESH)
		return EINVAL;
	if (!address || length > sizeof(copy) || length < sizeof(address->sa_family))
		return EINVAL;
	memcpy(&copy, address, length);
	if (copy.ss_family != rs->domain)
		return EAFNOSUPPORT;
	if (length < cma_address_length((struct sockaddr *)&copy))
		return EINVAL;
	if (rdma_bind_addr(id, (struct sockaddr *)&copy))
		return errno;
	rs->state = RS_BOUND;
	return 0;
}

int rbind(int socket, const struct sockaddr *addr, socklen_t addrlen)
{
	struct rs_socket *rs = rs_find(socket);

	if (!rs)
		return cma_result(EBADF);
	return cma_result(rs_is_stream(rs) ? bind_stream(rs, addr, addrlen)
					   : rs_datagrams_bind(rs, addr, addrlen));
}

/* As much of it as there is room for, and the length of all of it. */
static int give_name(const struct sockaddr *name, socklen_t size, struct sockaddr *address,
		     socklen_t *length)
{
	if (!length || (!address && *length))
		return EFAULT;
	if (size)
		memcpy(address, name, size < *length ? size : *length);
	*length = size;
	return 0;
}

/* A socket that has no address yet has the one that stands for all of its domain. */
static int own_name(struct rs_socket *rs, struct sockaddr *address, socklen_t *length)
{
	struct sockaddr *name = rdma_get_local_addr(rs->stream.id);
	struct sockaddr_storage none = {.ss_family = (sa_family_t)rs->domain};

	if (!name->sa_family)
		name = (struct sockaddr *)&none;
	return give_name(name, cma_address_length(name), address, length);
}

static int peer_name(struct rs_socket *rs, struct sockaddr *address, socklen_t *length)
{
	const struct sockaddr *name = rdma_get_peer_addr(rs->stream.id);

	if (rs->state != RS_CONNECTED && rs->state != RS_ACCEPTING)
		return ENOTCONN;
	return give_name(name, cma_address_length(name), address, length);
}

int rgetsockname(int socket, struct sockaddr *addr, socklen_t *addrlen)
{
	struct rs_socket *rs = rs_find(socket);

	if (!rs)
		return cma_result(EBADF);
	return cma_result(rs_is_stream(rs) ? own_name(rs, addr, addrlen)
					   : rs_datagrams_name(rs, false, addr, addrlen));
}

int rgetpeername(int socket, struct sockaddr *addr, socklen_t *addrlen)
{
	struct rs_socket *rs = rs_find(socket);

	if (!rs)
		return cma_result(EBADF);
	return cma_result(rs_is_stream(rs) ? peer_name(rs, addr, addrlen)
					   : rs_datagrams_name(rs, true, addr, addrlen));
}
