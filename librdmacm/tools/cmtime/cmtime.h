/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cmtime: how long the steps of a connection's life take, each step taken for all connections
 * before the next one begins. Functions print what is wrong and return 0 or a positive errno.
 */
#ifndef CMTIME_H
#define CMTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "librdmacm/tools/common/address.h"
#include "librdmacm/tools/common/event.h"

/* Numbers are long because the option tables store them. */
struct cmtime_config {
	struct cm_place place;
	const char *interface, *controller, *sockets;
	bool listens;
	long connections, retries, timeout_ms;
	long peers, threads;
	long qpn, delay_us; /* -1: queue pairs are real */
};

extern struct cmtime_config cmtime_config;

bool cmtime_pretends(void);

enum cmtime_step {
	CMTIME_CREATE_ID,
	CMTIME_BIND,
	CMTIME_RESOLVE_ADDRESS,
	CMTIME_RESOLVE_ROUTE,
	CMTIME_CREATE_QP,
	CMTIME_CONNECT,
	CMTIME_DISCONNECT,
	CMTIME_DESTROY,
	CMTIME_STEPS,
};

/* When a connection began and ended its steps; 0 where it did not. */
struct cmtime_times {
	uint64_t begin_ns[CMTIME_STEPS], end_ns[CMTIME_STEPS];
};

uint64_t cmtime_now_ns(void);
/* A line for each step that some connection has been through. */
void cmtime_print(const struct cmtime_times *all, long connections);

/*
 * Queue pairs whose completions nobody looks at. A device's have one completion queue together, so
 * that a connection costs no file descriptor. With -m or -q there are none but in name: what would
 * be done with them is waited for, and their numbers are counted up.
 */
struct cmtime_queues {
	struct cmtime_queue *first;
};

int cmtime_create_qp(struct cmtime_queues *queues, struct rdma_cm_id *id);
/* The number of the id's queue pair, or the next that is pretended. */
uint32_t cmtime_qp_number(const struct rdma_cm_id *id);
/* What would be done with a queue pair that is pretended. */
void cmtime_pretend_work(void);
/* When there are no more queue pairs. */
void cmtime_close_queues(struct cmtime_queues *queues);

/*
 * At which all peers wait for each other: before anything, before connections are asked for, when
 * they have been made, and when they have ended. The numbers are those of Debian's cmtime
 * (observed).
 */
enum cmtime_point {
	CMTIME_POINT_BEGIN = 0,
	CMTIME_POINT_READY = 7,
	CMTIME_POINT_CONNECTED = 12,
	CMTIME_POINT_DISCONNECTED = 14,
};

/* How the peers find each other: a TCP connection of each to the one at the controller's address.
 */
struct cmtime_meeting {
	struct sockaddr_storage *listeners; /* addresses of those with -L */
	long listener_count, client_count;
	int *sockets; /* to all others, or to the root */
	long socket_count;
	bool root;
};

/* `own` is what others connect to, NULL for a peer that does not listen. */
int cmtime_meet(struct cmtime_meeting *meeting, const struct sockaddr *own);
int cmtime_meeting_wait(struct cmtime_meeting *meeting, enum cmtime_point point);
void cmtime_meeting_close(struct cmtime_meeting *meeting);

/* Whom a client connects to, cmtime_config.connections times each. */
struct cmtime_targets {
	struct sockaddr *source; /* NULL: any address */
	struct sockaddr_storage *servers;
	long count;
	struct cmtime_meeting *meeting; /* NULL: there are no points to wait at */
};

int cmtime_connect_all(const struct cmtime_targets *targets);

/* Listens at the address; port 0 stands for one that is free. */
struct cmtime_server;
int cmtime_server_open(struct cmtime_server **server, struct sockaddr *address);
struct sockaddr *cmtime_server_address(const struct cmtime_server *server);
void cmtime_server_close(struct cmtime_server *server);
/* Ends with a failure or a signal only. */
int cmtime_serve_forever(struct cmtime_server *server);
/* Until as many connections have been made and ended. */
int cmtime_serve_meeting(struct cmtime_server *server, long connections,
			 struct cmtime_meeting *meeting);

int cmtime_play_peer(struct sockaddr *own);
int cmtime_play_sockets(struct sockaddr *own);

#endif
