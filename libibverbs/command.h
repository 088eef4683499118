/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's commands as providers call them: what is common to all drivers in the arguments, the
 * driver's private data in a verbs_udata (NULL when there is none). Each returns 0 or errno.
 *
 * Those that create an object take the memory of the new object, fill in its public part before the
 * command is sent and undo that when it fails. Those that destroy leave the memory to the caller,
 * and wait first until the application has acknowledged every event that was delivered for the
 * object.
 *
 * A verbs_ioctl that a function takes is a call of its method which the driver has begun and put
 * its own attributes into, or NULL; the function adds what is common and runs it.
 */
#ifndef LIBIBVERBS_COMMAND_H
#define LIBIBVERBS_COMMAND_H

#include <stddef.h>
#include <stdint.h>
#include <infiniband/verbs.h>

#include "libibverbs/ioctl.h"

struct verbs_mr;
struct verbs_qp;
struct verbs_cq;
struct verbs_srq;
struct verbs_xrcd;
struct verbs_flow_action;
struct verbs_counters;
struct verbs_dmah;

/* Device. raw_fw_version is the number as the driver gives it; each driver packs it its own way. */
int ibv_cmd_get_context(struct verbs_context *context, const struct verbs_udata *udata);
/* The same answers for a context that exists already: what import_context begins with. `call`, if
 * not NULL, has been begun by the driver with attributes of its own. */
int ibv_cmd_query_context(struct verbs_context *context, struct verbs_ioctl *call);
int ibv_cmd_query_device_any(struct ibv_context *context,
			     const struct ibv_query_device_ex_input *input,
			     struct ibv_device_attr_ex *attr, uint64_t *raw_fw_version,
			     const struct verbs_udata *udata);
int ibv_cmd_query_port(struct ibv_context *context, uint8_t port_num, struct ibv_port_attr *attr);

/* Protection and XRC domains. */
int ibv_cmd_alloc_pd(struct ibv_context *context, struct ibv_pd *pd,
		     const struct verbs_udata *udata);
int ibv_cmd_dealloc_pd(struct ibv_pd *pd);
int ibv_cmd_open_xrcd(struct ibv_context *context, const struct ibv_xrcd_init_attr *attr,
		      struct verbs_xrcd *xrcd, const struct verbs_udata *udata);
int ibv_cmd_close_xrcd(struct verbs_xrcd *xrcd);

/* Memory. */
int ibv_cmd_reg_mr(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova, unsigned int access,
		   struct verbs_mr *mr, const struct verbs_udata *udata);
int ibv_cmd_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset, size_t length, uint64_t iova, int fd,
			  unsigned int access, struct verbs_mr *mr);
int ibv_cmd_reg_dm_mr(struct ibv_pd *pd, const struct ibv_dm *dm, uint64_t offset, size_t length,
		      unsigned int access, struct verbs_mr *mr);
/* By address or dma-buf, with or without a DMA handle: EOPNOTSUPP by an older kernel. */
int ibv_cmd_reg_mr_ex(struct ibv_pd *pd, const struct ibv_mr_init_attr *attr, struct verbs_mr *mr,
		      const struct verbs_udata *udata);
int ibv_cmd_rereg_mr(struct verbs_mr *mr, uint32_t flags, void *addr, size_t length, uint64_t iova,
		     unsigned int access, struct ibv_pd *pd, const struct verbs_udata *udata);
int ibv_cmd_dereg_mr(struct verbs_mr *mr);
int ibv_cmd_query_mr(struct ibv_pd *pd, struct verbs_mr *mr, uint32_t mr_handle);
int ibv_cmd_advise_mr(struct ibv_pd *pd, enum ib_uverbs_advise_mr_advice advice, uint32_t flags,
		      struct ibv_sge *sg_list, uint32_t num_sge);
int ibv_cmd_alloc_mw(struct ibv_pd *pd, enum ibv_mw_type type, struct ibv_mw *mw,
		     const struct verbs_udata *udata);
int ibv_cmd_dealloc_mw(struct ibv_mw *mw);
/* The copy functions of dm are the driver's to fill in. */
int ibv_cmd_alloc_dm(struct ibv_context *context, const struct ibv_alloc_dm_attr *attr,
		     struct ibv_dm *dm, struct verbs_ioctl *call);
int ibv_cmd_free_dm(struct ibv_dm *dm);
int ibv_cmd_alloc_dmah(struct ibv_context *context, const struct ibv_dmah_init_attr *attr,
		       struct verbs_dmah *dmah);
int ibv_cmd_dealloc_dmah(struct verbs_dmah *dmah);
/* A dma-buf of what mmap() of the command descriptor would show at this page offset. */
int ibv_cmd_alloc_dmabuf(struct ibv_context *context, uint64_t mmap_page, int *fd);

/*
 * Completion queues. cq->cqe becomes what the kernel gave. wc_flags are the provider's affair;
 * flags are enum ib_uverbs_ex_create_cq_flags.
 */
int ibv_cmd_create_cq(struct ibv_context *context, int cqe, void *cq_context,
		      struct ibv_comp_channel *channel, int comp_vector, struct verbs_cq *cq,
		      const struct verbs_udata *udata);
