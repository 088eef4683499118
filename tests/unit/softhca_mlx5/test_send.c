/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Send WQEs, byte by byte, to requests. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

static struct send_request request;

static int decode(uint32_t index)
{
	memset(&request, 0xee, sizeof(request));
	return softhca_mlx5_family.send_decode(&rig.qp, index, &request);
}

static void expect_pointer(const struct sge *sge, uint64_t address, uint32_t length, uint32_t lkey)
{
	assert_null(sge->inline_data);
	assert_int_equal(sge->address, address);
	assert_int_equal(sge->length, length);
	assert_int_equal(sge->lkey, lkey);
}

/* SEND_IMM, index 0, signaled and solicited, one pointer. */
static const uint8_t send_imm[] = {
	0x00, 0x00, 0x00, 0x0b, 0x12, 0x34, 0x56, 0x02, /* opmod, index, opcode; QPN, DS */
	0x00, 0x00, 0x00, 0x0a, 0xca, 0xfe, 0xba, 0xbe, /* fm_ce_se; immediate */
	0x00, 0x00, 0x10, 0x01, 0x00, 0x01, 0x02, 0x03, /* length, lkey */
	0x00, 0x00, 0x7f, 0x11, 0x22, 0x33, 0x44, 0x55, /* address */
};

static void a_send_with_immediate_has_its_fields(void **state)
{
	static const uint8_t immediate[] = {0xca, 0xfe, 0xba, 0xbe};

	(void)state;
	rig_put(0, send_imm, sizeof(send_imm));
	rig_ring(1);
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.opcode, REQUEST_SEND_IMM);
	assert_int_equal(request.flags, REQUEST_SIGNALED | REQUEST_SOLICITED);
	assert_memory_equal(&request.immediate, immediate, 4);
	assert_int_equal(request.index, 0);
	assert_int_equal(request.units, 1);
	assert_int_equal(request.length, 0x1001);
	assert_int_equal(request.num_sge, 1);
	expect_pointer(&request.sge[0], 0x7f1122334455, 0x1001, 0x10203);
}

/* The XRC segment comes first, whatever follows. */
static void a_request_of_xrc_names_its_srq(void **state)
{
	static const uint8_t wqe[] = {
		0x00, 0x00, 0x00, 0x08, 0x12, 0x34, 0x56, 0x04, /* RDMA_WRITE */
		0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00, /* signaled */
		0xff, 0xab, 0xcd, 0xef, 0,    0,    0,	  0,
		0,    0,    0,	  0,	0,    0,    0,	  0,	/* SRQ number */
		0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, /* remote address */
		0xaa, 0xbb, 0xcc, 0xdd, 0x00, 0x00, 0x00, 0x00, /* rkey */
		0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x11,
		0,    0,    0,	  0,	0,    0,    0x10, 0x00,
	};

	(void)state;
	rig.qp.type = QP_TYPE_XRC_SEND;
	rig_put(0, wqe, sizeof(wqe));
	rig_ring(1);
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.opcode, REQUEST_WRITE);
	assert_int_equal(request.remote_srqn, 0xabcdef);
	assert_int_equal(request.remote_address, 0x0102030405060708);
	assert_int_equal(request.rkey, 0xaabbccdd);
	assert_int_equal(request.num_sge, 1);
	expect_pointer(&request.sge[0], 0x1000, 0x10, 0x11);
}

static void a_request_of_xrc_without_its_segment_is_refused(void **state)
{
	static const uint8_t wqe[] = {
		0x00, 0x00, 0x00, 0x0a, 0x12, 0x34, 0x56, 0x01, /* SEND, nothing else */
		0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00,
	};

	(void)state;
	rig.qp.type = QP_TYPE_XRC_SEND;
	rig_put(0, wqe, sizeof(wqe));
	rig_ring(1);
	assert_int_equal(decode(0), EINVAL);
	rig.qp.type = QP_TYPE_XRC_RECV;
	assert_int_equal(decode(0), EINVAL);
}

