/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completion events: which completions raise them, how they are counted, who waits for whom. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bed.h"

struct bench {
	struct bed bed;
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq; /* of the receives of end b */
	struct pair pair;
	struct buffer buffer;
};

static void bench_open(struct bench *bench)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	bed_open(&bench->bed);
	bench->channel = ibv_create_comp_channel(bench->bed.context);
	CHECK(bench->channel);
	bench->cq = ibv_create_cq(bench->bed.context, 64, bench, bench->channel, 0);
	CHECK(bench->cq);
	plan.recv_cq = bench->cq;
	pair_make(&bench->pair, &bench->bed, &plan);
	buffer_make(&bench->buffer, bench->bed.pd, 4096, ACCESS_ALL);
}

static void bench_close(struct bench *bench)
{
	buffer_free(&bench->buffer);
	pair_destroy(&bench->pair);
	CHECK_OK(ibv_destroy_cq(bench->cq));
	CHECK_OK(ibv_destroy_comp_channel(bench->channel));
	bed_close(&bench->bed);
}

/* A message to end b has been sent and acknowledged; its receive completion is there. */
static void deliver(struct bench *bench, uint64_t wr_id, unsigned int flags)
{
	struct ibv_sge sge = buffer_sge(&bench->buffer, 0, 8);
	struct ibv_send_wr wr = request(IBV_WR_SEND, wr_id, &sge);

	wr.send_flags |= flags;
	post_receive(&bench->pair.b, wr_id, &bench->buffer, 64, 64);
	post(&bench->pair.a, &wr);
	expect_wc(bench->pair.a.send_cq, wr_id, IBV_WC_SUCCESS);
}

static void take_event(struct bench *bench)
{
	struct ibv_cq *cq = NULL;
	void *context = NULL;

	CHECK(readable(bench->channel->fd, PATIENCE_SECONDS * 1000));
	CHECK_EQ(ibv_get_cq_event(bench->channel, &cq, &context), 0);
	CHECK(cq == bench->cq);
	CHECK(context == bench);
}

CASE(event_once_per_arming)
{
	struct bench bench;

	bench_open(&bench);
	for (uint64_t i = 0; i < 50; i++) {
		CHECK_OK(ibv_req_notify_cq(bench.cq, 0));
		deliver(&bench, 2 * i, 0);
		take_event(&bench);
		ibv_ack_cq_events(bench.cq, 1);
		deliver(&bench, 2 * i + 1, 0);
		CHECK(!readable(bench.channel->fd, 0));
		expect_wc(bench.cq, 2 * i, IBV_WC_SUCCESS);
		expect_wc(bench.cq, 2 * i + 1, IBV_WC_SUCCESS);
	}
	bench_close(&bench);
}

CASE(solicited_only_waits_for_solicited)
{
	struct bench bench;

	bench_open(&bench);
	for (uint64_t i = 0; i < 20; i++) {
		CHECK_OK(ibv_req_notify_cq(bench.cq, 1));
		deliver(&bench, 2 * i, 0);
		CHECK(!readable(bench.channel->fd, 0));
		deliver(&bench, 2 * i + 1, IBV_SEND_SOLICITED);
		take_event(&bench);
		ibv_ack_cq_events(bench.cq, 1);
		expect_wc(bench.cq, 2 * i, IBV_WC_SUCCESS);
		expect_wc(bench.cq, 2 * i + 1, IBV_WC_SUCCESS);
	}
	bench_close(&bench);
}

/* A completion with an error counts as solicited. */
CASE(solicited_only_wakes_for_an_error)
{
	struct bench bench;

	bench_open(&bench);
	post_receive(&bench.pair.b, 1, &bench.buffer, 0, 8);
	CHECK_OK(ibv_req_notify_cq(bench.cq, 1));
	end_set_error(&bench.pair.b);
	take_event(&bench);
	ibv_ack_cq_events(bench.cq, 1);
	expect_wc(bench.cq, 1, IBV_WC_WR_FLUSH_ERR);
	bench_close(&bench);
}

/* Armed for solicited ones, then for any: the wider arming holds. */
CASE(arming_for_all_widens)
{
	struct bench bench;

	bench_open(&bench);
	CHECK_OK(ibv_req_notify_cq(bench.cq, 1));
	CHECK_OK(ibv_req_notify_cq(bench.cq, 0));
	deliver(&bench, 1, 0);
	take_event(&bench);
	ibv_ack_cq_events(bench.cq, 1);
	expect_wc(bench.cq, 1, IBV_WC_SUCCESS);
	bench_close(&bench);
}

CASE(channel_without_blocking)
{
	struct ibv_cq *cq;
	struct bench bench;
	void *context;

	bench_open(&bench);
	CHECK_EQ(fcntl(bench.channel->fd, F_SETFL, O_NONBLOCK), 0);
	CHECK_FAILS(ibv_get_cq_event(bench.channel, &cq, &context) == 0, EAGAIN);
	CHECK_OK(ibv_req_notify_cq(bench.cq, 0));
	CHECK(!readable(bench.channel->fd, 0));
	deliver(&bench, 1, 0);
	take_event(&bench);
	CHECK_FAILS(ibv_get_cq_event(bench.channel, &cq, &context) == 0, EAGAIN);
	ibv_ack_cq_events(bench.cq, 1);
	bench_close(&bench);
}

/* A completion that is there at the arming raises nothing; the next one does. Thus the rule to poll
 * once more after arming. */
CASE(completion_before_arming)
{
	struct bench bench;

	bench_open(&bench);
	deliver(&bench, 1, 0);
	CHECK_OK(ibv_req_notify_cq(bench.cq, 0));
	expect_wc(bench.cq, 1, IBV_WC_SUCCESS);
	deliver(&bench, 2, 0);
	take_event(&bench);
	ibv_ack_cq_events(bench.cq, 1);
	expect_wc(bench.cq, 2, IBV_WC_SUCCESS);
	bench_close(&bench);
}

