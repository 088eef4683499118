/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets as the command line asks for them: opened, connected, bound, accepted; see link.h. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>

#include <rdma/rdma_cma.h>
#include <rdma/rsocket.h>

#include "libibverbs/examples/common/report.h"
#include "librdmacm/tools/common/address.h"
#include "link.h"
#include "place.h"

/* ---- options of the socket ---- */

struct setting {
	int level, name;
	long value;
	const char *what;
	bool wanted;
};

static bool stream(const struct rs_link *link)
{
	return link->wish->type == SOCK_STREAM;
}

static bool rdma(const struct rs_link *link)
{
	return link->calls == &rs_calls_rdma;
}

static int set(const struct rs_link *link, const struct setting *setting)
{
	int value = (int)setting->value;

	if (!setting->wanted || !link->calls->setsockopt(link->fd, setting->level, setting->name,
							 &value, sizeof(value)))
		return 0;
	return tool_error(errno, "cannot set %s of %d for %s", setting->what, value,
			  link->calls->name);
}

/* Sizes of rsockets count before they are connected; accepted ones have those of the listener. */
static int set_all(const struct rs_link *link)
{
	const struct rs_wish *wish = link->wish;
	const struct setting settings[] = {
		{SOL_SOCKET, SO_SNDBUF, wish->buffer, "a send buffer (-B)", wish->buffer > 0},
		{SOL_SOCKET, SO_RCVBUF, wish->buffer, "a receive buffer (-B)", wish->buffer > 0},
		{IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY", stream(link)},
		{SOL_RDMA, RDMA_INLINE, wish->inline_size, "an inline length (-i)",
		 wish->inline_size >= 0 && rdma(link)},
		{SOL_RDMA, RDMA_IOMAPSIZE, wish->maps, "a number of maps",
		 wish->maps && rdma(link)},
		{SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE", wish->keepalive > 0},
		{IPPROTO_TCP, TCP_KEEPIDLE, wish->keepalive, "a time to keep-alives (-k)",
		 wish->keepalive > 0},
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]) && !err; i++)
		err = set(link, &settings[i]);
	return err;
}

static int unblock(const struct rs_link *link)
{
	if (link->wish->blocking && !link->wish->async)
		return 0;
	if (link->calls->fcntl(link->fd, F_SETFL, O_NONBLOCK))
		return tool_error(errno, "cannot make %s nonblocking", link->calls->name);
	return 0;
}

static int open_link(struct rs_link *link, const struct rs_calls *calls, const struct rs_wish *wish,
		     const struct rs_place *place)
{
	int err;

	*link = (struct rs_link){.calls = calls, .wish = wish};
	link->fd = calls->socket(place->family, (int)wish->type, place->protocol);
	if (link->fd < 0)
		return tool_error(errno, "cannot open %s%s", calls->name,
				  rdma(link) ? " (-T sockets is without RDMA)" : "");
	/* A peer that leaves is told by errno. */
	signal(SIGPIPE, SIG_IGN);
	err = set_all(link);
	if (err)
		calls->close(link->fd);
	return err;
}

static const struct rs_calls *wished(const struct rs_wish *wish)
{
	return wish->sockets ? &rs_calls_system : &rs_calls_rdma;
}

static const struct sockaddr *address(const struct sockaddr_storage *storage)
{
	return (const struct sockaddr *)storage;
}

/* ---- clients ---- */

static int set_route(const struct rs_link *link, const struct rs_place *place)
{
	if (!place->found || !place->found->ai_route_len || !rdma(link))
		return 0;
	if (!link->calls->setsockopt(link->fd, SOL_RDMA, RDMA_ROUTE, place->found->ai_route,
				     (socklen_t)place->found->ai_route_len))
		return 0;
	return tool_error(errno, "cannot set the route that -T resolve has found");
}

/* A connection that is on its way stands, or has failed, when the socket can be written. */
static int await_connection(const struct rs_link *link)
{
	struct pollfd ready = {.fd = link->fd, .events = POLLOUT};
	socklen_t size = sizeof(int);
	int err = 0;

	if (link->calls->poll(&ready, 1, -1) < 0 ||
	    link->calls->getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &err, &size))
		return errno;
	return err;
}

static int connect_link(struct rs_link *link, const struct rs_place *place)
{
	char text[CM_ADDRESS_TEXT_SIZE];
	int err = set_route(link, place);

	if (err)
		return err;
	cm_address_format(address(&place->local), text, sizeof(text));
	if (place->local_size &&
	    link->calls->bind(link->fd, address(&place->local), place->local_size))
		return tool_error(errno, "cannot leave from %s (-b)", text);
	err = unblock(link);
	if (err)
		return err;
	cm_address_format(address(&place->remote), text, sizeof(text));
	if (link->calls->connect(link->fd, address(&place->remote), place->remote_size))
		err = errno == EINPROGRESS ? await_connection(link) : errno;
	return err ? tool_error(err, "cannot connect to %s by %s", text, link->calls->name) : 0;
}