static void a_write_with_three_pointers_takes_two_blocks(void **state)
{
	static const uint8_t wqe[] = {
		0x00, 0x00, 0x05, 0x08, 0x12, 0x34, 0x56, 0x05, /* RDMA_WRITE at index 5 */
		0x00, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, /* fence, not signaled */
		0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, /* remote address */
		0xaa, 0xbb, 0xcc, 0xdd, 0x00, 0x00, 0x00, 0x00, /* rkey */
		0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x11, 0, 0, 0, 0, 0, 0, 0x10, 0x00,
		0x00, 0x00, 0x00, 0x20, 0x00, 0x00, 0x00, 0x12, 0, 0, 0, 0, 0, 0, 0x20, 0x00,
		0x00, 0x00, 0x00, 0x30, 0x00, 0x00, 0x00, 0x13, 0, 0, 0, 0, 0, 0, 0x30, 0x00,
	};

	(void)state;
	rig_put(5, wqe, sizeof(wqe));
	rig_ring(7);
	rig.qp.sq_consumer = 5;
	assert_int_equal(decode(5), 0);
	assert_int_equal(request.opcode, REQUEST_WRITE);
	assert_int_equal(request.flags, REQUEST_FENCE);
	assert_int_equal(request.units, 2);
	assert_int_equal(request.remote_address, 0x0102030405060708);
	assert_int_equal(request.rkey, 0xaabbccdd);
	assert_int_equal(request.num_sge, 3);
	expect_pointer(&request.sge[0], 0x1000, 0x10, 0x11);
	expect_pointer(&request.sge[1], 0x2000, 0x20, 0x12);
	expect_pointer(&request.sge[2], 0x3000, 0x30, 0x13);
	assert_int_equal(request.length, 0x60);
}

static void a_count_of_zero_is_two_gigabytes(void **state)
{
	uint8_t wqe[sizeof(send_imm)];

	(void)state;
	memcpy(wqe, send_imm, sizeof(wqe));
	memset(wqe + 16, 0, 4);
	rig_put(0, wqe, sizeof(wqe));
	rig_ring(1);
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.length, 0x80000000);
}

static void a_message_longer_than_two_gigabytes_is_refused(void **state)
{
	uint8_t wqe[48];

	(void)state;
	memcpy(wqe, send_imm, 32);
	memcpy(wqe + 32, send_imm + 16, 16);
	wqe[7] = 3;
	memset(wqe + 16, 0, 4);
	rig_put(0, wqe, sizeof(wqe));
	rig_ring(1);
	assert_int_equal(decode(0), EINVAL);
}

static void inline_data_stays_where_it_is(void **state)
{
	static const uint8_t wqe[] = {
		0x00, 0x00, 0x00, 0x0a, 0x12, 0x34, 0x56, 0x02, /* SEND */
		0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00, /* signaled */
		0x80, 0x00, 0x00, 0x05, 'h',  'e',  'l',  'l',	/* inline, 5 bytes */
		'o',  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	};

	(void)state;
	rig_put(0, wqe, sizeof(wqe));
	rig_ring(1);
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.opcode, REQUEST_SEND);
	assert_int_equal(request.length, 5);
	assert_int_equal(request.num_sge, 1);
	assert_ptr_equal(request.sge[0].inline_data, rig.queue + RIG_RQ_BYTES + 20);
	assert_memory_equal(request.sge[0].inline_data, "hello", 5);
}

