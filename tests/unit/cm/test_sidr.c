/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Service ids of datagram queue pairs (IBTA vol. 1, 12.11), and groups. */
#include <errno.h>

#include "ends.h"
#include "hw/wire/mad.h"

enum { TIMEOUT_MS = 500, RETRIES = 3 };

static const struct cm_private question = {"who?", 4}, answer = {"me", 2};

static void on_sidr(struct cm_sidr *sidr, void *arg, const struct cm_event *event)
{
	assert_ptr_equal(arg, &ends[0]);
	assert_ptr_equal(sidr, ends[0].sidr);
	keep_heard(&ends[0], event);
}

static int ask_for(uint64_t service_id, const struct cm_private *private)
{
	const struct cm_sidr_req request = {.service_id = service_id, .pkey = 0xffff};
	struct cm_path path = usual_request().primary;

	return cm_sidr_request(ends[0].cm, &path, &request, TIMEOUT_MS, RETRIES, private, on_sidr,
			       &ends[0], &ends[0].sidr);
}

static void ask(void)
{
	assert_int_equal(ask_for(SERVICE, &question), 0);
}

static void reply(void)
{
	const struct cm_sidr_rep rep = {.qpn = 0x333333, .qkey = 0x01234567};
	const struct cm_ece ece = {0x15b301, 9};

	assert_int_equal(cm_sidr_reply(ends[1].sidr, &rep, &ece, &answer), 0);
}

static void drop_both(void)
{
	cm_sidr_destroy(ends[0].sidr);
	if (ends[1].sidr)
		cm_sidr_destroy(ends[1].sidr);
}

static void a_question_gets_its_answer(void **state)
{
	const struct heard *heard;

	(void)state;
	ask();
	run();
	heard = expect_heard(1, CM_EVENT_SIDR_REQUEST);
	assert_int_equal(heard->message.sidr_req.service_id, SERVICE);
	assert_int_equal(heard->message.sidr_req.pkey, 0xffff);
	assert_memory_equal(heard->private, "who?", 5);
	assert_int_equal(heard->source.lid, 1);
	reply();
	run();
	heard = expect_heard(0, CM_EVENT_SIDR_RESPONSE);
	assert_int_equal(heard->message.sidr_rep.status, CM_SIDR_SUCCESS);
	assert_int_equal(heard->message.sidr_rep.qpn, 0x333333);
	assert_int_equal(heard->message.sidr_rep.qkey, 0x01234567);
	assert_int_equal(heard->message.sidr_rep.service_id, SERVICE);
	assert_int_equal(heard->message.ece.vendor, 0x15b301);
	assert_int_equal(heard->message.ece.options, 9);
	assert_memory_equal(heard->private, "me", 3);
	/* Both name the id of who has asked, and nothing is said again. */
	assert_int_equal(on_wire(0).local_id, on_wire(1).local_id);
	assert_int_equal(on_wire(0).transaction_id, on_wire(1).transaction_id);
	run_for(20000 * MS);
	assert_int_equal(wire.logged, 2);
	drop_both();
}

static void on_ethernet_as_well(void **state)
{
	(void)state;
	ask();
	run();
	expect_heard(1, CM_EVENT_SIDR_REQUEST);
	reply();
	run();
	expect_heard(0, CM_EVENT_SIDR_RESPONSE);
}

static enum fate drop_first_two(void *arg, const struct sent_packet *packet)
{
	unsigned int *seen = arg;
	enum cm_message_type type = message_of(packet).type;

	return seen[type]++ < 2 ? FATE_DROP : FATE_DUPLICATE;
}

static void loss_costs_time_only(void **state)
{
	unsigned int seen[CM_MESSAGE_TYPES] = {0};

	(void)state;
	wire.judge = drop_first_two;
	wire.judge_arg = seen;
	ask();
	run_for(50 * MS);
	expect_heard(1, CM_EVENT_SIDR_REQUEST);
	expect_silence(1);
	reply();
	run_for(400 * MS);
	expect_heard(0, CM_EVENT_SIDR_RESPONSE);
	expect_silence(0);
	expect_silence(1);
}

static void a_question_is_given_up(void **state)
{
	(void)state;
	ask();
	run();
	expect_heard(1, CM_EVENT_SIDR_REQUEST);
	run_for((RETRIES + 1) * TIMEOUT_MS * MS - 10 * MS);
	expect_silence(0);
	run_for(20 * MS);
	assert_false(expect_heard(0, CM_EVENT_SIDR_UNREACHABLE)->has_message);
	/* An answer comes too late. */
	reply();
	run();
	expect_silence(0);
	drop_both();
}

