/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Encoding and printing of ping-pong addresses; see address.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "address.h"

enum { GID_DIGITS = 2 * sizeof(union ibv_gid) };

static void encode_gid(const union ibv_gid *gid, char text[GID_DIGITS + 1])
{
	for (size_t i = 0; i < sizeof(gid->raw); i++)
		snprintf(text + 2 * i, 3, "%02x", gid->raw[i]);
}

void pp_address_encode(const struct pp_address *address, char text[PP_ADDRESS_TEXT_SIZE])
{
	char gid[GID_DIGITS + 1];
	char psn[7];

	encode_gid(&address->gid, gid);
	if (address->numbered)
		snprintf(psn, sizeof(psn), "+%05x", address->psn & 0xfffff);
	else
		snprintf(psn, sizeof(psn), "%06x", address->psn & 0xffffff);
	snprintf(text, PP_ADDRESS_TEXT_SIZE, "%04x:%06x:%s:%s", address->lid,
		 address->qpn & 0xffffff, psn, gid);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Reads width hexadecimal digits and the character behind them; returns where to go on, or NULL. */
static const char *number(const char *text, int width, char end, uint32_t *value)
{
	*value = 0;
	for (int i = 0; i < width; i++) {
		int d = digit(text[i]);

		if (d < 0)
			return NULL;
		*value = *value << 4 | (uint32_t)d;
	}
	return text[width] == end ? text + width + 1 : NULL;
}

static const char *number_psn(const char *text, struct pp_address *address)
{
	address->numbered = *text == '+';
	if (address->numbered)
		return number(text + 1, 5, ':', &address->psn);
	return number(text, 6, ':', &address->psn);
}

static int decode_gid(const char *text, union ibv_gid *gid)
{
	for (size_t i = 0; i < sizeof(gid->raw); i++) {
		int high = digit(text[2 * i]), low = high < 0 ? -1 : digit(text[2 * i + 1]);

		if (low < 0)
			return EPROTO;
		gid->raw[i] = (uint8_t)(high << 4 | low);
	}
	return text[GID_DIGITS] ? EPROTO : 0;
}

int pp_address_decode(const char text[PP_ADDRESS_TEXT_SIZE], struct pp_address *address)
{
	uint32_t lid;
	const char *at = number(text, 4, ':', &lid);

	if (at)
		at = number(at, 6, ':', &address->qpn);
	if (at)
		at = number_psn(at, address);
	if (!at)
		return EPROTO;
	address->lid = (uint16_t)lid;
	return decode_gid(at, &address->gid);
}

bool pp_address_has_gid(const struct pp_address *address)
{
	static const union ibv_gid none;

	return memcmp(&address->gid, &none, sizeof(none)) != 0;
}

void pp_address_format(const struct pp_address *address, enum pp_address_side side, char *line,
		       size_t size)
{
	char gid[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &address->gid, gid, sizeof(gid));
	snprintf(line, size, "  %s LID 0x%04x, QPN 0x%06x, PSN 0x%06x, GID %s",
		 side == PP_ADDRESS_LOCAL ? "local address: " : "remote address:", address->lid,
		 address->qpn, address->psn, gid);
}