/* Control, remote address, inline of 100 bytes: 16 + 16 + 104 bytes, 9 DS, 3 blocks. */
static void inline_data_wraps_with_the_ring(void **state)
{
	uint8_t wqe[136] = {
		0x00, 0x00, 0x0f, 0x08, 0x12, 0x34, 0x56, 0x09, /* RDMA_WRITE at index 15 */
		0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x10, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x80, 0x00, 0x00, 0x64,
	};
	uint8_t expected[100];

	(void)state;
	for (unsigned int i = 0; i < sizeof(expected); i++)
		wqe[36 + i] = expected[i] = (uint8_t)(i + 1);
	rig_put(15, wqe, sizeof(wqe));
	rig_ring(18);
	rig.qp.sq_consumer = 15;
	assert_int_equal(decode(15), 0);
	assert_int_equal(request.units, 3);
	assert_int_equal(request.length, 100);
	assert_int_equal(request.num_sge, 2);
	assert_int_equal(request.sge[0].length, 28);
	assert_memory_equal(request.sge[0].inline_data, expected, 28);
	assert_int_equal(request.sge[1].length, 72);
	assert_ptr_equal(request.sge[1].inline_data, rig.queue + RIG_RQ_BYTES);
	assert_memory_equal(request.sge[1].inline_data, expected + 28, 72);
}

static void inline_data_in_a_paged_queue_comes_in_blocks(void **state)
{
	uint8_t wqe[64] = {
		0x00, 0x00, 0x00, 0x0a, 0x12, 0x34, 0x56, 0x07, /* SEND, 7 DS */
		0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x80, 0x00, 0x00, 0x5c,
	};
	static _Alignas(64) uint8_t pages[24][64];
	uint8_t *list[24];

	(void)state;
	memset(wqe + 20, 'x', 44);
	for (int i = 0; i < 24; i++)
		list[i] = pages[23 - i];
	rig.qp.memory = (struct queue_memory){.pages = list, .log_page_size = 6, .size = 24 * 64};
	memcpy(list[8], wqe, 64);
	memset(list[9], 'y', 64);
	rig_ring(2);
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.num_sge, 2);
	assert_int_equal(request.sge[0].length, 44);
	assert_int_equal(request.sge[1].length, 48);
	assert_ptr_equal(request.sge[1].inline_data, list[9]);
}

static const uint8_t compare_swap[] = {
	0x00, 0x00, 0x00, 0x11, 0x12, 0x34, 0x56, 0x04, /* ATOMIC_CS */
	0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x10, 0x08, 0x00, 0x00, 0x09, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, /* swap */
	0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00,		    /* compare */
	0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x01, 0x03, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x30, 0x00,
};

static void an_atomic_has_operands_and_eight_bytes_of_answer(void **state)
{
	uint8_t wqe[sizeof(compare_swap)];

	(void)state;
	rig_put(0, compare_swap, sizeof(compare_swap));
	rig_ring(1);
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.opcode, REQUEST_COMPARE_SWAP);
	assert_int_equal(request.remote_address, 0x1008);
	assert_int_equal(request.rkey, 0x900);
	assert_int_equal(request.swap_or_add, 0x1122334455667788);
	assert_int_equal(request.compare, 0x99aabbccddeeff00);
	expect_pointer(&request.sge[0], 0x3000, 8, 0x103);
	memcpy(wqe, compare_swap, sizeof(wqe));
	wqe[51] = 4;
	rig_put(0, wqe, sizeof(wqe));
	assert_int_equal(decode(0), EINVAL);
}

static void a_read_cannot_be_inline(void **state)
{
	uint8_t wqe[48] = {
		0x00, 0x00, 0x00, 0x10, 0x12, 0x34, 0x56, 0x03, [35] = 0x08,
	};

	(void)state;
	rig_put(0, wqe, sizeof(wqe));
	rig_ring(1);
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.opcode, REQUEST_READ);
	wqe[32] = 0x80;
	rig_put(0, wqe, sizeof(wqe));
	assert_int_equal(decode(0), EINVAL);
}

