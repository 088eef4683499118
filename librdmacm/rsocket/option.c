/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Options. Sizes of queues and buffers hold for connections made afterwards; a listener's hold for
 * those that it accepts. What has no meaning here is refused with ENOPROTOOPT.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "librdmacm/rsocket/config.h"
#include "librdmacm/rsocket/socket.h"

static int get_int(const void *value, socklen_t length, int *number)
{
	if (!value)
		return EFAULT;
	if (length < sizeof(*number))
		return EINVAL;
	memcpy(number, value, sizeof(*number));
	return 0;
}

static int give(const void *from, size_t size, void *value, socklen_t *length)
{
	if (!value || !length)
		return EFAULT;
	if (*length < size)
		return EINVAL;
	memcpy(value, from, size);
	*length = (socklen_t)size;
	return 0;
}

static int give_int(int64_t number, void *value, socklen_t *length)
{
	int copy = (int)number;

	return give(&copy, sizeof(copy), value, length);
}

/* The connection manager keeps it with the id; before that the port may be somebody else's. */
static int set_flag_of_id(struct rs_socket *rs, int option, int number)
{
	int flag = number != 0;

	if (!rs->stream.id)
		return 0;
	return rdma_set_option(rs->stream.id, RDMA_OPTION_ID, option, &flag, sizeof(flag)) ? errno
											   : 0;
}

/* Queues are made when a connection is. */
static int set_size(struct rs_socket *rs, uint32_t *size, int number, uint32_t least, uint32_t most)
{
	if (number < 0)
		return EINVAL;
	if (rs_is_stream(rs) && rs->state >= RS_CONNECTING)
		return EISCONN;
	*size = rs_clamp(number, least, most);
	return 0;
}

static int set_linger(struct rs_socket *rs, const void *value, socklen_t length)
{
	if (!value)
		return EFAULT;
	if (length < sizeof(struct linger))
		return EINVAL;
	memcpy(&rs->options.linger, value, sizeof(struct linger));
	return 0;
}

static int set_keepalive(struct rs_socket *rs, bool on)
{
	rs->options.keepalive = on;
	/* Nothing to keep yet of one that listens; it is inherited. */
	return rs_is_stream(rs) && rs->state != RS_LISTENING ? rs_keepalive_update(rs) : 0;
}

/* What TCP lets be as it is while connected; the buffers of a connection here stay what they are.
 */
static int set_buffer(struct rs_socket *rs, uint32_t *size, int number)
{
	if (rs_is_stream(rs) && rs->state >= RS_CONNECTING)
		return 0;
	return set_size(rs, size, number, RS_MIN_BUFFER, RS_MAX_BUFFER);
}

static int set_socket(struct rs_socket *rs, int option, const void *value, socklen_t length)
{
	int number, err;

	if (option == SO_LINGER)
		return set_linger(rs, value, length);
	err = get_int(value, length, &number);
	if (err)
		return err;
	switch (option) {
	case SO_REUSEADDR:
		rs->options.reuse_address = number;
		return rs_is_stream(rs) ? set_flag_of_id(rs, RDMA_OPTION_ID_REUSEADDR, number)
					: rs_datagrams_reuse(rs, number);
	case SO_RCVBUF:
		return set_buffer(rs, &rs->limits.receive_buffer, number);
	case SO_SNDBUF:
		return set_buffer(rs, &rs->limits.send_buffer, number);
	case SO_KEEPALIVE:
		return set_keepalive(rs, number);
	case SO_OOBINLINE:
		rs->options.oob_inline = number;
		return 0;
	default:
		return ENOPROTOOPT;
	}
}

static int set_time(struct rs_socket *rs, int *member, int number)
{
	if (number < 1 || number > 32767)
		return EINVAL;
	*member = number;
	return rs->options.keepalive ? set_keepalive(rs, true) : 0;
}

