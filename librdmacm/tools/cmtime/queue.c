/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queue pairs for connections over which nothing is sent. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

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
	int err;

	if (cmtime_pretends()) {
		cmtime_pretend_work();
		return 0;
	}
	err = find(queues, id->verbs, &queue);
	if (err)
		return err;
	attr.send_cq = attr.recv_cq = queue->cq;
	if (rdma_create_qp(id, queue->pd, &attr))
		return tool_error(errno, "cannot create a queue pair on %s",
				  ibv_get_device_name(id->verbs->device));
	return 0;
}

/*
 * A peer takes a number that it has heard of lately for a connection that it should know, and so do
 * its neighbours on one host: by default each run begins somewhere else.
 */
static uint32_t first_number(void)
{
	uint32_t random = 0;

	if (cmtime_config.qpn >= 0)
		return (uint32_t)cmtime_config.qpn;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = (uint32_t)cmtime_now_ns();
	return 0x100000 + random % 0xe00000;
}

uint32_t cmtime_qp_number(const struct rdma_cm_id *id)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint32_t number;
	uint32_t taken;

	if (id->qp)
		return id->qp->qp_num;
	pthread_mutex_lock(&lock);
	number = number ? (number + 1) & 0xffffff : first_number();
	taken = number;
	pthread_mutex_unlock(&lock);
	return taken;
}

void cmtime_pretend_work(void)
{
	struct timespec time = {.tv_sec = cmtime_config.delay_us / 1000000,
				.tv_nsec = cmtime_config.delay_us % 1000000 * 1000};

	if (cmtime_config.delay_us > 0)
		nanosleep(&time, NULL);
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
