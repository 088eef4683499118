/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the sides of ibv_xsrq_pingpong tell each other over TCP, as Debian's was seen to with
 * strace: LID, the numbers of the receiving and of the sending queue pair, PSN, SRQ number and GID
 * as text
 * "%04x:%06x:%06x:%06x:%06x:" and 32 digits with its NUL, first the client's, then the server's; at
 * the end "END" with its NUL, in the same order.
 */
#ifndef XSRQ_ADDRESS_H
#define XSRQ_ADDRESS_H

#include "common/exchange.h"

struct xsrq_address {
	uint16_t lid;
	uint32_t receiver, sender; /* queue pairs */
	uint32_t psn;
	uint32_t srqn;
	union ibv_gid gid; /* all zero: no GID in use */
};

/* These print what went wrong, and return 0 or a positive errno. */
int xsrq_address_send(struct pp_exchange *exchange, const struct xsrq_address *address);
int xsrq_address_receive(struct pp_exchange *exchange, struct xsrq_address *address);
int xsrq_end_send(struct pp_exchange *exchange);
int xsrq_end_receive(struct pp_exchange *exchange);

void xsrq_address_print(const struct xsrq_address *address, enum pp_address_side side);

#endif
