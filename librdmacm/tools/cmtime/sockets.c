/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cmtime over TCP, for comparison: the same steps where a socket has them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmtime.h"
#include "libibverbs/examples/common/report.h"

struct sockets {
	int *all; /* -1: none */
	long count;
	struct cmtime_times *times;
	const struct sockaddr *source, *server;
};

static socklen_t length_of(const struct sockaddr *address)
{
	return address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
					     : sizeof(struct sockaddr_in6);
}

/* ---- steps of one socket ---- */

static int create(struct sockets *sockets, int *one)
{
	*one = socket(sockets->server->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return *one < 0 ? tool_error(errno, "cannot create a socket") : 0;
}

static int bind_source(struct sockets *sockets, int *one)
{
	if (bind(*one, sockets->source, length_of(sockets->source)))
		return tool_error(errno, "cannot bind a socket");
	return 0;
}

static int connect_server(struct sockets *sockets, int *one)
{
	if (connect(*one, sockets->server, length_of(sockets->server)))
		return tool_error(errno, "cannot connect to the listening peer");
	return 0;
}

/* Its end is when the other side has closed as well. */
static int disconnect(struct sockets *sockets, int *one)
{
	char byte;

	(void)sockets;
	if (shutdown(*one, SHUT_WR) || recv(*one, &byte, sizeof(byte), 0))
		return tool_error(errno, "cannot disconnect");
	return 0;
}

static int destroy(struct sockets *sockets, int *one)
{
	(void)sockets;
	close(*one);
	*one = -1;
	return 0;
}

static int take_step(struct sockets *sockets, enum cmtime_step step, const char *text,
		     int (*take)(struct sockets *sockets, int *one))
{
	int err = 0;

	puts(text);
	for (long i = 0; i < sockets->count && !err; i++) {
		sockets->times[i].begin_ns[step] = cmtime_now_ns();
		err = take(sockets, &sockets->all[i]);
		sockets->times[i].end_ns[step] = cmtime_now_ns();
	}
	return err;
}

/* ---- the two peers ---- */

static int connect_all(struct sockets *sockets, struct cmtime_meeting *meeting)
{
	int err = cmtime_meeting_wait(meeting, CMTIME_POINT_BEGIN);

	if (!err)
		err = take_step(sockets, CMTIME_CREATE_ID, "creating sockets", create);
	if (!err)
		err = take_step(sockets, CMTIME_BIND, "binding source address", bind_source);
	if (!err)
		err = take_step(sockets, CMTIME_CONNECT, "connecting", connect_server);
	if (!err)
		err = take_step(sockets, CMTIME_DISCONNECT, "disconnecting", disconnect);
	if (!err)
		err = take_step(sockets, CMTIME_DESTROY, "closing sockets", destroy);
	if (!err)
		cmtime_print(sockets->times, sockets->count);
	return err;
}

static int accept_all(struct sockets *sockets, int listener, struct cmtime_meeting *meeting)
{
	int err = cmtime_meeting_wait(meeting, CMTIME_POINT_BEGIN);
	char byte;

	puts("accepting");
	for (long i = 0; i < sockets->count && !err; i++) {
		sockets->all[i] = accept(listener, NULL, NULL);
		if (sockets->all[i] < 0)
			err = tool_error(errno, "cannot accept a connection");
	}
	puts("disconnecting");
	for (long i = 0; i < sockets->count && !err; i++) {
		if (recv(sockets->all[i], &byte, sizeof(byte), 0))
			err = tool_error(ECONNRESET, "a connection has not ended as it should");
		destroy(sockets, &sockets->all[i]);
	}
	return err;
}

static int open_listener(struct sockaddr *own, int *listener)
{
	socklen_t length = length_of(own);

	*listener = socket(own->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*listener < 0)
		return tool_error(errno, "cannot create a socket");
	if (bind(*listener, own, length) || listen(*listener, SOMAXCONN) ||
	    getsockname(*listener, own, &length))
		return tool_error(errno, "cannot listen");
	return 0;
}

static int play(struct sockets *sockets, struct sockaddr *own, struct cmtime_meeting *meeting)
{
	int listener = -1, err = cmtime_config.listens ? open_listener(own, &listener) : 0;

	if (!err)
		err = cmtime_meet(meeting, cmtime_config.listens ? own : NULL);
	sockets->source = own;
	sockets->server = (const struct sockaddr *)meeting->listeners;
	if (!err)
		err = cmtime_config.listens ? accept_all(sockets, listener, meeting)
					    : connect_all(sockets, meeting);
	if (listener >= 0)
		close(listener);
	return err;
}

int cmtime_play_sockets(struct sockaddr *own)
{
	struct sockets sockets = {.count = cmtime_config.connections};
	struct cmtime_meeting meeting = {0};
	int err;

	sockets.all = calloc((size_t)sockets.count, sizeof(*sockets.all));
	sockets.times = calloc((size_t)sockets.count, sizeof(*sockets.times));
	for (long i = 0; sockets.all && i < sockets.count; i++)
		sockets.all[i] = -1;
	err = sockets.all && sockets.times
		      ? play(&sockets, own, &meeting)
		      : tool_error(ENOMEM, "no memory for %ld sockets", sockets.count);
	for (long i = 0; sockets.all && i < sockets.count; i++)
		if (sockets.all[i] >= 0)
			close(sockets.all[i]);
	free(sockets.all);
	free(sockets.times);
	cmtime_meeting_close(&meeting);
	return err;
}
