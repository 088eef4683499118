/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * UMR requests, byte by byte: the binds are what stock libmlx5 44.0 wrote for these calls, the
 * registrations what the stock kernel's mlx5_ib writes.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

enum {
	ALL_RIGHTS =
		ACCESS_LOCAL_WRITE | ACCESS_REMOTE_READ | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_ATOMIC
};

static struct send_request request;

static int decode(uint32_t index)
{
	memset(&request, 0x55, sizeof(request));
	return softhca_mlx5_family.send_decode(&rig.qp, index, &request);
}

/* ibv_bind_mw() of 128 bytes at 0x55ed53bef040, to read, write and for atomics. */
static const uint8_t bind_type_1[192] = {
	[3] = 0x25,   0x12, 0x34, 0x56, 0x0c, [11] = 0x08, 0x00, 0x00, 0x47, 0x00, /* key */
	[16] = 0x90,			/* inline, offset */
	[21] = 0x04,			/* octowords */
	[28] = 0x20,  0x3c, 0x20, 0x41, /* free, rights, key, start, length */
	[66] = 0x70,			/* atomic, remote write, remote read */
	[68] = 0xff,  0xff, 0xff, 0x01, /* any QP; variant */
	[80] = 0x00,  0x00, 0x55, 0xed, 0x53, 0xbe,	   0xf0, 0x40, /* start */
	[95] = 0x80,						       /* length */
	[131] = 0x80, 0x00, 0x00, 0x45, 0x00, 0x00,	   0x00, 0x55, 0xed, 0x53, 0xbe, 0xf0, 0x40,
};

/* IBV_WR_BIND_MW of a window of type 2: 64 bytes to write. */
static const uint8_t bind_type_2[192] = {
	[3] = 0x25,  0x12,	   0x34,	0x56, 0x0c, [11] = 0x08, 0x00, 0x00,
	0x47,	     0x00,	   [16] = 0xb0,		    /* inline, check free, offset */
	[21] = 0x04, [28] = 0x20,  0x3c,	0x60, 0x41, /* and QP */
	[66] = 0x20, [68] = 0x12,  0x34,	0x56, 0x02, /* this QP */
	[80] = 0x00, 0x00,	   0x55,	0xb3, 0x70, 0x42,	 0xa1, 0x00,
	[95] = 0x40, [131] = 0x40, 0x00,	0x00, 0x45, 0x00,	 0x00, 0x00,
	0x55,	     0xb3,	   0x70,	0x42, 0xa1, 0x00,
};

static void a_bind_of_type_1(void **state)
{
	(void)state;
	rig_put(0, bind_type_1, sizeof(bind_type_1));
	rig_ring(3);
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.opcode, REQUEST_CHANGE_KEY);
	assert_int_equal(request.units, 3);
	assert_int_equal(request.length, 0);
	assert_int_equal(request.change.key, 0x4700);
	assert_int_equal(request.change.properties,
			 KEY_LENGTH | KEY_START | KEY_VARIANT | KEY_FREE | KEY_TRANSLATION);
	assert_int_equal(request.change.access_mask, ALL_RIGHTS);
	assert_int_equal(request.change.access, ALL_RIGHTS & ~ACCESS_LOCAL_WRITE);
	assert_int_equal(request.change.variant, 1);
	assert_int_equal(request.change.start, 0x55ed53bef040);
	assert_int_equal(request.change.length, 0x80);
	assert_int_equal(request.change.first_entry, 0);
	assert_false(request.change.list_elsewhere);
	assert_false(request.change.free);
	assert_false(request.change.only_if_free);
	assert_false(request.change.only_if_this_qp);
	assert_int_equal(request.num_sge, 4);
	assert_int_equal(request.sge[0].length, 0x80);
	assert_int_equal(request.sge[0].lkey, 0x4500);
	assert_int_equal(request.sge[0].address, 0x55ed53bef040);
	assert_null(request.sge[0].inline_data);
	for (unsigned int i = 1; i < 4; i++)
		assert_int_equal(request.sge[i].length, 0);
}

static void a_bind_of_type_2_around_the_end_of_the_ring(void **state)
{
	uint8_t wqe[192];

	(void)state;
	memcpy(wqe, bind_type_2, sizeof(wqe));
	wqe[2] = 14;
	rig_put(14, wqe, sizeof(wqe));
	rig.qp.sq_consumer = 14;
	rig_ring(17);
	assert_int_equal(decode(14), 0);
	assert_int_equal(request.change.properties, KEY_LENGTH | KEY_START | KEY_VARIANT |
							    KEY_FREE | KEY_QP | KEY_TRANSLATION);
	assert_true(request.change.only_if_free);
	assert_false(request.change.only_if_this_qp);
	assert_int_equal(request.change.qpn, RIG_QPN);
	assert_int_equal(request.change.variant, 2);
	assert_int_equal(request.change.access, ACCESS_REMOTE_WRITE);
	assert_int_equal(request.sge[0].address, 0x55b37042a100);
}

