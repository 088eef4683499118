/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queue pairs for connections over which nothing is sent. */
#include <errno.h>
#include <stdlib.h>

#include "cmtime.h"
#include "libibverbs/examples/common/report.h"

struct cmtime_queue {
	struct cmtime_queue *next;
	struct ibv_pd *pd;
	struct ibv_cq *cq;
};

static int open_queue(struct ibv_context *context, struct cmtime_queue **result)
{
	struct cmtime_queue *queue = calloc(1, sizeof(*queue));
	const char *device = ibv_get_device_name(context->device);
	int err;

	if (!queue)
		return tool_error(ENOMEM, "no memory for the queues of %s", device);
	queue->pd = ibv_alloc_pd(context);
	if (!queue->pd) {
		err = tool_error(errno, "cannot allocate a protection domain on %s", device);
		goto free_queue;
	}
	queue->cq = ibv_create_cq(context, 1, NULL, NULL, 0);
	if (!queue->cq) {
		err = tool_error(errno, "cannot create a completion queue on %s", device);
		goto dealloc_pd;
	}
	*result = queue;
	return 0;

dealloc_pd:
	ibv_dealloc_pd(queue->pd);
free_queue:
	free(queue);
	return err;
}

static int find(struct cmtime_queues *queues, struct ibv_context *context,
		struct cmtime_queue **result)
{
	struct cmtime_queue *queue;
	int err;

	for (queue = queues->first; queue; queue = queue->next)
		if (queue->cq->context == context) {
			*result = queue;
			return 0;
		}
	err = open_queue(context, &queue);
	if (err)
		return err;
	queue->next = queues->first;
	queues->first = queue;
	*result = queue;
	return 0;
}

int cmtime_create_qp(struct cmtime_queues *queues, struct rdma_cm_id *id)
{
	struct ibv_qp_init_attr attr = {
		.cap = {.max_send_wr = 1, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 1},
		.qp_type = IBV_QPT_RC};
	struct cmtime_queue *queue;
	int err = find(queues, id->verbs, &queue);

	if (err)
		return err;
	attr.send_cq = attr.recv_cq = queue->cq;
	if (rdma_create_qp(id, queue->pd, &attr))
		return tool_error(errno, "cannot create a queue pair on %s",
				  ibv_get_device_name(id->verbs->device));
	return 0;
}

void cmtime_close_queues(struct cmtime_queues *queues)
{
	struct cmtime_queue *queue;

	while ((queue = queues->first)) {
		queues->first = queue->next;
		ibv_destroy_cq(queue->cq);
		ibv_dealloc_pd(queue->pd);
		free(queue);
	}
}
