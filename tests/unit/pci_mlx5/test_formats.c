/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fields against literal bytes: each is set alone, and exactly the bits that the manual names must
 * be set then. The table is typed from the description of what stock drivers were seen to write
 * and read, not from the headers.
 */
#include <stdio.h>
#include <string.h>

#include "hw/mlx5/capability.h"
#include "hw/mlx5/command.h"
#include "hw/mlx5/context.h"
#include "hw/mlx5/eqe.h"
#include "hw/mlx5/port_register.h"
#include "rig.h"

struct row {
	const char *name;
	struct hw_field field;
	unsigned int byte;
	uint32_t bits;
};

#define ROW(field, byte, bits)                                                                     \
	{                                                                                          \
#field, field, byte, bits                                                          \
	}

static const struct row rows[] = {
	ROW(MLX5_IN_OPCODE, 0x00, 0xffff0000),
	ROW(MLX5_IN_OP_MOD, 0x04, 0x0000ffff),
	ROW(MLX5_OUT_STATUS, 0x00, 0xff000000),
	ROW(MLX5_OUT_SYNDROME, 0x04, 0xffffffff),
	ROW(MLX5_IN_NUMBER, 0x08, 0x00ffffff),
	ROW(MLX5_OUT_NUMBER, 0x08, 0x00ffffff),
	ROW(MLX5_EQ_NUMBER, 0x08, 0x000000ff),
	ROW(MLX5_MANAGE_PAGES_COUNT, 0x0c, 0xffffffff),
	ROW(MLX5_CREATE_MKEY_TRANSLATIONS, 0x60, 0xffffffff),
	ROW(MLX5_ISSI_CURRENT, 0x08, 0x0000ffff),
	ROW(MLX5_ISSI_SUPPORTED, 0x6c, 0xffffffff),
	ROW(MLX5_QP_OPTIONAL, 0x10, 0xffffffff),
	ROW(MLX5_ARM_RQ_LWM, 0x0c, 0x0000ffff),
	ROW(MLX5_VPORT_INDEX, 0x0c, 0x0000ffff),
	ROW(MLX5_VPORT_GIDS_NUM, 0x0c, 0xffff0000),
	ROW(MLX5_ACCESS_REG_ID, 0x08, 0x0000ffff),
	ROW(MLX5_ADAPTER_IEEE_VENDOR_ID, 0x28, 0x00ffffff),

	ROW(MLX5_MKC_FREE, 0x00, 1u << 30),
	ROW(MLX5_MKC_ACCESS_MODE_4_2, 0x00, 7u << 26),
	ROW(MLX5_MKC_UMR_ENABLE, 0x00, 1u << 15),
	ROW(MLX5_MKC_ATOMIC, 0x00, 1u << 14),
	ROW(MLX5_MKC_REMOTE_WRITE, 0x00, 1u << 13),
	ROW(MLX5_MKC_REMOTE_READ, 0x00, 1u << 12),
	ROW(MLX5_MKC_LOCAL_WRITE, 0x00, 1u << 11),
	ROW(MLX5_MKC_LOCAL_READ, 0x00, 1u << 10),
	ROW(MLX5_MKC_ACCESS_MODE_1_0, 0x00, 3u << 8),
	ROW(MLX5_MKC_QPN, 0x04, 0xffffff00),
	ROW(MLX5_MKC_KEY_BYTE, 0x04, 0x000000ff),
	ROW(MLX5_MKC_LENGTH64, 0x0c, 0x80000000),
	ROW(MLX5_MKC_REMOTE_INVAL, 0x0c, 0x01000000),
	ROW(MLX5_MKC_PD, 0x0c, 0x00ffffff),
	ROW(MLX5_MKC_TRANSLATIONS, 0x34, 0xffffffff),
	ROW(MLX5_MKC_LOG_PAGE_SIZE, 0x38, 0x0000001f),

	ROW(MLX5_EQC_LOG_SIZE, 0x0c, 0x1f000000),
	ROW(MLX5_EQC_UAR, 0x0c, 0x00ffffff),
	ROW(MLX5_EQC_LOG_PAGE_SIZE, 0x18, 0x1f000000),

	ROW(MLX5_CQC_CQE_SIZE, 0x00, 0x00e00000),
	ROW(MLX5_CQC_COLLAPSED, 0x00, 0x00100000),
	ROW(MLX5_CQC_IGNORE_OVERRUN, 0x00, 0x00020000),
	ROW(MLX5_CQC_PAGE_OFFSET, 0x08, 0x00000fc0),
	ROW(MLX5_CQC_LOG_SIZE, 0x0c, 0x1f000000),
	ROW(MLX5_CQC_UAR, 0x0c, 0x00ffffff),
	ROW(MLX5_CQC_EQN, 0x14, 0x000000ff),
	ROW(MLX5_CQC_LOG_PAGE_SIZE, 0x18, 0x1f000000),

	ROW(MLX5_ADS_PKEY_INDEX, 0x00, 0x0000ffff),
	ROW(MLX5_ADS_GRH, 0x04, 0x00800000),
	ROW(MLX5_ADS_PATH_BITS, 0x04, 0x007f0000),
	ROW(MLX5_ADS_RLID, 0x04, 0x0000ffff),
	ROW(MLX5_ADS_ACK_TIMEOUT, 0x08, 0xf8000000),
	ROW(MLX5_ADS_GID_INDEX, 0x08, 0x00ff0000),
	ROW(MLX5_ADS_STATIC_RATE, 0x08, 0x00000f00),
	ROW(MLX5_ADS_HOP_LIMIT, 0x08, 0x000000ff),
	ROW(MLX5_ADS_TCLASS, 0x0c, 0x0ff00000),
	ROW(MLX5_ADS_FLOW_LABEL, 0x0c, 0x000fffff),
	ROW(MLX5_ADS_SL, 0x24, 0x0f000000),
	ROW(MLX5_ADS_PORT, 0x24, 0x00ff0000),

	ROW(MLX5_QPC_STATE, 0x00, 0xf0000000),
	ROW(MLX5_QPC_TYPE, 0x00, 0x00ff0000),
	ROW(MLX5_QPC_MIGRATION, 0x00, 0x00001800),
	ROW(MLX5_QPC_PD, 0x04, 0x00ffffff),
	ROW(MLX5_QPC_MTU, 0x08, 0xe0000000),
	ROW(MLX5_QPC_LOG_MSG_MAX, 0x08, 0x1f000000),
	ROW(MLX5_QPC_LOG_RQ_SIZE, 0x08, 0x00780000),
	ROW(MLX5_QPC_LOG_RQ_STRIDE, 0x08, 0x00070000),
	ROW(MLX5_QPC_NO_SQ, 0x08, 0x00008000),
	ROW(MLX5_QPC_LOG_SQ_SIZE, 0x08, 0x00007800),
	ROW(MLX5_QPC_RESERVED_KEY, 0x08, 0x00000010),
	ROW(MLX5_QPC_UAR, 0x0c, 0x00ffffff),
	ROW(MLX5_QPC_USER_INDEX, 0x10, 0x00ffffff),
	ROW(MLX5_QPC_LOG_PAGE_SIZE, 0x14, 0x1f000000),
	ROW(MLX5_QPC_REMOTE_QPN, 0x14, 0x00ffffff),
	ROW(MLX5_QPC_LOG_SRA_MAX, 0x70, 0x00e00000),
	ROW(MLX5_QPC_RETRY_COUNT, 0x70, 0x00070000),
	ROW(MLX5_QPC_RNR_RETRY, 0x70, 0x0000e000),
	ROW(MLX5_QPC_SEND_PSN, 0x78, 0x00ffffff),
	ROW(MLX5_QPC_SEND_CQN, 0x7c, 0x00ffffff),
	ROW(MLX5_QPC_LOG_RRA_MAX, 0x90, 0x00e00000),
	ROW(MLX5_QPC_RRE, 0x90, 0x00008000),
	ROW(MLX5_QPC_RWE, 0x90, 0x00004000),
	ROW(MLX5_QPC_RAE, 0x90, 0x00002000),
	ROW(MLX5_QPC_PAGE_OFFSET, 0x90, 0x00000fc0),
	ROW(MLX5_QPC_MIN_RNR_TIMER, 0x94, 0x1f000000),
	ROW(MLX5_QPC_RECV_PSN, 0x94, 0x00ffffff),
	ROW(MLX5_QPC_RECV_CQN, 0x9c, 0x00ffffff),
	ROW(MLX5_QPC_QKEY, 0xa8, 0xffffffff),
	ROW(MLX5_QPC_RQ_TYPE, 0xac, 0x07000000),
	ROW(MLX5_QPC_SRQN, 0xac, 0x00ffffff),

	ROW(MLX5_SRQC_LOG_SIZE, 0x00, 0x0f000000),
	ROW(MLX5_SRQC_LOG_STRIDE, 0x04, 0x07000000),
	ROW(MLX5_SRQC_XRCD, 0x04, 0x00ffffff),
	ROW(MLX5_SRQC_PAGE_OFFSET, 0x08, 0xfc000000),
	ROW(MLX5_SRQC_CQN, 0x08, 0x00ffffff),
	ROW(MLX5_SRQC_LOG_PAGE_SIZE, 0x10, 0x3f000000),
	ROW(MLX5_SRQC_PD, 0x18, 0x00ffffff),
	ROW(MLX5_SRQC_LWM, 0x1c, 0xffff0000),
	ROW(MLX5_SRQC_WQE_COUNT, 0x1c, 0x0000ffff),

	ROW(MLX5_VPC_PHYSICAL_STATE, 0x20, 0x0000f000),
	ROW(MLX5_VPC_PORT_STATE, 0x20, 0x000000f0),
	ROW(MLX5_VPC_VPORT_STATE, 0x20, 0x0000000f),
	ROW(MLX5_VPC_CAP_MASK, 0x40, 0xffffffff),
	ROW(MLX5_VPC_LID, 0x60, 0xffff0000),
	ROW(MLX5_VPC_SUBNET_TIMEOUT, 0x60, 0x0000001f),
	ROW(MLX5_VPC_SM_LID, 0x64, 0xffff0000),

	ROW(MLX5_CAP_LOG_MAX_SRQ_SIZE, 0x10, 0xff000000),
	ROW(MLX5_CAP_LOG_MAX_QP_SIZE, 0x10, 0x00ff0000),
	ROW(MLX5_CAP_LOG_MAX_QP, 0x10, 0x0000001f),
	ROW(MLX5_CAP_LOG_MAX_SRQ, 0x14, 0x001f0000),
	ROW(MLX5_CAP_LOG_MAX_CQ_SIZE, 0x18, 0x00ff0000),
	ROW(MLX5_CAP_LOG_MAX_CQ, 0x18, 0x0000001f),
	ROW(MLX5_CAP_LOG_MAX_EQ_SIZE, 0x1c, 0xff000000),
	ROW(MLX5_CAP_LOG_MAX_MKEY, 0x1c, 0x003f0000),
	ROW(MLX5_CAP_LOG_MAX_EQ, 0x1c, 0x0000000f),
	ROW(MLX5_CAP_LOG_MAX_MR_SIZE, 0x20, 0x007f0000),
	ROW(MLX5_CAP_LOG_MAX_RA_REQ_QP, 0x28, 0x003f0000),
	ROW(MLX5_CAP_LOG_MAX_RA_RES_QP, 0x28, 0x0000003f),
	ROW(MLX5_CAP_GID_TABLE_SIZE, 0x2c, 0x0000ffff),
	ROW(MLX5_CAP_IB_VIRT, 0x34, 0x20000000),
	ROW(MLX5_CAP_LOCAL_ACK_DELAY, 0x34, 0x001f0000),
	ROW(MLX5_CAP_PORT_TYPE, 0x34, 0x00000300),
	ROW(MLX5_CAP_NUM_PORTS, 0x34, 0x000000ff),
	ROW(MLX5_CAP_LOG_MAX_MSG, 0x38, 0x1f000000),
	ROW(MLX5_CAP_CQE_VERSION, 0x3c, 0x0000000f),
	ROW(MLX5_CAP_COMPACT_ADDRESS, 0x40, 0x80000000),
	ROW(MLX5_CAP_UMR_SIZE_DISABLED, 0x40, 0x01000000),
	ROW(MLX5_CAP_ATOMICS, 0x40, 0x00000002),
	ROW(MLX5_CAP_CQ_RESIZE, 0x44, 0x40000000),
	ROW(MLX5_CAP_WINDOWS, 0x44, 0x00004000),
	ROW(MLX5_CAP_NULL_KEY, 0x1c, 0x00000080),
	ROW(MLX5_CAP_XRC, 0x44, 0x00000008),
	ROW(MLX5_CAP_UD, 0x44, 0x00000004),
	ROW(MLX5_CAP_UC, 0x44, 0x00000002),
	ROW(MLX5_CAP_RC, 0x44, 0x00000001),
	ROW(MLX5_CAP_LOG_PAGE_SIZE, 0x48, 0x000000ff),
	ROW(MLX5_CAP_LOG_BF_REG_SIZE, 0x4c, 0x001f0000),
	ROW(MLX5_CAP_MAX_WQE_SIZE_SQ, 0x50, 0x0000ffff),
	ROW(MLX5_CAP_MAX_WQE_SIZE_RQ, 0x54, 0x0000ffff),
	ROW(MLX5_CAP_LOG_MAX_PD, 0x64, 0x001f0000),
	ROW(MLX5_CAP_LOG_MAX_XRCD, 0x64, 0x0000001f),
	ROW(MLX5_CAP_MAX_NUM_EQS, 0x8c, 0x0000ffff),
	ROW(MLX5_CAP_DEVICE_FREQUENCY_KHZ, 0x9c, 0xffffffff),
	ROW(MLX5_CAP_UARS_PER_PAGE, 0xa4, 0x0000ffff),

	ROW(MLX5_REG_LOCAL_PORT, 0x00, 0x00ff0000),
	ROW(MLX5_PTYS_PROTO_MASK, 0x00, 0x00000007),
	ROW(MLX5_PTYS_WIDTH_OPER, 0x28, 0xffff0000),
	ROW(MLX5_PTYS_SPEED_OPER, 0x28, 0x0000ffff),
	ROW(MLX5_PMTU_MAX, 0x04, 0xffff0000),
	ROW(MLX5_PMTU_OPER, 0x0c, 0xffff0000),
	ROW(MLX5_PVLC_HW_CAP, 0x04, 0x0000000f),
};

