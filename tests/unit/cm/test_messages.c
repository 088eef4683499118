/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Messages as bytes, written down from the tables of IBTA vol. 1, 12.6 and 12.11. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "hw/wire/mad.h"
#include "softhca/cm/message.h"

/* Bytes at an offset from behind the header; all others are zero. */
struct piece {
	unsigned int at;
	unsigned int length;
	const char *bytes;
};
#define PIECE(at, bytes)                                                                           \
	{                                                                                          \
		at, sizeof(bytes) - 1, bytes                                                       \
	}

#define GID_A "\xfe\x80\0\0\0\0\0\0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8"
#define GID_B "\xfe\x80\0\0\0\0\0\0\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8"

static const struct cm_private data = {"\xd1\xd2\xd3\xd4", 4};

/* Encodes to these bytes, which decode to what encodes to the same. */
static void expect_bytes(const struct cm_message *message, const char *attribute,
			 const char *modifier, const struct piece *pieces, unsigned int count)
{
	uint8_t expected[MAD_BYTES] = {1, 7, 2, 3}, mad[MAD_BYTES], again[MAD_BYTES];
	struct cm_message decoded;

	memcpy(expected + 8, "\1\2\3\4\5\6\7\x08", 8);
	memcpy(expected + 16, attribute, 2);
	memcpy(expected + 20, modifier, 4);
	for (unsigned int i = 0; i < count; i++)
		memcpy(expected + 24 + pieces[i].at, pieces[i].bytes, pieces[i].length);
	memset(mad, 0xee, sizeof(mad));
	cm_message_encode(message, mad);
	assert_memory_equal(mad, expected, MAD_BYTES);
	assert_null(cm_message_decode(mad, &decoded));
	assert_int_equal(decoded.type, message->type);
	assert_int_equal(decoded.private.length, cm_message_private_size(message->type));
	assert_memory_equal(decoded.private.data, data.data, data.length);
	cm_message_encode(&decoded, again);
	assert_memory_equal(again, mad, MAD_BYTES);
}

#define EXPECT(message, attribute, modifier, pieces)                                               \
	expect_bytes(message, attribute, modifier, pieces, sizeof(pieces) / sizeof((pieces)[0]))

static struct cm_message make(enum cm_message_type type)
{
	return (struct cm_message){
		.type = type,
		.transaction_id = 0x0102030405060708,
		.local_id = 0x11121314,
		.remote_id = 0x21222324,
		.private = data,
	};
}

static struct cm_path make_path(void)
{
	return (struct cm_path){
		.local_lid = 0x0a0b,
		.remote_lid = 0x0c0d,
		.local_gid = GID_A,
		.remote_gid = GID_B,
		.flow_label = 0x12345,
		.rate = 0x16,
		.traffic_class = 0x77,
		.hop_limit = 0x40,
		.sl = 0x9,
		.subnet_local = true,
		.ack_timeout = 0x13,
	};
}