int ibv_cmd_create_cq_ex(struct ibv_context *context, const struct ibv_cq_init_attr_ex *attr,
			 uint32_t flags, struct verbs_cq *cq, const struct verbs_udata *udata);
int ibv_cmd_resize_cq(struct ibv_cq *cq, int cqe, const struct verbs_udata *udata);
int ibv_cmd_modify_cq(struct ibv_cq *cq, const struct ibv_modify_cq_attr *attr);
/* For devices without a register to ask for events with. */
int ibv_cmd_req_notify_cq(struct ibv_cq *cq, int solicited_only);
int ibv_cmd_destroy_cq(struct ibv_cq *cq);

/* Shared receive queues. attr->max_wr and max_sge become what the kernel gave. */
int ibv_cmd_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr, struct verbs_srq *srq,
		       const struct verbs_udata *udata);
int ibv_cmd_create_srq_ex(struct ibv_context *context, struct ibv_srq_init_attr_ex *attr,
			  struct verbs_srq *srq, const struct verbs_udata *udata);
int ibv_cmd_modify_srq(struct ibv_srq *srq, const struct ibv_srq_attr *attr, int attr_mask,
		       const struct verbs_udata *udata);
int ibv_cmd_query_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr,
		      const struct verbs_udata *udata);
int ibv_cmd_destroy_srq(struct verbs_srq *srq);

/*
 * Queue pairs. attr->cap becomes what the kernel gave. ibv_cmd_create_qp_ex() takes everything of
 * attr that is the kernel's (comp_mask, create_flags, source_qpn, XRC domain, indirection table);
 * send_ops_flags are the provider's affair, which sets VERBS_QP_EX itself.
 */
int ibv_cmd_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr, struct verbs_qp *qp,
		      const struct verbs_udata *udata);
int ibv_cmd_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr,
			 struct verbs_qp *qp, const struct verbs_udata *udata);
int ibv_cmd_open_qp(struct ibv_context *context, const struct ibv_qp_open_attr *attr,
		    struct verbs_qp *qp, const struct verbs_udata *udata);
int ibv_cmd_query_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask,
		     struct ibv_qp_init_attr *init_attr, const struct verbs_udata *udata);
/* Sends what IBV_QP_RATE_LIMIT or a udata needs as the extended command, else the classic one. */
int ibv_cmd_modify_qp(struct ibv_qp *qp, const struct ibv_qp_attr *attr, int attr_mask,
		      const struct verbs_udata *udata);
int ibv_cmd_destroy_qp(struct ibv_qp *qp);
/*
 * For queues of software devices that lie in memory shared with the kernel: POST_SEND without
 * requests, which makes the kernel look at what the provider has put there.
 */
int ibv_cmd_ring_send_queue(struct ibv_qp *qp);
int ibv_cmd_attach_mcast(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid);
int ibv_cmd_detach_mcast(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid);

/* Work queues and tables of them. attr->max_wr and max_sge become what the kernel gave. */
int ibv_cmd_create_wq(struct ibv_context *context, struct ibv_wq_init_attr *attr, struct ibv_wq *wq,
		      const struct verbs_udata *udata);
int ibv_cmd_modify_wq(struct ibv_wq *wq, const struct ibv_wq_attr *attr,
		      const struct verbs_udata *udata);
int ibv_cmd_destroy_wq(struct ibv_wq *wq);
int ibv_cmd_create_rwq_ind_table(struct ibv_context *context,
				 const struct ibv_rwq_ind_table_init_attr *attr,
				 struct ibv_rwq_ind_table *table, const struct verbs_udata *udata);
int ibv_cmd_destroy_rwq_ind_table(struct ibv_rwq_ind_table *table);

/* Flows, actions on their packets, and counters of them. */
int ibv_cmd_create_flow(struct ibv_qp *qp, const struct ibv_flow_attr *attr, struct ibv_flow *flow,
			const struct verbs_udata *udata);
int ibv_cmd_destroy_flow(struct ibv_flow *flow);
int ibv_cmd_create_flow_action_esp(struct ibv_context *context,
				   const struct ibv_flow_action_esp_attr *attr,
				   struct verbs_flow_action *action, struct verbs_ioctl *call);
int ibv_cmd_modify_flow_action_esp(struct verbs_flow_action *action,
				   const struct ibv_flow_action_esp_attr *attr,
				   struct verbs_ioctl *call);
int ibv_cmd_destroy_flow_action(struct verbs_flow_action *action);
int ibv_cmd_create_counters(struct ibv_context *context, const struct ibv_counters_init_attr *attr,
			    struct verbs_counters *counters, struct verbs_ioctl *call);
int ibv_cmd_destroy_counters(struct verbs_counters *counters);
int ibv_cmd_read_counters(struct verbs_counters *counters, uint64_t *values, uint32_t count,
			  uint32_t flags, struct verbs_ioctl *call);

/* Address handles. A provider that makes them without the kernel need not call these. */
int ibv_cmd_create_ah(struct ibv_pd *pd, const struct ibv_ah_attr *attr, struct ibv_ah *ah,
		      const struct verbs_udata *udata);
int ibv_cmd_destroy_ah(struct ibv_ah *ah);

#endif