static int set_tcp(struct rs_socket *rs, int option, const void *value, socklen_t length)
{
	int number, err = get_int(value, length, &number);

	if (err)
		return err;
	switch (option) {
	case TCP_NODELAY:
		/* Nothing is ever held back. */
		rs->options.no_delay = number;
		return 0;
	case TCP_KEEPIDLE:
		return set_time(rs, &rs->options.keepalive_idle_s, number);
	case TCP_KEEPINTVL:
		return set_time(rs, &rs->options.keepalive_interval_s, number);
	case TCP_KEEPCNT:
		if (number < 1 || number > 127)
			return EINVAL;
		rs->options.keepalive_probes = number;
		return 0;
	case TCP_MAXSEG:
		return 0;
	default:
		return ENOPROTOOPT;
	}
}

static int set_ipv6(struct rs_socket *rs, int option, const void *value, socklen_t length)
{
	int number, err = get_int(value, length, &number);

	if (err)
		return err;
	if (option != IPV6_V6ONLY)
		return ENOPROTOOPT;
	rs->options.v6_only = number;
	return rs_is_stream(rs) ? set_flag_of_id(rs, RDMA_OPTION_ID_AFONLY, number) : 0;
}

static int set_route(struct rs_socket *rs, const void *value, socklen_t length)
{
	struct ibv_path_data *route;

	if (!rs_is_stream(rs))
		return ENOPROTOOPT;
	if (!value)
		return EFAULT;
	if (!length || length % sizeof(*route))
		return EINVAL;
	route = malloc(length);
	if (!route)
		return ENOMEM;
	memcpy(route, value, length);
	free(rs->stream.route);
	rs->stream.route = route;
	rs->stream.route_length = length;
	return 0;
}

static int set_rdma(struct rs_socket *rs, int option, const void *value, socklen_t length)
{
	struct rs_limits *limits = &rs->limits;
	int number, err;

	if (option == RDMA_ROUTE)
		return set_route(rs, value, length);
	err = get_int(value, length, &number);
	if (err)
		return err;
	switch (option) {
	case RDMA_SQSIZE:
		return set_size(rs, &limits->sq_size, number, RS_MIN_QUEUE, RS_MAX_QUEUE);
	case RDMA_RQSIZE:
		return set_size(rs, &limits->rq_size, number, RS_MIN_QUEUE, RS_MAX_QUEUE);
	case RDMA_INLINE:
		return set_size(rs, &limits->inline_size, number, 0, RS_MAX_INLINE);
	case RDMA_IOMAPSIZE:
		return set_size(rs, &limits->iomap_size, number, 0, RS_MAX_IOMAPS);
	default:
		return ENOPROTOOPT;
	}
}

int rsetsockopt(int socket, int level, int optname, const void *optval, socklen_t optlen)
{
	struct rs_socket *rs = rs_find(socket);

	if (!rs)
		return cma_result(EBADF);
	switch (level) {
	case SOL_SOCKET:
		return cma_result(set_socket(rs, optname, optval, optlen));
	case IPPROTO_TCP:
		return cma_result(rs_is_stream(rs) ? set_tcp(rs, optname, optval, optlen)
						   : ENOPROTOOPT);
	case IPPROTO_IPV6:
		return cma_result(rs->domain == AF_INET6 ? set_ipv6(rs, optname, optval, optlen)
							 : ENOPROTOOPT);
	case SOL_RDMA:
		return cma_result(set_rdma(rs, optname, optval, optlen));
	default:
		return cma_result(ENOPROTOOPT);
	}
}

static int get_socket(struct rs_socket *rs, int option, void *value, socklen_t *length)
{
	const struct rs_options *options = &rs->options;

	switch (option) {
	case SO_REUSEADDR:
		return give_int(options->reuse_address, value, length);
	case SO_RCVBUF:
		return give_int(rs->limits.receive_buffer, value, length);
	case SO_SNDBUF:
		return give_int(rs->limits.send_buffer, value, length);
	case SO_LINGER:
		return give(&options->linger, sizeof(options->linger), value, length);
	case SO_KEEPALIVE:
		return give_int(options->keepalive, value, length);
	case SO_OOBINLINE:
		return give_int(options->oob_inline, value, length);
	case SO_ERROR:
		return give_int(atomic_exchange(&rs->error, 0), value, length);
	case SO_TYPE:
		return give_int(rs->type, value, length);
	case SO_DOMAIN:
		return give_int(rs->domain, value, length);
	case SO_PROTOCOL:
		return give_int(rs_is_stream(rs) ? IPPROTO_TCP : IPPROTO_UDP, value, length);
	case SO_ACCEPTCONN:
		return give_int(rs->state == RS_LISTENING, value, length);
	default:
		return ENOPROTOOPT;
	}
}