static void req(void **state)
{
	static const struct piece pieces[] = {
		PIECE(0, "\x11\x12\x13\x14"),
		/* vendor, behind a reserved byte */
		PIECE(5, "\x15\xb3\x01"),
		PIECE(8, "\x31\x32\x33\x34\x35\x36\x37\x38"),
		PIECE(16, "\x41\x42\x43\x44\x45\x46\x47\x48"),
		PIECE(28, "\x51\x52\x53\x54"),
		/* QPN, responder resources */
		PIECE(32, "\x61\x62\x63\x05"),
		/* no EE context, initiator depth */
		PIECE(36, "\0\0\0\x06"),
		/* remote response timeout 20, RC, flow control */
		PIECE(43, "\xa1"),
		/* PSN; local response timeout 19, retry count 7 */
		PIECE(44, "\x71\x72\x73\x9f"),
		/* P_Key; MTU 4, RNR retry count 5; 15 CM retries, SRQ */
		PIECE(48, "\x80\x01\x45\xf8"),
		PIECE(52, "\x0a\x0b\x0c\x0d" GID_A GID_B),
		/* flow label, rate */
		PIECE(88, "\x12\x34\x50\x16"),
		/* traffic class, hop limit, SL and subnet local, ack timeout */
		PIECE(92, "\x77\x40\x98\x98"),
		PIECE(96, "\x1a\x1b\x1c\x1d"),
		PIECE(140, "\xd1\xd2\xd3\xd4"),
	};
	struct cm_message message = make(CM_MESSAGE_REQ);

	(void)state;
	message.ece = (struct cm_ece){0x15b301, 0x81828384};
	message.req = (struct cm_req){
		.service_id = 0x3132333435363738,
		.ca_guid = 0x4142434445464748,
		.qkey = 0x51525354,
		.qpn = 0x616263,
		.starting_psn = 0x717273,
		.pkey = 0x8001,
		.responder_resources = 5,
		.initiator_depth = 6,
		.remote_response_timeout = 20,
		.local_response_timeout = 19,
		.max_cm_retries = 15,
		.flow_control = true,
		.srq = true,
		.retry_count = 7,
		.rnr_retry_count = 5,
		.mtu = 4,
		.primary = make_path(),
		.alternate = {.local_lid = 0x1a1b, .remote_lid = 0x1c1d},
	};
	EXPECT(&message, "\0\x10", "\x81\x82\x83\x84", pieces);
}

static void transports_of_req(void **state)
{
	struct cm_message message = make(CM_MESSAGE_REQ), decoded;
	uint8_t mad[MAD_BYTES];

	(void)state;
	message.req.transport = CM_TRANSPORT_UC;
	cm_message_encode(&message, mad);
	assert_int_equal(mad[24 + 43], 0x02);
	message.req.transport = CM_TRANSPORT_XRC;
	cm_message_encode(&message, mad);
	assert_int_equal(mad[24 + 43], 0x06);
	assert_int_equal(mad[24 + 51], 0x01);
	assert_null(cm_message_decode(mad, &decoded));
	assert_int_equal(decoded.req.transport, CM_TRANSPORT_XRC);
	mad[24 + 51] = 0x02;
	assert_non_null(cm_message_decode(mad, &decoded));
}

static void mra(void **state)
{
	static const struct piece pieces[] = {
		PIECE(0, "\x11\x12\x13\x14\x21\x22\x23\x24"),
		/* about REP; timeout 24 */
		PIECE(8, "\x40\xc0"),
		PIECE(10, "\xd1\xd2\xd3\xd4"),
	};
	struct cm_message message = make(CM_MESSAGE_MRA);

	(void)state;
	message.mra = (struct cm_mra){.subject = CM_ABOUT_REP, .service_timeout = 24};
	EXPECT(&message, "\0\x11", "\0\0\0\0", pieces);
}

static void rej(void **state)
{
	static const struct piece pieces[] = {
		PIECE(0, "\x11\x12\x13\x14\x21\x22\x23\x24"),
		/* about none; 8 bytes of information; reason 28 */
		PIECE(8, "\x80\x10\0\x1c"),
		PIECE(12, "\x91\x92\x93\x94\x95\x96\x97\x98"),
		PIECE(84, "\xd1\xd2\xd3\xd4"),
	};
	struct cm_message message = make(CM_MESSAGE_REJ);

	(void)state;
	message.rej = (struct cm_rej){
		.subject = CM_ABOUT_OTHER,
		.reason = CM_REJECT_CONSUMER,
		.information_length = 8,
		.information = "\x91\x92\x93\x94\x95\x96\x97\x98",
	};
	EXPECT(&message, "\0\x12", "\0\0\0\0", pieces);
}

