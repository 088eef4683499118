/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The library's explanations, for providers that are tested without it: only the errors matter
 * there. */
#include "libibverbs/driver.h"

void verbs_explain(const char *format, ...)
{
	(void)format;
}

void *verbs_explained(void *result, const char *verb, struct ibv_context *context)
{
	(void)verb, (void)context;
	return result;
}

int verbs_explain_send(int err, const struct ibv_qp *qp, const struct ibv_send_wr *wr,
		       const struct ibv_qp_cap *cap)
{
	(void)qp, (void)wr, (void)cap;
	return err;
}

int verbs_explain_recv(int err, const char *verb, const struct ibv_qp *qp,
		       const struct ibv_recv_wr *wr, uint32_t max_wr, uint32_t max_sge)
{
	(void)verb, (void)qp, (void)wr, (void)max_wr, (void)max_sge;
	return err;
}

int verbs_explain_ops(int err, const struct ibv_ops_wr *wr, uint32_t max_tags, uint32_t max_ops)
{
	(void)wr, (void)max_tags, (void)max_ops;
	return err;
}
