/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The states of queue pairs through ibv_modify_qp() (IBTA vol. 1, 10.3.1 and 11.2.5.2): what leads
 * from one to the other, what does not, and what a query then tells.
 */
#include <errno.h>
#include <string.h>

#include "bed.h"

enum { TYPES = 3, STATES = 5 };

static const enum ibv_qp_type types[TYPES] = {IBV_QPT_RC, IBV_QPT_UC, IBV_QPT_UD};
/* In the order in which they are walked. */
static const enum ibv_qp_state states[STATES] = {IBV_QPS_RESET, IBV_QPS_INIT, IBV_QPS_RTR,
						 IBV_QPS_RTS, IBV_QPS_SQD};

static struct ibv_qp_attr all_attributes(const struct end *end)
{
	struct end_address self = end_address(end);

	return (struct ibv_qp_attr){
		.path_mtu = bed_mtu(end->bed, IBV_MTU_2048),
		.qkey = 0x7654321,
		.rq_psn = 0x112233,
		.sq_psn = 0x445566,
		.dest_qp_num = self.qpn,
		.qp_access_flags = IBV_ACCESS_REMOTE_WRITE,
		.ah_attr = path_to(end->bed, &self),
		.pkey_index = 0,
		.max_rd_atomic = 8,
		.max_dest_rd_atomic = 4,
		.min_rnr_timer = 9,
		.port_num = end->bed->port_num,
		.timeout = 11,
		.retry_cnt = 3,
		.rnr_retry = 5,
	};
}

/* What the step into `to`, from the state before it, requires. */
static int required(enum ibv_qp_type type, enum ibv_qp_state to)
{
	int peer = IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN;

	switch (to) {
	case IBV_QPS_INIT:
		return IBV_QP_PKEY_INDEX | IBV_QP_PORT |
		       (type == IBV_QPT_UD ? IBV_QP_QKEY : IBV_QP_ACCESS_FLAGS);
	case IBV_QPS_RTR:
		if (type == IBV_QPT_UD)
			return 0;
		return type == IBV_QPT_UC ? peer
					  : peer | IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER;
	case IBV_QPS_RTS:
		if (type != IBV_QPT_RC)
			return IBV_QP_SQ_PSN;
		return IBV_QP_SQ_PSN | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
		       IBV_QP_MAX_QP_RD_ATOMIC;
	default:
		return 0;
	}
}

static int step(struct end *end, enum ibv_qp_state to, int mask)
{
	struct ibv_qp_attr attr = all_attributes(end);

	attr.qp_state = to;
	return ibv_modify_qp(end->qp, &attr, mask | IBV_QP_STATE);
}

static int place_of(enum ibv_qp_state state)
{
	int place = 0;

	while (states[place] != state)
		CHECK(++place < STATES);
	return place;
}

static void walk_to(struct end *end, enum ibv_qp_state state)
{
	for (int i = place_of(end_state(end)) + 1; i <= place_of(state); i++)
		CHECK_OK(step(end, states[i], required(end->plan.type, states[i])));
	CHECK_EQ(end_state(end), state);
}

/* The kernel's mlx5 driver knows no step to SQD, which is the last. */
static bool has_draining(const struct bed *bed)
{
	return !bed->kernel || strcmp(bed->family->name, "mlx5");
}

/* Runs `check` for a fresh queue pair of each type in each state. */
static void in_every_state(void (*check)(struct end *end, enum ibv_qp_state state))
{
	struct bed bed;

	bed_open(&bed);
	for (int type = 0; type < TYPES; type++)
		for (int state = 0; state < (has_draining(&bed) ? STATES : STATES - 1); state++) {
			struct end_plan plan = end_plan(types[type]);
			struct end end;

			if (states[state] == IBV_QPS_SQD && !bed.family->has_draining)
				continue;
			end_create(&end, &bed, &plan);
			walk_to(&end, states[state]);
			check(&end, states[state]);
			end_destroy(&end);
		}
	bed_close(&bed);
}

