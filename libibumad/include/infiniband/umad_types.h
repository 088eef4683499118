/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Management datagrams as they are on the wire: headers, classes, methods. Everything is
 * big-endian. Source: IBTA vol. 1, chapters 13 and 16.
 */
#ifndef _UMAD_TYPES_H
#define _UMAD_TYPES_H

#include <stdint.h>
#include <linux/types.h>
#include <asm/byteorder.h> /* <endian.h> is empty for strict ISO programs */

#include <infiniband/umad.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UMAD_BASE_VERSION 1
#define UMAD_QKEY	  0x80010000 /* well known, of QP 1 */
#define UMAD_RMPP_VERSION 1

/* Management classes: umad_hdr.mgmt_class. */
enum {
	UMAD_CLASS_SUBN_LID_ROUTED = 0x1,
	UMAD_CLASS_SUBN_DIRECTED_ROUTE = 0x81,
	UMAD_CLASS_SUBN_ADM = 0x3,
	UMAD_CLASS_PERF_MGMT = 0x4,
	UMAD_CLASS_BM = 0x5,
	UMAD_CLASS_DEVICE_MGMT = 0x6,
	UMAD_CLASS_CM = 0x7,
	UMAD_CLASS_SNMP = 0x8,
	UMAD_CLASS_VENDOR_RANGE1_START = 0x9,
	UMAD_CLASS_VENDOR_RANGE1_END = 0xf,
	UMAD_CLASS_APPLICATION_START = 0x10,
	UMAD_CLASS_DEVICE_ADM = 0x10,
	UMAD_CLASS_BOOT_MGMT = 0x11,
	UMAD_CLASS_BIS = 0x12,
	UMAD_CLASS_CONG_MGMT = 0x21,
	UMAD_CLASS_APPLICATION_END = 0x2f,
	UMAD_CLASS_VENDOR_RANGE2_START = 0x30,
	UMAD_CLASS_VENDOR_RANGE2_END = 0x4f,
};

/* Methods: umad_hdr.method. */
enum {
	UMAD_METHOD_GET = 0x1,
	UMAD_METHOD_SET = 0x2,
	UMAD_METHOD_GET_RESP = 0x81,
	UMAD_METHOD_SEND = 0x3,
	UMAD_METHOD_TRAP = 0x5,
	UMAD_METHOD_REPORT = 0x6,
	UMAD_METHOD_REPORT_RESP = 0x86,
	UMAD_METHOD_TRAP_REPRESS = 0x7,
	UMAD_METHOD_RESP_MASK = 0x80,
};

/* umad_hdr.status: common codes below, those of the class above. */
enum {
	UMAD_STATUS_SUCCESS = 0x0,
	UMAD_STATUS_BUSY = 0x1,
	UMAD_STATUS_REDIRECT = 0x2,
	UMAD_STATUS_BAD_VERSION = 0x4,
	UMAD_STATUS_METHOD_NOT_SUPPORTED = 0x8,
	UMAD_STATUS_ATTR_NOT_SUPPORTED = 0xc,
	UMAD_STATUS_INVALID_ATTR_VALUE = 0x1c,
	UMAD_STATUS_INVALID_FIELD_MASK = 0x1c,
	UMAD_STATUS_CLASS_MASK = 0xff00,
};

/* Attributes that all classes have. */
enum {
	UMAD_ATTR_CLASS_PORT_INFO = 1,
	UMAD_ATTR_NOTICE = 2,
	UMAD_ATTR_INFORM_INFO = 3,
};

/* umad_rmpp_hdr.rmpp_rtime_flags */
enum {
	UMAD_RMPP_FLAG_ACTIVE = 1,
};

/* Bytes of data of each kind of packet. */
enum {
	UMAD_LEN_DATA = 0xe8,
	UMAD_LEN_RMPP_DATA = 0xdc,
	UMAD_LEN_DM_DATA = 0xc0,
	UMAD_LEN_VENDOR_DATA = 0xd8,
};

enum {
	UMAD_OPENIB_OUI = 0x1405,
};

/* umad_class_port_info.cap_mask2_resp_time: exponent of the time, capabilities above it. */
enum {
	UMAD_CLASS_RESP_TIME_MASK = 0x1f,
};

/* MAD header: IBTA vol. 1, 13.4.3. */
struct umad_hdr {
	uint8_t base_version;
	uint8_t mgmt_class;
	uint8_t class_version;
	uint8_t method;
	__be16 status;
	__be16 class_specific;
	__be64 tid;
	__be16 attr_id;
	__be16 resv;
	__be32 attr_mod;
};

/* Header of reliable multi-packet transactions: 13.6.2. */
struct umad_rmpp_hdr {
	uint8_t rmpp_version;
	uint8_t rmpp_type;
	uint8_t rmpp_rtime_flags;
	uint8_t rmpp_status;
	__be32 seg_num;
	__be32 paylen_newwin;
};

struct umad_packet {
	struct umad_hdr mad_hdr;
	uint8_t data[232];
};

struct umad_rmpp_packet {
	struct umad_hdr mad_hdr;
	struct umad_rmpp_hdr rmpp_hdr;
	uint8_t data[220];
};

/* Device management: 16.3.1. */
struct umad_dm_packet {
	struct umad_hdr mad_hdr;
	uint8_t reserved[40];
	uint8_t data[192];
};

/* Vendor classes of the second range: 16.5. */
struct umad_vendor_packet {
	struct umad_hdr mad_hdr;
	struct umad_rmpp_hdr rmpp_hdr;
	uint8_t reserved;
	uint8_t oui[3];
	uint8_t data[216];
};

/* ClassPortInfo: 13.4.8.1. */
struct umad_class_port_info {
	uint8_t base_ver;
	uint8_t class_ver;
	__be16 cap_mask;
	__be32 cap_mask2_resp_time;
	__extension__ union {
		uint8_t redir_gid[16];
		union umad_gid redirgid;
	};
	__be32 redir_tc_sl_fl;
	__be16 redir_lid;
	__be16 redir_pkey;
	__be32 redir_qp;
	__be32 redir_qkey;
	__extension__ union {
		uint8_t trap_gid[16];
		union umad_gid trapgid;
	};
	__be32 trap_tc_sl_fl;
	__be16 trap_lid;
	__be16 trap_pkey;
	__be32 trap_hl_qp;
	__be32 trap_qkey;
};

static inline uint32_t umad_class_cap_mask2(struct umad_class_port_info *cpi)
{
	return __be32_to_cpu(cpi->cap_mask2_resp_time) >> 5;
}

static inline uint8_t umad_class_resp_time(struct umad_class_port_info *cpi)
{
	return (uint8_t)(__be32_to_cpu(cpi->cap_mask2_resp_time) & UMAD_CLASS_RESP_TIME_MASK);
}

#ifdef __cplusplus
}
#endif

#endif
