/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* rsockets as streams: bytes in their order, in the shapes that calls give them, to the end. */
#include "sockets.h"

#include <signal.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

CASE(bytes_arrive_in_their_order)
{
	struct pair pair = NO_PAIR;
	struct sender sender;

	connect_pair(&pair);
	for (size_t length = 1; length < 3 << 20; length = length * 7 + 3) {
		start_sender(&sender, pair.active, length);
		receive_bytes(pair.passive, length);
		join_sender(&sender);
		start_sender(&sender, pair.passive, length);
		receive_bytes(pair.active, length);
		join_sender(&sender);
	}
	end_pair(&pair);
}

CASE(both_directions_at_once)
{
	enum { LENGTH = 2 << 20 };
	struct pair pair = NO_PAIR;
	struct sender there, back;

	connect_pair(&pair);
	start_sender(&there, pair.active, LENGTH);
	start_sender(&back, pair.passive, LENGTH);
	receive_bytes(pair.passive, LENGTH);
	receive_bytes(pair.active, LENGTH);
	join_sender(&there);
	join_sender(&back);
	end_pair(&pair);
}

/* The smallest buffers and queues wrap around all the time. */
CASE(small_buffers_and_queues)
{
	struct pair pair = NO_PAIR;
	struct sender sender;

	pair.listener = listening_socket(&pair.address);
	pair.active = rsocket(AF_INET, SOCK_STREAM, 0);
	for (int i = 0; i < 2; i++) {
		int socket = i ? pair.active : pair.listener;

		set_int(socket, SOL_SOCKET, SO_RCVBUF, 1 << 10);
		set_int(socket, SOL_SOCKET, SO_SNDBUF, 1 << 10);
		set_int(socket, SOL_RDMA, RDMA_SQSIZE, 8);
		set_int(socket, SOL_RDMA, RDMA_RQSIZE, 8);
		set_int(socket, SOL_RDMA, RDMA_INLINE, i ? 0 : 32);
	}
	connect_pair(&pair);
	start_sender(&sender, pair.active, 100001);
	receive_bytes(pair.passive, 100001);
	join_sender(&sender);
	start_sender(&sender, pair.passive, 100001);
	receive_bytes(pair.active, 100001);
	join_sender(&sender);
	end_pair(&pair);
}

CASE(vectors_and_messages)
{
	struct pair pair = NO_PAIR;
	char one[] = "scattered ", two[] = "", three[] = "and gathered";
	struct iovec out[] = {{one, 10}, {two, 0}, {three, 12}};
	char a[3], b[30];
	struct iovec in[] = {{a, 3}, {b, 30}};
	struct msghdr message = {.msg_iov = out, .msg_iovlen = 3};

	connect_pair(&pair);
	CHECK_EQ(rwritev(pair.active, out, 3), 22);
	CHECK_EQ(rreadv(pair.passive, in, 2), 22);
	CHECK(!memcmp(a, "sca", 3) && !memcmp(b, "ttered and gathered", 19));
	CHECK_EQ(rsendmsg(pair.passive, &message, 0), 22);
	message.msg_iov = in;
	message.msg_iovlen = 2;
	message.msg_flags = -1;
	memset(b, 0, sizeof(b));
	CHECK_EQ(rrecvmsg(pair.active, &message, 0), 22);
	CHECK_EQ(message.msg_flags, 0);
	CHECK(!memcmp(b, "ttered and gathered", 19));
	CHECK_EQ(rwrite(pair.active, "write", 5), 5);
	CHECK_EQ(rread(pair.passive, b, 30), 5);
	CHECK_EQ(rsendto(pair.active, "to", 2, 0, NULL, 0), 2);
	CHECK_EQ(rrecvfrom(pair.passive, b, 30, 0, NULL, NULL), 2);
	CHECK_FAILS(rwritev(pair.active, out, -1) >= 0, EINVAL);
	CHECK_FAILS(rreadv(pair.active, in, 1 << 20) >= 0, EINVAL);
	end_pair(&pair);
}

