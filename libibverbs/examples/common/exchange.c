/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The TCP connection of a ping-pong; see exchange.h. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "exchange.h"
#include "report.h"

static const char confirmation[] = "done";

/* Bounds every later wait for the peer; messages are small and answered, so no delay for more. */
static int set_patience(int fd)
{
	struct timeval patience = {.tv_sec = PP_PEER_PATIENCE_S};
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		return errno;
	return 0;
}

static int listen_on(int family, long port)
{
	struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	const void *any = family == AF_INET6 ? (void *)&any6 : (void *)&any4;
	socklen_t size = family == AF_INET6 ? sizeof(any6) : sizeof(any4);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, off = 0, saved;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off))) ||
	    bind(fd, any, size) || listen(fd, 1)) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

int pp_exchange_listen(struct pp_exchange *exchange, long port)
{
	exchange->listener = listen_on(AF_INET6, port);
	if (exchange->listener < 0 && errno != EADDRINUSE && errno != EACCES)
		exchange->listener = listen_on(AF_INET, port);
	if (exchange->listener < 0)
		return tool_error(errno, "cannot listen on TCP port %ld; --port chooses another",
				  port);
	return 0;
}

int pp_exchange_accept(struct pp_exchange *exchange)
{
	int err;

	do {
		exchange->peer = accept4(exchange->listener, NULL, NULL, SOCK_CLOEXEC);
	} while (exchange->peer < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (exchange->peer < 0)
		return tool_error(errno, "cannot accept a client");
	close(exchange->listener);
	exchange->listener = -1;
	err = set_patience(exchange->peer);
	return err ? tool_error(err, "cannot set up the connection to the client") : 0;
}

/* Tries each address once; the last errno if none answers. */
static int connect_any(const struct addrinfo *addresses, int *fd)
{
	int err = EADDRNOTAVAIL;

	for (const struct addrinfo *a = addresses; a; a = a->ai_next) {
		*fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (*fd < 0) {
			err = errno;
			continue;
		}
		if (!connect(*fd, a->ai_addr, a->ai_addrlen))
			return 0;
		err = errno;
		close(*fd);
		*fd = -1;
	}
	return err;
}

/* A server that was started together with the client may need a moment: a refusal is retried. */
static int connect_patiently(const struct addrinfo *addresses, int *fd)
{
	const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
	int err = connect_any(addresses, fd);

	for (int waited_ms = 0; err == ECONNREFUSED && waited_ms < PP_CONNECT_PATIENCE_MS;
	     waited_ms += 50) {
		nanosleep(&pause, NULL);
		err = connect_any(addresses, fd);
	}
	return err;
}

int pp_exchange_connect(struct pp_exchange *exchange, const char *host, long port)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *addresses;
	char service[8];
	int err;

	snprintf(service, sizeof(service), "%u", (unsigned int)port & 0xffff);
	err = getaddrinfo(host, service, &hints, &addresses);
	if (err)
		return tool_refuse("cannot find host '%s': %s", host, gai_strerror(err));
	err = connect_patiently(addresses, &exchange->peer);
	freeaddrinfo(addresses);
	if (err)
		return tool_error(err,
				  "cannot connect to %s, TCP port %ld (is the server running?)",
				  host, port);
	err = set_patience(exchange->peer);
	return err ? tool_error(err, "cannot set up the connection to %s", host) : 0;
}

static int send_all(int fd, const char *data, size_t size, int flags)
{
	while (size) {
		ssize_t sent = send(fd, data, size, MSG_NOSIGNAL | flags);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN ? ETIMEDOUT : errno;
		data += sent;
		size -= (size_t)sent;
	}
	return 0;
}

static int receive_all(int fd, char *data, size_t size)
{
	while (size) {
		ssize_t received = recv(fd, data, size, 0);

		if (received < 0 && errno == EINTR)
			continue;
		if (received < 0)
			return errno == EAGAIN ? ETIMEDOUT : errno;
		if (!received)
			return ECONNRESET;
		data += received;
		size -= (size_t)received;
	}
	return 0;
}

int pp_exchange_put(struct pp_exchange *exchange, const char *bytes, size_t size)
{
	return send_all(exchange->peer, bytes, size, 0);
}

int pp_exchange_get(struct pp_exchange *exchange, char *bytes, size_t size)
{
	return receive_all(exchange->peer, bytes, size);
}

int pp_exchange_send(struct pp_exchange *exchange, const struct pp_address *addresses, size_t count)
{
	char text[PP_ADDRESS_TEXT_SIZE];
	int err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		pp_address_encode(&addresses[i], text);
		err = send_all(exchange->peer, text, sizeof(text), i + 1 < count ? MSG_MORE : 0);
	}
	return err ? tool_error(err, "cannot send the local address to the peer") : 0;
}

int pp_exchange_receive(struct pp_exchange *exchange, struct pp_address *addresses, size_t count)
{
	char text[PP_ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < count; i++) {
		int err = receive_all(exchange->peer, text, sizeof(text));

		if (err)
			return tool_error(err, "the peer gave %zu of %zu addresses", i, count);
		if (pp_address_decode(text, &addresses[i]))
			return tool_error(EPROTO, "the peer sent something else than an address");
	}
	return 0;
}

int pp_exchange_confirm(struct pp_exchange *exchange)
{
	int err = send_all(exchange->peer, confirmation, sizeof(confirmation), 0);

	return err ? tool_error(err, "cannot confirm the exchange") : 0;
}

int pp_exchange_await_confirmation(struct pp_exchange *exchange)
{
	char text[sizeof(confirmation)];
	int err = receive_all(exchange->peer, text, sizeof(text));

	if (!err && memcmp(text, confirmation, sizeof(text)))
		err = EPROTO;
	return err ? tool_error(err, "the client did not confirm the exchange") : 0;
}

void pp_exchange_finish(struct pp_exchange *exchange)
{
	char byte;

	/* Nothing more is due: whatever ends the wait, the end of the stream or a stray byte. */
	if (!shutdown(exchange->peer, SHUT_WR))
		(void)!recv(exchange->peer, &byte, 1, 0);
}

void pp_exchange_close(struct pp_exchange *exchange)
{
	if (exchange->listener >= 0)
		close(exchange->listener);
	if (exchange->peer >= 0)
		close(exchange->peer);
	*exchange = PP_EXCHANGE_CLOSED;
}
