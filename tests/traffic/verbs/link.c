/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A link that goes down and comes back while requests are under way. Whoever runs this moves the
 * link: down after "running", up again after "down".
 */
#include <errno.h>
#include <stdio.h>

#include "bed.h"

static enum ibv_port_state port_state(struct bed *bed)
{
	struct ibv_port_attr attr;

	CHECK_OK(ibv_query_port(bed->context, bed->port_num, &attr));
	return attr.state;
}

static void write_one(struct pair *pair, struct buffer *buffer, uint64_t wr_id)
{
	struct ibv_sge sge = buffer_sge(buffer, 0, 2000);
	struct ibv_send_wr wr = request(IBV_WR_RDMA_WRITE, wr_id, &sge);

	wr.wr.rdma.remote_addr = buffer_address(buffer, 4096);
	wr.wr.rdma.rkey = buffer->mr->rkey;
	post(&pair->a, &wr);
}

/* Keeps one write under way until the event is there; the last one may have to wait for the link.
 */
static void write_until_event(struct bed *bed, struct pair *pair, struct buffer *buffer)
{
	double deadline = seconds_now() + PATIENCE_SECONDS;
	int found = 1;

	printf("running\n");
	for (uint64_t i = 0; !readable(bed->context->async_fd, 0);) {
		struct ibv_wc wc;

		CHECK(seconds_now() < deadline);
		if (found)
			write_one(pair, buffer, i++);
		found = ibv_poll_cq(pair->a.send_cq, 1, &wc);
		CHECK(found >= 0);
		if (found)
			CHECK_EQ(wc.status, IBV_WC_SUCCESS);
	}
}

CASE(down_and_up)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_async_event event;
	struct buffer buffer;
	struct pair pair;
	struct bed bed;
	int found;

	bed_open(&bed);
	/* About a second, seven times. */
	plan.timeout = 18;
	pair_make(&pair, &bed, &plan);
	buffer_make(&buffer, bed.pd, 8192, ACCESS_ALL);
	CHECK_EQ(port_state(&bed), IBV_PORT_ACTIVE);
	write_until_event(&bed, &pair, &buffer);
	event = expect_async(bed.context, IBV_EVENT_PORT_ERR);
	CHECK_EQ(event.element.port_num, bed.port_num);
	CHECK_EQ(port_state(&bed), IBV_PORT_DOWN);
	printf("down\n");
	event = expect_async(bed.context, IBV_EVENT_PORT_ACTIVE);
	CHECK_EQ(event.element.port_num, bed.port_num);
	CHECK_EQ(port_state(&bed), IBV_PORT_ACTIVE);

	/* What was posted meanwhile is done, and so is what comes now. */
	pattern_fill(buffer.bytes, 2000, 3);
	write_one(&pair, &buffer, 1 << 30);
	do {
		struct ibv_wc wc = next_wc(pair.a.send_cq);

		CHECK_EQ(wc.status, IBV_WC_SUCCESS);
		found = wc.wr_id == 1 << 30;
	} while (!found);
	CHECK_PATTERN(buffer.bytes + 4096, 2000, 3);
	buffer_free(&buffer);
	pair_destroy(&pair);
	bed_close(&bed);
}