CASE(flags_of_receiving)
{
	struct pair pair = NO_PAIR;
	char text[8] = "";

	connect_pair(&pair);
	CHECK_FAILS(rrecv(pair.passive, text, 4, MSG_DONTWAIT) >= 0, EAGAIN);
	CHECK_EQ(rsend(pair.active, "abc", 3, 0), 3);
	CHECK_EQ(rrecv(pair.passive, text, 8, MSG_PEEK), 3);
	CHECK_EQ(rrecv(pair.passive, text, 8, MSG_PEEK), 3);
	CHECK_EQ(rsend(pair.active, "de", 2, MSG_NOSIGNAL), 2);
	CHECK_EQ(rrecv(pair.passive, text, 5, MSG_WAITALL), 5);
	CHECK(!memcmp(text, "abcde", 5));
	CHECK_EQ(rrecv(pair.passive, text, 0, 0), 0);
	CHECK_FAILS(rrecv(pair.passive, text, 1, MSG_OOB) >= 0, EOPNOTSUPP);
	CHECK_FAILS(rsend(pair.active, text, 1, MSG_OOB) >= 0, EOPNOTSUPP);
	end_pair(&pair);
}

/* As much as there is room for, then EAGAIN, and room again when it has been read. */
CASE(sending_stops_when_nobody_reads)
{
	static uint8_t bytes[1 << 16];
	struct pair pair = NO_PAIR;
	size_t total = 0;
	ssize_t sent;

	connect_pair(&pair);
	set_nonblocking(pair.active);
	while ((sent = rsend(pair.active, bytes, sizeof(bytes), 0)) > 0)
		total += (size_t)sent;
	CHECK_EQ(errno, EAGAIN);
	CHECK(total >= 1 << 16);
	while (total) {
		sent = rrecv(pair.passive, bytes, sizeof(bytes), 0);
		CHECK(sent > 0);
		total -= (size_t)sent;
	}
	await_poll(pair.active, POLLOUT, POLLOUT);
	CHECK(rsend(pair.active, bytes, 1, 0) == 1);
	end_pair(&pair);
}

CASE(one_direction_ends_before_the_other)
{
	struct pair pair = NO_PAIR;
	char text[4];

	connect_pair(&pair);
	CHECK_EQ(rsend(pair.active, "end", 3, 0), 3);
	CHECK_EQ(rshutdown(pair.active, SHUT_WR), 0);
	CHECK_EQ(rrecv(pair.passive, text, 4, MSG_WAITALL), 3);
	CHECK_EQ(rrecv(pair.passive, text, 4, 0), 0);
	CHECK_FAILS(rsend(pair.active, text, 1, 0) >= 0, EPIPE);
	CHECK_EQ(rsend(pair.passive, "back", 4, 0), 4);
	CHECK_EQ(rrecv(pair.active, text, 4, MSG_WAITALL), 4);
	CHECK(!memcmp(text, "back", 4));
	CHECK_EQ(rshutdown(pair.passive, SHUT_RDWR), 0);
	CHECK_EQ(rrecv(pair.active, text, 4, 0), 0);
	CHECK_FAILS(!rshutdown(pair.active, 5), EINVAL);
	end_pair(&pair);
}

CASE(what_was_sent_before_a_close_arrives)
{
	struct pair pair = NO_PAIR;
	char byte;

	connect_pair(&pair);
	send_bytes(pair.active, 60000);
	CHECK_EQ(rclose(pair.active), 0);
	receive_bytes(pair.passive, 60000);
	CHECK_EQ(rrecv(pair.passive, &byte, 1, 0), 0);
	CHECK_EQ(rrecv(pair.passive, &byte, 1, 0), 0);
	CHECK_FAILS(rsend(pair.passive, &byte, 1, 0) >= 0, EPIPE);
	CHECK_EQ(rclose(pair.passive), 0);
	CHECK_EQ(rclose(pair.listener), 0);
}

