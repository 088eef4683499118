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

/* An IPv4 address in its last four bytes. */
static inline bool wire_gid_is_ip4(const uint8_t gid[16])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(gid, prefix, sizeof(prefix)) == 0;
}

/* On Ethernet a group may be one of IPv4 as well. */
static inline bool wire_gid_is_multicast(const uint8_t gid[16])
{
	return gid[0] == WIRE_GID_MULTICAST || (wire_gid_is_ip4(gid) && (gid[12] & 0xf0) == 0xe0);
}

/* RFC 1112 and 2464: the groups of IP have their MACs. */
static inline void wire_gid_group_mac(const uint8_t gid[16], uint8_t mac[6])
{
	const uint8_t ip4[6] = {0x01, 0x00, 0x5e, gid[13] & 0x7f, gid[14], gid[15]};
	const uint8_t ip6[6] = {0x33, 0x33, gid[12], gid[13], gid[14], gid[15]};

	memcpy(mac, wire_gid_is_ip4(gid) ? ip4 : ip6, 6);
}

#endif
