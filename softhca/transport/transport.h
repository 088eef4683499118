/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The transports RC, UC, UD, XRC and DC: what the core calls when work is posted, when a packet
 * arrives and when time passes. All calls are made under the engine lock. Rules and numbers are
 * those of the IBTA specification, vol. 1, chapters 9 (transport layer), 10 and 11 (queue pairs,
 * completions).
 */
#ifndef SOFTHCA_TRANSPORT_TRANSPORT_H
#define SOFTHCA_TRANSPORT_TRANSPORT_H

#include "softhca/core/engine.h"

struct packet;

/* Allocates qp->requester and qp->responder. */
int transport_qp_create(struct qp *qp);
/* Stops timers, leaves every list, frees. Nothing is completed. */
void transport_qp_destroy(struct qp *qp);

/* qp->attr has just changed from `old` state; acts on the new one: RTR and RTS load PSNs, paths
 * and windows from the attributes, ERR flushes, RESET forgets everything, SQD drains. */
void transport_qp_modified(struct qp *qp, enum qp_state old, uint32_t mask);

/* A send queue that has been stopped and still waits for what it had begun. */
bool transport_is_draining(const struct qp *qp);

/* Where the queue pair stands: the number of the next packet to send, and of the next one that it
 * will take. Those it was given, as long as it does not run, and for datagrams. */
void transport_sequence(const struct qp *qp, uint32_t *send_psn, uint32_t *recv_psn);

/* Send work may have been posted: take it, as far as window, ring space and fences allow. Returns
 * how many packets went out. */
unsigned int transport_push(struct qp *qp);

/* An SRQ that requests name is about to end: no queue pair of its adapter has to do with it then.
 */
void transport_forget_srq(const struct srq *srq);

/* Completes what is posted to a QP in error, both queues. Returns how many. */
unsigned int transport_flush(struct qp *qp);

/* A packet for `hca`: `bytes` are the headers from GRH or BTH on, packet->length of them. */
void transport_receive(struct hca *hca, const struct packet *packet, const uint8_t *bytes);

/* Sends the acknowledgements owed by the QPs on engine->acks. */
void transport_send_acks(struct engine *engine);

/* Runs what is due at engine->now_ns and sets engine->next_timer_ns. */
void transport_run_timers(struct engine *engine);

#endif
