/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The address a ping-pong side tells its peer: encoded for the TCP exchange and printed for the
 * user. The text is what Debian's ibv_*_pingpong send (observed with strace): lid, QP number, PSN
 * and GID in hexadecimal, "%04x:%06x:%06x:" and 32 digits, with its terminating NUL.
 *
 * One thing is ours. A side that was asked to check payloads (-c) draws a PSN of 20 bits and writes
 * it as '+' and five digits. sscanf() with %x, as others read it, takes that for the same number;
 * we learn that the peer will number its messages too, so that both can check every byte.
 */
#ifndef PP_ADDRESS_H
#define PP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <infiniband/verbs.h>

enum { PP_ADDRESS_TEXT_SIZE = 4 + 1 + 6 + 1 + 6 + 1 + 32 + 1 };

struct pp_address {
	uint16_t lid;
	uint32_t qpn; /* 24 bits */
	uint32_t psn; /* 24 bits, 20 if numbered */
	bool numbered;
	union ibv_gid gid; /* all zero: no GID in use */
};

void pp_address_encode(const struct pp_address *address, char text[PP_ADDRESS_TEXT_SIZE]);

/* EPROTO if the text is anything but an address; text needs no terminator of its own. */
int pp_address_decode(const char text[PP_ADDRESS_TEXT_SIZE], struct pp_address *address);

bool pp_address_has_gid(const struct pp_address *address);

/* "  local address:  LID 0x0001, QPN 0x000048, PSN 0x2b5f1c, GID ::", without the newline */
enum pp_address_side { PP_ADDRESS_LOCAL, PP_ADDRESS_REMOTE };
void pp_address_format(const struct pp_address *address, enum pp_address_side side, char *line,
		       size_t size);

#endif
