/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The objects of one end of a connection, and waiting for completions; see end.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rdma/rdma_verbs.h>

#include "end.h"
#include "libibverbs/examples/common/explain.h"
#include "libibverbs/examples/common/report.h"

enum {
	/* A message that is already on its way is met by this many looks, without sleeping. */
	LOOKS = 64,
	EVENTS_PER_ACKNOWLEDGEMENT = 64, /* each takes a lock */
};

static const char *device_name(const struct cm_end *end)
{
	return ibv_get_device_name(end->id->verbs->device);
}

static int open_queue(struct cm_end *end, uint32_t entries)
{
	struct ibv_context *context = end->id->verbs;

	end->channel = ibv_create_comp_channel(context);
	if (!end->channel)
		return tool_error(errno, "cannot create a completion channel on %s",
				  device_name(end));
	if (fcntl(end->channel->fd, F_SETFL, O_NONBLOCK))
		return tool_error(errno, "cannot set up a completion channel");
	end->cq = ibv_create_cq(context, entries ? (int)entries : 1, NULL, end->channel, 0);
	if (!end->cq)
		return tool_error(errno, "cannot create a completion queue of %u entries on %s",
				  entries, device_name(end));
	if (ibv_req_notify_cq(end->cq, 0))
		return tool_error(errno, "cannot ask for completion events");
	return 0;
}

static int open_memory(struct cm_end *end, size_t size, int access)
{
	void *memory;

	if (!size)
		return 0;
	if (posix_memalign(&memory, (size_t)sysconf(_SC_PAGESIZE), size))
		return tool_error(ENOMEM, "cannot allocate %zu bytes for messages", size);
	end->memory = memset(memory, 0, size);
	return cm_end_register(end, memory, size, access, &end->mr);
}

/* What the receiving half of an XRC connection has in the place of a receive queue. */
static int open_srq(struct cm_end *end, const struct cm_end_wish *wish)
{
	struct ibv_srq_init_attr_ex attr = {
		.attr = {.max_wr = wish->receives, .max_sge = 1},
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD | IBV_SRQ_INIT_ATTR_CQ,
		.srq_type = IBV_SRQT_XRC,
		.pd = end->pd,
		.cq = end->cq,
	};

	if (wish->type != IBV_QPT_XRC_RECV)
		return 0;
	if (rdma_create_srq_ex(end->id, &attr))
		return tool_error(errno, "cannot create a shared receive queue on %s",
				  device_name(end));
	end->srq = end->id->srq;
	return 0;
}

static int open_qp(struct cm_end *end, const struct cm_end_wish *wish)
{
	bool sends = wish->type != IBV_QPT_XRC_RECV, receives = wish->type != IBV_QPT_XRC_SEND;
	struct ibv_qp_init_attr_ex attr = {
		.send_cq = end->cq,
		.recv_cq = end->cq,
		.cap = {.max_send_wr = wish->sends ? wish->sends : sends,
			.max_recv_wr = wish->receives ? wish->receives : receives,
			.max_send_sge = sends,
			.max_recv_sge = receives},
		.qp_type = wish->type,
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = end->pd,
	};

	if (wish->create_flags) {
		attr.comp_mask |= IBV_QP_INIT_ATTR_CREATE_FLAGS;
		attr.create_flags = wish->create_flags;
	}
	end->own_qp = wish->own_qp;
	if (wish->own_qp)
		end->qp = ibv_create_qp_ex(end->id->verbs, &attr);
	else if (!rdma_create_qp_ex(end->id, &attr))
		end->qp = end->id->qp;
	if (!end->qp)
		return tool_error(errno,
				  "cannot create a queue pair on %s for %u sends and %u receives",
				  device_name(end), wish->sends, wish->receives);
	return wish->own_qp ? cm_end_move(end, IBV_QPS_INIT) : 0;
}

int cm_end_open(struct cm_end *end, struct rdma_cm_id *id, const struct cm_end_wish *wish)
{
	int err;

	end->id = id;
	end->pd = ibv_alloc_pd(id->verbs);
	if (!end->pd)
		return tool_error(errno, "cannot allocate a protection domain on %s",
				  device_name(end));
	err = open_queue(end, wish->sends + wish->receives);
	if (!err)
		err = open_memory(end, wish->memory, wish->access);
	if (!err)
		err = open_srq(end, wish);
	return err ? err : open_qp(end, wish);
}

int cm_end_check_datagram(struct rdma_cm_id *id, long size)
{
	struct ibv_port_attr port;
	int err = ibv_query_port(id->verbs, id->port_num, &port);
	long most;

	if (err)
		return tool_error(err, "cannot query the port");
	most = 128L << port.active_mtu; /* IBV_MTU_256 is 1 */
	if (size > most)
		return tool_refuse("a datagram has at most %ld bytes here, not %ld (-S)", most,
				   size);
	return 0;
}

int cm_end_register(struct cm_end *end, void *memory, size_t size, int access, struct ibv_mr **mr)
{
	*mr = ibv_reg_mr(end->pd, memory, size, access);
	if (*mr)
		return 0;
	if (errno == ENOMEM)
		return tool_error(ENOMEM,
				  "cannot register %zu bytes (is 'ulimit -l' large enough?)", size);
	return tool_error(errno, "cannot register %zu bytes with %s", size, device_name(end));
}