static void send_with_invalidate_names_the_key(void **state)
{
	uint8_t wqe[16] = {
		0x00, 0x00, 0x00, 0x01, 0x12, 0x34, 0x56, 0x01, 0, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef,
	};

	(void)state;
	rig_put(0, wqe, sizeof(wqe));
	rig_ring(1);
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.opcode, REQUEST_SEND_INVALIDATE);
	assert_int_equal(request.invalidate_rkey, 0xdeadbeef);
	assert_int_equal(request.length, 0);
	rig.qp.type = QP_TYPE_UC;
	assert_int_equal(decode(0), EINVAL);
}

/* As libmlx5 posts IBV_WR_LOCAL_INV: a UMR that frees the key. */
static const uint8_t invalidation[128] = {
	[2] = 0x0f,  0x25, 0x12, 0x34, 0x56, 0x08, /* UMR at index 15; QPN, DS */
	[11] = 0x08, 0xde, 0xad, 0xbe, 0xef,	   /* fm_ce_se; key */
	[16] = 0x98,				   /* inline, translation offset, check QPN */
	[28] = 0x20, 0x00, 0x60, 0x00,		   /* of the mask: free, key, QPN */
	[64] = 0x40,				   /* free */
	[68] = 0xff, 0xff, 0xff,		   /* of any QP */
};

static void an_invalidation_is_a_umr_that_frees_the_key(void **state)
{
	(void)state;
	rig_put(15, invalidation, sizeof(invalidation));
	rig.qp.sq_consumer = 15;
	rig_ring(17);
	assert_int_equal(decode(15), 0);
	assert_int_equal(request.opcode, REQUEST_CHANGE_KEY);
	assert_int_equal(request.flags, REQUEST_SIGNALED);
	assert_int_equal(request.change.key, 0xdeadbeef);
	assert_int_equal(request.change.properties, KEY_FREE | KEY_VARIANT | KEY_QP);
	assert_true(request.change.free);
	assert_true(request.change.only_if_this_qp);
	assert_false(request.change.only_if_free);
	assert_int_equal(request.change.qpn, KEY_ANY_QP);
	assert_int_equal(request.change.access_mask, 0);
	assert_int_equal(request.units, 2);
	assert_int_equal(request.length, 0);
	assert_int_equal(request.num_sge, 0);
}

static void an_invalidation_cut_short_is_refused(void **state)
{
	uint8_t wqe[128];

	(void)state;
	memcpy(wqe, invalidation, sizeof(wqe));
	wqe[7] = 4;
	rig_put(15, wqe, sizeof(wqe));
	rig.qp.sq_consumer = 15;
	rig_ring(17);
	assert_int_equal(decode(15), EINVAL);
	rig_put(15, invalidation, sizeof(invalidation));
	assert_int_equal(decode(15), 0);
	rig.qp.type = QP_TYPE_UD;
	assert_int_equal(decode(15), EINVAL);
}

/* UD SEND with an extended address vector. */
static const uint8_t datagram[] = {
	0x00, 0x00, 0x00, 0x0a, 0x12, 0x34, 0x56, 0x05, 0x00, 0x00, 0x00, 0x08,
	0x00, 0x00, 0x00, 0x00, 0x11, 0x11, 0x11, 0x11, 0x00, 0x00, 0x00, 0x00, /* Q_Key */
	0x80, 0xab, 0xcd, 0xef, 0x35, 0x83, 0xbe, 0xef, /* extended, QPN; rate, SL, path; LID */
	0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x77, 0x40, /* MAC,tc,hop */
	0x40, 0x5a, 0xbc, 0xde, /* GRH, GID 5, flow label */
	0xfe, 0x80, 0,	  0,	0,    0,    0,	  0,	0,    0,    0,	  0,
	0,    0,    0,	  9,	0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x01, 0x03,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x00,
};

