/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The handlers of the write commands and of the ioctl methods, by the files that hold them. */
#ifndef SOFTHCA_SHIM_METHODS_COMMANDS_H
#define SOFTHCA_SHIM_METHODS_COMMANDS_H

#include "softhca/shim/attrs.h"
#include "softhca/shim/command.h"

/* device.c */
command_fn get_context, query_device, ex_query_device;
extern const struct method_entry device_methods[];
/* QUERY_CONTEXT without the driver's part. */
int query_context_method(struct attrs *attrs);
/* port.c */
command_fn query_port;
extern const struct method_entry port_methods[];
/* pd.c */
command_fn alloc_pd, dealloc_pd;
extern const struct method_entry pd_methods[];
/* mr.c */
command_fn reg_mr, rereg_mr, dereg_mr;
/* mr_methods.c */
extern const struct method_entry mr_methods[];
/* advise.c, dm.c, dmah.c */
extern const struct method_entry advise_methods[], dm_methods[], dmah_methods[];
/* mw.c */
command_fn alloc_mw, dealloc_mw;
extern const struct method_entry mw_methods[];
/* channel_methods.c */
command_fn create_comp_channel;
extern const struct method_entry channel_methods[];
/* cq.c */
command_fn create_cq, ex_create_cq, ex_modify_cq, resize_cq, destroy_cq;
extern const struct method_entry cq_methods[];
/* qp.c */
command_fn create_qp, ex_create_qp, open_qp, destroy_qp;
extern const struct method_entry qp_methods[];
/* qp_attr.c */
command_fn query_qp, modify_qp, ex_modify_qp;
/* srq.c */
command_fn create_srq, create_xsrq, modify_srq, query_srq, destroy_srq;
extern const struct method_entry srq_methods[];
/* xrcd.c */
command_fn open_xrcd, close_xrcd;
extern const struct method_entry xrcd_methods[];
/* ah.c */
command_fn create_ah, destroy_ah;
extern const struct method_entry ah_methods[];
/* wq.c */
command_fn ex_create_wq, ex_modify_wq, ex_destroy_wq, ex_create_wq_table, ex_destroy_wq_table;
extern const struct method_entry wq_methods[];
/* flow.c */
command_fn ex_create_flow, ex_destroy_flow;
extern const struct method_entry flow_methods[];
/* counters.c */
extern const struct method_entry counters_methods[];
/* mcast.c */
command_fn attach_mcast, detach_mcast;

#endif
