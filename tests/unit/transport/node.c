/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "node.h"

#include <errno.h>
#include <stdlib.h>

struct node nodes[2];

const struct pair_options usual = {
	.type = QP_TYPE_RC,
	.port_type = FABRIC_PORT_IB,
	.mtu = 1,
	.psn = {0x000100, 0x800000},
	.timeout = 14,
	.retry_count = 7,
	.rnr_retry = 7,
	.min_rnr_timer = 12,
	.rd_atomic = 4,
	.access = ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ |
		  ACCESS_REMOTE_ATOMIC,
};

/* ---- the family ---- */

static struct test_queue *queue_of(const struct qp *qp)
{
	return qp->front;
}

static int check_cq(const struct cq_params *params)
{
	(void)params;
	return 0;
}

static int check_srq(const struct srq_params *params)
{
	(void)params;
	return 0;
}

static int check_qp(const struct qp_params *params)
{
	(void)params;
	return 0;
}

static uint32_t send_producer(const struct qp *qp)
{
	return queue_of(qp)->send_posted;
}

static int send_decode(const struct qp *qp, uint32_t index, struct send_request *request)
{
	assert_int_equal(index % UNITS, 0);
	*request = queue_of(qp)->send[index / UNITS % QUEUE_DEPTH];
	request->index = index;
	request->units = UNITS;
	return queue_of(qp)->corrupt ? EINVAL : 0;
}

static uint32_t recv_producer(const struct qp *qp)
{
	return queue_of(qp)->recv_posted;
}

static int recv_decode(const struct qp *qp, uint32_t index, struct recv_request *request)
{
	*request = queue_of(qp)->recv[index % QUEUE_DEPTH];
	request->index = index;
	return queue_of(qp)->corrupt ? EINVAL : 0;
}

static int take_from_srq(struct srq *srq, struct recv_request *request)
{
	struct test_queue *queue = srq->front;

	if (srq->taken == queue->recv_posted)
		return ENOENT;
	*request = queue->recv[srq->taken % QUEUE_DEPTH];
	request->index = srq->taken++;
	srq->error = queue->corrupt;
	return srq->error ? EINVAL : 0;
}

static uint32_t srq_posted(const struct srq *srq)
{
	const struct test_queue *queue = srq->front;

	return queue->recv_posted - srq->taken;
}

static int cqe_write(struct cq *cq, const struct qp *qp, const struct completion *completion)
{
	struct test_cq *test = cq->front;

	assert_true(test->count < COMPLETIONS);
	test->qpn[test->count] = qp->qpn;
	test->list[test->count++] = *completion;
	return 0;
}

static int cqe_write_tag(struct cq *cq, const struct qp *qp, const struct completion *completion,
			 const struct tag_note *note)
{
	struct test_cq *test = cq->front;

	test->tagged[test->count] = true;
	test->notes[test->count] = *note;
	return cqe_write(cq, qp, completion);
}

static int cqe_write_resize(struct cq *cq)
{
	(void)cq;
	return EOVERFLOW;
}

static void cq_disarm(struct cq *cq)
{
	(void)cq;
}

static struct cq_arm cq_arm(const struct cq *cq)
{
	(void)cq;
	return (struct cq_arm){0};
}

static uint32_t cq_unpolled(const struct cq *cq)
{
	const struct test_cq *test = cq->front;

	return test->count - test->taken;
}

static const struct family_ops family = {
	.name = "test",
	.cq_check = check_cq,
	.srq_check = check_srq,
	.qp_check = check_qp,
	.send_producer = send_producer,
	.send_decode = send_decode,
	.recv_producer = recv_producer,
	.recv_decode = recv_decode,
	.srq_take = take_from_srq,
	.srq_posted = srq_posted,
	.cqe_write = cqe_write,
	.cqe_write_tag = cqe_write_tag,
	.cqe_write_resize = cqe_write_resize,
	.cq_disarm = cq_disarm,
	.cq_arm = cq_arm,
	.cq_unpolled = cq_unpolled,
};

static void on_cq_event(struct cq *cq)
{
	(void)cq;
}

static void on_event(struct hca *hca, enum async_event_type type, enum async_event_scope scope,
		     void *object)
{
	struct node *node = &nodes[hca->index];

	(void)scope;
	(void)object;
	assert_true(node->num_events < EVENTS);
	node->events[node->num_events++] = type;
}