static void a_datagram_carries_its_address(void **state)
{
	static const uint8_t gid[16] = {0xfe, 0x80, [15] = 9};

	(void)state;
	rig.qp.type = QP_TYPE_UD;
	rig_put(0, datagram, sizeof(datagram));
	rig_ring(2);
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.units, 2);
	assert_int_equal(request.ud.qkey, 0x11111111);
	assert_int_equal(request.ud.qpn, 0xabcdef);
	assert_int_equal(request.ud.static_rate, 3);
	assert_int_equal(request.ud.sl, 5);
	assert_int_equal(request.ud.path_bits, 3);
	assert_int_equal(request.ud.dlid, 0xbeef);
	assert_true(request.ud.grh);
	assert_int_equal(request.ud.traffic_class, 0x77);
	assert_int_equal(request.ud.hop_limit, 0x40);
	assert_int_equal(request.ud.sgid_index, 5);
	assert_int_equal(request.ud.flow_label, 0xabcde);
	assert_memory_equal(request.ud.dgid, gid, 16);
	expect_pointer(&request.sge[0], 0x4000, 4, 0x103);
}

static void management_sends_are_datagrams(void **state)
{
	static const enum qp_type types[] = {QP_TYPE_SMI, QP_TYPE_GSI};

	(void)state;
	rig_put(0, datagram, sizeof(datagram));
	rig_ring(2);
	for (unsigned int i = 0; i < 2; i++) {
		rig.qp.type = types[i];
		assert_int_equal(decode(0), 0);
		assert_int_equal(request.opcode, REQUEST_SEND);
		assert_int_equal(request.ud.qpn, 0xabcdef);
		expect_pointer(&request.sge[0], 0x4000, 4, 0x103);
	}
}

static void an_address_on_ethernet_is_global_without_the_bit(void **state)
{
	uint8_t wqe[sizeof(datagram)];

	(void)state;
	rig.qp.type = QP_TYPE_UD;
	rig.adapter.port_type = FABRIC_PORT_ETH;
	memcpy(wqe, datagram, sizeof(wqe));
	wqe[44] &= 0xbf;
	rig_put(0, wqe, sizeof(wqe));
	rig_ring(2);
	assert_int_equal(decode(0), 0);
	assert_true(request.ud.grh);
	assert_int_equal(request.ud.dgid[15], 9);
}

static void a_compact_address_is_a_third_as_long(void **state)
{
	uint8_t wqe[48];

	(void)state;
	rig.qp.type = QP_TYPE_UD;
	memcpy(wqe, datagram, 32);
	memcpy(wqe + 32, datagram + 64, 16);
	wqe[7] = 3;
	wqe[24] = 0;
	rig_put(0, wqe, sizeof(wqe));
	rig_ring(1);
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.ud.qpn, 0xabcdef);
	assert_false(request.ud.grh);
	expect_pointer(&request.sge[0], 0x4000, 4, 0x103);
}

static void an_address_cut_short_is_refused(void **state)
{
	uint8_t wqe[sizeof(datagram)];

	(void)state;
	rig.qp.type = QP_TYPE_UD;
	memcpy(wqe, datagram, sizeof(wqe));
	rig_ring(2);
	for (uint8_t ds = 1; ds < 4; ds++) {
		wqe[7] = ds;
		rig_put(0, wqe, sizeof(wqe));
		assert_int_equal(decode(0), EINVAL);
		assert_int_equal(request.units, 1);
	}
}

static void refuse_with(size_t byte, uint8_t value)
{
	uint8_t wqe[sizeof(send_imm)];

	memcpy(wqe, send_imm, sizeof(wqe));
	wqe[byte] = value;
	rig_put(0, wqe, sizeof(wqe));
	rig_ring(1);
	assert_int_equal(decode(0), EINVAL);
	assert_int_equal(request.units, 1);
	assert_int_equal(request.index, 0);
	/* What is completed with an error has an opcode all the same. */
	assert_in_range(request.opcode, REQUEST_SEND, REQUEST_NOP);
	assert_in_range(request.flags, 0, 7);
}

