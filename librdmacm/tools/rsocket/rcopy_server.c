/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rcopy's server: takes files from one client after the other, and gives them the names that the
 * client says. What a client does wrong ends its connection, not the server.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libibverbs/examples/common/report.h"
#include "link.h"
#include "rcopy.h"

enum { NO_FILE = -1, MODE_BITS = 0777 };

struct server {
	struct rs_link link;
	int file;
	char path[RCOPY_PATH_SIZE];
	uint8_t *piece;
};

static int answer(struct server *server, uint8_t operation, int err)
{
	const struct rcopy_message message = {
		.operation = operation | RCOPY_ANSWER,
		.size = htole16(sizeof(message)),
		.value = htole32((uint32_t)err),
	};

	return rs_link_send(&server->link, &message, sizeof(message));
}

static int close_file(struct server *server)
{
	int err = 0;

	if (server->file == NO_FILE)
		return EBADF;
	if (close(server->file))
		err = errno;
	server->file = NO_FILE;
	return err;
}

static int open_file(struct server *server, mode_t mode)
{
	close_file(server);
	server->file = open(server->path, O_RDWR | O_CREAT | O_TRUNC, mode & MODE_BITS);
	return server->file == NO_FILE ? errno : 0;
}

static int write_piece(struct server *server, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = write(server->file, server->piece + done, size - done);

		if (count < 0 && errno != EINTR)
			return errno;
		if (count > 0)
			done += (size_t)count;
	}
	return 0;
}

/* All of the file is taken off the connection, even if it cannot be written. */
static int take_file(struct server *server, uint64_t length, int *outcome)
{
	*outcome = server->file == NO_FILE ? EBADF : 0;
	while (length) {
		size_t size = length < RCOPY_PIECE ? length : RCOPY_PIECE;
		int err = rs_link_receive(&server->link, server->piece, size);

		if (err)
			return err;
		if (!*outcome)
			*outcome = write_piece(server, size);
		length -= size;
	}
	return 0;
}

static int wrong(const char *what)
{
	return tool_error(EPROTO, "a client's message %s", what);
}

static int serve_open(struct server *server, const struct rcopy_message *message, size_t rest)
{
	int err;

	if (!rest || rest > sizeof(server->path))
		return wrong("has no path, or too long a one");
	err = rs_link_receive(&server->link, server->path, rest);
	if (err)
		return err;
	if (!memchr(server->path, '\0', rest))
		return wrong("has a path without an end");
	err = open_file(server, le32toh(message->value));
	if (err)
		tool_error(err, "cannot open '%s'", server->path);
	else
		printf("%s\n", server->path);
	return answer(server, message->operation, err);
}

static int serve_write(struct server *server, const struct rcopy_message *message, size_t rest)
{
	__le64 length;
	int err, outcome;

	if (rest != sizeof(length))
		return wrong("has no length");
	err = rs_link_receive(&server->link, &length, sizeof(length));
	if (!err)
		err = take_file(server, le64toh(length), &outcome);
	if (err)
		return err;
	if (outcome)
		tool_error(outcome, "cannot write '%s'", server->path);
	return answer(server, message->operation, outcome);
}

static int serve_message(struct server *server, const struct rcopy_message *message)
{
	size_t size = le16toh(message->size), rest = size - sizeof(*message);

	if (message->version || size < sizeof(*message))
		return wrong("is none of rcopy's");
	switch (message->operation) {
	case RCOPY_OPEN:
		return serve_open(server, message, rest);
	case RCOPY_WRITE:
		return serve_write(server, message, rest);
	case RCOPY_CLOSE:
		return rest ? wrong("has too much in it")
			    : answer(server, message->operation, close_file(server));
	default:
		return wrong("asks for what there is not");
	}
}

/* A client may leave after any of its messages. */
static int serve_client(struct server *server)
{
	struct rcopy_message message;
	int err;

	do {
		err = rs_link_receive_or_end(&server->link, &message, sizeof(message));
		if (err == ESHUTDOWN)
			return 0;
		if (!err)
			err = serve_message(server, &message);
	} while (!err);
	return err;
}

int rcopy_serve(const struct rcopy_wish *wish)
{
	struct server server = {.file = NO_FILE, .piece = malloc(RCOPY_PIECE)};
	struct rs_listener listener;
	int err;

	if (!server.piece)
		return tool_error(ENOMEM, "no memory for pieces of a file");
	err = rs_listener_open(&listener, &wish->link);
	while (!err) {
		err = rs_listener_accept(&listener, &server.link);
		if (err)
			break;
		serve_client(&server);
		close_file(&server);
		rs_link_close(&server.link);
	}
	rs_listener_close(&listener);
	free(server.piece);
	return err;
}