static const struct front_ops front = {.cq_event = on_cq_event, .async_event = on_event};

static const struct hca_limits limits = {
	.max_qp = 16,
	.max_cq = 16,
	.max_srq = 16,
	.max_mr = 16,
	.max_pd = 16,
	.max_qp_wr = QUEUE_DEPTH,
	.max_sge = 8,
	.max_cqe = COMPLETIONS,
	.max_srq_wr = QUEUE_DEPTH,
	.max_srq_sge = 8,
	.max_rd_atomic = 16,
	.max_init_rd_atomic = 16,
	.max_mcast_grp = 16,
	.max_mcast_qp_attach = 16,
	.max_mr_size = UINT64_MAX,
	.max_tags = 7,
};

/* ---- making and connecting ---- */

static void open_cq(struct node *node, struct test_cq *cq)
{
	struct cq_params params = {.cqe_count = COMPLETIONS, .cqe_size = 64, .front = cq};

	assert_int_equal(cq_create(node->hca, &params, &cq->cq), 0);
}

static struct qp *open_half(struct node *node, struct test_queue *queue)
{
	struct qp_params params = {.type = QP_TYPE_XRC_RECV, .front = queue};
	struct qp *qp;

	if (node == &nodes[0]) {
		params.type = QP_TYPE_XRC_SEND;
		params.pd = node->pd;
		params.send_cq = node->send_cq.cq;
		params.sq_units = QUEUE_DEPTH * UNITS;
		params.max_send_wr = QUEUE_DEPTH;
	} else {
		params.xrcd = node->xrcd;
	}
	assert_int_equal(qp_create(node->hca, &params, &qp), 0);
	return qp;
}

static struct qp *open_qp(struct node *node, struct test_queue *queue,
			  const struct pair_options *options)
{
	struct qp_params params = {
		.type = options->type,
		.pd = node->pd,
		.send_cq = node->send_cq.cq,
		.recv_cq = node->recv_cq.cq,
		.srq = node->srq,
		.sq_units = QUEUE_DEPTH * UNITS,
		.rq_count = node->srq ? 0 : QUEUE_DEPTH,
		.max_send_wr = QUEUE_DEPTH,
		.max_recv_wr = QUEUE_DEPTH,
		.front = queue,
	};
	struct qp *qp;

	assert_int_equal(qp_create(node->hca, &params, &qp), 0);
	return qp;
}

static void open_memory(struct node *node)
{
	struct mr_params params = {
		.length = MEMORY_BYTES,
		.access = ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ |
			  ACCESS_REMOTE_ATOMIC,
	};

	node->memory = calloc(1, MEMORY_BYTES);
	assert_non_null(node->memory);
	params.linear = node->memory;
	params.iova = (uintptr_t)node->memory;
	assert_int_equal(mr_create(node->pd, &params, &node->mr), 0);
}

static void open_node(unsigned int index, const struct pair_options *options)
{
	struct srq_params srq = {.wqe_count = QUEUE_DEPTH, .max_wr = QUEUE_DEPTH, .max_sge = 1};
	struct node *node = &nodes[index];

	memset(node, 0, sizeof(*node));
	node->fabric.self = index;
	assert_int_equal(engine_create(&node->fabric, &node->engine), 0);
	assert_int_equal(hca_open(node->engine, &family, &front, &limits, &node->hca), 0);
	assert_int_equal(pd_create(node->hca, &node->pd), 0);
	open_cq(node, &node->send_cq);
	open_cq(node, &node->recv_cq);
	srq.front = &node->srq_queue;
	if (options->xrc && index == 1) {
		assert_int_equal(xrcd_open(node->hca, 0, 0, 1, &node->xrcd), 0);
		srq.xrcd = node->xrcd;
		srq.cq = node->recv_cq.cq;
	}
	if (options->tags && index == 1) {
		srq.max_tags = limits.max_tags;
		srq.cq = node->recv_cq.cq;
	}
	if (options->srq || srq.cq)
		assert_int_equal(srq_create(node->pd, &srq, &node->srq), 0);
	open_memory(node);
	node->qp =
		options->xrc ? open_half(node, &node->queue) : open_qp(node, &node->queue, options);
	if (options->second)
		node->qp2 = open_qp(node, &node->queue2, options);
}

