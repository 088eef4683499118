/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* When a completion is an event, what an overrun does, and the limit event of an SRQ. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "fakes.h"

enum { CQES = 4 };

static struct world world;
static struct fake_cq_record record;
static struct pd *pd;
static struct cq *cq;
static struct qp *qp;

static int setup(void **state)
{
	(void)state;
	memset(&record, 0, sizeof(record));
	world_create(&world);
	pd = make_pd(&world);
	cq = make_cq(&world, CQES, &record);
	qp = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_destroy(&world);
	return 0;
}

static void complete(unsigned int flags, enum completion_status status)
{
	struct completion completion = {.status = status, .flags = flags};

	cq_complete(cq, qp, &completion);
}

static void arm(uint32_t token, bool solicited_only)
{
	record.token = token;
	record.solicited_only = solicited_only;
}

static void poll_all(void)
{
	record.consumer = cq->producer;
}

static void no_event_without_arming(void **state)
{
	(void)state;
	complete(0, STATUS_SUCCESS);
	assert_int_equal(fake_front.cq_events, 0);
}

static void the_first_arming_shows_though_it_writes_what_was_there(void **state)
{
	(void)state;
	/* The record was zero before the CQ was made, and the first arming is zero. */
	arm(0, false);
	assert_true(cq_look_armed(cq));
	complete(0, STATUS_SUCCESS);
	assert_int_equal(fake_front.cq_events, 1);
	assert_ptr_equal(fake_front.last_cq, cq);
}

static void one_event_for_one_arming(void **state)
{
	(void)state;
	arm(1, false);
	complete(0, STATUS_SUCCESS);
	complete(0, STATUS_SUCCESS);
	assert_int_equal(fake_front.cq_events, 1);
	assert_false(cq_look_armed(cq));
	arm(2, false);
	complete(0, STATUS_SUCCESS);
	assert_int_equal(fake_front.cq_events, 2);
}

static void an_announced_arming_asks_for_later_completions_only(void **state)
{
	(void)state;
	cq->arming_announced = true;
	complete(0, STATUS_SUCCESS);
	arm(1, false);
	assert_true(cq_look_armed(cq));
	assert_int_equal(fake_front.cq_events, 0);
	complete(0, STATUS_SUCCESS);
	assert_int_equal(fake_front.cq_events, 1);
}

static void an_arming_found_late_fires_for_what_is_unpolled(void **state)
{
	(void)state;
	complete(0, STATUS_SUCCESS);
	arm(1, false);
	assert_false(cq_look_armed(cq));
	assert_int_equal(fake_front.cq_events, 1);
}

static void an_arming_found_late_waits_when_all_is_polled(void **state)
{
	(void)state;
	complete(0, STATUS_SUCCESS);
	poll_all();
	arm(1, false);
	assert_true(cq_look_armed(cq));
	assert_true(cq_look_armed(cq));
	assert_int_equal(fake_front.cq_events, 0);
	complete(0, STATUS_SUCCESS);
	assert_int_equal(fake_front.cq_events, 1);
}

static void a_moderated_queue_waits_for_its_count(void **state)
{
	(void)state;
	assert_int_equal(cq_moderate(cq, 3, 4095), 0);
	cq->arming_announced = true;
	arm(1, false);
	complete(0, STATUS_SUCCESS);
	complete(0, STATUS_SUCCESS);
	assert_int_equal(fake_front.cq_events, 0);
	complete(0, STATUS_SUCCESS);
	assert_int_equal(fake_front.cq_events, 1);
	/* And the next arming begins to count anew. */
	poll_all();
	arm(2, false);
	complete(0, STATUS_SUCCESS);
	complete(0, STATUS_SUCCESS);
	assert_int_equal(fake_front.cq_events, 1);
	complete(0, STATUS_SUCCESS);
	assert_int_equal(fake_front.cq_events, 2);
}

static void a_moderated_queue_waits_no_longer_than_its_period(void **state)
{
	struct engine *engine = world.engine;

	(void)state;
	assert_int_equal(cq_moderate(cq, 3, 100), 0);
	cq->arming_announced = true;
	arm(1, false);
	complete(0, STATUS_SUCCESS);
	assert_int_equal(engine->next_timer_ns, cq->event_due_ns);
	engine->now_ns = cq->event_due_ns - 1;
	cq_run_timers(engine);
	assert_int_equal(fake_front.cq_events, 0);
	engine->now_ns = cq->event_due_ns;
	cq_run_timers(engine);
	assert_int_equal(fake_front.cq_events, 1);
	/* Once. */
	cq_run_timers(engine);
	assert_int_equal(fake_front.cq_events, 1);
}

static void moderation_counts_only_what_was_asked_for(void **state)
{
	(void)state;
	assert_int_equal(cq_moderate(cq, 2, 100), 0);
	cq->arming_announced = true;
	complete(0, STATUS_SUCCESS);
	arm(1, true);
	complete(0, STATUS_SUCCESS);
	complete(COMPLETION_SOLICITED, STATUS_SUCCESS);
	assert_int_equal(fake_front.cq_events, 0);
	complete(COMPLETION_SOLICITED, STATUS_SUCCESS);
	assert_int_equal(fake_front.cq_events, 1);
}

