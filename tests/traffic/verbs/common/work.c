/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Posting, and waiting for what comes of it. */
#include <errno.h>
#include <poll.h>

#include "bed.h"

void post_receive(struct end *end, uint64_t wr_id, const struct buffer *buffer, size_t offset,
		  uint32_t length)
{
	struct ibv_sge sge = buffer_sge(buffer, offset, length);
	struct ibv_recv_wr wr = {.wr_id = wr_id, .sg_list = &sge, .num_sge = 1}, *bad;

	if (end->plan.srq)
		CHECK_OK(ibv_post_srq_recv(end->plan.srq, &wr, &bad));
	else
		CHECK_OK(ibv_post_recv(end->qp, &wr, &bad));
}

struct ibv_send_wr request(enum ibv_wr_opcode opcode, uint64_t wr_id, struct ibv_sge *sge)
{
	return (struct ibv_send_wr){
		.wr_id = wr_id,
		.sg_list = sge,
		.num_sge = sge ? 1 : 0,
		.opcode = opcode,
		.send_flags = IBV_SEND_SIGNALED,
	};
}

int post_one(struct end *end, struct ibv_send_wr *wr)
{
	struct ibv_send_wr *bad;

	return ibv_post_send(end->qp, wr, &bad);
}

struct ibv_wc wait_wc(const char *file, int line, struct ibv_cq *cq)
{
	double deadline = seconds_now() + PATIENCE_SECONDS;
	struct ibv_wc wc;
	int found;

	for (;;) {
		/* The clock is read seldom, since reading it costs as much as some polls. */
		for (int i = 0; i < 1000; i++) {
			found = ibv_poll_cq(cq, 1, &wc);
			if (found < 0)
				fail(file, line, "ibv_poll_cq gave %d", found);
			if (found)
				return wc;
		}
		if (seconds_now() > deadline)
			fail(file, line, "no completion within %d s", PATIENCE_SECONDS);
	}
}

struct ibv_wc wait_this_wc(const char *file, int line, struct ibv_cq *cq, uint64_t wr_id,
			   enum ibv_wc_status status)
{
	struct ibv_wc wc = wait_wc(file, line, cq);

	if (wc.wr_id != wr_id ||
	    (wc.status != status && !family_means(family_of(cq->context), wc.status, status)))
		fail(file, line, "completion of %#llx with '%s' instead of %#llx with '%s'",
		     (unsigned long long)wc.wr_id, ibv_wc_status_str(wc.status),
		     (unsigned long long)wr_id, ibv_wc_status_str(status));
	return wc;
}

bool readable(int fd, int milliseconds)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};

	return poll(&poller, 1, milliseconds) == 1 && poller.revents & POLLIN;
}

struct ibv_async_event wait_async(const char *file, int line, struct ibv_context *context,
				  enum ibv_event_type type)
{
	struct ibv_async_event event;

	if (!readable(context->async_fd, PATIENCE_SECONDS * 1000))
		fail(file, line, "no asynchronous event within %d s", PATIENCE_SECONDS);
	if (ibv_get_async_event(context, &event))
		fail(file, line, "ibv_get_async_event failed");
	if (event.event_type != type)
		fail(file, line, "event '%s' instead of '%s'", ibv_event_type_str(event.event_type),
		     ibv_event_type_str(type));
	ibv_ack_async_event(&event);
	return event;
}