static struct path path_to(unsigned int index, const struct pair_options *options)
{
	struct path path = {.port = 1, .dlid = (uint16_t)(index + 1)};

	if (options->port_type == FABRIC_PORT_ETH) {
		path.dlid = 0;
		path.grh = true;
		path.sgid_index = options->sgid_index;
		path.hop_limit = 64;
		memcpy(path.dgid, wire.hcas[index]->gids[options->sgid_index].raw, 16);
	}
	return path;
}

static void connect_qp(struct qp *qp, unsigned int index, const struct qp *peer,
		       const struct pair_options *options)
{
	struct qp_attr attr = {
		.path_mtu = options->mtu,
		.qkey = 0x11111111,
		.port = 1,
		.rq_psn = options->psn[!index],
		.sq_psn = options->psn[index],
		.dest_qpn = peer->qpn,
		.access = options->access,
		.path = path_to(!index, options),
		.max_rd_atomic = options->rd_atomic,
		.max_dest_rd_atomic = options->rd_atomic,
		.min_rnr_timer = options->min_rnr_timer,
		.timeout = options->timeout,
		.retry_count = options->retry_count,
		.rnr_retry = options->rnr_retry,
	};
	bool sends = qp->type == QP_TYPE_RC || qp->type == QP_TYPE_XRC_SEND;
	bool receives = qp->type == QP_TYPE_RC || qp->type == QP_TYPE_XRC_RECV;
	bool ud = qp_type_is_datagram(qp->type);
	uint32_t init = ud ? QP_QKEY : QP_ACCESS_FLAGS;
	uint32_t rtr = ud ? 0 : QP_AV | QP_PATH_MTU | QP_DEST_QPN | QP_RQ_PSN;
	uint32_t rts = QP_SQ_PSN;

	if (receives)
		rtr |= QP_MAX_DEST_RD_ATOMIC | QP_MIN_RNR_TIMER;
	if (sends)
		rts |= QP_TIMEOUT | QP_RETRY_CNT | QP_RNR_RETRY | QP_MAX_QP_RD_ATOMIC;
	else if (receives)
		rts |= QP_TIMEOUT;
	attr.state = QP_INIT;
	assert_int_equal(qp_modify(qp, &attr, QP_STATE | QP_PKEY_INDEX | QP_PORT | init), 0);
	attr.state = QP_RTR;
	assert_int_equal(qp_modify(qp, &attr, QP_STATE | rtr), 0);
	attr.state = QP_RTS;
	if (!options->stop_at_rtr || index == 0)
		assert_int_equal(qp_modify(qp, &attr, QP_STATE | rts), 0);
}

void pair_open(const struct pair_options *options)
{
	wire_open(options->port_type);
	for (unsigned int i = 0; i < 2; i++)
		open_node(i, options);
	wire.unknown[1] = options->unknown;
	for (unsigned int i = 0; i < 2; i++) {
		connect_qp(nodes[i].qp, i, nodes[!i].qp, options);
		if (options->second)
			connect_qp(nodes[i].qp2, i, nodes[!i].qp2, options);
	}
}

static void close_node(struct node *node)
{
	hca_close(node->hca);
	engine_destroy(node->engine);
	free(node->memory);
}

void pair_close(void)
{
	for (unsigned int i = 0; i < 2; i++)
		close_node(&nodes[i]);
	wire_close();
}

int open_usual(void **state)
{
	(void)state;
	pair_open(&usual);
	return 0;
}

int close_pair(void **state)
{
	(void)state;
	pair_close();
	return 0;
}

/* ---- running ---- */

static unsigned int round_of(struct node *node)
{
	unsigned int moved;

	if (wire.asleep[node->hca->index] || wire.dead[node->hca->index])
		return 0;
	/* So that the engine reads the clock, which it otherwise does now and then. */
	node->engine->clock_cycles = 0;
	engine_lock(node->engine);
	moved = engine_round(node->engine);
	engine_unlock(node->engine);
	return moved;
}

void run(void)
{
	unsigned int idle = 0;

	for (unsigned int rounds = 0; idle < 3; rounds++) {
		assert_true(rounds < 1000000);
		idle = round_of(&nodes[0]) + round_of(&nodes[1]) ? 0 : idle + 1;
	}
}

