/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the options of a command line ask of a connection. Numbers are long because the option
 * tables store them.
 */
#ifndef RS_WISH_H
#define RS_WISH_H

#include <stdbool.h>

struct rs_wish {
	const char *server; /* NULL: be the server */
	const char *local;  /* address to listen at, or to connect from; may be NULL */
	long port;
	long format;	  /* enum cm_format */
	long type;	  /* SOCK_STREAM or SOCK_DGRAM */
	long buffer;	  /* bytes of each of the two socket buffers; 0: as the system has it */
	long inline_size; /* bytes that are sent inline; negative: as the library has it */
	long keepalive;	  /* seconds; 0: none */
	long maps;	  /* pieces of memory that the peer may write to */
	bool sockets;	  /* the system's; otherwise rsockets */
	bool either;	  /* a server of rsockets serves clients with the system's, too */
	bool async, blocking, nonblocking, resolve;
};

/* Refuses wishes that contradict each other: prints why, and returns EINVAL. */
int rs_wish_check(const struct rs_wish *wish);

#endif
