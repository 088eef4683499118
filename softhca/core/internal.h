/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of the core share among themselves. */
#ifndef SOFTHCA_CORE_INTERNAL_H
#define SOFTHCA_CORE_INTERNAL_H

#include "softhca/core/engine.h"

/* ---- engine.c ---- */
/* Moves kicked QPs to the pending list. */
void engine_collect_kicks(struct engine *engine);
/* Puts the QPs of CQs that have run over into error. */
void engine_fail_cqs(struct engine *engine);

/* ---- qp_transitions.c ---- */
/* Whether the specification lets a QP of this type go from one state to the other with `mask`,
 * QP_STATE aside: all that is required and nothing that is not allowed. */
bool qp_transition_allows(enum qp_type type, enum qp_state from, enum qp_state to, uint32_t mask);

/* ---- number.c ---- */
/* Of CQs or WQs, the number behind the last one given. From the second time round on some may be
 * in use; there are more numbers than queues. */
uint32_t hca_free_number(const struct hca *hca, uint32_t *next,
			 bool (*is_taken)(const struct hca *hca, uint32_t number));

/* ---- qp.c ---- */
/* Brings the directory entry up to date with qp->attr. */
void qp_publish(struct qp *qp);
/* Enters `state` from within: tells transport and directory, keeps the watched list. */
void qp_enter_state(struct qp *qp, enum qp_state state, uint32_t mask);

/* ---- srq.c ---- */
/* No receive can be taken from it any more. */
void srq_fail(struct srq *srq);

/* ---- mr.c ---- */
/* Reserves a key and enters it in the tables, free. `pd` may be NULL. */
int key_new(struct hca *hca, struct pd *pd, enum key_kind kind, uint8_t variant, struct mr **key);
void key_end(struct mr *key);
/* Gives the key to the other processes, or takes it back and waits for who is in the middle of a
 * shortcut on it. Nothing of it may change in between. */
void key_publish(struct mr *key);
void key_withdraw(struct mr *key);

/* ---- mw.c ---- */
/* The window grants nothing any more. */
void mw_unbind(struct mr *mw);
/* The same for all that are bound to a region, or for a queue pair. */
void mw_unbind_region(struct mr *mr);
void mw_unbind_qp(const struct qp *qp);

/* ---- null_mr.c ---- */
int null_mr_create(struct hca *hca);
void null_mr_destroy(struct hca *hca);

/* ---- multicast.c ---- */
void qp_leave_groups(struct qp *qp);

#endif
