/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Threads on shared and separate objects: nothing is lost, doubled or mixed up. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "bed.h"

enum { POSTERS = 3, EACH = 4000, TOTAL = POSTERS * EACH, CQ_ENTRIES = 400 };

struct bench {
	struct bed bed;
	struct ibv_cq *cq; /* of all sends */
	struct pair pairs[POSTERS];
	unsigned int num_pairs;
	struct buffer buffer;
	atomic_uchar seen[TOTAL];
	atomic_uint posted, done;
};

struct poster {
	struct bench *bench;
	struct end *end;
	unsigned int number;
	pthread_t thread;
};

static struct bench bench;

static void bench_open(unsigned int pairs)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	bed_open(&bench.bed);
	bench.cq = ibv_create_cq(bench.bed.context, CQ_ENTRIES, NULL, NULL, 0);
	CHECK(bench.cq);
	plan.send_cq = bench.cq;
	plan.inline_bytes = 64;
	bench.num_pairs = pairs;
	for (unsigned int i = 0; i < pairs; i++)
		pair_make(&bench.pairs[i], &bench.bed, &plan);
	buffer_make(&bench.buffer, bench.bed.pd, 65536, ACCESS_ALL);
}

static void bench_close(void)
{
	buffer_free(&bench.buffer);
	for (unsigned int i = 0; i < bench.num_pairs; i++)
		pair_destroy(&bench.pairs[i]);
	CHECK_OK(ibv_destroy_cq(bench.cq));
	bed_close(&bench.bed);
}

static int post_write(const struct poster *poster, uint64_t wr_id)
{
	size_t slot = 4096 + (size_t)poster->number * 4096;
	struct ibv_sge sge = buffer_sge(&bench.buffer, 0, 200);
	struct ibv_send_wr wr = request(IBV_WR_RDMA_WRITE, wr_id, &sge);
	struct ibv_qp_ex *ex = poster->end->ex;

	if (wr_id % 2) {
		wr.wr.rdma.remote_addr = buffer_address(&bench.buffer, slot);
		wr.wr.rdma.rkey = bench.buffer.mr->rkey;
		return post_one(poster->end, &wr);
	}
	ibv_wr_start(ex);
	ex->wr_id = wr_id;
	ex->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_rdma_write(ex, bench.buffer.mr->rkey, buffer_address(&bench.buffer, slot));
	ibv_wr_set_inline_data(ex, bench.buffer.bytes, 48);
	return ibv_wr_complete(ex);
}

/* A send queue with room says nothing of the completion queue: some devices give entries back as
 * requests end, and not as they are polled. All posters may find the last place at once. */
static bool completions_have_room(void)
{
	unsigned int outstanding = atomic_load(&bench.posted) - atomic_load(&bench.done);

	return outstanding + POSTERS <= CQ_ENTRIES;
}

static void *run_poster(void *arg)
{
	const struct poster *poster = arg;

	for (unsigned int i = 0; i < EACH;) {
		int rc = ENOMEM;

		if (completions_have_room())
			rc = post_write(poster, (uint64_t)poster->number * EACH + i);
		if (!rc) {
			atomic_fetch_add(&bench.posted, 1);
			i++;
			continue;
		}
		CHECK_EQ(rc, ENOMEM);
		sched_yield();
	}
	return NULL;
}

static void *run_poller(void *arg)
{
	double deadline = seconds_now() + PATIENCE_SECONDS;
	struct ibv_wc wc[8];

	(void)arg;
	while (atomic_load(&bench.done) < TOTAL) {
		int found = ibv_poll_cq(bench.cq, 8, wc);

		CHECK(found >= 0);
		for (int i = 0; i < found; i++) {
			CHECK_EQ(wc[i].status, IBV_WC_SUCCESS);
			CHECK(wc[i].wr_id < TOTAL);
			CHECK_EQ(atomic_fetch_add(&bench.seen[wc[i].wr_id], 1), 0);
		}
		atomic_fetch_add(&bench.done, (unsigned int)found);
		if (!found) {
			if (seconds_now() > deadline)
				fail(__FILE__, __LINE__, "only %u of %u requests are done in time",
				     atomic_load(&bench.done), TOTAL);
			sched_yield();
		}
	}
	return NULL;
}

/* The posters on their queue pairs, and two threads that poll. */
static void run(unsigned int pairs)
{
	struct poster posters[POSTERS];
	pthread_t pollers[2];

	bench_open(pairs);
	for (unsigned int i = 0; i < POSTERS; i++) {
		posters[i] = (struct poster){
			.bench = &bench, .end = &bench.pairs[i % pairs].a, .number = i};
		CHECK_OK(pthread_create(&posters[i].thread, NULL, run_poster, &posters[i]));
	}
	for (int i = 0; i < 2; i++)
		CHECK_OK(pthread_create(&pollers[i], NULL, run_poller, NULL));
	for (int i = 0; i < POSTERS; i++)
		CHECK_OK(pthread_join(posters[i].thread, NULL));
	for (int i = 0; i < 2; i++)
		CHECK_OK(pthread_join(pollers[i], NULL));
	CHECK_EQ(atomic_load(&bench.done), TOTAL);
	expect_empty(bench.cq);
	bench_close();
}

