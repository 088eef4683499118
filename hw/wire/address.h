/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What can be told from a LID or a GID. Sources: IBTA vol. 1, 4.1.1 and 4.1.3; RFC 4291, 2.5.5.2.
 */
#ifndef WIRE_ADDRESS_H
#define WIRE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
	WIRE_LID_MULTICAST = 0xc000,  /* the first multicast LID; from here on none is unicast */
	WIRE_LID_PERMISSIVE = 0xffff, /* nobody's address, and no group's */
	WIRE_GID_MULTICAST = 0xff,    /* first byte */
};

static inline bool wire_lid_is_multicast(uint16_t lid)
{
	return lid >= WIRE_LID_MULTICAST && lid != WIRE_LID_PERMISSIVE;
}

static inline bool wire_gid_is_multicast(const uint8_t gid[16])
{
	return gid[0] == WIRE_GID_MULTICAST;
}

/* An IPv4 address in its last four bytes. */
static inline bool wire_gid_is_ip4(const uint8_t gid[16])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(gid, prefix, sizeof(prefix)) == 0;
}

#endif
