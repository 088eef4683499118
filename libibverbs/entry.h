/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Verbs that applications reach through struct verbs_context and that libibverbs looks at before
 * the provider does. Each lies in the file of its subject.
 */
#ifndef LIBIBVERBS_ENTRY_H
#define LIBIBVERBS_ENTRY_H

#include <infiniband/verbs.h>

int entry_query_port(struct ibv_context *context, uint8_t port_num, struct ibv_port_attr *attr,
		     size_t attr_size);
int entry_query_device_ex(struct ibv_context *context,
			  const struct ibv_query_device_ex_input *input,
			  struct ibv_device_attr_ex *attr, size_t attr_size);
struct ibv_cq_ex *entry_create_cq_ex(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr);
struct ibv_srq *entry_create_srq_ex(struct ibv_context *context, struct ibv_srq_init_attr_ex *attr);
struct ibv_qp *entry_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr);

#endif
