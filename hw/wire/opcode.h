/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Operation codes of the base transport header: the transport in the high three bits, the operation
 * in the low five, which mean the same on every transport that has them.
 * Source: IBTA vol. 1, 9.2.1 "OpCode".
 */
#ifndef WIRE_OPCODE_H
#define WIRE_OPCODE_H

enum wire_transport {
	WIRE_RC = 0x00,
	WIRE_UC = 0x20,
	WIRE_RD = 0x40,
	WIRE_UD = 0x60,
	WIRE_XRC = 0xa0, /* annex A14 */
	WIRE_DC = 0xc0,	 /* of those left to manufacturers; see dceth.h */
	WIRE_TRANSPORT_MASK = 0xe0,
	WIRE_OPERATION_MASK = 0x1f,
};

enum wire_opcode {
	WIRE_SEND_FIRST = 0x00,
	WIRE_SEND_MIDDLE = 0x01,
	WIRE_SEND_LAST = 0x02,
	WIRE_SEND_LAST_IMM = 0x03,
	WIRE_SEND_ONLY = 0x04,
	WIRE_SEND_ONLY_IMM = 0x05,
	WIRE_WRITE_FIRST = 0x06,
	WIRE_WRITE_MIDDLE = 0x07,
	WIRE_WRITE_LAST = 0x08,
	WIRE_WRITE_LAST_IMM = 0x09,
	WIRE_WRITE_ONLY = 0x0a,
	WIRE_WRITE_ONLY_IMM = 0x0b,
	WIRE_READ_REQUEST = 0x0c,
	WIRE_READ_RESPONSE_FIRST = 0x0d,
	WIRE_READ_RESPONSE_MIDDLE = 0x0e,
	WIRE_READ_RESPONSE_LAST = 0x0f,
	WIRE_READ_RESPONSE_ONLY = 0x10,
	WIRE_ACKNOWLEDGE = 0x11,
	WIRE_ATOMIC_ACKNOWLEDGE = 0x12,
	WIRE_COMPARE_SWAP = 0x13,
	WIRE_FETCH_ADD = 0x14,
	/* 0x15 is reserved */
	WIRE_SEND_LAST_INVALIDATE = 0x16,
	WIRE_SEND_ONLY_INVALIDATE = 0x17,
};

#endif
