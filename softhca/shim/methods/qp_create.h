/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The request for a queue pair, whichever command brings it. */
#ifndef SOFTHCA_SHIM_METHODS_QP_CREATE_H
#define SOFTHCA_SHIM_METHODS_QP_CREATE_H

#include <rdma/ib_user_ioctl_verbs.h>

#include "softhca/shim/command.h"

struct qp_request {
	uint64_t user_handle;
	uint32_t type;
	struct pd_object *pd;
	struct xrcd_object *xrcd; /* instead of a PD: XRC's receiving half */
	struct cq_object *send_cq, *recv_cq;
	struct srq_object *srq;
	struct wq_table_object *table;
	struct ib_uverbs_qp_cap cap;
	bool signal_all;
	uint32_t flags;
	int event_fd;
};

/* rss.c: of a request with a table. */
int qp_create_spreading(struct shim_file *file, const struct qp_request *request,
			const struct driver_data *driver, struct qp_object **created);
int qp_destroy_spreading(struct qp_object *object);

#endif
