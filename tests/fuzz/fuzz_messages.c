/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The stream of vfio-user messages. An input is a list of messages, each with its number, how many
 * files come with it, the length of its body, and the body; behind number RAW come bytes that are
 * no message. Answers are read and thrown away.
 */
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "softhca/pci/protocol.h"
#include "softhca/pci/server.h"
#include "supply.h"
#include "target.h"
#include "whole.h"

enum { RAW = 15, MAX_BODY = 256, MAX_FILES = VFIO_USER_MAX_FDS };

static int stop;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	assert_int_equal(guest_start(NULL), 0);
	stop = eventfd(0, EFD_CLOEXEC);
	assert_true(stop >= 0);
	return 0;
}

/* What the server does not take any more, since it has gone, is lost. */
static void say(int socket, const void *bytes, size_t length, unsigned int files)
{
	struct iovec iov = {(void *)(uintptr_t)bytes, length};
	union {
		struct cmsghdr header;
		uint8_t room[CMSG_SPACE(MAX_FILES * sizeof(int))];
	} control = {0};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
	int numbers[MAX_FILES];

	for (unsigned int i = 0; i < MAX_FILES; i++)
		numbers[i] = i % 2 ? stop : guest.file;
	if (files) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(files * sizeof(int));
		memcpy(CMSG_DATA(&control.header), numbers, files * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(files * sizeof(int));
	}
	(void)!sendmsg(socket, &message, MSG_NOSIGNAL);
}

static void greet(int socket)
{
	const struct {
		struct vfio_user_header header;
		struct vfio_user_version version;
	} greeting = {.header = {.command = VFIO_USER_VERSION, .size = sizeof(greeting)}};

	say(socket, &greeting, sizeof(greeting), 0);
}

static void say_next(int socket, struct supply *supply)
{
	struct {
		struct vfio_user_header header;
		uint8_t body[MAX_BODY];
	} message = {.header.command = (uint16_t)supply_draw(supply, 16)};
	unsigned int files = supply_draw(supply, 4) ? 0 : supply_draw(supply, MAX_FILES + 1);
	size_t length = supply_draw(supply, MAX_BODY);

	length = length < supply->left ? length : supply->left;
	if (message.header.command == RAW) {
		say(socket, supply->bytes, length, files);
	} else {
		message.header.size = (uint32_t)(sizeof(message.header) + length);
		memcpy(message.body, supply->bytes, length);
		say(socket, &message, message.header.size, files);
	}
	supply->bytes += length;
	supply->left -= length;
}

struct client {
	int socket;
	struct supply supply;
};

static void *speak(void *arg)
{
	struct client *client = arg;

	greet(client->socket);
	while (!supply_has_ended(&client->supply))
		say_next(client->socket, &client->supply);
	shutdown(client->socket, SHUT_WR);
	return NULL;
}

static void *listen_to(void *arg)
{
	static uint8_t answer[1 << 16];

	while (recv(*(int *)arg, answer, sizeof(answer), 0) > 0)
		;
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client client = {.supply = {.bytes = data, .left = size}};
	pthread_t speaker, listener;
	uint64_t unmapped;
	int sockets[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	client.socket = sockets[0];
	function_unmap_all(guest.function, &unmapped);
	function_reset(guest.function);
	assert_int_equal(pthread_create(&speaker, NULL, speak, &client), 0);
	assert_int_equal(pthread_create(&listener, NULL, listen_to, &client.socket), 0);
	server_run(guest.function, sockets[1], stop);
	close(sockets[1]);
	pthread_join(speaker, NULL);
	pthread_join(listener, NULL);
	close(sockets[0]);
	return 0;
}