static void each_field_is_the_bits_that_the_manual_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[0x200] = {0}, expected[0x200] = {0};

		hw_set(bytes, rows[i].field, UINT32_MAX);
		put32(expected, rows[i].byte, rows[i].bits);
		if (memcmp(bytes, expected, sizeof(bytes)))
			fail_msg("%s", rows[i].name);
		assert_int_equal(hw_get(bytes, rows[i].field),
				 rows[i].bits >> __builtin_ctz(rows[i].bits));
	}
}

static void other_bits_of_the_dword_stay(void **state)
{
	uint8_t bytes[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	(void)state;
	hw_set(bytes, HW_FIELD(4, 11, 6), 0x15);
	assert_int_equal(get32(bytes, 0), 0xffffffff);
	assert_int_equal(get32(bytes, 4), 0xfffff57f);
	/* What does not fit is no business of the neighbours. */
	hw_set(bytes, HW_FIELD(4, 3, 0), 0x120);
	assert_int_equal(get32(bytes, 4), 0xfffff570);
}

static void wide_values_are_big_endian_at_their_byte(void **state)
{
	uint8_t bytes[17] = {0};

	(void)state;
	hw_set64(bytes, 5, 0x0102030405060708);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(bytes[5 + i], i + 1);
	assert_true(hw_get64(bytes, 5) == 0x0102030405060708);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field_is_the_bits_that_the_manual_names),
		cmocka_unit_test(other_bits_of_the_dword_stay),
		cmocka_unit_test(wide_values_are_big_endian_at_their_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
