/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Queues full of nonsense. Decoders may refuse it or make a request of it, but whatever they say
 * lies inside the queue and inside the request; the sanitizers watch the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

enum { ROUNDS = 200000 };

static uint64_t seed = 0x9e3779b97f4a7c15;

static uint32_t draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16);
}

static void fill(uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)draw();
}

/* Nonsense behind a control segment that gets past the first checks more often than chance. */
static void make_plausible(unsigned int slot, uint32_t index)
{
	static const uint8_t opcodes[] = {0, 1, 8, 9, 0xa, 0xb, 0x10, 0x11, 0x12, 0x25};
	uint8_t *wqe = rig.queue + RIG_RQ_BYTES + slot * 64;

	wqe[0] = 0;
	wqe[1] = (uint8_t)(index >> 8);
	wqe[2] = (uint8_t)index;
	wqe[3] = opcodes[draw() % sizeof(opcodes)];
	memcpy(wqe + 4, "\x12\x34\x56", 3);
	wqe[7] = (uint8_t)(draw() % 64);
	/* Small pieces, so that many fit into one message, some of them inline. */
	for (int ds = 1; ds < 4; ds++) {
		memset(wqe + 16 * ds, 0, 3);
		if (draw() % 2)
			wqe[16 * ds] = 0x80;
	}
}

static void expect_inside(const struct send_request *request)
{
	const uint8_t *start = rig.queue + RIG_RQ_BYTES, *end = rig.queue + sizeof(rig.queue);
	uint64_t sum = 0;

	assert_in_range(request->num_sge, 0, REQUEST_MAX_SGE);
	for (unsigned int i = 0; i < request->num_sge; i++) {
		const struct sge *sge = &request->sge[i];
		const uint8_t *data = sge->inline_data;

		sum += sge->length;
		if (data)
			assert_true(data >= start && data < end &&
				    sge->length <= (size_t)(end - data));
	}
	/* Lists of keys are no data. */
	if (request->opcode != REQUEST_CHANGE_KEY)
		assert_int_equal(sum, request->length);
}

static void random_send_queues_are_survived(void **state)
{
	static const enum qp_type types[] = {QP_TYPE_RC, QP_TYPE_UC, QP_TYPE_UD,
					     QP_TYPE_RAW_PACKET};
	struct send_request *request = malloc(sizeof(*request));
	unsigned int accepted = 0;

	(void)state;
	rig_reset(NULL);
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t index = draw();

		if (i % 16 == 0)
			fill(rig.queue, sizeof(rig.queue));
		make_plausible(index % RIG_SQ_UNITS, index);
		fill(rig.qp_record, sizeof(rig.qp_record));
		rig.qp.sq_consumer = index - draw() % RIG_SQ_UNITS;
		rig.qp.type = types[draw() % 4];
		if (softhca_mlx5_family.send_decode(&rig.qp, index, request) == 0) {
			expect_inside(request);
			accepted++;
		}
		assert_in_range(request->units, 1, 16);
	}
	free(request);
	/* The test is about what comes behind the first checks. */
	assert_true(accepted > ROUNDS / 1000);
}

static void random_receive_queues_are_survived(void **state)
{
	struct recv_request *request = malloc(sizeof(*request));

	(void)state;
	rig_reset(NULL);
	for (int i = 0; i < ROUNDS / 16; i++) {
		fill(rig.queue, RIG_RQ_BYTES);
		softhca_mlx5_family.recv_decode(&rig.qp, draw(), request);
		assert_in_range(request->num_sge, 0, 4);
	}
	free(request);
}

static void random_shared_queues_are_survived(void **state)
{
	struct recv_request *request = malloc(sizeof(*request));

	(void)state;
	rig_reset(NULL);
	for (int i = 0; i < ROUNDS / 16; i++) {
		fill(rig.srq_queue, sizeof(rig.srq_queue));
		/* Half of the links stay inside. */
		for (unsigned int w = 0; w < RIG_SRQ_COUNT; w++)
			if (draw() % 2) {
				rig.srq_queue[w * 64 + 2] = 0;
				rig.srq_queue[w * 64 + 3] = (uint8_t)(draw() % RIG_SRQ_COUNT);
			}
		fill(rig.srq_record, sizeof(rig.srq_record));
		softhca_mlx5_family.srq_take(&rig.srq, request);
		assert_in_range(rig.srq.next, 0, RIG_SRQ_COUNT - 1);
	}
	free(request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_send_queues_are_survived),
		cmocka_unit_test(random_receive_queues_are_survived),
		cmocka_unit_test(random_shared_queues_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
