/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* rcopy's client: opens the file there, sends it, closes it, each with an answer. */
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
#include "report.h"

struct client {
	const struct rcopy_wish *wish;
	struct rs_link link;
	int file;
	uint64_t length;
	mode_t mode;
	uint8_t *piece;
};

static int open_source(struct client *client)
{
	const char *name = client->wish->source;
	struct stat status;

	client->file = open(name, O_RDONLY);
	if (client->file < 0 || fstat(client->file, &status))
		return tool_error(errno, "cannot open '%s'", name);
	if (!S_ISREG(status.st_mode))
		return tool_refuse("'%s' is no file", name);
	client->length = (uint64_t)status.st_size;
	client->mode = status.st_mode;
	client->piece = malloc(RCOPY_PIECE);
	return client->piece ? 0 : tool_error(ENOMEM, "no memory for pieces of a file");
}

static int send_message(struct client *client, enum rcopy_operation operation, uint32_t value,
			const void *data, size_t size)
{
	size_t whole = (sizeof(struct rcopy_message) + size + RCOPY_ALIGNMENT - 1) /
		       RCOPY_ALIGNMENT * RCOPY_ALIGNMENT;
	union {
		struct rcopy_message message;
		uint8_t bytes[sizeof(struct rcopy_message) + RCOPY_PATH_SIZE];
	} request = {0};

	request.message.operation = (uint8_t)operation;
	request.message.size = htole16((uint16_t)whole);
	request.message.value = htole32(value);
	if (size)
		memcpy(request.bytes + sizeof(request.message), data, size);
	return rs_link_send(&client->link, request.bytes, whole);
}

static int take_answer(struct client *client, enum rcopy_operation operation, const char *what)
{
	struct rcopy_message answer;
	int err = rs_link_receive(&client->link, &answer, sizeof(answer));

	if (err)
		return err;
	if (answer.version || answer.operation != (operation | RCOPY_ANSWER) ||
	    le16toh(answer.size) != sizeof(answer))
		return tool_error(EPROTO, "the server's answer is no answer of rcopy's");
	err = (int)le32toh(answer.value);
	return err ? tool_error(err, "the server cannot %s '%s'", what, client->wish->destination)
		   : 0;
}

static int open_there(struct client *client)
{
	const char *path = client->wish->destination;
	size_t size = strlen(path) + 1;
	int err;

	if (size > RCOPY_PATH_SIZE)
		return tool_error(ENAMETOOLONG, "'%s' has more than %d characters", path,
				  RCOPY_PATH_SIZE - 1);
	err = send_message(client, RCOPY_OPEN, client->mode, path, size);
	return err ? err : take_answer(client, RCOPY_OPEN, "open");
}

static int send_piece(struct client *client, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = read(client->file, client->piece + done, size - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return tool_error(errno, "cannot read '%s'", client->wish->source);
		if (!count)
			return tool_error(EIO, "'%s' has become shorter", client->wish->source);
		done += (size_t)count;
	}
	return rs_link_send(&client->link, client->piece, size);
}

/* An empty file is there when it is opened: Debian's server refuses to write nothing. */
static int write_there(struct client *client)
{
	__le64 length = htole64(client->length);
	uint64_t left = client->length;
	int err;

	if (!left)
		return 0;
	err = send_message(client, RCOPY_WRITE, 0, &length, sizeof(length));
	while (!err && left) {
		size_t size = left < RCOPY_PIECE ? left : RCOPY_PIECE;

		err = send_piece(client, size);
		left -= size;
	}
	return err ? err : take_answer(client, RCOPY_WRITE, "write");
}

static int close_there(struct client *client)
{
	int err = send_message(client, RCOPY_CLOSE, 0, NULL, 0);

	return err ? err : take_answer(client, RCOPY_CLOSE, "close");
}

static int transfer(struct client *client)
{
	double start, seconds;
	int err = open_there(client);

	start = rs_clock();
	if (!err)
		err = write_there(client);
	seconds = rs_clock() - start;
	if (!err)
		err = close_there(client);
	if (!err)
		printf("%llu bytes in %.2f seconds = %.2f Gb/sec\n",
		       (unsigned long long)client->length, seconds,
		       seconds > 0 ? (double)client->length * 8e-9 / seconds : 0);
	return err;
}

int rcopy_send(const struct rcopy_wish *wish)
{
	struct client client = {.wish = wish};
	int err = open_source(&client);

	if (!err)
		err = rs_link_connect(&client.link, &wish->link);
	if (!err) {
		err = transfer(&client);
		rs_link_close(&client.link);
	}
	free(client.piece);
	if (client.file >= 0)
		close(client.file);
	return err;
}