static void *close_later(void *arg)
{
	struct pair *pair = arg;
	char byte;

	CHECK_EQ(rrecv(pair->active, &byte, 1, 0), 1);
	CHECK_EQ(rclose(pair->active), 0);
	return NULL;
}

/* Somebody who sleeps in a call learns of it. */
CASE(a_close_wakes_the_other_side)
{
	struct pair pair = NO_PAIR;
	pthread_t thread;
	char byte = 1;

	connect_pair(&pair);
	CHECK_OK(pthread_create(&thread, NULL, close_later, &pair));
	CHECK_EQ(rsend(pair.passive, &byte, 1, 0), 1);
	CHECK_EQ(rrecv(pair.passive, &byte, 1, 0), 0);
	CHECK_OK(pthread_join(thread, NULL));
	CHECK_EQ(rclose(pair.passive), 0);
	CHECK_EQ(rclose(pair.listener), 0);
}

CASE(many_sockets_at_once)
{
	enum { COUNT = 24 };
	struct pair pairs[COUNT];

	for (int i = 0; i < COUNT; i++) {
		pairs[i] = (struct pair)NO_PAIR;
		if (i) {
			pairs[i].listener = pairs[0].listener;
			pairs[i].address = pairs[0].address;
		}
		connect_pair(&pairs[i]);
	}
	for (int i = 0; i < COUNT; i++)
		send_bytes(pairs[i].active, (size_t)i + 1);
	for (int i = COUNT; i--;)
		receive_bytes(pairs[i].passive, (size_t)i + 1);
	for (int i = 0; i < COUNT; i++) {
		CHECK_EQ(rclose(pairs[i].active), 0);
		CHECK_EQ(rclose(pairs[i].passive), 0);
	}
	CHECK_EQ(rclose(pairs[0].listener), 0);
}

static int open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 1000; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

CASE(nothing_is_left_of_a_connection)
{
	struct pair pair = NO_PAIR;
	int before;

	/* The device stays open. */
	connect_pair(&pair);
	end_pair(&pair);
	before = open_descriptors();
	for (int i = 0; i < 10; i++) {
		pair = (struct pair)NO_PAIR;
		connect_pair(&pair);
		send_bytes(pair.active, 10);
		receive_bytes(pair.passive, 10);
		end_pair(&pair);
	}
	CHECK_EQ(open_descriptors(), before);
}

static void connect_and_stay(const struct sockaddr_in *address)
{
	int active = rsocket(AF_INET, SOCK_STREAM, 0);

	CHECK_EQ(rconnect(active, (const struct sockaddr *)address, sizeof(*address)), 0);
	CHECK_EQ(rsend(active, "x", 1, 0), 1);
	for (;;)
		pause();
}

/* Without a goodbye: what has arrived can be read, then it is an error, once. */
CASE(a_peer_that_dies_is_noticed)
{
	struct sockaddr_in address;
	int listener = listening_socket(&address), passive;
	pid_t child = fork();
	char bytes[2];

	CHECK(child >= 0);
	if (!child)
		connect_and_stay(&address);
	passive = raccept(listener, NULL, NULL);
	CHECK(passive >= 0);
	await_poll(passive, POLLIN, POLLIN);
	CHECK_OK(kill(child, SIGKILL));
	CHECK_EQ(waitpid(child, NULL, 0), child);
	await_poll(passive, POLLIN, POLLERR);
	CHECK_EQ(rrecv(passive, bytes, 2, 0), 1);
	await_poll(passive, POLLIN, POLLHUP);
	CHECK_FAILS(rrecv(passive, bytes, 2, 0) >= 0, ECONNRESET);
	CHECK_EQ(rrecv(passive, bytes, 2, 0), 0);
	CHECK_FAILS(rsend(passive, bytes, 1, 0) >= 0, EPIPE);
	CHECK_EQ(rclose(passive), 0);
	CHECK_EQ(rclose(listener), 0);
}
