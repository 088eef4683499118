/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Unreliable datagrams: one packet a message, addressed by the work request, to one or to many. */
#ifndef SOFTHCA_TRANSPORT_DATAGRAM_H
#define SOFTHCA_TRANSPORT_DATAGRAM_H

#include "softhca/core/types.h"

struct arrival;
struct hca;
struct qp;
struct requester;
struct ud_address;

/* Sends the request that requester->request holds, as packet send_psn. EAGAIN when the ring is
 * full; 0 otherwise, and *status tells whether the request was any good. */
int datagram_send(struct requester *requester, enum completion_status *status);

/* One way to one queue pair. */
bool datagram_same_address(const struct ud_address *a, const struct ud_address *b);
/* Makes requester->route lead to `address`, and keeps that there. */
void datagram_build_route(struct requester *requester, const struct ud_address *address);

void datagram_receive(struct qp *qp, struct arrival *arrival);
/* A packet to a multicast group: to all members among this process's queue pairs. */
void datagram_receive_multicast(struct hca *hca, const struct arrival *arrival);

#endif
