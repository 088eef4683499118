/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How the peers of cmtime find each other and keep in step. The one that can bind the controller's
 * address is the root; the others tell it by TCP where they listen, and get the whole list. At each
 * point everybody sends the root a byte, and goes on with the root's.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmtime.h"
#include "libibverbs/examples/common/report.h"

/* What peers tell of themselves, as Debian's cmtime does (observed). */
struct record {
	struct sockaddr_storage address;
	uint32_t listens;
	uint32_t reserved;
};

_Static_assert(sizeof(struct record) == 136, "a record has 136 bytes");

static int transfer(ssize_t done, size_t size)
{
	if (done == (ssize_t)size)
		return 0;
	if (done >= 0) {
		tool_refuse("another peer has left");
		return ECONNRESET;
	}
	return tool_error(errno, "cannot talk to another peer");
}

static int give(int socket, const void *data, size_t size)
{
	return transfer(send(socket, data, size, MSG_NOSIGNAL), size);
}

static int take(int socket, void *data, size_t size)
{
	return transfer(recv(socket, data, size, MSG_WAITALL), size);
}

static void hasten(int socket)
{
	const int yes = 1;

	setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

/* ---- the root ---- */

static int await_peers(struct cmtime_meeting *meeting, int listener)
{
	for (; meeting->socket_count < cmtime_config.peers - 1; meeting->socket_count++) {
		int socket = accept(listener, NULL, NULL);

		if (socket < 0)
			return tool_error(errno, "cannot take another peer");
		hasten(socket);
		meeting->sockets[meeting->socket_count] = socket;
	}
	return 0;
}

static int lead(struct cmtime_meeting *meeting, int listener, struct record *all)
{
	size_t size = sizeof(*all) * (size_t)cmtime_config.peers;
	int err;

	if (listen(listener, (int)cmtime_config.peers))
		return tool_error(errno, "cannot listen at %s", cmtime_config.controller);
	err = await_peers(meeting, listener);
	for (long i = 0; i < meeting->socket_count && !err; i++)
		err = take(meeting->sockets[i], &all[i + 1], sizeof(*all));
	for (long i = 0; i < meeting->socket_count && !err; i++)
		err = give(meeting->sockets[i], all, size);
	return err;
}

/* ---- the others ---- */

static int follow(struct cmtime_meeting *meeting, const struct addrinfo *at, struct record *all)
{
	size_t size = sizeof(*all) * (size_t)cmtime_config.peers;
	int peer = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	if (peer < 0)
		return tool_error(errno, "cannot create a socket");
	meeting->sockets[meeting->socket_count++] = peer;
	if (connect(peer, at->ai_addr, at->ai_addrlen))
		return tool_error(errno,
				  "cannot reach the meeting at %s port %ld (is a peer with -C "
				  "running on that host?)",
				  cmtime_config.controller, cmtime_config.place.port);
	hasten(peer);
	err = give(peer, &all[0], sizeof(*all));
	return err ? err : take(peer, all, size);
}

/* ---- all ---- */

static int find_controller(struct addrinfo **found)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	char port[8];
	int code;

	snprintf(port, sizeof(port), "%ld", cmtime_config.place.port);
	code = getaddrinfo(cmtime_config.controller, port, &hints, found);
	if (!code)
		return 0;
	tool_refuse("cannot find the address '%s': %s", cmtime_config.controller,
		    gai_strerror(code));
	return EADDRNOTAVAIL;
}

static int meet_at(struct cmtime_meeting *meeting, const struct addrinfo *at, struct record *all)
{
	int listener = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), err;
	const int yes = 1;

	if (listener < 0)
		return tool_error(errno, "cannot create a socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listener, at->ai_addr, at->ai_addrlen)) {
		close(listener);
		return follow(meeting, at, all);
	}
	meeting->root = true;
	puts("Running as OOB root");
	err = lead(meeting, listener, all);
	close(listener);
	return err;
}

static int read_records(struct cmtime_meeting *meeting, const struct record *all)
{
	for (long i = 0; i < cmtime_config.peers; i++) {
		sa_family_t family = all[i].address.ss_family;

		if (!all[i].listens)
			meeting->client_count++;
		else if (family == AF_INET || family == AF_INET6)
			meeting->listeners[meeting->listener_count++] = all[i].address;
		else
			return tool_error(EPROTO, "peer %ld listens at no IP address", i);
	}
	if (!meeting->listener_count)
		return tool_refuse("of %ld peers none listens: one wants -L", cmtime_config.peers);
	if (!meeting->client_count)
		return tool_refuse("all %ld peers listen: one has to be without -L",
				   cmtime_config.peers);
	return 0;
}

static socklen_t length_of(const struct sockaddr *address)
{
	return address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
					     : sizeof(struct sockaddr_in6);
}

int cmtime_meet(struct cmtime_meeting *meeting, const struct sockaddr *own)
{
	size_t peers = (size_t)cmtime_config.peers;
	struct record *all = calloc(peers, sizeof(*all));
	struct addrinfo *controller = NULL;
	int err;

	meeting->listeners = calloc(peers, sizeof(*meeting->listeners));
	meeting->sockets = calloc(peers, sizeof(*meeting->sockets));
	if (!all || !meeting->listeners || !meeting->sockets) {
		err = tool_error(ENOMEM, "no memory for %zu peers", peers);
		goto free_all;
	}
	if (own) {
		memcpy(&all[0].address, own, length_of(own));
		all[0].listens = 1;
	}
	err = find_controller(&controller);
	if (!err)
		err = meet_at(meeting, controller, all);
	if (!err)
		err = read_records(meeting, all);
	if (controller)
		freeaddrinfo(controller);
free_all:
	free(all);
	return err;
}

static int take_point(int socket, enum cmtime_point point)
{
	uint8_t other;
	int err = take(socket, &other, sizeof(other));

	if (!err && other != point)
		return tool_error(EPROTO,
				  "another peer is at point %u and not %d (all want the same -m, "
				  "-q and -S)",
				  other, point);
	return err;
}

int cmtime_meeting_wait(struct cmtime_meeting *meeting, enum cmtime_point point)
{

	const uint8_t byte = (uint8_t)point;
	int err = meeting->root ? 0 : give(meeting->sockets[0], &byte, sizeof(byte));

	for (long i = 0; i < meeting->socket_count && !err; i++)
		err = take_point(meeting->sockets[i], point);
	for (long i = 0; i < meeting->socket_count && !err && meeting->root; i++)
		err = give(meeting->sockets[i], &byte, sizeof(byte));
	return err;
}

void cmtime_meeting_close(struct cmtime_meeting *meeting)
{
	for (long i = 0; i < meeting->socket_count; i++)
		close(meeting->sockets[i]);
	free(meeting->sockets);
	free(meeting->listeners);
}
