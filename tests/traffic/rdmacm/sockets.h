/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Two rsockets that are connected to each other, in one process. */
#ifndef TESTS_RDMACM_SOCKETS_H
#define TESTS_RDMACM_SOCKETS_H

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <rdma/rsocket.h>

#include "bed.h"

struct pair {
	int listener, active, passive;
	struct sockaddr_in address; /* of the listener */
};

/* Nothing of it is there yet. */
#define NO_PAIR                                                                                    \
	{                                                                                          \
		.listener = -1, .active = -1, .passive = -1                                        \
	}

/* A listener on a port of its own choice. */
int listening_socket(struct sockaddr_in *address);
/* Both ends; what is there already stays, with the options that it has. */
void connect_pair(struct pair *pair);
void end_pair(struct pair *pair);
void set_int(int socket, int level, int option, int value);
int get_int(int socket, int level, int option);
void set_nonblocking(int socket);

/* Bytes that tell their place. */
void fill_bytes(uint8_t *bytes, size_t length, size_t from);
/* Sends, or receives and checks, that many of them, as the calls allow. */
void send_bytes(int socket, size_t length);
void receive_bytes(int socket, size_t length);
/* In a thread of its own. */
struct sender {
	pthread_t thread;
	int socket;
	size_t length;
};
void start_sender(struct sender *sender, int socket, size_t length);
void join_sender(struct sender *sender);

/* Waits until poll() says at least that of one socket; what it says. */
short await_poll(int socket, short events, short expected);

#endif