static void expect_answer(enum cm_sidr_status status)
{
	run();
	assert_int_equal(expect_heard(0, CM_EVENT_SIDR_RESPONSE)->message.sidr_rep.status, status);
	cm_sidr_destroy(ends[0].sidr);
}

static void refusals_have_a_status(void **state)
{
	const struct cm_sidr_rep no_qp = {.status = CM_SIDR_NO_QP};

	(void)state;
	assert_int_equal(ask_for(SERVICE + 1, NULL), 0);
	run_for(60 * MS);
	expect_answer(CM_SIDR_UNSUPPORTED);
	ask();
	run();
	cm_sidr_destroy(ends[1].sidr);
	expect_answer(CM_SIDR_REJECTED);
	ask();
	run();
	assert_int_equal(cm_sidr_reply(ends[1].sidr, &no_qp, NULL, NULL), 0);
	expect_answer(CM_SIDR_NO_QP);
	cm_sidr_destroy(ends[1].sidr);
}

static void answers_are_given_once(void **state)
{
	static const uint8_t much[CM_SIDR_REQ_PRIVATE + 1];
	const struct cm_private too_much = {much, sizeof(much)};
	const struct cm_private too_long = {much, CM_SIDR_REP_PRIVATE + 1};
	struct cm_sidr_rep rep = {.qpn = 0x1000000};

	(void)state;
	assert_int_equal(ask_for(SERVICE, &too_much), EINVAL);
	ask();
	run();
	assert_int_equal(cm_sidr_reply(ends[0].sidr, &rep, NULL, NULL), EINVAL);
	assert_int_equal(cm_sidr_reply(ends[1].sidr, &rep, NULL, NULL), EINVAL);
	rep.qpn = 1;
	assert_int_equal(cm_sidr_reply(ends[1].sidr, &rep, NULL, &too_long), EINVAL);
	assert_int_equal(cm_sidr_reply(ends[1].sidr, &rep, NULL, NULL), 0);
	assert_int_equal(cm_sidr_reply(ends[1].sidr, &rep, NULL, NULL), EINVAL);
}

static void who_gives_up_asking_hears_nothing(void **state)
{
	(void)state;
	ask();
	run();
	cm_sidr_destroy(ends[0].sidr);
	reply();
	run();
	expect_silence(0);
}

/* ---- groups ---- */

static const uint8_t group_a[16] = {0xff, 0x12, 0x40, 0x1b, [15] = 1};
static const uint8_t group_b[16] = {0xff, 0x12, 0x40, 0x1b, [15] = 2};

static void all_who_join_are_told_the_same(void **state)
{
	struct cm_group here, there, other;

	(void)state;
	assert_int_equal(cm_group_join(ends[0].cm, group_a, 0, &here), 0);
	assert_int_equal(cm_group_join(ends[1].cm, group_a, 0, &there), 0);
	assert_int_equal(here.mlid, there.mlid);
	assert_int_equal(here.qkey, there.qkey);
	assert_int_equal(here.pkey, there.pkey);
	assert_int_equal(here.mtu, there.mtu);
	assert_int_equal(here.rate, there.rate);
	assert_int_equal(here.hop_limit, there.hop_limit);
	assert_int_equal(here.packet_life_time, there.packet_life_time);
	assert_in_range(here.mlid, 0xc000, 0xfffe);
	assert_int_equal(here.qkey, 0x01234567);
	assert_int_equal(here.pkey, 0xffff);
	assert_int_equal(cm_group_join(ends[0].cm, group_b, 0x8765, &other), 0);
	assert_int_not_equal(other.mlid, here.mlid);
	assert_int_equal(other.qkey, 0x8765);
}

static void groups_have_multicast_gids(void **state)
{
	struct cm_group group;

	(void)state;
	assert_int_equal(cm_group_join(ends[0].cm, wire.hcas[1]->gids[0].raw, 0, &group), EINVAL);
}

static void groups_on_ethernet_have_no_lid(void **state)
{
	struct cm_group group;

	(void)state;
	assert_int_equal(cm_group_join(ends[0].cm, group_a, 0, &group), 0);
	assert_int_equal(group.mlid, 0);
	assert_int_equal(group.hop_limit, 1);
}

#define ETH_TEST(name) cmocka_unit_test_setup_teardown(name, open_ends_eth, close_ends)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CM_TEST(a_question_gets_its_answer),
		ETH_TEST(on_ethernet_as_well),
		CM_TEST(loss_costs_time_only),
		CM_TEST(a_question_is_given_up),
		CM_TEST(refusals_have_a_status),
		CM_TEST(answers_are_given_once),
		CM_TEST(who_gives_up_asking_hears_nothing),
		CM_TEST(all_who_join_are_told_the_same),
		CM_TEST(groups_have_multicast_gids),
		ETH_TEST(groups_on_ethernet_have_no_lid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