static void go_to_error_and_reset(struct end *end, enum ibv_qp_state state)
{
	trying("type %d in state %d", end->plan.type, state);
	/* The kernel knows no such step. */
	if (state == IBV_QPS_RESET && end->bed->kernel) {
		CHECK_RC(step(end, IBV_QPS_ERR, 0), EINVAL);
	} else {
		CHECK_OK(step(end, IBV_QPS_ERR, 0));
		CHECK_EQ(end_state(end), IBV_QPS_ERR);
	}
	CHECK_OK(step(end, IBV_QPS_RESET, 0));
	CHECK_EQ(end_state(end), IBV_QPS_RESET);
	walk_to(end, state);
	CHECK_OK(step(end, IBV_QPS_RESET, 0));
	walk_to(end, IBV_QPS_RTS);
}

CASE(error_and_reset_from_every_state)
{
	in_every_state(go_to_error_and_reset);
}

static bool is_legal(enum ibv_qp_state from, enum ibv_qp_state to)
{
	static const enum ibv_qp_state legal[][2] = {
		{IBV_QPS_RESET, IBV_QPS_INIT}, {IBV_QPS_INIT, IBV_QPS_INIT},
		{IBV_QPS_INIT, IBV_QPS_RTR},   {IBV_QPS_RTR, IBV_QPS_RTS},
		{IBV_QPS_RTS, IBV_QPS_RTS},    {IBV_QPS_RTS, IBV_QPS_SQD},
		{IBV_QPS_SQD, IBV_QPS_SQD},    {IBV_QPS_SQD, IBV_QPS_RTS},
	};

	for (size_t i = 0; i < sizeof(legal) / sizeof(legal[0]); i++)
		if (legal[i][0] == from && legal[i][1] == to)
			return true;
	return false;
}

static void try_all_targets(struct end *end, enum ibv_qp_state state)
{
	for (int i = 1; i < STATES; i++) {
		int mask = required(end->plan.type, states[i]);

		trying("type %d from state %d to %d", end->plan.type, state, states[i]);
		if (is_legal(state, states[i]))
			continue;
		CHECK_RC(step(end, states[i], mask), EINVAL);
		CHECK_RC(step(end, states[i], 0), EINVAL);
		CHECK_EQ(end_state(end), state);
	}
	CHECK_RC(step(end, IBV_QPS_SQE, 0), EINVAL);
	CHECK_RC(step(end, 12, 0), EINVAL);
	CHECK_EQ(end_state(end), state);
}

CASE(steps_that_are_not)
{
	in_every_state(try_all_targets);
}

/* Each required attribute missing in turn, then each foreign one added. */
static void try_masks(struct end *end, enum ibv_qp_state state)
{
	int next = state == IBV_QPS_RESET  ? IBV_QPS_INIT
		   : state == IBV_QPS_INIT ? IBV_QPS_RTR
					   : IBV_QPS_RTS;
	int needed = required(end->plan.type, next);
	int never = end->plan.type == IBV_QPT_UD ? IBV_QP_AV | IBV_QP_TIMEOUT | IBV_QP_ACCESS_FLAGS
						 : IBV_QP_QKEY;

	if (state != IBV_QPS_RESET && state != IBV_QPS_INIT && state != IBV_QPS_RTR)
		return;
	for (int bit = 1; bit <= IBV_QP_DEST_QPN; bit <<= 1) {
		trying("type %d from state %d, attribute 0x%x", end->plan.type, state, bit);
		if (needed & bit)
			CHECK_RC(step(end, next, needed & ~bit), EINVAL);
		if (never & bit)
			CHECK_RC(step(end, next, needed | bit), EINVAL);
	}
	CHECK_EQ(end_state(end), state);
	CHECK_OK(step(end, next, needed));
}