/* What one packet of the connection carries. */
static int segment(const struct rs_socket *rs)
{
	const struct rs_stream *stream = &rs->stream;
	struct ibv_port_attr port;

	if (rs->state != RS_CONNECTED ||
	    ibv_query_port(stream->id->verbs, stream->id->port_num, &port))
		return 2048;
	return 128 << port.active_mtu;
}

static int get_tcp(const struct rs_socket *rs, int option, void *value, socklen_t *length)
{
	const struct rs_options *options = &rs->options;

	switch (option) {
	case TCP_NODELAY:
		return give_int(options->no_delay, value, length);
	case TCP_KEEPIDLE:
		return give_int(options->keepalive_idle_s, value, length);
	case TCP_KEEPINTVL:
		return give_int(options->keepalive_interval_s, value, length);
	case TCP_KEEPCNT:
		return give_int(options->keepalive_probes, value, length);
	case TCP_MAXSEG:
		return give_int(segment(rs), value, length);
	default:
		return ENOPROTOOPT;
	}
}

static int get_route(const struct rs_socket *rs, void *value, socklen_t *length)
{
	if (!rs->stream.route)
		return ENODATA;
	return give(rs->stream.route, rs->stream.route_length, value, length);
}

static int get_rdma(const struct rs_socket *rs, int option, void *value, socklen_t *length)
{
	switch (option) {
	case RDMA_SQSIZE:
		return give_int(rs->limits.sq_size, value, length);
	case RDMA_RQSIZE:
		return give_int(rs->limits.rq_size, value, length);
	case RDMA_INLINE:
		return give_int(rs->limits.inline_size, value, length);
	case RDMA_IOMAPSIZE:
		return give_int(rs->limits.iomap_size, value, length);
	case RDMA_ROUTE:
		return get_route(rs, value, length);
	default:
		return ENOPROTOOPT;
	}
}

int rgetsockopt(int socket, int level, int optname, void *optval, socklen_t *optlen)
{
	struct rs_socket *rs = rs_find(socket);

	if (!rs)
		return cma_result(EBADF);
	switch (level) {
	case SOL_SOCKET:
		return cma_result(get_socket(rs, optname, optval, optlen));
	case IPPROTO_TCP:
		return cma_result(rs_is_stream(rs) ? get_tcp(rs, optname, optval, optlen)
						   : ENOPROTOOPT);
	case IPPROTO_IPV6:
		return cma_result(rs->domain == AF_INET6 && optname == IPV6_V6ONLY
					  ? give_int(rs->options.v6_only, optval, optlen)
					  : ENOPROTOOPT);
	case SOL_RDMA:
		return cma_result(get_rdma(rs, optname, optval, optlen));
	default:
		return cma_result(ENOPROTOOPT);
	}
}

/* Status flags; only O_NONBLOCK means anything. */
int rfcntl(int socket, int cmd, ...)
{
	struct rs_socket *rs = rs_find(socket);
	va_list args;
	int flags;

	if (!rs)
		return cma_result(EBADF);
	switch (cmd) {
	case F_GETFL:
		return O_RDWR | rs->flags;
	case F_SETFL:
		va_start(args, cmd);
		flags = va_arg(args, int);
		va_end(args);
		rs->flags = flags & O_NONBLOCK;
		return 0;
	case F_GETFD:
		return fcntl(socket, F_GETFD);
	case F_SETFD:
		va_start(args, cmd);
		flags = va_arg(args, int);
		va_end(args);
		return fcntl(socket, F_SETFD, flags);
	default:
		return cma_result(EINVAL);
	}
}