static void rep(void **state)
{
	static const struct piece pieces[] = {
		PIECE(0, "\x11\x12\x13\x14\x21\x22\x23\x24"),
		PIECE(8, "\x51\x52\x53\x54"),
		/* the vendor's bytes are behind QPN, EE context and PSN */
		PIECE(12, "\x61\x62\x63\x15"),
		PIECE(16, "\0\0\0\xb3"),
		PIECE(20, "\x71\x72\x73\x01"),
		/* depths; ack delay 15, failover 2, flow control; RNR retry count 6, SRQ */
		PIECE(24, "\x05\x06\x7d\xd0"),
		PIECE(28, "\x41\x42\x43\x44\x45\x46\x47\x48"),
		PIECE(36, "\xd1\xd2\xd3\xd4"),
	};
	struct cm_message message = make(CM_MESSAGE_REP);

	(void)state;
	message.ece = (struct cm_ece){0x15b301, 0x81828384};
	message.rep = (struct cm_rep){
		.ca_guid = 0x4142434445464748,
		.qkey = 0x51525354,
		.qpn = 0x616263,
		.starting_psn = 0x717273,
		.responder_resources = 5,
		.initiator_depth = 6,
		.target_ack_delay = 15,
		.failover = 2,
		.flow_control = true,
		.srq = true,
		.rnr_retry_count = 6,
	};
	EXPECT(&message, "\0\x13", "\x81\x82\x83\x84", pieces);
}

static void rtu_and_drep(void **state)
{
	static const struct piece pieces[] = {
		PIECE(0, "\x11\x12\x13\x14\x21\x22\x23\x24"),
		PIECE(8, "\xd1\xd2\xd3\xd4"),
	};
	struct cm_message rtu = make(CM_MESSAGE_RTU), drep = make(CM_MESSAGE_DREP);

	(void)state;
	EXPECT(&rtu, "\0\x14", "\0\0\0\0", pieces);
	EXPECT(&drep, "\0\x16", "\0\0\0\0", pieces);
}

static void dreq(void **state)
{
	static const struct piece pieces[] = {
		PIECE(0, "\x11\x12\x13\x14\x21\x22\x23\x24"),
		PIECE(8, "\x61\x62\x63"),
		PIECE(12, "\xd1\xd2\xd3\xd4"),
	};
	struct cm_message message = make(CM_MESSAGE_DREQ);

	(void)state;
	message.dreq.remote_qpn = 0x616263;
	EXPECT(&message, "\0\x15", "\0\0\0\0", pieces);
}

static void sidr_req(void **state)
{
	static const struct piece pieces[] = {
		PIECE(0, "\x11\x12\x13\x14"),
		PIECE(4, "\x80\x01"),
		PIECE(8, "\x31\x32\x33\x34\x35\x36\x37\x38"),
		PIECE(16, "\xd1\xd2\xd3\xd4"),
	};
	struct cm_message message = make(CM_MESSAGE_SIDR_REQ);

	(void)state;
	message.sidr_req = (struct cm_sidr_req){.service_id = 0x3132333435363738, .pkey = 0x8001};
	EXPECT(&message, "\0\x17", "\0\0\0\0", pieces);
}

static void sidr_rep(void **state)
{
	static const struct piece pieces[] = {
		PIECE(0, "\x11\x12\x13\x14"),
		/* status, length of information, upper part of the vendor */
		PIECE(4, "\x02\x03\x15\xb3"),
		/* QPN, lower part of the vendor */
		PIECE(8, "\x61\x62\x63\x01"),
		PIECE(12, "\x31\x32\x33\x34\x35\x36\x37\x38"),
		PIECE(20, "\x51\x52\x53\x54"),
		PIECE(24, "\x91\x92\x93"),
		PIECE(96, "\xd1\xd2\xd3\xd4"),
	};
	struct cm_message message = make(CM_MESSAGE_SIDR_REP);

	(void)state;
	message.ece = (struct cm_ece){0x15b301, 0x81828384};
	message.sidr_rep = (struct cm_sidr_rep){
		.service_id = 0x3132333435363738,
		.qpn = 0x616263,
		.qkey = 0x51525354,
		.status = CM_SIDR_REJECTED,
		.information_length = 3,
		.information = "\x91\x92\x93",
	};
	EXPECT(&message, "\0\x18", "\x81\x82\x83\x84", pieces);
}

