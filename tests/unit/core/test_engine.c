/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The engine's lock and notes under threads, the dispatch of packets, and what it watches. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "fakes.h"

enum { THREADS = 4, KICKS = 20000 };

static struct world world;
static struct fake_cq_record record;
static struct pd *pd;
static struct cq *cq;

static int setup(void **state)
{
	(void)state;
	memset(&record, 0, sizeof(record));
	world_create(&world);
	pd = make_pd(&world);
	cq = make_cq(&world, 16, &record);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_destroy(&world);
	return 0;
}

/* ---- threads ---- */

/* A send queue of one number: a kick is lost if `posted` stays ahead of `seen`. */
struct queue {
	_Atomic uint32_t posted;
	uint32_t seen; /* under the engine lock */
};
static struct queue queues[THREADS];
static struct qp *qps[THREADS];
/* Under the engine lock, so TSan tells if two threads are ever in it. */
static unsigned int inside, collisions;

static void see_posts(struct qp *qp)
{
	inside++;
	for (unsigned int i = 0; i < THREADS; i++)
		if (qps[i] == qp)
			queues[i].seen = queues[i].posted;
	inside--;
}

static void *post_and_kick(void *arg)
{
	struct queue *queue = arg;

	for (unsigned int i = 0; i < KICKS; i++) {
		queue->posted++;
		engine_kick(world.engine, qps[queue - queues]);
		if (i % 16 == 0)
			engine_poll(world.engine);
		if (i % 64 == 0) {
			engine_lock(world.engine);
			collisions += inside;
			engine_unlock(world.engine);
		}
	}
	return NULL;
}

static void no_kick_is_lost_between_threads(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	fake_transport.on_push = see_posts;
	memset(queues, 0, sizeof(queues));
	for (unsigned int i = 0; i < THREADS; i++)
		qps[i] = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, post_and_kick, &queues[i]), 0);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	/* A thread that did enough for others leaves the rest to the background thread, and says
	 * so; here that is us. */
	if (fake_fabric.wakes) {
		engine_lock(world.engine);
		engine_round(world.engine);
		engine_unlock(world.engine);
	}
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(queues[i].seen, KICKS);
	assert_int_equal(collisions, 0);
	assert_null(world.engine->kicked);
	assert_true(engine_trylock(world.engine));
	engine_unlock(world.engine);
}

static void *kick_once(void *arg)
{
	engine_kick(world.engine, arg);
	return NULL;
}

static void the_holder_does_the_work_of_those_it_kept_out(void **state)
{
	struct qp *qp = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);
	pthread_t thread;

	(void)state;
	engine_lock(world.engine);
	assert_int_equal(pthread_create(&thread, NULL, kick_once, qp), 0);
	pthread_join(thread, NULL); /* it did not wait */
	assert_int_equal(fake_transport.pushes, 0);
	assert_int_equal(engine_poll(world.engine), 0);
	engine_unlock(world.engine);
	assert_int_equal(fake_transport.pushes, 1);
	assert_int_equal(world.engine->attention, 0);
}

static void a_qp_can_be_destroyed_with_a_kick_in_flight(void **state)
{
	struct qp *qp = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);
	pthread_t thread;

	(void)state;
	engine_lock(world.engine);
	assert_int_equal(pthread_create(&thread, NULL, kick_once, qp), 0);
	pthread_join(thread, NULL);
	assert_int_equal(qp_destroy(qp), 0);
	engine_unlock(world.engine);
	assert_int_equal(fake_transport.pushes, 0);
	assert_null(world.engine->kicked);
	assert_true(list_empty(&world.engine->pending));
}

/* ---- rounds ---- */

static void packets_go_to_the_adapter_they_name(void **state)
{
	(void)state;
	fake_fabric.num_packets = 3;
	fake_fabric.packets[0].destination_hca = 0;
	fake_fabric.packets[1].destination_hca = 1;    /* nobody's here */
	fake_fabric.packets[2].destination_hca = 0xff; /* nobody's at all */
	assert_int_equal(engine_poll(world.engine), 3);
	assert_int_equal(fake_transport.received, 1);
	assert_ptr_equal(fake_transport.received_by, world.hca);
	assert_int_equal(engine_poll(world.engine), 0);
}

