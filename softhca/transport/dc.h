/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Dynamic connections: an initiator's requests each name a target, and a target answers any number
 * of initiators. An initiator is connected to one target at a time, for as many requests in a row
 * as name it, and turns to the next when all of them have been acknowledged. Within a connection
 * everything is as with reliable connections.
 */
#ifndef SOFTHCA_TRANSPORT_DC_H
#define SOFTHCA_TRANSPORT_DC_H

#include "softhca/transport/responder.h"

/* ---- dc_initiator.c ---- */

/* Has the initiator connected to whom `requester->request` names. False: not yet, as there are
 * requests to somebody else that are not complete. */
bool dc_connect(struct requester *requester);
/* Writes the header of a request, header_bytes of them. */
void dc_put_header(const struct requester *requester, uint8_t *to);
/* Whether a response is of the target that the initiator is connected to. */
bool dc_comes_from_target(const struct qp *qp, const struct arrival *arrival);

/* ---- dc_target.c ---- */

/* What a target knows of its initiators. 0 or ENOMEM. */
int dc_target_create(struct qp *qp);
void dc_target_destroy(struct qp *qp);
/* All connections end; what is in progress completes as flushed. */
void dc_target_forget(struct qp *qp);
void dc_target_receive(struct qp *qp, struct arrival *arrival);
/* The connection of this responder ends, and no other; its initiator is told why. */
void dc_end_connection(struct responder *responder);

#endif
