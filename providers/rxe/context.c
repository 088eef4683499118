/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opening and closing a device, and the table of operations. */

#include <errno.h>

#include "ah.h"
#include "context.h"
#include "cq.h"
#include "qp.h"
#include "srq.h"

static void rxe_free_context(struct ibv_context *context)
{
	verbs_free_context((struct verbs_context *)((char *)context -
						    offsetof(struct verbs_context, context)));
}

static const struct verbs_context_ops context_ops = {
	.free_context = rxe_free_context,
	.query_device_ex = rxe_query_device_ex,
	.query_port = ibv_cmd_query_port,
	.alloc_pd = rxe_alloc_pd,
	.dealloc_pd = rxe_dealloc_pd,
	.reg_mr = rxe_reg_mr,
	.reg_dmabuf_mr = rxe_reg_dmabuf_mr,
	.rereg_mr = rxe_rereg_mr,
	.dereg_mr = rxe_dereg_mr,
	.advise_mr = ibv_cmd_advise_mr,
	.alloc_mw = rxe_alloc_mw,
	.bind_mw = rxe_bind_mw,
	.dealloc_mw = rxe_dealloc_mw,
	.create_cq = rxe_create_cq,
	.create_cq_ex = rxe_create_cq_ex,
	.poll_cq = rxe_poll_cq,
	.req_notify_cq = ibv_cmd_req_notify_cq,
	.resize_cq = rxe_resize_cq,
	.destroy_cq = rxe_destroy_cq,
	.create_srq = rxe_create_srq,
	.create_srq_ex = rxe_create_srq_ex,
	.modify_srq = rxe_modify_srq,
	.query_srq = rxe_query_srq,
	.get_srq_num = rxe_get_srq_num,
	.destroy_srq = rxe_destroy_srq,
	.post_srq_recv = rxe_post_srq_recv,
	.create_qp = rxe_create_qp,
	.create_qp_ex = rxe_create_qp_ex,
	.query_qp = rxe_query_qp,
	.modify_qp = rxe_modify_qp,
	.destroy_qp = rxe_destroy_qp,
	.post_send = rxe_post_send,
	.post_recv = rxe_post_recv,
	.attach_mcast = ibv_cmd_attach_mcast,
	.detach_mcast = ibv_cmd_detach_mcast,
	.create_ah = rxe_create_ah,
	.destroy_ah = rxe_destroy_ah,
};

struct verbs_context *rxe_alloc_context(struct ibv_device *device, int cmd_fd, void *private_data)
{
	struct verbs_context *context;
	int err;

	(void)private_data;
	context = verbs_alloc_context(device, cmd_fd, sizeof(*context));
	if (!context)
		return NULL;
	err = ibv_cmd_get_context(context, NULL);
	if (err) {
		verbs_free_context(context);
		errno = err;
		return NULL;
	}
	verbs_set_ops(context, &context_ops);
	return context;
}
