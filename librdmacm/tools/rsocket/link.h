/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A connection of either kind of sockets, or a socket for datagrams; and the server's listening
 * ends. Functions print what is wrong and return 0 or a positive errno.
 */
#ifndef RS_LINK_H
#define RS_LINK_H

#include "calls.h"
#include "wish.h"

struct rs_link {
	const struct rs_calls *calls;
	const struct rs_wish *wish;
	int fd;
};

/* Connects to the server; for datagrams, names it. */
int rs_link_connect(struct rs_link *link, const struct rs_wish *wish);

/* Ends both directions and closes. */
void rs_link_close(struct rs_link *link);

/* All of it, in as many calls as that takes, of the kind that the wish says. */
int rs_link_send(const struct rs_link *link, const void *data, size_t size);
int rs_link_receive(const struct rs_link *link, void *data, size_t size);

/* As well, but for a peer that may leave instead: ESHUTDOWN then, and nothing is printed. */
int rs_link_receive_or_end(const struct rs_link *link, void *data, size_t size);

/* What a call that moved less than wanted is given as flags, and what its errno means: 0 that it is
 * to be made again. */
int rs_link_flags(const struct rs_link *link);
int rs_link_retry(int err);

/* Waits for one of the events, if the wish says so; at most for timeout ms, or without limit if
 * that is negative. ETIMEDOUT is not printed. */
int rs_link_wait(const struct rs_link *link, short events, int timeout);

/* To be asked before each call: waits for the event if the wish says so, or if this is one of many
 * calls for one message. Who has nothing to do leaves the processor to the peer then. */
int rs_link_ready(const struct rs_link *link, short events, unsigned int *calls);

/* Whether the peer is still there: for those who wait for memory to change. */
bool rs_link_alive(const struct rs_link *link);

/* A socket that is bound where the wish says, for datagrams. */
int rs_link_bind(struct rs_link *link, const struct rs_wish *wish);

/* ---- servers ---- */

enum { RS_ENDS = 2 };

struct rs_listener {
	struct rs_link ends[RS_ENDS];
	int count;
};

/* Closed by rs_listener_close(), even if it fails. */
int rs_listener_open(struct rs_listener *listener, const struct rs_wish *wish);
void rs_listener_close(struct rs_listener *listener);

/* Waits for a client, without limit. */
int rs_listener_accept(struct rs_listener *listener, struct rs_link *link);

#endif
