/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reasons of failures, infiniband/verbs_explain.h. The functions are looked up, since the tools run
 * on other makers' libibverbs as well, which gives errno and no more.
 */
#ifndef TOOL_EXPLAIN_H
#define TOOL_EXPLAIN_H

#include <infiniband/verbs.h>

/* Why the verb failed that has just returned `err`, or NULL if the library does not tell. */
const char *tool_explanation(int err);

/* What a completion says, in a line. `wc` needs wr_id, status, qp_num and vendor_err. */
void tool_explain_wc(const struct ibv_wc *wc, char *text, size_t size);

#endif
