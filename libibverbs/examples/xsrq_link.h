/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The two halves of an extended reliable connection, one each way: a queue pair that sends and one
 * that receives for the domain. Functions print what is wrong and return 0 or a positive errno.
 */
#ifndef XSRQ_LINK_H
#define XSRQ_LINK_H

#include "common/link.h"
#include "xsrq_address.h"

struct xsrq_link {
	struct ibv_qp *receiver, *sender;
	struct xsrq_address local, remote;
	struct pp_exchange exchange;
	long sent, received;
};

/* What all links have in common. */
struct xsrq_place {
	struct ibv_pd *pd;
	struct ibv_xrcd *xrcd;
	struct ibv_cq *cq; /* of sends */
	uint32_t srqn;
	struct pp_path path;
};

/* Makes both queue pairs and fills in the local address. */
int xsrq_link_create(struct xsrq_link *link, const struct xsrq_place *place);
/* Connects both with those of the remote address. */
int xsrq_link_connect(struct xsrq_link *link, const struct xsrq_place *place);
int xsrq_link_destroy(struct xsrq_link *link);

#endif
