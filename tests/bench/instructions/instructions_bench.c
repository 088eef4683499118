/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a library executes for one call of the data path, to be run under callgrind: for each figure
 * the call alone is counted, REPEATS times, and the counts are written out under the figure's name.
 * Linked like an application and without a run path, so that LD_LIBRARY_PATH chooses the library.
 */
#include <stdio.h>
#include <valgrind/callgrind.h>

#include "bed.h"

enum { WARM_UP = 8, REPEATS = 200, INLINE_BYTES = 64, WRITE_BYTES = 4096, DATAGRAM_BYTES = 64 };

struct bench {
	struct bed bed;
	struct pair pair;
	struct buffer from, to;
	struct ibv_cq *sends, *receives; /* each with a channel of its own */
	struct ibv_ah *ah;
	uint32_t far_qpn;
};

/* The part of a message that is being counted. */
enum part { NOTHING, POST, WR_CALLS, POLL_SEND, POLL_RECEIVE };

static enum part counted;

/* At the beginning and at the end of the part. */
static void count(enum part part)
{
	if (part == counted)
		CALLGRIND_TOGGLE_COLLECT;
}

/* A way to make one request: by a list of one, and by the calls of an extended queue pair. */
struct request_kind {
	const char *name;
	enum ibv_qp_type type;
	bool receives;
	void (*post_send)(struct bench *bench);
	void (*wr_calls)(struct bench *bench);
};

static struct ibv_cq *make_cq(const struct bed *bed)
{
	struct ibv_comp_channel *channel = ibv_create_comp_channel(bed->context);
	struct ibv_cq *cq;

	CHECK(channel);
	cq = ibv_create_cq(bed->context, 16, NULL, channel, 0);
	CHECK(cq);
	return cq;
}

static void destroy_cq(struct ibv_cq *cq)
{
	struct ibv_comp_channel *channel = cq->channel;

	CHECK_OK(ibv_destroy_cq(cq));
	CHECK_OK(ibv_destroy_comp_channel(channel));
}

static void open_bench(struct bench *bench, enum ibv_qp_type type)
{
	struct end_plan plan = end_plan(type);
	struct end_address far;

	bed_open(&bench->bed);
	bench->sends = make_cq(&bench->bed);
	bench->receives = make_cq(&bench->bed);
	plan.send_cq = bench->sends;
	plan.recv_cq = bench->receives;
	plan.inline_bytes = INLINE_BYTES;
	pair_make(&bench->pair, &bench->bed, &plan);
	buffer_make(&bench->from, bench->bed.pd, WRITE_BYTES, ACCESS_ALL);
	buffer_make(&bench->to, bench->bed.pd, WRITE_BYTES, ACCESS_ALL);
	far = end_address(&bench->pair.b);
	bench->far_qpn = far.qpn;
	bench->ah = ah_make(&bench->bed, &far);
}

static void close_bench(struct bench *bench)
{
	CHECK_OK(ibv_destroy_ah(bench->ah));
	pair_destroy(&bench->pair);
	buffer_free(&bench->from);
	buffer_free(&bench->to);
	destroy_cq(bench->sends);
	destroy_cq(bench->receives);
	bed_close(&bench->bed);
}

/* ---- requests ---- */

static int post_counted(struct bench *bench, struct ibv_send_wr *wr)
{
	struct ibv_send_wr *bad;
	int rc;

	count(POST);
	rc = ibv_post_send(bench->pair.a.qp, wr, &bad);
	count(POST);
	return rc;
}

static void send_inline(struct bench *bench)
{
	struct ibv_sge sge = buffer_sge(&bench->from, 0, INLINE_BYTES);
	struct ibv_send_wr wr = request(IBV_WR_SEND, 1, &sge);

	wr.send_flags = IBV_SEND_SIGNALED | IBV_SEND_INLINE;
	CHECK_OK(post_counted(bench, &wr));
}

static void write_page(struct bench *bench)
{
	struct ibv_sge sge = buffer_sge(&bench->from, 0, WRITE_BYTES);
	struct ibv_send_wr wr = request(IBV_WR_RDMA_WRITE, 1, &sge);

	wr.wr.rdma.remote_addr = buffer_address(&bench->to, 0);
	wr.wr.rdma.rkey = bench->to.mr->rkey;
	CHECK_OK(post_counted(bench, &wr));
}

static void send_datagram(struct bench *bench)
{
	struct ibv_sge sge = buffer_sge(&bench->from, 0, DATAGRAM_BYTES);
	struct ibv_send_wr wr = request(IBV_WR_SEND, 1, &sge);

	wr.wr.ud.ah = bench->ah;
	wr.wr.ud.remote_qpn = bench->far_qpn;
	wr.wr.ud.remote_qkey = bench->pair.b.plan.qkey;
	CHECK_OK(post_counted(bench, &wr));
}