void run_for(uint64_t ns)
{
	uint64_t end = wire.now_ns + ns;

	run();
	while (wire.now_ns < end) {
		uint64_t next = end;

		for (unsigned int i = 0; i < 2; i++)
			if (nodes[i].engine->next_timer_ns < next && !wire.dead[i] &&
			    !wire.asleep[i])
				next = nodes[i].engine->next_timer_ns;
		wire.now_ns = next > wire.now_ns ? next : wire.now_ns + 1;
		run();
	}
}

/* ---- posting and completing ---- */

struct send_request make_request(const struct node *node, enum request_opcode opcode,
				 uint32_t offset, uint32_t length)
{
	return (struct send_request){
		.opcode = opcode,
		.flags = REQUEST_SIGNALED,
		.length = length,
		.num_sge = 1,
		.sge[0] = {.address = (uintptr_t)node->memory + offset,
			   .length = length,
			   .lkey = node->mr->key},
	};
}

struct send_request make_remote(const struct node *node, enum request_opcode opcode,
				uint32_t offset, uint32_t length, uint32_t remote_offset)
{
	const struct node *peer = node == &nodes[0] ? &nodes[1] : &nodes[0];
	struct send_request request = make_request(node, opcode, offset, length);

	request.rkey = peer->mr->key;
	request.remote_address = (uintptr_t)peer->memory + remote_offset;
	return request;
}

uint32_t post_send_to(struct qp *qp, struct test_queue *queue, const struct send_request *request)
{
	uint32_t index = queue->send_posted;

	assert_true(index - qp->sq_consumer < QUEUE_DEPTH * UNITS);
	queue->send[index / UNITS % QUEUE_DEPTH] = *request;
	queue->send_posted += UNITS;
	engine_kick(qp->hca->engine, qp);
	return index;
}

uint32_t post_send(struct node *node, const struct send_request *request)
{
	return post_send_to(node->qp, &node->queue, request);
}

void post_recv(struct node *node, uint32_t offset, uint32_t length)
{
	struct test_queue *queue = node->srq ? &node->srq_queue : &node->queue;

	queue->recv[queue->recv_posted++ % QUEUE_DEPTH] = (struct recv_request){
		.length = length,
		.num_sge = 1,
		.sge[0] = {.address = (uintptr_t)node->memory + offset,
			   .length = length,
			   .lkey = node->mr->key},
	};
}

const struct completion *take(struct test_cq *cq)
{
	return cq->taken == cq->count ? NULL : &cq->list[cq->taken++];
}

void expect_status(struct test_cq *cq, uint32_t index, enum completion_status status)
{
	const struct completion *completion = take(cq);

	assert_non_null(completion);
	assert_int_equal(completion->status, status);
	assert_int_equal(completion->index, index);
}

void expect_success(struct test_cq *cq, uint32_t index)
{
	expect_status(cq, index, STATUS_SUCCESS);
}

void expect_nothing(struct test_cq *cq)
{
	assert_null(take(cq));
}

bool had_event(const struct node *node, enum async_event_type type)
{
	for (unsigned int i = 0; i < node->num_events; i++)
		if (node->events[i] == type)
			return true;
	return false;
}

static uint8_t pattern(uint32_t position, uint32_t seed)
{
	uint32_t x = (position + 1) * 2654435761u ^ seed * 40503u;

	return (uint8_t)(x >> 13 ^ x >> 24);
}

void fill(uint8_t *at, uint32_t length, uint32_t seed)
{
	for (uint32_t i = 0; i < length; i++)
		at[i] = pattern(i, seed);
}

void expect_pattern(const uint8_t *at, uint32_t length, uint32_t seed)
{
	for (uint32_t i = 0; i < length; i++)
		if (at[i] != pattern(i, seed))
			fail_msg("byte %u of %u is %02x, not %02x", i, length, at[i],
				 pattern(i, seed));
}

enum fate judge_plan(void *arg, const struct sent_packet *packet)
{
	struct drop_plan *plan = arg;
	uint64_t bit;

	if (packet->from != plan->from || plan->seen >= 64)
		return FATE_DELIVER;
	bit = 1ull << plan->seen++;
	if (plan->drop & bit)
		return FATE_DROP;
	if (plan->duplicate & bit)
		return FATE_DUPLICATE;
	return plan->delay & bit ? FATE_DELAY : FATE_DELIVER;
}

void use_plan(struct drop_plan *plan)
{
	wire.judge = judge_plan;
	wire.judge_arg = plan;
}
