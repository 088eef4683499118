/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The TCP connection on which the two sides of a ping-pong introduce themselves: the client sends
 * its addresses, the server connects its queue pairs and answers with as many, the client confirms
 * with "done" and its NUL. The connection then stays open until both sides have
 * seen all their completions, so that nobody takes down a queue pair whose peer still waits for an
 * acknowledgement; other implementations close it early, which is as good as finished.
 *
 * All functions print what went wrong and return 0 or a positive errno.
 */
#ifndef PP_EXCHANGE_H
#define PP_EXCHANGE_H

#include "address.h"

/*
 * A program with one queue pair exchanges one address, one with several always this many, with
 * all-zero addresses behind its own; that limits the queue pairs (observed with strace on Debian's
 * ibv_srq_pingpong, which takes up to 254).
 */
enum { PP_ADDRESSES_MANY = 256, PP_LINKS_MAX = 254 };

/* Longest silence of the peer, and how long a client waits for a server to start listening. */
enum { PP_PEER_PATIENCE_S = 30, PP_CONNECT_PATIENCE_MS = 5000 };

struct pp_exchange {
	int listener; /* -1 if there is none, as the next */
	int peer;
};

#define PP_EXCHANGE_CLOSED ((struct pp_exchange){.listener = -1, .peer = -1})

/* Server: listens on all addresses of the host, IPv6 and IPv4. */
int pp_exchange_listen(struct pp_exchange *exchange, long port);
/* Server: waits for a client, without limit. */
int pp_exchange_accept(struct pp_exchange *exchange);
/* Client: tries each address of the host. */
int pp_exchange_connect(struct pp_exchange *exchange, const char *host, long port);

int pp_exchange_send(struct pp_exchange *exchange, const struct pp_address *addresses,
		     size_t count);
int pp_exchange_receive(struct pp_exchange *exchange, struct pp_address *addresses, size_t count);
int pp_exchange_confirm(struct pp_exchange *exchange);
int pp_exchange_await_confirmation(struct pp_exchange *exchange);

/* The bytes of other exchanges: all of them, or an error, about which nothing is printed. */
int pp_exchange_put(struct pp_exchange *exchange, const char *bytes, size_t size);
int pp_exchange_get(struct pp_exchange *exchange, char *bytes, size_t size);

/* Says that this side has finished, and waits until the peer says so or is gone. */
void pp_exchange_finish(struct pp_exchange *exchange);
void pp_exchange_close(struct pp_exchange *exchange);

#endif
