/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* rsockets of datagrams: first by UDP, then between queue pairs, each whole or not at all. */
#include "sockets.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>

static int bound_socket(struct sockaddr_in *address)
{
	socklen_t length = sizeof(*address);
	int socket = rsocket(AF_INET, SOCK_DGRAM, 0);

	CHECK(socket >= 0);
	*address = address_with_port(0);
	CHECK_EQ(rbind(socket, (struct sockaddr *)address, sizeof(*address)), 0);
	CHECK_EQ(rgetsockname(socket, (struct sockaddr *)address, &length), 0);
	CHECK(length == sizeof(*address) && address->sin_port);
	return socket;
}

static void send_one(int socket, const struct sockaddr_in *to, size_t length, size_t seed)
{
	uint8_t bytes[4096];

	fill_bytes(bytes, length, seed);
	CHECK_EQ(rsendto(socket, bytes, length, 0, (const struct sockaddr *)to, sizeof(*to)),
		 length);
}

static void receive_one(int socket, const struct sockaddr_in *from, size_t length, size_t seed)
{
	uint8_t bytes[4096], expected[4096];
	struct sockaddr_in source;
	socklen_t size = sizeof(source);

	await_poll(socket, POLLIN, POLLIN);
	CHECK_EQ(rrecvfrom(socket, bytes, sizeof(bytes), 0, (struct sockaddr *)&source, &size),
		 length);
	CHECK_EQ(size, sizeof(source));
	CHECK(source.sin_port == from->sin_port && source.sin_addr.s_addr == from->sin_addr.s_addr);
	fill_bytes(expected, length, seed);
	CHECK_BYTES(bytes, expected, length);
}

/* Enough of them that the queue pairs are found meanwhile. */
CASE(datagrams_there_and_back)
{
	struct sockaddr_in a_address, b_address;
	int a = bound_socket(&a_address), b = bound_socket(&b_address);

	for (size_t i = 0; i < 100; i++) {
		send_one(a, &b_address, i * 7, i);
		receive_one(b, &a_address, i * 7, i);
		send_one(b, &a_address, i * 9, i + 1);
		receive_one(a, &b_address, i * 9, i + 1);
	}
	CHECK_EQ(rclose(a), 0);
	CHECK_EQ(rclose(b), 0);
}

/* UDP is only the beginning: nothing of a later datagram is seen by who reads the port. */
CASE(datagrams_leave_udp)
{
	struct sockaddr_in a_address, b_address;
	int a = bound_socket(&a_address), b = bound_socket(&b_address), first;
	double end = seconds_now() + PATIENCE_SECONDS;
	FILE *file;
	char line[256];

	do {
		first = 0;
		for (size_t i = 0; i < 10; i++) {
			send_one(a, &b_address, 64, i);
			receive_one(b, &a_address, 64, i);
			send_one(b, &a_address, 64, i);
			receive_one(a, &b_address, 64, i);
		}
		/* With b never called again, what goes by UDP stays in the system's queue. */
		for (size_t i = 0; i < 10; i++)
			send_one(a, &b_address, 64, i);
		file = fopen("/proc/net/udp", "r");
		CHECK(file);
		while (fgets(line, sizeof(line), file)) {
			unsigned int port, queued;

			if (sscanf(line, " %*d: %*x:%x %*x:%*x %*x %*x:%x", &port, &queued) == 2 &&
			    port == ntohs(b_address.sin_port))
				first = (int)queued;
		}
		fclose(file);
		for (size_t i = 0; i < 10; i++)
			receive_one(b, &a_address, 64, i);
	} while (first && seconds_now() < end);
	CHECK_EQ(first, 0);
	CHECK_EQ(rclose(a), 0);
	CHECK_EQ(rclose(b), 0);
}

CASE(connected_datagrams)
{
	struct sockaddr_in a_address, b_address, c_address, name;
	int a = bound_socket(&a_address), b = bound_socket(&b_address),
	    c = bound_socket(&c_address);
	struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	socklen_t length = sizeof(name);
	char text[8];

	CHECK_FAILS(rsend(a, "x", 1, 0) >= 0, EDESTADDRREQ);
	CHECK_FAILS(!rgetpeername(a, (struct sockaddr *)&name, &length), ENOTCONN);
	CHECK_EQ(rconnect(a, (struct sockaddr *)&b_address, sizeof(b_address)), 0);
	CHECK_EQ(rgetpeername(a, (struct sockaddr *)&name, &length), 0);
	CHECK_EQ(name.sin_port, b_address.sin_port);
	CHECK_EQ(rsend(a, "x", 1, 0), 1);
	CHECK_EQ(rrecv(b, text, 8, 0), 1);
	send_one(c, &a_address, 5, 0);
	send_one(b, &a_address, 6, 0);
	receive_one(a, &b_address, 6, 0);
	CHECK_FAILS(rrecv(a, text, 8, MSG_DONTWAIT) >= 0, EAGAIN);
	CHECK_EQ(rconnect(a, &nobody, sizeof(nobody)), 0);
	CHECK_FAILS(rsend(a, "x", 1, 0) >= 0, EDESTADDRREQ);
	send_one(c, &a_address, 5, 0);
	receive_one(a, &c_address, 5, 0);
	CHECK_EQ(rclose(a), 0);
	CHECK_EQ(rclose(b), 0);
	CHECK_EQ(rclose(c), 0);
}

