/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What raw packet queue pairs send and what frames complete with, byte by byte. */
#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"
#include "softhca/core/rss.h"

static struct send_request request;
static struct wq wq;

static int raw_packet(void **state)
{
	rig_reset(state);
	rig.qp.type = QP_TYPE_RAW_PACKET;
	rig.adapter.port_type = FABRIC_PORT_ETH;
	wq = (struct wq){
		.hca = &rig.hca,
		.cq = &rig.cq,
		.memory = {.linear = rig.queue, .size = RIG_RQ_BYTES},
		.doorbell_record = rig.qp_record,
		.count = RIG_RQ_COUNT,
		.log_stride = RIG_LOG_STRIDE,
		.user_index = 0x00beef,
	};
	return 0;
}

static int decode(uint32_t index)
{
	return softhca_mlx5_family.send_decode(&rig.qp, index, &request);
}

/* Control, Ethernet segment without inline headers and both checksums, one piece. */
static const uint8_t plain[48] = {
	0x00, 0x00, 0x00, 0x0a, 0x12, 0x34, 0x56, 0x03, 0, 0, 0, 0x08, 0, 0, 0,	   0, /* control */
	0,    0,    0,	  0,	0xc0, 0,    0,	  0,	0, 0, 0, 0,    0, 0, 0,	   0, /* Ethernet */
	0x00, 0x00, 0x05, 0xea, 0x00, 0x00, 0x02, 0x03, 0, 0, 0, 0,    0, 0, 0x10, 0x00,
};

static void a_frame_of_one_piece(void **state)
{
	(void)state;
	rig_put(0, plain, sizeof(plain));
	rig_ring(1);
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.opcode, REQUEST_SEND);
	assert_int_equal(request.flags, REQUEST_SIGNALED);
	assert_int_equal(request.units, 1);
	assert_int_equal(request.length, 0x5ea);
	assert_int_equal(request.num_sge, 1);
	assert_int_equal(request.sge[0].lkey, 0x203);
	assert_int_equal(request.sge[0].address, 0x1000);
	assert_int_equal(request.frame.flags, FRAME_NETWORK_CHECKSUM | FRAME_TRANSPORT_CHECKSUM);
	assert_int_equal(request.frame.header_length, 0);
}

static void checksums_are_asked_for_one_by_one(void **state)
{
	uint8_t wqe[sizeof(plain)];

	(void)state;
	memcpy(wqe, plain, sizeof(wqe));
	rig_ring(1);
	wqe[20] = 0x40;
	rig_put(0, wqe, sizeof(wqe));
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.frame.flags, FRAME_NETWORK_CHECKSUM);
	wqe[20] = 0x80;
	rig_put(0, wqe, sizeof(wqe));
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.frame.flags, FRAME_TRANSPORT_CHECKSUM);
	/* Of inner headers. */
	wqe[20] = 0x10;
	rig_put(0, wqe, sizeof(wqe));
	assert_int_equal(decode(0), EINVAL);
}

/* Eighteen bytes of headers: two in the segment, sixteen behind it. */
static const uint8_t inlined[64] = {
	0x00, 0x00, 0x0f, 0x0a, 0x12, 0x34, 0x56, 0x04, 0,   0,	  0,   0,   0,	  0,	0,    0,
	0,    0,    0,	  0,	0,    0,    0,	  0,	0,   0,	  0,   0,   0x00, 0x12, 'a',  'b',
	'c',  'd',  'e',  'f',	'g',  'h',  'i',  'j',	'k', 'l', 'm', 'n', 'o',  'p',	'q',  'r',
	0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02, 0x03, 0,   0,	  0,   0,   0,	  0,	0x10, 0x00,
};

/* All bytes of the pieces that stand in the WQE. */
static size_t inline_bytes(char *text)
{
	size_t length = 0;

	for (unsigned int i = 0; i < request.num_sge; i++) {
		if (!request.sge[i].inline_data)
			continue;
		memcpy(text + length, request.sge[i].inline_data, request.sge[i].length);
		length += request.sge[i].length;
	}
	return length;
}

