/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ports of an adapter's connection manager, which all processes of the host share: who has bound
 * which one. What a port space or an address family is, only callers know.
 */
#ifndef SOFTHCA_FABRIC_PORT_H
#define SOFTHCA_FABRIC_PORT_H

#include "softhca/fabric/fabric.h"

struct fabric_port_wish {
	uint16_t space;
	uint8_t flags; /* enum fabric_port_flag */
	uint8_t family;
	uint64_t number; /* 0: any of the range for clients */
	uint8_t address[16];
};

/* Binds it, and says in the wish which number it is. EADDRINUSE: somebody has it, at that address.
 * EADDRNOTAVAIL: one of the two is for any address; or no number is free. ENOMEM. */
int fabric_port_bind(struct fabric *fabric, struct fabric_hca *hca, struct fabric_port_wish *wish,
		     unsigned int *index);
/* Who listens may not share. EADDRINUSE, EADDRNOTAVAIL. */
int fabric_port_unshare(struct fabric *fabric, struct fabric_hca *hca, unsigned int index);
void fabric_port_release(struct fabric_hca *hca, unsigned int index);

#endif