static atomic_int acknowledged;

/* Whether the process's first thread is asleep on something within these bytes. */
static bool first_thread_waits_on(const void *bytes, size_t size)
{
	unsigned long number, address;
	char path[64];
	FILE *file;
	int found;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", getpid());
	file = fopen(path, "r");
	CHECK(file);
	found = fscanf(file, "%lu %lx", &number, &address);
	fclose(file);
	return found == 2 && number == SYS_futex && address - (uintptr_t)bytes < size;
}

/* Acknowledges no sooner than the destroy waits for it: one that does not is over before. */
static void *acknowledge(void *arg)
{
	double deadline = seconds_now() + PATIENCE_SECONDS;
	struct ibv_cq *cq = arg;

	while (!first_thread_waits_on(&cq->cond, sizeof(cq->cond)))
		CHECK(seconds_now() < deadline);
	atomic_store(&acknowledged, 1);
	ibv_ack_cq_events(cq, 1);
	return NULL;
}

CASE(destroy_waits_for_acknowledgement)
{
	struct bench bench;
	pthread_t thread;

	bench_open(&bench);
	CHECK_OK(ibv_req_notify_cq(bench.cq, 0));
	deliver(&bench, 1, 0);
	take_event(&bench);
	pair_destroy(&bench.pair);
	CHECK_OK(pthread_create(&thread, NULL, acknowledge, bench.cq));
	CHECK_OK(ibv_destroy_cq(bench.cq));
	CHECK_EQ(atomic_load(&acknowledged), 1);
	CHECK_OK(pthread_join(thread, NULL));
	buffer_free(&bench.buffer);
	CHECK_OK(ibv_destroy_comp_channel(bench.channel));
	bed_close(&bench.bed);
}

CASE(channel_with_queues_is_busy)
{
	struct bench bench;

	bench_open(&bench);
	CHECK_RC(ibv_destroy_comp_channel(bench.channel), EBUSY);
	bench_close(&bench);
}

/* An unread event of a queue that ends does not come out later under another name. */
CASE(events_end_with_their_queue)
{
	struct ibv_cq *other;
	struct bench bench;

	bench_open(&bench);
	CHECK_OK(ibv_req_notify_cq(bench.cq, 0));
	deliver(&bench, 1, 0);
	CHECK(readable(bench.channel->fd, PATIENCE_SECONDS * 1000));
	pair_destroy(&bench.pair);
	CHECK_OK(ibv_destroy_cq(bench.cq));
	CHECK(!readable(bench.channel->fd, 0));
	other = ibv_create_cq(bench.bed.context, 4, NULL, bench.channel, 0);
	CHECK(other);
	CHECK(!readable(bench.channel->fd, 0));
	CHECK_OK(ibv_destroy_cq(other));
	buffer_free(&bench.buffer);
	CHECK_OK(ibv_destroy_comp_channel(bench.channel));
	bed_close(&bench.bed);
}

/* A program asleep on its channel is served all the same. */
CASE(asleep_on_the_channel)
{
	struct bench bench;

	bench_open(&bench);
	for (uint64_t i = 0; i < 100; i++) {
		struct ibv_sge sge = buffer_sge(&bench.buffer, 0, 8);
		struct ibv_send_wr wr = request(IBV_WR_SEND, i, &sge);

		CHECK_OK(ibv_req_notify_cq(bench.cq, 0));
		post_receive(&bench.pair.b, i, &bench.buffer, 64, 64);
		post(&bench.pair.a, &wr);
		take_event(&bench);
		ibv_ack_cq_events(bench.cq, 1);
		expect_wc(bench.cq, i, IBV_WC_SUCCESS);
		expect_wc(bench.pair.a.send_cq, i, IBV_WC_SUCCESS);
	}
	bench_close(&bench);
}

/* What was seen of a queue of the last life says nothing of one in the same place. */
static void live_once(uint64_t life)
{
	struct end_plan plan = end_plan(IBV_QPT_UC);
	struct bench bench;
	struct ibv_send_wr wr;
	struct ibv_sge sge;
	struct ibv_wc wc;

	bed_open(&bench.bed);
	bench.channel = ibv_create_comp_channel(bench.bed.context);
	CHECK(bench.channel);
	bench.cq = ibv_create_cq(bench.bed.context, 64, &bench, bench.channel, 0);
	CHECK(bench.cq);
	plan.send_cq = bench.cq;
	pair_make(&bench.pair, &bench.bed, &plan);
	buffer_make(&bench.buffer, bench.bed.pd, 4096, ACCESS_ALL);
	sge = buffer_sge(&bench.buffer, 0, 8);
	for (uint64_t id = 0; id < 3; id++) {
		trying("life %d, request %d", (int)life, (int)id);
		CHECK_OK(ibv_req_notify_cq(bench.cq, 0));
		wr = request(IBV_WR_RDMA_WRITE, id, &sge);
		wr.wr.rdma.remote_addr = buffer_address(&bench.buffer, 2048);
		wr.wr.rdma.rkey = bench.buffer.mr->rkey;
		post(&bench.pair.a, &wr);
		take_event(&bench);
		ibv_ack_cq_events(bench.cq, 1);
		CHECK_EQ(ibv_poll_cq(bench.cq, 1, &wc), 1);
		CHECK_EQ(wc.wr_id, id);
	}
	CHECK_EQ(ibv_poll_cq(bench.cq, 1, &wc), 0);
	bench_close(&bench);
}

/* So many times that places come again. */
CASE(device_opened_again)
{
	for (uint64_t life = 0; life < 30; life++)
		live_once(life);
}