CASE(attributes_missing_or_foreign)
{
	in_every_state(try_masks);
}

static void refuse(struct end *end, const struct ibv_qp_attr *good, int mask, const char *what,
		   void (*spoil)(struct ibv_qp_attr *attr))
{
	struct ibv_qp_attr attr = *good;
	int error;

	trying("bad %s", what);
	spoil(&attr);
	error = ibv_modify_qp(end->qp, &attr, mask);
	/* How the kernel's table of RoCE GIDs says that it has none there. */
	if (!end->bed->ethernet || error != ENODATA)
		CHECK_RC(error, EINVAL);
	CHECK(end_state(end) != good->qp_state);
}

static void spoil_port(struct ibv_qp_attr *attr)
{
	attr->port_num = 2;
}

static void spoil_no_port(struct ibv_qp_attr *attr)
{
	attr->port_num = 0;
}

static void spoil_pkey(struct ibv_qp_attr *attr)
{
	attr->pkey_index = 5000;
}

static void spoil_mtu(struct ibv_qp_attr *attr)
{
	attr->path_mtu = 6;
}

static void spoil_no_mtu(struct ibv_qp_attr *attr)
{
	attr->path_mtu = 0;
}

static void spoil_gid(struct ibv_qp_attr *attr)
{
	attr->ah_attr.is_global = 1;
	attr->ah_attr.grh.sgid_index = 200;
}

static void spoil_path_port(struct ibv_qp_attr *attr)
{
	attr->ah_attr.port_num = 2;
}

static void spoil_dest_rd_atomic(struct ibv_qp_attr *attr)
{
	attr->max_dest_rd_atomic = 200;
}

static void spoil_rd_atomic(struct ibv_qp_attr *attr)
{
	attr->max_rd_atomic = 200;
}

CASE(values_out_of_range)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_qp_attr attr;
	struct end end;
	struct bed bed;
	int mask;

	bed_open(&bed);
	end_create(&end, &bed, &plan);
	attr = all_attributes(&end);
	attr.qp_state = IBV_QPS_INIT;
	mask = IBV_QP_STATE | required(plan.type, attr.qp_state);
	refuse(&end, &attr, mask, "port", spoil_port);
	refuse(&end, &attr, mask, "port 0", spoil_no_port);
	if (bed.family->checks_values)
		refuse(&end, &attr, mask, "P_Key index", spoil_pkey);
	walk_to(&end, IBV_QPS_INIT);
	attr.qp_state = IBV_QPS_RTR;
	mask = IBV_QP_STATE | required(plan.type, attr.qp_state);
	refuse(&end, &attr, mask, "MTU", spoil_mtu);
	if (bed.family->checks_values)
		refuse(&end, &attr, mask, "MTU 0", spoil_no_mtu);
	refuse(&end, &attr, mask, "GID index", spoil_gid);
	refuse(&end, &attr, mask, "port of the path", spoil_path_port);
	if (bed.family->checks_values)
		refuse(&end, &attr, mask, "reads taken", spoil_dest_rd_atomic);
	walk_to(&end, IBV_QPS_RTR);
	attr.qp_state = IBV_QPS_RTS;
	mask = IBV_QP_STATE | required(plan.type, attr.qp_state);
	refuse(&end, &attr, mask, "reads made", spoil_rd_atomic);
	walk_to(&end, IBV_QPS_RTS);
	end_destroy(&end);
	bed_close(&bed);
}