CASE(one_queue_pair_and_completion_queue)
{
	run(1);
}

CASE(queue_pairs_of_their_own)
{
	run(POSTERS);
}

/* Each thread with a device, a connection and everything of its own. */
static void *run_alone(void *arg)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct buffer buffer;
	struct pair pair;
	struct bed bed;

	(void)arg;
	bed_open(&bed);
	pair_make(&pair, &bed, &plan);
	buffer_make(&buffer, bed.pd, 4096, ACCESS_ALL);
	for (uint64_t i = 0; i < 2000; i++) {
		struct ibv_sge sge = buffer_sge(&buffer, 0, 64);
		struct ibv_send_wr wr = request(IBV_WR_SEND, i, &sge);

		pattern_fill(buffer.bytes, 64, (unsigned int)i);
		post_receive(&pair.b, i, &buffer, 1024, 64);
		post(&pair.a, &wr);
		expect_wc(pair.b.recv_cq, i, IBV_WC_SUCCESS);
		CHECK_PATTERN(buffer.bytes + 1024, 64, (unsigned int)i);
		expect_wc(pair.a.send_cq, i, IBV_WC_SUCCESS);
	}
	buffer_free(&buffer);
	pair_destroy(&pair);
	bed_close(&bed);
	return NULL;
}

CASE(devices_of_their_own)
{
	pthread_t threads[POSTERS];

	for (int i = 0; i < POSTERS; i++)
		CHECK_OK(pthread_create(&threads[i], NULL, run_alone, NULL));
	for (int i = 0; i < POSTERS; i++)
		CHECK_OK(pthread_join(threads[i], NULL));
}

/* Objects come and go in some threads while others make theirs. */
static void *make_and_end(void *bed)
{
	for (int i = 0; i < 50; i++) {
		struct end_plan plan = end_plan(i % 2 ? IBV_QPT_RC : IBV_QPT_UD);
		struct buffer buffer;
		struct pair pair;

		pair_make(&pair, bed, &plan);
		buffer_make(&buffer, ((struct bed *)bed)->pd, 4096, ACCESS_ALL);
		buffer_free(&buffer);
		pair_destroy(&pair);
	}
	return NULL;
}

CASE(objects_come_and_go)
{
	pthread_t threads[POSTERS];
	struct bed bed;

	bed_open(&bed);
	for (int i = 0; i < POSTERS; i++)
		CHECK_OK(pthread_create(&threads[i], NULL, make_and_end, &bed));
	for (int i = 0; i < POSTERS; i++)
		CHECK_OK(pthread_join(threads[i], NULL));
	bed_close(&bed);
}

static void *wait_for_event(void *channel)
{
	struct ibv_cq *cq;
	void *context;

	CHECK_EQ(ibv_get_cq_event(channel, &cq, &context), 0);
	ibv_ack_cq_events(cq, 1);
	return cq;
}

/* One thread sleeps in ibv_get_cq_event(), another makes the completion and never polls. */
CASE(sleeper_is_woken_by_a_poster)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_comp_channel *channel;
	struct buffer buffer;
	struct ibv_sge sge;
	struct pair pair;
	struct bed bed;

	bed_open(&bed);
	channel = ibv_create_comp_channel(bed.context);
	CHECK(channel);
	plan.recv_cq = ibv_create_cq(bed.context, 300, NULL, channel, 0);
	CHECK(plan.recv_cq);
	pair_make(&pair, &bed, &plan);
	buffer_make(&buffer, bed.pd, 4096, ACCESS_ALL);
	sge = buffer_sge(&buffer, 0, 8);
	for (uint64_t i = 0; i < 50; i++) {
		struct ibv_send_wr wr = request(IBV_WR_SEND, i, &sge);
		pthread_t thread;
		void *cq;

		CHECK_OK(ibv_req_notify_cq(plan.recv_cq, 0));
		post_receive(&pair.b, i, &buffer, 64, 8);
		CHECK_OK(pthread_create(&thread, NULL, wait_for_event, channel));
		post(&pair.a, &wr);
		CHECK_OK(pthread_join(thread, &cq));
		CHECK(cq == plan.recv_cq);
		expect_wc(plan.recv_cq, i, IBV_WC_SUCCESS);
		expect_wc(pair.a.send_cq, i, IBV_WC_SUCCESS);
	}
	buffer_free(&buffer);
	pair_destroy(&pair);
	CHECK_OK(ibv_destroy_cq(plan.recv_cq));
	CHECK_OK(ibv_destroy_comp_channel(channel));
	bed_close(&bed);
}
