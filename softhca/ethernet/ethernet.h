/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ethernet frames of raw packet queue pairs: the wire is a switch that knows every port's MAC.
 * Calls are made under the engine lock.
 */
#ifndef SOFTHCA_ETHERNET_ETHERNET_H
#define SOFTHCA_ETHERNET_ETHERNET_H

#include "softhca/core/engine.h"

struct packet;
struct requester;

/* How many frames a request of a raw packet queue pair makes. */
uint32_t ethernet_frames_of(const struct send_request *request);
/* What is wrong with a request before it has been begun. */
enum completion_status ethernet_judge(const struct send_request *request);
/* Sends frame `number` of the request that requester->request holds. EAGAIN when the only process
 * that it is for has no room; 0 otherwise, and *status tells whether the request was any good. */
int ethernet_send(struct requester *requester, uint32_t number, enum completion_status *status);

/* A frame for `hca`. */
void ethernet_receive(struct hca *hca, const struct packet *packet, const uint8_t *bytes);

#endif