static void check_connection(const struct ibv_qp_attr *is, const struct ibv_qp_attr *set,
			     enum ibv_qp_type type)
{
	CHECK_EQ(is->path_mtu, set->path_mtu);
	CHECK_EQ(is->rq_psn, set->rq_psn);
	CHECK_EQ(is->dest_qp_num, set->dest_qp_num);
	CHECK_EQ(is->qp_access_flags & ACCESS_ALL, set->qp_access_flags);
	CHECK_EQ(is->ah_attr.dlid, set->ah_attr.dlid);
	CHECK_EQ(is->ah_attr.sl, set->ah_attr.sl);
	CHECK_EQ(is->ah_attr.is_global, set->ah_attr.is_global);
	CHECK_EQ(is->ah_attr.port_num, set->ah_attr.port_num);
	if (type == IBV_QPT_UC)
		return;
	CHECK_EQ(is->max_rd_atomic, set->max_rd_atomic);
	CHECK_EQ(is->max_dest_rd_atomic, set->max_dest_rd_atomic);
	CHECK_EQ(is->min_rnr_timer, set->min_rnr_timer);
	CHECK_EQ(is->timeout, set->timeout);
	CHECK_EQ(is->retry_cnt, set->retry_cnt);
	CHECK_EQ(is->rnr_retry, set->rnr_retry);
}

static void check_query(struct end *end, enum ibv_qp_state state)
{
	struct ibv_qp_attr set = all_attributes(end), is;
	struct ibv_qp_init_attr init;

	if (state != IBV_QPS_RTS && state != IBV_QPS_SQD)
		return;
	trying("type %d in state %d", end->plan.type, state);
	CHECK_OK(ibv_query_qp(end->qp, &is, 0x1fffff, &init));
	CHECK_EQ(is.qp_state, state);
	if (end->bed->family->has_current_state)
		CHECK_EQ(is.cur_qp_state, state);
	CHECK_EQ(is.pkey_index, set.pkey_index);
	CHECK_EQ(is.port_num, set.port_num);
	CHECK_EQ(is.sq_psn, set.sq_psn);
	if (end->plan.type == IBV_QPT_UD)
		CHECK_EQ(is.qkey, set.qkey);
	else
		check_connection(&is, &set, end->plan.type);
	CHECK_EQ(init.qp_type, end->plan.type);
	CHECK(init.send_cq == end->send_cq);
	CHECK(init.recv_cq == end->recv_cq);
	CHECK(!init.srq);
	CHECK_EQ(init.sq_sig_all, 0);
	CHECK(init.cap.max_send_wr >= end->plan.send_wr);
	CHECK(init.cap.max_recv_wr >= end->plan.recv_wr);
	CHECK(init.cap.max_send_sge >= end->plan.send_sge);
	CHECK(init.cap.max_recv_sge >= end->plan.recv_sge);
	CHECK_EQ(is.cap.max_send_wr, init.cap.max_send_wr);
}

CASE(query_tells_what_was_set)
{
	in_every_state(check_query);
}

/* In RTS some attributes change, and the traffic goes on. */
CASE(changes_while_running)
{
	struct ibv_qp_attr attr = {.qp_access_flags = IBV_ACCESS_REMOTE_READ, .min_rnr_timer = 20};
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_qp_init_attr init;
	struct end end;
	struct bed bed;

	bed_open(&bed);
	end_create(&end, &bed, &plan);
	walk_to(&end, IBV_QPS_RTS);
	CHECK_OK(ibv_modify_qp(end.qp, &attr, IBV_QP_ACCESS_FLAGS | IBV_QP_MIN_RNR_TIMER));
	CHECK_OK(ibv_query_qp(end.qp, &attr, IBV_QP_ACCESS_FLAGS, &init));
	CHECK_EQ(attr.qp_access_flags & ACCESS_ALL, IBV_ACCESS_REMOTE_READ);
	CHECK_EQ(attr.min_rnr_timer, 20);
	CHECK_EQ(attr.qp_state, IBV_QPS_RTS);
	end_destroy(&end);
	bed_close(&bed);
}

static int is_draining(struct ibv_qp *qp)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;

	CHECK_OK(ibv_query_qp(qp, &attr, IBV_QP_STATE, &init));
	CHECK_EQ(attr.qp_state, IBV_QPS_SQD);
	return attr.sq_draining;
}