static void the_end_of_moderation_lets_the_event_go(void **state)
{
	(void)state;
	assert_int_equal(cq_moderate(cq, 3, 100), 0);
	cq->arming_announced = true;
	arm(1, false);
	complete(0, STATUS_SUCCESS);
	assert_int_equal(cq_moderate(cq, 0, 0), 0);
	assert_int_equal(fake_front.cq_events, 1);
	arm(2, false);
	complete(0, STATUS_SUCCESS);
	assert_int_equal(fake_front.cq_events, 2);
}

static void moderation_has_limits(void **state)
{
	(void)state;
	assert_int_equal(cq_moderate(cq, 0x10000, 1), EINVAL);
	assert_int_equal(cq_moderate(cq, 1, 0x1000), EINVAL);
	assert_false(cq->moderated);
	assert_int_equal(cq_moderate(cq, 0xffff, 0xfff), 0);
	/* A period without a count, or the other way round, is none. */
	assert_int_equal(cq_moderate(cq, 0xffff, 0), 0);
	assert_false(cq->moderated);
}

static void a_queue_with_completions_gathered_can_go(void **state)
{
	struct fake_cq_record its = {0};
	struct cq *other = make_cq(&world, CQES, &its);
	struct completion completion = {.status = STATUS_SUCCESS};

	(void)state;
	assert_int_equal(cq_moderate(other, 3, 100), 0);
	its.token = 1;
	cq_complete(other, qp, &completion);
	assert_false(list_empty(&world.engine->gathering));
	assert_int_equal(cq_destroy(other), 0);
	assert_true(list_empty(&world.engine->gathering));
}

static void solicited_only_waits_for_solicited_completions(void **state)
{
	(void)state;
	arm(1, true);
	complete(0, STATUS_SUCCESS);
	complete(COMPLETION_SEND, STATUS_SUCCESS);
	assert_int_equal(fake_front.cq_events, 0);
	complete(COMPLETION_SOLICITED, STATUS_SUCCESS);
	assert_int_equal(fake_front.cq_events, 1);
}

static void errors_count_as_solicited(void **state)
{
	(void)state;
	arm(1, true);
	complete(COMPLETION_SEND, STATUS_FLUSHED);
	assert_int_equal(fake_front.cq_events, 1);
}

static void a_cq_without_channel_never_has_events(void **state)
{
	(void)state;
	cq->has_channel = false;
	arm(1, false);
	assert_false(cq_look_armed(cq));
	complete(0, STATUS_SUCCESS);
	assert_int_equal(fake_front.cq_events, 0);
}

/* Each arming looks at them; the others cost nothing then, however many they are. */
static void only_cqs_with_a_channel_are_looked_at(void **state)
{
	static struct fake_cq_record other_record;
	struct cq_params params = {.doorbell_record = &other_record, .cqe_count = CQES};
	struct cq *other;

	(void)state;
	assert_int_equal(cq_create(world.hca, &params, &other), 0);
	list_for_each (node, &world.hca->channel_cqs)
		assert_ptr_equal(list_entry(node, struct cq, with_channel), cq);
	assert_false(list_empty(&world.hca->channel_cqs));
	assert_int_equal(cq_destroy(other), 0);
	params.has_channel = true;
	assert_int_equal(cq_create(world.hca, &params, &other), 0);
	assert_ptr_equal(world.hca->channel_cqs.prev, &other->with_channel);
	assert_int_equal(cq_destroy(other), 0);
	assert_ptr_equal(world.hca->channel_cqs.prev, &cq->with_channel);
}

static void an_overrun_ends_the_cq_and_then_its_qps(void **state)
{
	static struct fake_cq_record other_record;
	struct cq *other = make_cq(&world, CQES, &other_record);
	struct qp *bystander = make_qp(&world, pd, other, NULL, QP_TYPE_RC);

	(void)state;
	bring_to(qp, QP_RTS, 2, 1);
	bring_to(bystander, QP_RTS, 2, 1);
	engine_lock(world.engine);
	for (int i = 0; i < CQES; i++)
		complete(0, STATUS_SUCCESS);
	assert_int_equal(fake_front.num_events, 0);
	complete(0, STATUS_SUCCESS);
	complete(0, STATUS_SUCCESS);
	assert_int_equal(fake_count_events(EVENT_CQ_ERROR), 1);
	assert_int_equal(cq->producer, CQES);
	/* A QP in the middle of its work is not pulled away from under it. */
	assert_int_equal(qp->attr.state, QP_RTS);
	engine_unlock(world.engine);
	assert_int_equal(qp->attr.state, QP_ERR);
	assert_int_equal(fake_count_events(EVENT_QP_FATAL), 1);
	assert_int_equal(bystander->attr.state, QP_RTS);
	poll_all();
	complete(0, STATUS_SUCCESS);
	assert_int_equal(cq->producer, CQES);
}

