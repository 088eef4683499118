/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The hash that spreads frames: Microsoft's "Receive Side Scaling" specification, "RSS hashing
 * functions". */
#ifndef SOFTHCA_ETHERNET_TOEPLITZ_H
#define SOFTHCA_ETHERNET_TOEPLITZ_H

#include "softhca/core/rss.h"

/* Of `length` bytes, at most RSS_KEY_BYTES - 4. */
uint32_t toeplitz(const uint8_t key[RSS_KEY_BYTES], const uint8_t *bytes, uint32_t length);

/* Of the fields of a frame, in the order addresses, ports, source first. What the frame has not is
 * not hashed; `*hashed` says what was. 0 if nothing was. */
uint32_t rss_hash(const uint8_t key[RSS_KEY_BYTES], uint32_t fields, const struct flow_key *frame,
		  uint32_t *hashed);

#endif
