/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The way to a queue pair: which adapter an address names, which process owns the queue pair there,
 * and the routing headers that all packets on this way have in common.
 */
#ifndef SOFTHCA_TRANSPORT_ROUTE_H
#define SOFTHCA_TRANSPORT_ROUTE_H

#include <linux/types.h>

#include "hw/wire/grh.h"
#include "softhca/core/engine.h"
#include "softhca/fabric/fabric.h"

struct route {
	uint64_t checked_ns; /* when `process` was looked up */
	uint32_t process;    /* FABRIC_NOWHERE while the address leads to nobody */
	uint32_t qpn;
	uint16_t slid, dlid;
	uint8_t source_hca, destination_hca;
	uint8_t sl;
	bool grh;
	uint8_t flags; /* of struct packet */
	__be16 pkey;
	struct wire_grh header; /* all but the payload length; used with `grh` */
	bool by_gid;		/* the GID names the adapter, and not the LID */
	int hca;		/* -1: there is none yet */
};

/* The way to `qpn` behind `path`; never fails, but may lead nowhere. */
void route_build(struct route *route, const struct qp *qp, const struct path *path, uint32_t qpn);
/* The same for packets of the adapter's own, with that P_Key. */
void route_build_own(struct route *route, struct hca *hca, uint16_t pkey, const struct path *path,
		     uint32_t qpn);

/* Looks again who owns the queue pair, if the last look is long ago or found nobody. */
void route_refresh(struct route *route, const struct qp *qp);
/* The same without regard to when the last look was. */
void route_look_up(struct route *route, const struct hca *hca);

/* The P_Key that `qp` sends with. */
uint16_t route_own_pkey(const struct qp *qp);
/* Whether a packet that carries `pkey` may enter, and by which of the port's keys. */
bool route_accepts_pkey(const struct qp *qp, uint16_t pkey, uint16_t *index);
/* The same by any key of the port. */
bool route_port_accepts_pkey(const struct hca *hca, uint16_t pkey, uint16_t *index);

#endif
