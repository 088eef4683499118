/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Verbs that applications reach through struct verbs_context and that libibverbs looks at before
 * the provider does. Each lies in the file of its subject.
 */
#ifndef LIBIBVERBS_ENTRY_H
#define LIBIBVERBS_ENTRY_H

#include <infiniband/verbs.h>

/* direct.c */
int entry_dealloc_td(struct ibv_td *td);
struct ibv_mw *entry_alloc_mw(struct ibv_pd *pd, enum ibv_mw_type type);
int entry_dealloc_mw(struct ibv_mw *mw);
struct ibv_mr *entry_alloc_null_mr(struct ibv_pd *pd);
int entry_free_dm(struct ibv_dm *dm);
int entry_close_xrcd(struct ibv_xrcd *xrcd);
int entry_get_srq_num(struct ibv_srq *srq, uint32_t *srq_num);
int entry_destroy_wq(struct ibv_wq *wq);
int entry_destroy_rwq_ind_table(struct ibv_rwq_ind_table *table);
int entry_destroy_flow(struct ibv_flow *flow);
int entry_destroy_flow_action(struct ibv_flow_action *action);
int entry_destroy_counters(struct ibv_counters *counters);
int entry_query_rt_values(struct ibv_context *context, struct ibv_values_ex *values);
int entry_modify_qp_rate_limit(struct ibv_qp *qp, struct ibv_qp_rate_limit_attr *attr);

int entry_query_port(struct ibv_context *context, uint8_t port_num, struct ibv_port_attr *attr,
		     size_t attr_size);
int entry_query_device_ex(struct ibv_context *context,
			  const struct ibv_query_device_ex_input *input,
			  struct ibv_device_attr_ex *attr, size_t attr_size);
struct ibv_cq_ex *entry_create_cq_ex(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr);
struct ibv_srq *entry_create_srq_ex(struct ibv_context *context, struct ibv_srq_init_attr_ex *attr);
struct ibv_qp *entry_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr);
struct ibv_qp *entry_open_qp(struct ibv_context *context, struct ibv_qp_open_attr *attr);
int entry_modify_cq(struct ibv_cq *cq, struct ibv_modify_cq_attr *attr);
struct ibv_td *entry_alloc_td(struct ibv_context *context, struct ibv_td_init_attr *attr);
struct ibv_pd *entry_alloc_parent_domain(struct ibv_context *context,
					 struct ibv_parent_domain_init_attr *attr);
struct ibv_xrcd *entry_open_xrcd(struct ibv_context *context, struct ibv_xrcd_init_attr *attr);
int entry_advise_mr(struct ibv_pd *pd, enum ib_uverbs_advise_mr_advice advice, uint32_t flags,
		    struct ibv_sge *sg_list, uint32_t num_sge);
struct ibv_dm *entry_alloc_dm(struct ibv_context *context, struct ibv_alloc_dm_attr *attr);
struct ibv_mr *entry_reg_dm_mr(struct ibv_pd *pd, struct ibv_dm *dm, uint64_t dm_offset,
			       size_t length, unsigned int access);
struct ibv_wq *entry_create_wq(struct ibv_context *context, struct ibv_wq_init_attr *attr);
int entry_modify_wq(struct ibv_wq *wq, struct ibv_wq_attr *attr);
struct ibv_rwq_ind_table *entry_create_rwq_ind_table(struct ibv_context *context,
						     struct ibv_rwq_ind_table_init_attr *attr);
struct ibv_flow *entry_create_flow(struct ibv_qp *qp, struct ibv_flow_attr *attr);
struct ibv_flow_action *entry_create_flow_action_esp(struct ibv_context *context,
						     struct ibv_flow_action_esp_attr *attr);
int entry_modify_flow_action_esp(struct ibv_flow_action *action,
				 struct ibv_flow_action_esp_attr *attr);
struct ibv_counters *entry_create_counters(struct ibv_context *context,
					   struct ibv_counters_init_attr *attr);
int entry_attach_counters_point_flow(struct ibv_counters *counters,
				     struct ibv_counter_attach_attr *attr, struct ibv_flow *flow);
int entry_read_counters(struct ibv_counters *counters, uint64_t *values, uint32_t count,
			uint32_t flags);

#endif
