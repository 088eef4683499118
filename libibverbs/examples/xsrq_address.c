/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The TCP exchange of ibv_xsrq_pingpong; see xsrq_address.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/report.h"
#include "xsrq_address.h"

enum {
	NUMBERS = 5,
	GID_DIGITS = 2 * sizeof(union ibv_gid),
	TEXT_SIZE = 5 + 4 * 7 + GID_DIGITS + 1
};

static const char end_text[] = "END";

int xsrq_address_send(struct pp_exchange *exchange, const struct xsrq_address *address)
{
	char text[TEXT_SIZE];
	int at, err;

	at = snprintf(text, sizeof(text), "%04x:%06x:%06x:%06x:%06x:", address->lid,
		      address->receiver & 0xffffff, address->sender & 0xffffff,
		      address->psn & 0xffffff, address->srqn & 0xffffff);
	for (size_t i = 0; i < sizeof(address->gid.raw); i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, "%02x", address->gid.raw[i]);
	err = pp_exchange_put(exchange, text, sizeof(text));
	return err ? tool_error(err, "cannot send the local address to the peer") : 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Digits up to the character `end`; where to go on, or NULL. */
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

static int decode(const char text[TEXT_SIZE], struct xsrq_address *address)
{
	uint32_t values[NUMBERS];
	const char *at = text;

	for (int i = 0; i < NUMBERS && at; i++)
		at = number(at, i ? 6 : 4, ':', &values[i]);
	if (!at || text[TEXT_SIZE - 1])
		return EPROTO;
	*address = (struct xsrq_address){(uint16_t)values[0], values[1], values[2],
					 values[3],	      values[4], {{0}}};
	for (size_t i = 0; i < sizeof(address->gid.raw); i++) {
		int high = digit(at[2 * i]), low = digit(at[2 * i + 1]);

		if (high < 0 || low < 0)
			return EPROTO;
		address->gid.raw[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

int xsrq_address_receive(struct pp_exchange *exchange, struct xsrq_address *address)
{
	char text[TEXT_SIZE];
	int err = pp_exchange_get(exchange, text, sizeof(text));

	if (err)
		return tool_error(err, "the peer gave no address");
	return decode(text, address)
		       ? tool_error(EPROTO, "the peer sent something else than an address")
		       : 0;
}

int xsrq_end_send(struct pp_exchange *exchange)
{
	int err = pp_exchange_put(exchange, end_text, sizeof(end_text));

	return err ? tool_error(err, "cannot tell the peer that this side is done") : 0;
}

int xsrq_end_receive(struct pp_exchange *exchange)
{
	char text[sizeof(end_text)];
	int err = pp_exchange_get(exchange, text, sizeof(text));

	if (!err && memcmp(text, end_text, sizeof(text)))
		err = EPROTO;
	return err ? tool_error(err, "the peer did not come to an end") : 0;
}

void xsrq_address_print(const struct xsrq_address *address, enum pp_address_side side)
{
	char gid[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &address->gid, gid, sizeof(gid));
	printf("  %s LID 0x%04x, QPN RECV 0x%06x SEND 0x%06x, PSN 0x%06x, SRQN 0x%06x, GID %s\n",
	       side == PP_ADDRESS_LOCAL ? "local address: " : "remote address:", address->lid,
	       address->receiver, address->sender, address->psn, address->srqn, gid);
}
