/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * udpong's server: counts what its clients send. It has no tests of its own; each message says what
 * is to be done with it, and answers go to where it came from.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "libibverbs/examples/common/report.h"
#include "librdmacm/tools/common/address.h"
#include "link.h"
#include "udpong.h"

enum { CLIENTS = 256 };

struct server {
	struct rs_link link;
	uint32_t counts[CLIENTS];
	uint8_t next; /* client */
	union {
		struct udpong_message message;
		uint8_t bytes[UDPONG_LONGEST];
	};
	size_t size;
	struct sockaddr_storage from;
	socklen_t from_size;
};

static int take(struct server *server)
{
	const struct rs_link *link = &server->link;
	unsigned int calls = 0;
	ssize_t size;

	for (;;) {
		int err = rs_link_ready(link, POLLIN, &calls);

		if (err)
			return err;
		server->from_size = sizeof(server->from);
		size = link->calls->recvfrom(link->fd, server->bytes, sizeof(server->bytes),
					     link->wish->blocking ? 0 : MSG_DONTWAIT,
					     (struct sockaddr *)&server->from, &server->from_size);
		if (size >= UDPONG_HEADER) {
			server->size = (size_t)size;
			return 0;
		}
		/* Shorter ones are no messages, and a client that has gone is its own affair. */
		if (size < 0 && rs_link_retry(errno) && errno != ECONNREFUSED)
			return tool_error(errno, "cannot receive");
	}
}

static int answer(struct server *server)
{
	const struct rs_link *link = &server->link;
	unsigned int calls = 0;
	ssize_t size;

	do {
		int err = rs_link_ready(link, POLLOUT, &calls);

		if (err)
			return err;
		size = link->calls->sendto(link->fd, server->bytes, server->size,
					   link->wish->blocking ? 0 : MSG_DONTWAIT,
					   (struct sockaddr *)&server->from, server->from_size);
	} while (size < 0 && !rs_link_retry(errno));
	/* One that cannot be reached asks again, or is no more. */
	if (size < 0 && errno != ECONNREFUSED && errno != EHOSTUNREACH && errno != ENETUNREACH)
		return tool_error(errno, "cannot answer");
	return 0;
}

static void log_in(struct server *server)
{
	char text[CM_ADDRESS_TEXT_SIZE];

	server->message.client = server->next++;
	server->counts[server->message.client] = 0;
	cm_address_format((struct sockaddr *)&server->from, text, sizeof(text));
	printf("client %u: %s\n", server->message.client, text);
}

static int serve_one(struct server *server)
{
	uint32_t *count = &server->counts[server->message.client];

	switch (server->message.operation) {
	case UDPONG_LOGIN:
		log_in(server);
		return answer(server);
	case UDPONG_START:
		*count = 0;
		return answer(server);
	case UDPONG_DATA:
		(*count)++;
		return 0;
	case UDPONG_ECHO:
		(*count)++;
		return answer(server);
	case UDPONG_END:
		server->message.count = htonl(*count);
		return answer(server);
	default:
		return 0;
	}
}

int udpong_serve(const struct udpong_wish *wish)
{
	static struct server server;
	int err = rs_link_bind(&server.link, &wish->link);

	if (err)
		return err;
	do {
		err = take(&server);
		if (!err)
			err = serve_one(&server);
	} while (!err);
	server.link.calls->close(server.link.fd);
	return err;
}