static void begin_series(struct ibv_qp_ex *qp)
{
	count(WR_CALLS);
	ibv_wr_start(qp);
	qp->wr_id = 1;
	qp->wr_flags = IBV_SEND_SIGNALED;
}

static void end_series(struct ibv_qp_ex *qp)
{
	int rc = ibv_wr_complete(qp);

	count(WR_CALLS);
	CHECK_OK(rc);
}

static void call_send_inline(struct bench *bench)
{
	struct ibv_qp_ex *qp = bench->pair.a.ex;

	begin_series(qp);
	ibv_wr_send(qp);
	ibv_wr_set_inline_data(qp, bench->from.bytes, INLINE_BYTES);
	end_series(qp);
}

static void call_write_page(struct bench *bench)
{
	struct ibv_qp_ex *qp = bench->pair.a.ex;

	begin_series(qp);
	ibv_wr_rdma_write(qp, bench->to.mr->rkey, (uintptr_t)bench->to.bytes);
	ibv_wr_set_sge(qp, bench->from.mr->lkey, (uintptr_t)bench->from.bytes, WRITE_BYTES);
	end_series(qp);
}

static void call_send_datagram(struct bench *bench)
{
	struct ibv_qp_ex *qp = bench->pair.a.ex;

	begin_series(qp);
	ibv_wr_send(qp);
	ibv_wr_set_ud_addr(qp, bench->ah, bench->far_qpn, bench->pair.b.plan.qkey);
	ibv_wr_set_sge(qp, bench->from.mr->lkey, (uintptr_t)bench->from.bytes, DATAGRAM_BYTES);
	end_series(qp);
}

static const struct request_kind kinds[] = {
	{"RC send inline 64 B", IBV_QPT_RC, true, send_inline, call_send_inline},
	{"RC write 4 KB", IBV_QPT_RC, false, write_page, call_write_page},
	{"UD send", IBV_QPT_UD, true, send_datagram, call_send_datagram},
};

/* ---- completions ---- */

/* Until there is one to poll; polling for it would be counted, too. */
static void wait_for_completion(struct ibv_cq *cq)
{
	void *context;

	CHECK(readable(cq->channel->fd, PATIENCE_SECONDS * 1000));
	CHECK_OK(ibv_get_cq_event(cq->channel, &cq, &context));
	ibv_ack_cq_events(cq, 1);
}

static void poll_one(struct ibv_cq *cq, enum part part)
{
	struct ibv_wc wc;
	int found;

	count(part);
	found = ibv_poll_cq(cq, 1, &wc);
	count(part);
	CHECK_EQ(found, 1);
	CHECK_EQ(wc.status, IBV_WC_SUCCESS);
}

/* ---- figures ---- */

static void one_message(struct bench *bench, const struct request_kind *kind, enum part post)
{
	if (kind->receives) {
		post_receive(&bench->pair.b, 2, &bench->to, 0, WRITE_BYTES);
		CHECK_OK(ibv_req_notify_cq(bench->receives, 0));
	}
	CHECK_OK(ibv_req_notify_cq(bench->sends, 0));
	if (post == WR_CALLS)
		kind->wr_calls(bench);
	else
		kind->post_send(bench);
	wait_for_completion(bench->sends);
	poll_one(bench->sends, POLL_SEND);
	if (kind->receives) {
		wait_for_completion(bench->receives);
		poll_one(bench->receives, POLL_RECEIVE);
	}
}

static void write_out(const char *call, const struct request_kind *kind)
{
	char name[64];

	snprintf(name, sizeof(name), "%s, %s", call, kind->name);
	CALLGRIND_DUMP_STATS_AT(name);
}

/* The part alone, once everything that happens once has happened. */
static void figure(struct bench *bench, const struct request_kind *kind, enum part part,
		   const char *call)
{
	counted = NOTHING;
	for (int i = 0; i < WARM_UP; i++)
		one_message(bench, kind, part);
	counted = part;
	for (int i = 0; i < REPEATS; i++)
		one_message(bench, kind, part);
	counted = NOTHING;
	write_out(call, kind);
}

CASE(data_path)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct request_kind *kind = &kinds[i];
		struct bench bench = {0};

		open_bench(&bench, kind->type);
		figure(&bench, kind, POST, "ibv_post_send");
		figure(&bench, kind, WR_CALLS, "ibv_wr_*");
		figure(&bench, kind, POLL_SEND, "ibv_poll_cq of the send");
		if (kind->receives)
			figure(&bench, kind, POLL_RECEIVE, "ibv_poll_cq of the receive");
		close_bench(&bench);
	}
	printf("repeats %d\n", REPEATS);
}
