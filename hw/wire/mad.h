/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Management datagrams: the header that all classes have in common. Source: IBTA vol. 1, 13.4.2
 * (common header, classes, methods), 13.4.7 (status).
 */
#ifndef WIRE_MAD_H
#define WIRE_MAD_H

#include <stdint.h>
#include <linux/types.h>

#include "hw/wire/layout.h"

enum {
	MAD_BYTES = 256,
	MAD_HEADER_BYTES = 24,
	MAD_BASE_VERSION = 1,
	/* Queue pairs of a port that MADs are for. */
	MAD_QPN_SUBNET = 0,
	MAD_QPN_GENERAL = 1,
	/* management_class */
	MAD_CLASS_CM = 0x07,
	/* method: response b7 */
	MAD_METHOD_GET = 0x01,
	MAD_METHOD_SEND = 0x03,
	MAD_METHOD_GET_RESPONSE = 0x81,
	/* attribute_id that every class has */
	MAD_CLASS_PORT_INFO = 0x0001,
};

struct wire_mad {
	uint8_t base_version;
	uint8_t management_class;
	uint8_t class_version;
	uint8_t method;
	__be16 status;
	__be16 class_specific;
	__be64 transaction_id;
	__be16 attribute_id;
	__be16 reserved;
	__be32 attribute_modifier;
} WIRE_PACKED;
WIRE_SIZE(struct wire_mad, MAD_HEADER_BYTES)
WIRE_OFFSET(struct wire_mad, method, 3)
WIRE_OFFSET(struct wire_mad, transaction_id, 8)
WIRE_OFFSET(struct wire_mad, attribute_id, 16)
WIRE_OFFSET(struct wire_mad, attribute_modifier, 20)

#endif