static void destroy_qp(struct cm_end *end)
{
	if (end->own_qp && end->qp)
		ibv_destroy_qp(end->qp);
	else if (end->qp)
		rdma_destroy_qp(end->id);
	end->qp = NULL;
}

int cm_end_close(struct cm_end *end)
{
	int err = 0, failed;

	if (!end->id)
		return 0;
	destroy_qp(end);
	if (end->srq)
		rdma_destroy_srq(end->id);
	failed = end->mr ? ibv_dereg_mr(end->mr) : 0;
	if (failed)
		err = tool_error(failed, "cannot deregister the memory for messages");
	free(end->memory);
	if (end->cq && end->events)
		ibv_ack_cq_events(end->cq, end->events);
	failed = end->cq ? ibv_destroy_cq(end->cq) : 0;
	if (failed)
		err = tool_error(failed, "cannot destroy the completion queue");
	if (end->channel)
		ibv_destroy_comp_channel(end->channel);
	failed = end->pd ? ibv_dealloc_pd(end->pd) : 0;
	if (failed)
		err = tool_error(failed, "cannot deallocate the protection domain");
	if (rdma_destroy_id(end->id))
		err = tool_error(errno, "cannot destroy an id");
	*end = (struct cm_end){0};
	return err;
}

int cm_end_move(struct cm_end *end, enum ibv_qp_state state)
{
	struct ibv_qp_attr attr = {.qp_state = state};
	int mask = IBV_QP_STATE, err;

	if (state != IBV_QPS_ERR && rdma_init_qp_attr(end->id, &attr, &mask))
		return tool_error(errno, "cannot learn what state %d of a queue pair needs", state);
	err = ibv_modify_qp(end->qp, &attr, mask);
	return err ? tool_error(err, "cannot bring the queue pair to state %d", state) : 0;
}

struct ibv_sge cm_end_piece(const struct cm_end *end, size_t offset, size_t length)
{
	return (struct ibv_sge){.addr = (uintptr_t)end->memory + offset,
				.length = (uint32_t)length,
				.lkey = end->mr->lkey};
}

int cm_end_post_receive(struct cm_end *end, uint64_t wr_id, size_t offset, size_t length)
{
	struct ibv_sge piece = length ? cm_end_piece(end, offset, length) : (struct ibv_sge){0};
	struct ibv_recv_wr wr = {.wr_id = wr_id, .sg_list = &piece, .num_sge = length ? 1 : 0},
			   *bad;
	int err = end->srq ? ibv_post_srq_recv(end->srq, &wr, &bad)
			   : ibv_post_recv(end->qp, &wr, &bad);

	return err ? tool_error(err, "cannot post a receive") : 0;
}

int cm_end_post_send(struct cm_end *end, struct ibv_send_wr *wr)
{
	struct ibv_send_wr *bad;
	int err = ibv_post_send(end->qp, wr, &bad);

	return err ? tool_error(err, "cannot post a send") : 0;
}

static int look(struct cm_end *end, struct ibv_wc *wc, int *count)
{
	char text[512];

	*count = ibv_poll_cq(end->cq, 1, wc);
	if (*count < 0)
		return tool_error(EIO, "cannot poll the completion queue");
	if (!*count || wc->status == IBV_WC_SUCCESS)
		return 0;
	/* What fails when the peer has gone says nothing more than that. */
	if (end->gone)
		return ENOTCONN;
	tool_explain_wc(wc, text, sizeof(text));
	tool_refuse("%s", text);
	return EIO;
}

/* The queue stays armed until it has given an event, which may tell of what was taken long ago. */
static int take_notice(struct cm_end *end)
{
	struct ibv_cq *cq;
	void *context;
	int err;

	if (ibv_get_cq_event(end->channel, &cq, &context))
		return errno == EAGAIN ? 0 : tool_error(errno, "cannot read a completion event");
	if (++end->events == EVENTS_PER_ACKNOWLEDGEMENT) {
		ibv_ack_cq_events(end->cq, end->events);
		end->events = 0;
	}
	err = ibv_req_notify_cq(end->cq, 0);
	return err ? tool_error(err, "cannot ask for the next completion event") : 0;
}

/* Sleeps until there may be something new. */
static int doze(struct cm_end *end, struct cm_loop *loop, int timeout_ms)
{
	int err = cm_loop_turn(loop, end->channel->fd, timeout_ms);

	if (err == ETIME)
		return tool_error(
			ETIMEDOUT,
			"no completion for %d s: the peer has stopped, or a message was lost",
			timeout_ms / 1000);
	return err ? err : take_notice(end);
}

int cm_end_take(struct cm_end *end, struct cm_loop *loop, int timeout_ms, struct ibv_wc *wc)
{
	int err = 0, count;

	while (!err) {
		for (int i = 0; i < LOOKS; i++) {
			err = look(end, wc, &count);
			if (err || count)
				return err;
		}
		/* Behind the look, since the end of a connection does not overtake its messages. */
		err = end->gone ? ENOTCONN : doze(end, loop, timeout_ms);
	}
	return err;
}
