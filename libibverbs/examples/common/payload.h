/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the messages of a ping-pong contain, and the check behind -c.
 *
 * If both sides are ours and check, message n of a direction and queue pair has contents of its own
 * (the numbered pattern), and each receiver compares every byte. Debian's tools instead send the
 * same bytes each time, echo what they get, and look at the first byte of each page, which has to
 * be zero (observed). With such a peer the client sends that constant pattern and compares every
 * byte of the echo; the server takes the first message for granted if it is of that make, and
 * compares every byte of the others with it.
 */
#ifndef PP_PAYLOAD_H
#define PP_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

/* What a numbered message is made from. */
struct pp_payload_key {
	uint32_t link;
	uint32_t number;
	uint32_t from_server; /* 1 in answers */
};

void pp_payload_fill_numbered(void *data, size_t size, const struct pp_payload_key *key);
void pp_payload_fill_constant(void *data, size_t size, size_t page_size);

/* The offset of the first wrong byte, or size if there is none. */
size_t pp_payload_check_numbered(const void *data, size_t size, const struct pp_payload_key *key);
size_t pp_payload_check_same(const void *data, const void *expected, size_t size);
/* Bytes at page starts may be zero, all others have to be equal. */
size_t pp_payload_check_constant(const void *data, size_t size, size_t page_size);

#endif
