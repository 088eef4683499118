/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rping: the client tells the server where a text lies, the server reads it, the client tells where
 * it shall go, the server writes it there. Functions print what is wrong and return 0 or a positive
 * errno.
 */
#ifndef RPING_H
#define RPING_H

#include <endian.h>
#include <stdbool.h>

#include "librdmacm/tools/common/address.h"
#include "librdmacm/tools/common/end.h"

/* Of a ping: the shortest has room for its number. */
enum { RPING_SIZE_MIN = 23, RPING_SIZE_MAX = 65536, RPING_SIZE_DEFAULT = 64 };

/* Numbers are long because the option tables store them. */
struct rping_config {
	bool server, client, verbose, verify, debug, persistent, own_qp;
	const char *address, *source;
	long port, size, count, tos; /* size 0, count 0, tos -1: not given */
};

extern struct rping_config rping_config;

/*
 * A message, observed on Debian's rping: the client says where the peer may read, or write; the
 * server's carry nothing, they say that it has done so.
 */
struct rping_message {
	__be64 address;
	__be32 key;
	__be32 size;
};

struct rping_link {
	struct cm_end end;
	struct cm_loop loop;
	struct rping_message said; /* by the peer, at last */
	char *data;		   /* the texts */
	struct ibv_mr *mr;
	size_t size;
	long number; /* of the ping */
	bool established;
	unsigned int done[4]; /* completions not yet waited for, by enum rping_work */
};

enum rping_work { RPING_RECEIVE, RPING_SEND, RPING_READ, RPING_WRITE };

/* Queue pair, memory for `texts` texts of `size` bytes, and a receive. */
int rping_link_open(struct rping_link *link, struct rdma_cm_id *id, size_t size, int texts);
int rping_link_close(struct rping_link *link);

/* ENOTCONN without a word when the peer has left. */
int rping_link_await(struct rping_link *link, enum rping_work work);
/* Sends a message and waits until it has gone. */
int rping_link_say(struct rping_link *link, const struct rping_message *message);
/* Answers or begins the end of a connection. */
void rping_link_part(struct rping_link *link);

/* The text of ping number `number`, size bytes with its NUL. */
void rping_text(char *text, size_t size, long number);

void rping_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

int rping_serve(void);
int rping_ping(void);

#endif