CASE(datagrams_are_whole_or_cut)
{
	struct sockaddr_in a_address, b_address;
	int a = bound_socket(&a_address), b = bound_socket(&b_address);
	uint8_t bytes[5000] = {0};
	struct iovec iov = {bytes, 3};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

	for (int round = 0; round < 3; round++) {
		send_one(a, &b_address, 10, 0);
		await_poll(b, POLLIN, POLLIN);
		CHECK_EQ(rrecv(b, bytes, 20, MSG_PEEK), 10);
		CHECK_EQ(rrecv(b, bytes, 4, MSG_PEEK | MSG_TRUNC), 10);
		CHECK_EQ(rrecvmsg(b, &message, 0), 3);
		CHECK_EQ(message.msg_flags, MSG_TRUNC);
		CHECK_FAILS(rrecv(b, bytes, 20, MSG_DONTWAIT) >= 0, EAGAIN);
		send_one(a, &b_address, 0, 0);
		await_poll(b, POLLIN, POLLIN);
		CHECK_EQ(rrecv(b, bytes, 20, 0), 0);
	}
	CHECK_FAILS(rsendto(a, bytes, sizeof(bytes), 0, (struct sockaddr *)&b_address,
			    sizeof(b_address)) >= 0,
		    EMSGSIZE);
	CHECK_EQ(rclose(a), 0);
	CHECK_EQ(rclose(b), 0);
}

/* A stranger's UDP packet is none of ours, and harms nobody. */
CASE(strangers_are_not_heard)
{
	static const uint8_t packets[][12] = {
		"hello",
		{0x55, 0x55, 0x55, 0x55},
		{0x55, 0x55, 0x55, 0x55, 4, 0, 16, 0},
		{0x55, 0x55, 0x55, 0x55, 7, 0, 16, 0},
	};
	struct sockaddr_in a_address, b_address;
	int a = bound_socket(&a_address), b = bound_socket(&b_address);
	int stranger = socket(AF_INET, SOCK_DGRAM, 0);
	char byte;

	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
		CHECK_EQ(sendto(stranger, packets[i], 12, 0, (struct sockaddr *)&b_address,
				sizeof(b_address)),
			 12);
	CHECK_FAILS(rrecv(b, &byte, 1, MSG_DONTWAIT) >= 0, EAGAIN);
	send_one(a, &b_address, 1, 0);
	receive_one(b, &a_address, 1, 0);
	close(stranger);
	CHECK_EQ(rclose(a), 0);
	CHECK_EQ(rclose(b), 0);
}

CASE(what_datagrams_do_not_do)
{
	struct sockaddr_in a_address, six = {.sin_family = AF_INET6};
	int a = bound_socket(&a_address);
	char bytes[8];

	CHECK_FAILS(!rlisten(a, 1), EOPNOTSUPP);
	CHECK_FAILS(raccept(a, NULL, NULL) >= 0, EOPNOTSUPP);
	CHECK_FAILS(!rshutdown(a, SHUT_WR), ENOTCONN);
	CHECK_FAILS(riomap(a, bytes, 8, PROT_WRITE, 0, 0) >= 0, EOPNOTSUPP);
	CHECK_FAILS((ssize_t)riowrite(a, bytes, 8, 0, 0) >= 0, EOPNOTSUPP);
	CHECK_FAILS(!rbind(a, (struct sockaddr *)&a_address, sizeof(a_address)), EINVAL);
	CHECK_FAILS(rsendto(a, bytes, 1, 0, (struct sockaddr *)&six, sizeof(six)) >= 0,
		    EAFNOSUPPORT);
	CHECK_FAILS(rsendto(a, bytes, 1, 0, (struct sockaddr *)&a_address, 3) >= 0, EINVAL);
	CHECK_FAILS(rsend(a, bytes, 1, MSG_OOB) >= 0, EOPNOTSUPP);
	CHECK_EQ(get_int(a, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
	CHECK_EQ(get_int(a, SOL_SOCKET, SO_PROTOCOL), IPPROTO_UDP);
	CHECK_EQ(rclose(a), 0);
}