int rs_link_connect(struct rs_link *link, const struct rs_wish *wish)
{
	struct rs_place place;
	int err = rs_place_find(&place, wish);

	if (!err)
		err = open_link(link, wished(wish), wish, &place);
	if (!err) {
		err = connect_link(link, &place);
		if (err)
			link->calls->close(link->fd);
	}
	rs_place_free(&place);
	return err;
}

/* ---- servers ---- */

/* quiet: that somebody else has the port is no error. */
static int bind_link(struct rs_link *link, const struct rs_place *place, bool quiet)
{
	char text[CM_ADDRESS_TEXT_SIZE];
	int reuse = 1;

	if (link->wish->type == SOCK_STREAM &&
	    link->calls->setsockopt(link->fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse)))
		return tool_error(errno, "cannot set SO_REUSEADDR for %s", link->calls->name);
	if (!link->calls->bind(link->fd, address(&place->local), place->local_size))
		return 0;
	if (quiet && errno == EADDRINUSE)
		return EADDRINUSE;
	cm_address_format(address(&place->local), text, sizeof(text));
	return tool_error(errno, "cannot bind %s to %s (-b, -p)", link->calls->name, text);
}

int rs_link_bind(struct rs_link *link, const struct rs_wish *wish)
{
	struct rs_place place;
	int err = rs_place_find(&place, wish);

	if (!err)
		err = open_link(link, wished(wish), wish, &place);
	if (!err) {
		err = bind_link(link, &place, false);
		if (!err)
			err = unblock(link);
		if (err)
			link->calls->close(link->fd);
	}
	rs_place_free(&place);
	return err;
}

static int add_end(struct rs_listener *listener, const struct rs_calls *calls,
		   const struct rs_wish *wish, const struct rs_place *place)
{
	struct rs_link *link = &listener->ends[listener->count];
	int err = open_link(link, calls, wish, place);

	if (err)
		return err;
	err = bind_link(link, place, listener->count > 0);
	if (!err && calls->listen(link->fd, 1))
		err = tool_error(errno, "cannot listen by %s", calls->name);
	if (!err && calls->fcntl(link->fd, F_SETFL, O_NONBLOCK))
		err = tool_error(errno, "cannot make %s nonblocking", calls->name);
	if (err)
		calls->close(link->fd);
	else
		listener->count++;
	return err;
}

/* Where the kernel's connection manager has taken the TCP port, as for iWARP, clients without RDMA
 * find nobody; that is as if the server had been told so. */
int rs_listener_open(struct rs_listener *listener, const struct rs_wish *wish)
{
	struct rs_place place;
	int err;

	listener->count = 0;
	err = rs_place_find(&place, wish);
	if (!err)
		err = add_end(listener, wished(wish), wish, &place);
	if (!err && wish->either && !wish->sockets && place.family != AF_IB) {
		err = add_end(listener, &rs_calls_system, wish, &place);
		if (err == EADDRINUSE)
			err = 0;
	}
	rs_place_free(&place);
	return err;
}

void rs_listener_close(struct rs_listener *listener)
{
	while (listener->count) {
		struct rs_link *link = &listener->ends[--listener->count];

		link->calls->close(link->fd);
	}
}

/* The end that has a client, or NULL and errno. rpoll() takes descriptors of both kinds. */
static struct rs_link *await_client(struct rs_listener *listener)
{
	struct pollfd ready[RS_ENDS];

	for (int i = 0; i < listener->count; i++)
		ready[i] = (struct pollfd){.fd = listener->ends[i].fd, .events = POLLIN};
	if (listener->ends[0].calls->poll(ready, (nfds_t)listener->count, -1) < 0)
		return NULL;
	for (int i = 0; i < listener->count; i++)
		if (ready[i].revents)
			return &listener->ends[i];
	errno = EAGAIN;
	return NULL;
}

int rs_listener_accept(struct rs_listener *listener, struct rs_link *link)
{
	for (;;) {
		struct rs_link *end = await_client(listener);
		int fd = end ? end->calls->accept(end->fd, NULL, NULL) : -1;

		if (fd >= 0) {
			*link = *end;
			link->fd = fd;
			return unblock(link);
		}
		if (rs_link_retry(errno))
			return tool_error(errno, "cannot accept a client");
	}
}