static void lap(void **state)
{
	static const struct piece pieces[] = {
		PIECE(0, "\x11\x12\x13\x14\x21\x22\x23\x24"),
		/* QPN, response timeout 20 */
		PIECE(12, "\x61\x62\x63\xa0"),
		PIECE(20, "\x0a\x0b\x0c\x0d" GID_A GID_B),
		/* flow label, 4 bits reserved, traffic class */
		PIECE(56, "\x12\x34\x50\x77"),
		/* hop limit, rate, SL and subnet local, ack timeout */
		PIECE(60, "\x40\x16\x98\x98"),
		PIECE(64, "\xd1\xd2\xd3\xd4"),
	};
	struct cm_message message = make(CM_MESSAGE_LAP);

	(void)state;
	message.lap = (struct cm_lap){
		.remote_qpn = 0x616263, .remote_response_timeout = 20, .path = make_path()};
	EXPECT(&message, "\0\x19", "\0\0\0\0", pieces);
}

static void apr(void **state)
{
	static const struct piece pieces[] = {
		PIECE(0, "\x11\x12\x13\x14\x21\x22\x23\x24"),
		PIECE(8, "\x03\x02"),
		PIECE(12, "\x91\x92\x93"),
		PIECE(84, "\xd1\xd2\xd3\xd4"),
	};
	struct cm_message message = make(CM_MESSAGE_APR);

	(void)state;
	message.apr = (struct cm_apr){.status = CM_ALTERNATE_UNSUPPORTED,
				      .information_length = 3,
				      .information = "\x91\x92\x93"};
	EXPECT(&message, "\0\x1a", "\0\0\0\0", pieces);
}

/* ---- what is not one ---- */

static void other_headers_are_refused(void **state)
{
	static const struct {
		unsigned int at;
		uint8_t value;
	} changes[] = {{0, 2}, {1, 3}, {2, 1}, {3, 0x81}, {16, 1}, {17, 0x0f}, {17, 0x1b}};
	struct cm_message message = make(CM_MESSAGE_RTU), decoded;
	uint8_t mad[MAD_BYTES];

	(void)state;
	for (unsigned int i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		cm_message_encode(&message, mad);
		mad[changes[i].at] = changes[i].value;
		assert_non_null(cm_message_decode(mad, &decoded));
	}
}

static void lengths_end_with_their_room(void **state)
{
	struct cm_message message = make(CM_MESSAGE_REJ), decoded;
	uint8_t mad[MAD_BYTES];

	(void)state;
	cm_message_encode(&message, mad);
	mad[24 + 9] = 0xfe;
	assert_null(cm_message_decode(mad, &decoded));
	assert_int_equal(decoded.rej.information_length, CM_INFORMATION);
}

/* Whatever it is that decodes: its fields encode to what decodes to the same. */
static void anything_decodes_to_a_message_or_a_reason(void **state)
{
	uint8_t mad[MAD_BYTES], first[MAD_BYTES], second[MAD_BYTES];
	struct cm_message message;
	unsigned int understood = 0;

	(void)state;
	srandom(20);
	for (unsigned int round = 0; round < 20000; round++) {
		for (unsigned int i = 0; i < MAD_BYTES; i++)
			mad[i] = (uint8_t)random();
		memcpy(mad, "\1\7\2\3", 4);
		mad[16] = 0;
		mad[17] = (uint8_t)(0x10 + random() % 12);
		if (cm_message_decode(mad, &message))
			continue;
		understood++;
		cm_message_encode(&message, first);
		assert_null(cm_message_decode(first, &message));
		cm_message_encode(&message, second);
		assert_memory_equal(first, second, MAD_BYTES);
	}
	assert_true(understood > 15000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(req),
		cmocka_unit_test(transports_of_req),
		cmocka_unit_test(mra),
		cmocka_unit_test(rej),
		cmocka_unit_test(rep),
		cmocka_unit_test(rtu_and_drep),
		cmocka_unit_test(dreq),
		cmocka_unit_test(sidr_req),
		cmocka_unit_test(sidr_rep),
		cmocka_unit_test(lap),
		cmocka_unit_test(apr),
		cmocka_unit_test(other_headers_are_refused),
		cmocka_unit_test(lengths_end_with_their_room),
		cmocka_unit_test(anything_decodes_to_a_message_or_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
