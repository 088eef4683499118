/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Datagrams by UDP, for as long as a peer's queue pair or the way to it is not known. */
#include <netinet/in.h>
#include <stdlib.h>

#include "librdmacm/rsocket/datagram.h"

enum { LARGEST = 4096, ROUND = 64 };

/* The port is told to peers, so there has to be one from the first on. */
int rs_udp_bind(struct rs_datagrams *datagrams)
{
	struct sockaddr_storage any = {.ss_family = (sa_family_t)datagrams->rs->domain};
	socklen_t length = sizeof(datagrams->own);

	if (!datagrams->bound &&
	    bind(datagrams->udp_fd, (struct sockaddr *)&any, rs_address_length(&any)))
		return errno;
	memset(&datagrams->own, 0, sizeof(datagrams->own));
	if (getsockname(datagrams->udp_fd, (struct sockaddr *)&datagrams->own, &length))
		return errno;
	datagrams->bound = true;
	return 0;
}

int rs_udp_send(struct rs_datagrams *datagrams, const struct rs_peer *peer,
		enum rs_operation operation, const struct iovec *iov, int count)
{
	struct rs_cursor cursor = {.iov = iov, .count = count};
	struct rs_udp_header header;
	uint8_t packet[sizeof(header) + LARGEST];
	size_t in_front = rs_udp_header_pack(&header, operation, peer->pair->id->qp->qp_num,
					     &peer->pair->address);
	size_t length = rs_iov_length(iov, count);

	if (length > LARGEST)
		return EMSGSIZE;
	memcpy(packet, &header, in_front);
	rs_cursor_copy_out(&cursor, packet + in_front, length);
	return sendto(datagrams->udp_fd, packet, in_front + length, MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)&peer->address,
		      rs_address_length(&peer->address)) < 0
		       ? errno
		       : 0;
}

static void keep(struct rs_datagrams *datagrams, const uint8_t *data, size_t length,
		 const struct sockaddr_storage *from)
{
	struct rs_datagram *datagram;

	if (datagrams->udp_waiting == RS_MAX_UDP_WAITING)
		return;
	datagram = malloc(sizeof(*datagram) + length);
	if (!datagram)
		return;
	*datagram = (struct rs_datagram){
		.data = (const uint8_t *)(datagram + 1), .length = (uint32_t)length, .from = *from};
	memcpy(datagram + 1, data, length);
	list_append(&datagrams->waiting, &datagram->link);
	datagrams->rs->arrivals++;
	datagrams->udp_waiting++;
}

static void arrived(struct rs_datagrams *datagrams, const uint8_t *packet, size_t length,
		    const struct sockaddr_storage *from)
{
	struct rs_udp_header header = {0};
	struct rs_peer *peer;
	size_t in_front;

	memcpy(&header, packet, length < sizeof(header) ? length : sizeof(header));
	in_front = rs_udp_header_check(&header, length);
	if (!in_front)
		return;
	if (header.operation == RS_OP_DATA && rs_datagram_welcome(datagrams, from))
		keep(datagrams, packet + in_front, length - in_front, from);
	if (rs_peer_get(datagrams, from, &peer))
		return;
	rs_peer_learn(peer, be32toh(header.qpn) & RS_QPN_MASK);
	if (header.operation == RS_OP_DATA)
		rs_udp_send(datagrams, peer, RS_OP_CONTROL, NULL, 0);
}

/* A few at a time, so that a flood does not hold up who sends. */
void rs_udp_progress(struct rs_datagrams *datagrams)
{
	uint8_t packet[sizeof(struct rs_udp_header) + LARGEST];
	bool any = false;

	for (int i = 0; i < ROUND; i++) {
		struct sockaddr_storage from = {0};
		socklen_t from_length = sizeof(from);
		ssize_t length =
			recvfrom(datagrams->udp_fd, packet, sizeof(packet),
				 MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &from_length);

		if (length < 0)
			break;
		any = true;
		if ((size_t)length <= sizeof(packet) && from.ss_family == datagrams->rs->domain)
			arrived(datagrams, packet, (size_t)length, &from);
	}
	if (any)
		rs_wake(datagrams->rs);
}
