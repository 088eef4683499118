/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Communication management: attributes of its class. Source: IBTA vol. 1, 16.7.
 */
#ifndef UMAD_CM_H
#define UMAD_CM_H

#include <infiniband/umad_types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	UMAD_CM_ATTR_REQ = 0x10,
	UMAD_CM_ATTR_MRA = 0x11,
	UMAD_CM_ATTR_REJ = 0x12,
	UMAD_CM_ATTR_REP = 0x13,
	UMAD_CM_ATTR_RTU = 0x14,
	UMAD_CM_ATTR_DREQ = 0x15,
	UMAD_CM_ATTR_DREP = 0x16,
	UMAD_CM_ATTR_SIDR_REQ = 0x17,
	UMAD_CM_ATTR_SIDR_REP = 0x18,
	UMAD_CM_ATTR_LAP = 0x19,
	UMAD_CM_ATTR_APR = 0x1a,
	UMAD_CM_ATTR_SAP = 0x1b,
	UMAD_CM_ATTR_SPR = 0x1c,
};

#ifdef __cplusplus
}
#endif

#endif