static void headers_stand_inline(void **state)
{
	char text[64];

	(void)state;
	rig_put(15, inlined, sizeof(inlined));
	rig_ring(16);
	rig.qp.sq_consumer = 15;
	assert_int_equal(decode(15), 0);
	assert_int_equal(request.length, 18 + 256);
	assert_int_equal(request.frame.header_length, 18);
	assert_int_equal(inline_bytes(text), 18);
	assert_memory_equal(text, "abcdefghijklmnopqr", 18);
	assert_int_equal(request.sge[request.num_sge - 1].address, 0x1000);
}

/* A large segment: 60 bytes of headers, in two blocks, that wrap around the end of the ring. */
static void a_large_segment_wraps(void **state)
{
	uint8_t wqe[112] = {0x00,	 0x00,	      0x0f, 0x0e, 0x12, 0x34,	     0x56, 0x07,
			    [11] = 0x08, [20] = 0xc0, 0x00, 0x05, 0xb4, [28] = 0x00, 0x3c};
	char text[128];

	(void)state;
	for (unsigned int i = 0; i < 60; i++)
		wqe[30 + i] = (uint8_t)('A' + i);
	memcpy(wqe + 96, plain + 32, 16);
	rig_put(15, wqe, sizeof(wqe));
	rig_ring(17);
	rig.qp.sq_consumer = 15;
	assert_int_equal(decode(15), 0);
	assert_int_equal(request.opcode, REQUEST_SEND_SEGMENTS);
	assert_int_equal(request.units, 2);
	assert_int_equal(request.frame.header_length, 60);
	assert_int_equal(request.frame.segment_bytes, 0x5b4);
	assert_int_equal(request.length, 60 + 0x5ea);
	assert_int_equal(inline_bytes(text), 60);
	assert_memory_equal(text, wqe + 30, 60);
}

static void what_is_not_done_is_refused(void **state)
{
	uint8_t wqe[sizeof(inlined)];

	(void)state;
	rig_ring(1);
	memcpy(wqe, inlined, sizeof(wqe));
	wqe[2] = 0;
	/* A VLAN tag to insert. */
	wqe[28] = 0x80;
	rig_put(0, wqe, sizeof(wqe));
	assert_int_equal(decode(0), EINVAL);
	/* More headers than there are. */
	wqe[28] = 0x01;
	rig_put(0, wqe, sizeof(wqe));
	assert_int_equal(decode(0), EINVAL);
	/* No Ethernet segment. */
	memcpy(wqe, plain, sizeof(plain));
	wqe[7] = 1;
	rig_put(0, wqe, sizeof(wqe));
	assert_int_equal(decode(0), EINVAL);
	/* Requests of other transports. */
	memcpy(wqe, plain, sizeof(plain));
	wqe[3] = 0x08;
	rig_put(0, wqe, sizeof(wqe));
	assert_int_equal(decode(0), EINVAL);
	/* A large segment on another queue pair. */
	wqe[3] = 0x0e;
	rig.qp.type = QP_TYPE_UD;
	rig_put(0, wqe, sizeof(wqe));
	assert_int_equal(decode(0), EINVAL);
}

static void receives_of_a_work_queue(void **state)
{
	struct recv_request recv;

	(void)state;
	memcpy(rig.queue + 3 * 64, plain + 32, 16);
	rig.queue[3 * 64 + 16 + 6] = 0x01; /* the invalid key */
	rig.qp_record[3] = 5;
	wq.consumer = 3;
	assert_int_equal(softhca_mlx5_family.wq_producer(&wq), 5);
	assert_int_equal(softhca_mlx5_family.wq_decode(&wq, 11, &recv), 0);
	assert_int_equal(recv.index, 11);
	assert_int_equal(recv.num_sge, 1);
	assert_int_equal(recv.length, 0x5ea);
}