static void nonsense_is_refused_and_one_block_long(void **state)
{
	(void)state;
	refuse_with(0, 1);    /* opmod */
	refuse_with(2, 1);    /* index of another block: strict */
	refuse_with(3, 0x02); /* no such opcode */
	refuse_with(3, 0x0e); /* TSO, of Ethernet */
	refuse_with(3, 0x14); /* masked atomic */
	refuse_with(3, 0xff);
	refuse_with(4, 0x13); /* another QP */
	refuse_with(7, 0);    /* no size */
	refuse_with(7, 5);    /* two blocks where one was posted */
	refuse_with(7, 63);
	rig.engine.strict = false;
	rig_put(0, send_imm, sizeof(send_imm));
	rig.queue[RIG_RQ_BYTES + 2] = 1;
	assert_int_equal(decode(0), 0);
}

static void datagram_queues_take_no_remote_operations(void **state)
{
	(void)state;
	rig.qp.type = QP_TYPE_UD;
	for (unsigned int opcode = 0; opcode < 256; opcode++) {
		bool allowed = opcode == 0x00 || opcode == 0x0a || opcode == 0x0b;

		rig_put(0, datagram, sizeof(datagram));
		rig_ring(2);
		rig.queue[RIG_RQ_BYTES + 3] = (uint8_t)opcode;
		assert_int_equal(decode(0), allowed ? 0 : EINVAL);
	}
}

static void a_nop_is_as_long_as_it_says(void **state)
{
	static const uint8_t nop[16] = {0, 0, 0, 0, 0x12, 0x34, 0x56, 0x08, 0, 0, 0, 8};

	(void)state;
	rig_put(0, nop, sizeof(nop));
	rig_ring(2);
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.opcode, REQUEST_NOP);
	assert_int_equal(request.units, 2);
	assert_int_equal(request.num_sge, 0);
}

static void the_send_counter_has_sixteen_bits(void **state)
{
	(void)state;
	rig.qp.sq_consumer = 0x1fffa;
	rig_ring(0x0003);
	assert_int_equal(softhca_mlx5_family.send_producer(&rig.qp), 0x20003);
	rig_ring(0xfffa);
	assert_int_equal(softhca_mlx5_family.send_producer(&rig.qp), 0x1fffa);
	rig.qp_record[5] = 0xff; /* bits beyond the counter */
	assert_int_equal(softhca_mlx5_family.send_producer(&rig.qp), 0x1fffa);
	/* More than the ring holds: no more than the ring is looked at. */
	rig_ring(0x0100);
	assert_int_equal(softhca_mlx5_family.send_producer(&rig.qp), 0x2000a);
}

#define TEST(name) cmocka_unit_test_setup(name, rig_reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_send_with_immediate_has_its_fields),
		TEST(a_request_of_xrc_names_its_srq),
		TEST(a_request_of_xrc_without_its_segment_is_refused),
		TEST(a_write_with_three_pointers_takes_two_blocks),
		TEST(a_count_of_zero_is_two_gigabytes),
		TEST(a_message_longer_than_two_gigabytes_is_refused),
		TEST(inline_data_stays_where_it_is),
		TEST(inline_data_wraps_with_the_ring),
		TEST(inline_data_in_a_paged_queue_comes_in_blocks),
		TEST(an_atomic_has_operands_and_eight_bytes_of_answer),
		TEST(a_read_cannot_be_inline),
		TEST(send_with_invalidate_names_the_key),
		TEST(an_invalidation_is_a_umr_that_frees_the_key),
		TEST(an_invalidation_cut_short_is_refused),
		TEST(a_datagram_carries_its_address),
		TEST(management_sends_are_datagrams),
		TEST(an_address_on_ethernet_is_global_without_the_bit),
		TEST(a_compact_address_is_a_third_as_long),
		TEST(an_address_cut_short_is_refused),
		TEST(nonsense_is_refused_and_one_block_long),
		TEST(datagram_queues_take_no_remote_operations),
		TEST(a_nop_is_as_long_as_it_says),
		TEST(the_send_counter_has_sixteen_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