static void a_kicked_qp_is_served_once_in_the_next_round(void **state)
{
	struct qp *qp = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);

	(void)state;
	engine_lock(world.engine);
	qp_kick(qp);
	qp_kick(qp);
	assert_int_equal(fake_transport.pushes, 0);
	engine_round(world.engine);
	engine_round(world.engine);
	engine_unlock(world.engine);
	assert_int_equal(fake_transport.pushes, 1);
	engine_lock(world.engine);
	qp_kick(qp);
	assert_int_equal(qp_destroy(qp), 0);
	engine_round(world.engine);
	engine_unlock(world.engine);
	assert_int_equal(fake_transport.pushes, 1);
}

static void stay_pending(struct qp *qp)
{
	if (!list_linked(&qp->pending))
		list_append(&world.engine->pending, &qp->pending);
}

static void a_qp_that_cannot_go_on_waits_for_the_next_round(void **state)
{
	struct qp *qp = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);

	(void)state;
	fake_transport.on_push = stay_pending;
	engine_kick(world.engine, qp);
	assert_int_equal(fake_transport.pushes, 1);
	engine_poll(world.engine);
	assert_int_equal(fake_transport.pushes, 2);
	engine_poll(world.engine);
	assert_int_equal(fake_transport.pushes, 3);
	assert_true(engine_idle_ns(world.engine) < 1000000);
}

static void a_timer_runs_though_nothing_else_happens(void **state)
{
	(void)state;
	engine_lock(world.engine);
	world.engine->next_timer_ns = world.engine->now_ns;
	engine_unlock(world.engine);
	for (int i = 0; i < 16; i++)
		engine_poll(world.engine);
	/* The fake transport has run it. */
	assert_int_equal(world.engine->next_timer_ns, UINT64_MAX);
}

static void poll_some(void)
{
	for (int i = 0; i < 16; i++)
		engine_poll(world.engine);
}

static void qps_without_kicks_are_served_by_polls(void **state)
{
	struct qp *qp = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);

	(void)state;
	assert_int_equal(engine_idle_ns(world.engine), UINT64_MAX);
	poll_some();
	assert_int_equal(fake_transport.pushes, 0);
	engine_lock(world.engine);
	qp_watch(qp);
	engine_unlock(world.engine);
	poll_some();
	assert_int_equal(fake_transport.pushes, 4);
	assert_true(engine_idle_ns(world.engine) <= 1000000);
}

static void a_qp_in_error_is_flushed_until_reset(void **state)
{
	struct qp *qp = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);
	struct qp_attr reset = {.state = QP_RESET};

	(void)state;
	engine_lock(world.engine);
	bring_to(qp, QP_RTS, 2, 1);
	qp_set_error(qp, -1);
	engine_unlock(world.engine);
	poll_some();
	engine_kick(world.engine, qp);
	assert_int_equal(fake_transport.flushes, 5);
	assert_int_equal(fake_transport.pushes, 0);
	engine_lock(world.engine);
	assert_int_equal(qp_modify(qp, &reset, QP_STATE), 0);
	engine_unlock(world.engine);
	poll_some();
	assert_int_equal(fake_transport.flushes, 5);
	assert_true(list_empty(&world.engine->watched));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_kick_is_lost_between_threads),
		TEST(the_holder_does_the_work_of_those_it_kept_out),
		TEST(a_qp_can_be_destroyed_with_a_kick_in_flight),
		TEST(packets_go_to_the_adapter_they_name),
		TEST(a_kicked_qp_is_served_once_in_the_next_round),
		TEST(a_qp_that_cannot_go_on_waits_for_the_next_round),
		TEST(a_timer_runs_though_nothing_else_happens),
		TEST(qps_without_kicks_are_served_by_polls),
		TEST(a_qp_in_error_is_flushed_until_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
