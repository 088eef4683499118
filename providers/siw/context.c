/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opening and closing a device, and its operations. */

#include <errno.h>
#include <stdlib.h>
#include <rdma/siw-abi.h>

#include "context.h"
#include "cq.h"
#include "qp.h"
#include "srq.h"

static void siw_free_context(struct ibv_context *context)
{
	verbs_free_context(&to_siw_context(context)->verbs);
}

static const struct verbs_context_ops operations = {
	.free_context = siw_free_context,
	.query_device_ex = siw_query_device_ex,
	.query_port = ibv_cmd_query_port,
	.alloc_pd = siw_alloc_pd,
	.dealloc_pd = siw_dealloc_pd,
	.reg_mr = siw_reg_mr,
	.dereg_mr = siw_dereg_mr,
	.create_cq = siw_create_cq,
	.create_cq_ex = siw_create_cq_ex,
	.poll_cq = siw_poll_cq,
	.req_notify_cq = siw_req_notify_cq,
	.destroy_cq = siw_destroy_cq,
	.create_srq = siw_create_srq,
	.modify_srq = siw_modify_srq,
	.query_srq = siw_query_srq,
	.destroy_srq = siw_destroy_srq,
	.post_srq_recv = siw_post_srq_recv,
	.create_qp = siw_create_qp,
	.create_qp_ex = siw_create_qp_ex,
	.query_qp = siw_query_qp,
	.modify_qp = siw_modify_qp,
	.destroy_qp = siw_destroy_qp,
	.post_send = siw_post_send,
	.post_recv = siw_post_recv,
};

struct verbs_context *siw_alloc_context(struct ibv_device *device, int cmd_fd, void *private_data)
{
	struct siw_uresp_alloc_ctx response;
	const struct verbs_udata udata = {.out = &response, .out_len = sizeof(response)};
	struct siw_context *context;
	int err;

	(void)private_data;
	context = verbs_alloc_context(device, cmd_fd, sizeof(*context));
	if (!context)
		return NULL;
	err = ibv_cmd_get_context(&context->verbs, &udata);
	if (err) {
		verbs_free_context(&context->verbs);
		errno = err;
		return NULL;
	}
	atomic_init(&context->next_stag_key, 1);
	verbs_set_ops(&context->verbs, &operations);
	return &context->verbs;
}