/* A tagged UDP packet over IPv4, hashed by its addresses and ports, for a rule with a tag. */
static void a_completion_tells_of_the_frame(void **state)
{
	static const uint8_t expected[64] = {
		[12] = 0x51, 0xcc, 0xc1, 0x78, 0x84,		    /* hash and what was hashed */
		[28] = 0x07, 0x29, 0x31, 0x23,			    /* checksums, headers, tag */
		[33] = 0x00, 0xbe, 0xef,			    /* user index */
		[46] = 0x05, 0xdc,				    /* length */
		[48] = 0,    0,	   0,	 0,    0,    0, 0x12, 0x34, /* time */
		[57] = 0xab, 0xcd, 0xef,			    /* flow tag */
		[60] = 0x00, 0x0b, 0x00, 0x20,			    /* receive 11 */
	};
	const struct frame_completion completion = {
		.index = 11,
		.length = 1500,
		.network = FRAME_NETWORK_IP4,
		.transport = FRAME_TRANSPORT_UDP,
		.network_good = true,
		.transport_good = true,
		.tag_stripped = true,
		.vlan = 0x3123,
		.flow_tag = 0xabcdef,
		.hash = 0x51ccc178,
		.hash_fields = RSS_IP4 | RSS_UDP,
		.timestamp_ns = 0x1234,
	};

	(void)state;
	assert_int_equal(softhca_mlx5_family.cqe_write_frame(&rig.cq, &wq, &completion), 0);
	assert_memory_equal(rig.cqes, expected, 64);
}

static void a_completion_of_something_else(void **state)
{
	static const uint8_t expected[64] = {
		[28] = 0x01, [33] = 0x00, 0xbe, 0xef, [47] = 0x3c, [63] = 0x20,
	};
	const struct frame_completion completion = {.length = 60};

	(void)state;
	assert_int_equal(softhca_mlx5_family.cqe_write_frame(&rig.cq, &wq, &completion), 0);
	assert_memory_equal(rig.cqes, expected, 64);
}

static void a_completion_in_error(void **state)
{
	static const uint8_t expected[64] = {
		[33] = 0x00, 0xbe, 0xef, [54] = 0xf9, 0x05, [60] = 0x00, 0x07, 0x00, 0xe0,
	};
	const struct frame_completion completion = {.status = STATUS_FLUSHED, .index = 7};

	(void)state;
	assert_int_equal(softhca_mlx5_family.cqe_write_frame(&rig.cq, &wq, &completion), 0);
	assert_memory_equal(rig.cqes, expected, 64);
}

static void shapes_of_work_queues(void **state)
{
	struct wq_params good =
				 {
					 .memory = {.linear = rig.queue, .size = RIG_RQ_BYTES},
					 .doorbell_record = rig.qp_record,
					 .count = RIG_RQ_COUNT,
					 .log_stride = RIG_LOG_STRIDE,
				 },
			 bad;

	(void)state;
	assert_int_equal(softhca_mlx5_family.wq_check(&good), 0);
	bad = good, bad.count = 7;
	assert_int_equal(softhca_mlx5_family.wq_check(&bad), EINVAL);
	bad = good, bad.count = 0;
	assert_int_equal(softhca_mlx5_family.wq_check(&bad), EINVAL);
	bad = good, bad.memory.size--;
	assert_int_equal(softhca_mlx5_family.wq_check(&bad), EINVAL);
	bad = good, bad.doorbell_record = NULL;
	assert_int_equal(softhca_mlx5_family.wq_check(&bad), EINVAL);
	bad = good, bad.log_stride = 11;
	assert_int_equal(softhca_mlx5_family.wq_check(&bad), EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_frame_of_one_piece, raw_packet),
		cmocka_unit_test_setup(checksums_are_asked_for_one_by_one, raw_packet),
		cmocka_unit_test_setup(headers_stand_inline, raw_packet),
		cmocka_unit_test_setup(a_large_segment_wraps, raw_packet),
		cmocka_unit_test_setup(what_is_not_done_is_refused, raw_packet),
		cmocka_unit_test_setup(receives_of_a_work_queue, raw_packet),
		cmocka_unit_test_setup(a_completion_tells_of_the_frame, raw_packet),
		cmocka_unit_test_setup(a_completion_of_something_else, raw_packet),
		cmocka_unit_test_setup(a_completion_in_error, raw_packet),
		cmocka_unit_test_setup(shapes_of_work_queues, raw_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