/* Requests begun before the stop end first; what is posted during it waits. */
CASE(drained_send_queue)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_SQD, .en_sqd_async_notify = 1};
	struct ibv_sge sge;
	struct ibv_send_wr wr;
	struct buffer buffer;
	struct pair pair;
	struct bed bed;

	bed_open(&bed);
	skip_for(bed.family->no_draining);
	NEED(has_draining(&bed), "the driver has no state for draining");
	pair_make(&pair, &bed, &plan);
	buffer_make(&buffer, bed.pd, 4096, ACCESS_ALL);
	sge = buffer_sge(&buffer, 0, 8);
	wr = request(IBV_WR_SEND, 1, &sge);
	post(&pair.a, &wr);
	/* It has gone out and met no receive. */
	expect_empty(pair.a.send_cq);
	CHECK_OK(ibv_modify_qp(pair.a.qp, &attr, IBV_QP_STATE | IBV_QP_EN_SQD_ASYNC_NOTIFY));
	CHECK(!readable(bed.context->async_fd, 0));
	CHECK_EQ(is_draining(pair.a.qp), 1);
	post_receive(&pair.b, 50, &buffer, 64, 8);
	expect_wc(pair.a.send_cq, 1, IBV_WC_SUCCESS);
	expect_wc(pair.b.recv_cq, 50, IBV_WC_SUCCESS);
	CHECK(expect_async(bed.context, IBV_EVENT_SQ_DRAINED).element.qp == pair.a.qp);
	CHECK_EQ(is_draining(pair.a.qp), 0);

	post_receive(&pair.b, 51, &buffer, 64, 8);
	wr.wr_id = 2;
	post(&pair.a, &wr);
	for (int i = 0; i < 1000; i++) {
		expect_empty(pair.b.recv_cq);
		expect_empty(pair.a.send_cq);
	}
	attr.qp_state = IBV_QPS_RTS;
	CHECK_OK(ibv_modify_qp(pair.a.qp, &attr, IBV_QP_STATE));
	expect_wc(pair.a.send_cq, 2, IBV_WC_SUCCESS);
	expect_wc(pair.b.recv_cq, 51, IBV_WC_SUCCESS);
	buffer_free(&buffer);
	pair_destroy(&pair);
	bed_close(&bed);
}

/* A peer that is ready to receive is told when the first message comes. */
CASE(communication_established)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct end_address addresses[2];
	struct ibv_sge sge;
	struct ibv_send_wr wr;
	struct buffer buffer;
	struct end a, b;
	struct bed bed;

	bed_open(&bed);
	skip_for(bed.family->no_established_event);
	end_create(&a, &bed, &plan);
	end_create(&b, &bed, &plan);
	buffer_make(&buffer, bed.pd, 4096, ACCESS_ALL);
	addresses[0] = end_address(&a);
	addresses[1] = end_address(&b);
	end_connect(&a, &addresses[1]);
	end_to_init(&b);
	post_receive(&b, 50, &buffer, 64, 8);
	end_to_rtr(&b, &addresses[0]);
	sge = buffer_sge(&buffer, 0, 8);
	wr = request(IBV_WR_SEND, 1, &sge);
	post(&a, &wr);
	expect_wc(a.send_cq, 1, IBV_WC_SUCCESS);
	expect_wc(b.recv_cq, 50, IBV_WC_SUCCESS);
	CHECK(expect_async(bed.context, IBV_EVENT_COMM_EST).element.qp == b.qp);
	end_to_rts(&b);
	post_receive(&a, 51, &buffer, 64, 8);
	post(&b, &wr);
	expect_wc(b.send_cq, 1, IBV_WC_SUCCESS);
	expect_wc(a.recv_cq, 51, IBV_WC_SUCCESS);
	buffer_free(&buffer);
	end_destroy(&a);
	end_destroy(&b);
	bed_close(&bed);
}