static void an_inline_list_of_a_region_is_data(void **state)
{
	(void)state;
	rig.window.kind = KEY_REGION;
	rig_put(0, bind_type_1, sizeof(bind_type_1));
	rig_ring(3);
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.num_sge, 4);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(request.sge[i].length, 16);
		assert_ptr_equal(request.sge[i].inline_data,
				 rig.queue + RIG_RQ_BYTES + 128 + 16 * i);
	}
	/* A key that there is not is the core's to refuse. */
	rig.keys[RIG_WINDOW >> 8] = NULL;
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.change.key, 0x4700);
}

/* A list elsewhere: 2 KB of entries behind the first 64 bytes; PD, page size, range, rights. */
static const uint8_t registration[144] = {
	[3] = 0x25,   0x12, 0x34,	 0x56, 0x09,	    [11] = 0x08, 0x00, 0x00,
	0x47,	      0x00, [16] = 0x10,       /* translation offset */
	[20] = 0x00,  0x80, 0x00,	 0x04, /* octowords, offset */
	[28] = 0x20,  0x3e, 0x20,	 0xc3, /* free, rights, key, PD, start, page size, length */
	[66] = 0x0c,			       /* local write, local read */
	[68] = 0xff,  0xff, 0xff,	 0x31, [77] = 0x00, 0x00,	 0x66,	     /* PD */
	[80] = 0x7f,  0x00, 0x00,	 0x00, 0x10,	    0x00,	 0x00, 0x00, /* start */
	[92] = 0x00,  0x40, 0x00,	 0x00,					     /* length */
	[123] = 0x0c, /* pages of 4 KB */
	[128] = 0x00, 0x00, 0x08,	 0x00, 0x00,	    0x00,	 0x99, 0x00,
	0x00,	      0x00, 0x00,	 0x12, 0x34,	    0x50,	 0x00, 0x00,
};

static void a_registration_points_to_its_list(void **state)
{
	(void)state;
	rig.window.kind = KEY_REGION;
	rig.qp.type = QP_TYPE_UMR;
	rig_put(0, registration, sizeof(registration));
	rig_ring(3);
	assert_int_equal(decode(0), 0);
	assert_int_equal(request.change.properties, KEY_LENGTH | KEY_START | KEY_PAGE_SIZE |
							    KEY_PD | KEY_VARIANT | KEY_FREE |
							    KEY_TRANSLATION);
	assert_int_equal(request.change.access_mask, ALL_RIGHTS | ACCESS_LOCAL_READ);
	assert_int_equal(request.change.access, ACCESS_LOCAL_READ | ACCESS_LOCAL_WRITE);
	assert_int_equal(request.change.pdn, 0x66);
	assert_int_equal(request.change.log_page_size, 12);
	assert_int_equal(request.change.start, 0x7f00000010000000);
	assert_int_equal(request.change.length, 0x400000);
	assert_int_equal(request.change.first_entry, 64);
	assert_true(request.change.list_elsewhere);
	assert_int_equal(request.num_sge, 1);
	assert_int_equal(request.sge[0].length, 2048);
	assert_int_equal(request.sge[0].lkey, 0x9900);
	assert_int_equal(request.sge[0].address, 0x1234500000);
}

static void what_is_cut_short_is_refused(void **state)
{
	uint8_t wqe[192];

	(void)state;
	/* Within the segments, and before the end of the list. */
	for (uint8_t ds = 1; ds < 12; ds++) {
		memcpy(wqe, bind_type_1, sizeof(wqe));
		wqe[7] = ds;
		rig_put(0, wqe, sizeof(wqe));
		rig_ring(3);
		assert_int_equal(decode(0), EINVAL);
	}
	memcpy(wqe, registration, sizeof(registration));
	wqe[7] = 8;
	rig_put(0, wqe, sizeof(registration));
	assert_int_equal(decode(0), EINVAL);
}

static void lists_without_end_are_refused(void **state)
{
	uint8_t wqe[192];

	(void)state;
	memcpy(wqe, bind_type_1, sizeof(wqe));
	wqe[20] = 0xff;
	rig_put(0, wqe, sizeof(wqe));
	rig_ring(3);
	assert_int_equal(decode(0), EINVAL);
}

static void signatures_are_refused(void **state)
{
	uint8_t wqe[192];

	(void)state;
	memcpy(wqe, bind_type_1, sizeof(wqe));
	wqe[30] |= 0x10;
	rig_put(0, wqe, sizeof(wqe));
	rig_ring(3);
	assert_int_equal(decode(0), EINVAL);
	wqe[30] ^= 0x12;
	rig_put(0, wqe, sizeof(wqe));
	assert_int_equal(decode(0), EINVAL);
}

static void datagram_queue_pairs_change_no_keys(void **state)
{
	(void)state;
	rig_put(0, bind_type_1, sizeof(bind_type_1));
	rig_ring(3);
	rig.qp.type = QP_TYPE_UD;
	assert_int_equal(decode(0), EINVAL);
	rig.qp.type = QP_TYPE_UC;
	assert_int_equal(decode(0), 0);
}

#define CASE(function) cmocka_unit_test_setup(function, rig_reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_bind_of_type_1),
		CASE(a_bind_of_type_2_around_the_end_of_the_ring),
		CASE(an_inline_list_of_a_region_is_data),
		CASE(a_registration_points_to_its_list),
		CASE(what_is_cut_short_is_refused),
		CASE(lists_without_end_are_refused),
		CASE(signatures_are_refused),
		CASE(datagram_queue_pairs_change_no_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