static void a_resized_cq_must_hold_what_is_unpolled(void **state)
{
	struct queue_memory memory = {0};

	(void)state;
	complete(0, STATUS_SUCCESS);
	complete(0, STATUS_SUCCESS);
	assert_int_equal(cq_resize(cq, &memory, 2, 64), EINVAL);
	assert_int_equal(cq_resize(cq, &memory, 512, 64), EINVAL); /* beyond max_cqe */
	assert_int_equal(cq->producer, 2);
	assert_int_equal(cq_resize(cq, &memory, 8, 64), 0);
	assert_int_equal(cq->producer, 3); /* the resize entry */
	assert_int_equal(cq->cqe_count, 8);
}

/* ---- SRQ ---- */

static struct fake_srq_record srq_record;

static struct srq *make_srq(uint32_t limit)
{
	struct srq_params params = {
		.doorbell_record = &srq_record, .wqe_count = 16, .max_wr = 15, .limit = limit};
	struct srq *srq;

	memset(&srq_record, 0, sizeof(srq_record));
	assert_int_equal(srq_create(pd, &params, &srq), 0);
	return srq;
}

static void the_limit_event_comes_once_when_fewer_than_the_limit_remain(void **state)
{
	struct srq *srq = make_srq(3);
	struct recv_request request;

	(void)state;
	srq_record.posted = 5;
	assert_int_equal(srq_take(srq, &request), 0);
	assert_int_equal(srq_take(srq, &request), 0);
	assert_int_equal(fake_front.num_events, 0); /* 3 left */
	assert_int_equal(srq_take(srq, &request), 0);
	assert_int_equal(fake_count_events(EVENT_SRQ_LIMIT_REACHED), 1);
	assert_int_equal(srq_take(srq, &request), 0);
	assert_int_equal(srq_take(srq, &request), 0);
	assert_int_equal(srq_take(srq, &request), ENOENT);
	assert_int_equal(fake_count_events(EVENT_SRQ_LIMIT_REACHED), 1);
	assert_int_equal(srq_set_limit(srq, 16), EINVAL);
	assert_int_equal(srq_set_limit(srq, 15), 0);
	srq_record.posted = 6;
	assert_int_equal(srq_take(srq, &request), 0);
	assert_int_equal(fake_count_events(EVENT_SRQ_LIMIT_REACHED), 2);
}

static void a_corrupt_srq_is_in_error_for_good(void **state)
{
	struct srq *srq = make_srq(0);
	struct recv_request request;

	(void)state;
	srq_record.posted = 5;
	srq_record.corrupt = true;
	assert_int_equal(srq_take(srq, &request), EINVAL);
	assert_int_equal(srq_take(srq, &request), EIO);
	assert_int_equal(fake_count_events(EVENT_SRQ_ERROR), 1);
	assert_ptr_equal(fake_front.events[0].object, srq);
}

static void a_qp_on_an_srq_tells_when_it_takes_no_more(void **state)
{
	struct srq *srq = make_srq(0);
	struct qp *shared = make_qp(&world, pd, cq, srq, QP_TYPE_RC);
	struct qp_attr error = {.state = QP_ERR};

	(void)state;
	bring_to(shared, QP_RTS, 2, 1);
	assert_int_equal(qp_modify(shared, &error, QP_STATE), 0);
	assert_int_equal(qp_modify(shared, &error, QP_STATE), 0);
	assert_int_equal(fake_count_events(EVENT_QP_LAST_WQE_REACHED), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_event_without_arming),
		TEST(the_first_arming_shows_though_it_writes_what_was_there),
		TEST(one_event_for_one_arming),
		TEST(an_announced_arming_asks_for_later_completions_only),
		TEST(an_arming_found_late_fires_for_what_is_unpolled),
		TEST(an_arming_found_late_waits_when_all_is_polled),
		TEST(a_moderated_queue_waits_for_its_count),
		TEST(a_moderated_queue_waits_no_longer_than_its_period),
		TEST(moderation_counts_only_what_was_asked_for),
		TEST(the_end_of_moderation_lets_the_event_go),
		TEST(moderation_has_limits),
		TEST(a_queue_with_completions_gathered_can_go),
		TEST(solicited_only_waits_for_solicited_completions),
		TEST(errors_count_as_solicited),
		TEST(a_cq_without_channel_never_has_events),
		TEST(only_cqs_with_a_channel_are_looked_at),
		TEST(an_overrun_ends_the_cq_and_then_its_qps),
		TEST(a_resized_cq_must_hold_what_is_unpolled),
		TEST(the_limit_event_comes_once_when_fewer_than_the_limit_remain),
		TEST(a_corrupt_srq_is_in_error_for_good),
		TEST(a_qp_on_an_srq_tells_when_it_takes_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
