/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "sockets.h"

int listening_socket(struct sockaddr_in *address)
{
	socklen_t length = sizeof(*address);
	int socket;

	*address = address_with_port(0);
	socket = rsocket(AF_INET, SOCK_STREAM, 0);
	CHECK(socket >= 0);
	CHECK_EQ(rbind(socket, (struct sockaddr *)address, sizeof(*address)), 0);
	CHECK_EQ(rlisten(socket, 4), 0);
	CHECK_EQ(rgetsockname(socket, (struct sockaddr *)address, &length), 0);
	CHECK(length == sizeof(*address) && address->sin_port);
	return socket;
}

void connect_pair(struct pair *pair)
{
	if (pair->listener < 0)
		pair->listener = listening_socket(&pair->address);
	if (pair->active < 0)
		pair->active = rsocket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	CHECK(pair->active >= 0);
	CHECK_EQ(rconnect(pair->active, (struct sockaddr *)&pair->address, sizeof(pair->address)),
		 0);
	pair->passive = raccept(pair->listener, NULL, NULL);
	CHECK(pair->passive >= 0);
}

void end_pair(struct pair *pair)
{
	CHECK_EQ(rclose(pair->active), 0);
	CHECK_EQ(rclose(pair->passive), 0);
	CHECK_EQ(rclose(pair->listener), 0);
}

void set_int(int socket, int level, int option, int value)
{
	CHECK_EQ(rsetsockopt(socket, level, option, &value, sizeof(value)), 0);
}

int get_int(int socket, int level, int option)
{
	int value = -1;
	socklen_t length = sizeof(value);

	CHECK_EQ(rgetsockopt(socket, level, option, &value, &length), 0);
	CHECK_EQ(length, sizeof(value));
	return value;
}

void set_nonblocking(int socket)
{
	CHECK_EQ(rfcntl(socket, F_SETFL, O_NONBLOCK), 0);
	CHECK_EQ(rfcntl(socket, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
}

void fill_bytes(uint8_t *bytes, size_t length, size_t from)
{
	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)((from + i) * 167 >> 3);
}

enum { CHUNK = 40000 };

void send_bytes(int socket, size_t length)
{
	uint8_t bytes[CHUNK];

	for (size_t done = 0; done < length;) {
		size_t want = length - done < CHUNK ? length - done : CHUNK;
		ssize_t sent;

		fill_bytes(bytes, want, done);
		sent = rsend(socket, bytes, want, 0);
		CHECK(sent > 0);
		done += (size_t)sent;
	}
}

void receive_bytes(int socket, size_t length)
{
	uint8_t bytes[CHUNK], expected[CHUNK];

	for (size_t done = 0; done < length;) {
		size_t want = length - done < CHUNK ? length - done : CHUNK;
		ssize_t got = rrecv(socket, bytes, want, 0);

		CHECK(got > 0);
		fill_bytes(expected, (size_t)got, done);
		CHECK_BYTES(bytes, expected, (size_t)got);
		done += (size_t)got;
	}
}

static void *send_all(void *arg)
{
	struct sender *sender = arg;

	send_bytes(sender->socket, sender->length);
	return NULL;
}

void start_sender(struct sender *sender, int socket, size_t length)
{
	sender->socket = socket;
	sender->length = length;
	CHECK_OK(pthread_create(&sender->thread, NULL, send_all, sender));
}

void join_sender(struct sender *sender)
{
	CHECK_OK(pthread_join(sender->thread, NULL));
}

short await_poll(int socket, short events, short expected)
{
	double end = seconds_now() + PATIENCE_SECONDS;
	struct pollfd fd = {.fd = socket, .events = events};

	do
		CHECK(rpoll(&fd, 1, 1000) >= 0);
	while ((fd.revents & expected) != expected && seconds_now() < end);
	CHECK_EQ(fd.revents & expected, expected);
	return fd.revents;
}
