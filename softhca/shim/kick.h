/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The calls that stand in a program's function tables in place of the provider's: each calls the
 * provider's, and drives the engine before or after. They are for tables.c to put there.
 */
#ifndef SOFTHCA_SHIM_KICK_H
#define SOFTHCA_SHIM_KICK_H

#include "softhca/shim/verbs_tables.h"

int kick_poll_cq(struct verbs_cq *cq, int entries, struct verbs_wc *wc);
int kick_start_poll(struct verbs_cq *cq, void *attr);
int kick_post_send(void *queue, void *wr, void **bad_wr);
int kick_wr_complete(struct verbs_qp *qp);
int kick_query_clock(struct verbs_context_view *context, void *values);
int kick_req_notify_cq(struct verbs_cq *cq, int solicited_only);

#endif
