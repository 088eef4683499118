/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * BAR 0: the initialization segment and the UAR pages, as dwords. A wider access is a sequence of
 * dwords; registers have no narrower stores. Of two dwords that make one doorbell the second one
 * rings, since either half may arrive alone and they come in order.
 */
#include <endian.h>
#include <string.h>

#include "hw/mlx5/doorbell.h"
#include "hw/mlx5/register.h"
#include "softhca/core/trace.h"
#include "softhca/pci/mlx5/state.h"
#include "util/clock.h"

enum {
	DWORD = 4,
	LOG_COMMANDS = 5,
	LOG_COMMAND_BYTES = 6,
	/* Send doorbells lie at multiples of this from MLX5_BF_OFFSET on. */
	SEND_DOORBELL_STEP = 0x100,
};

static uint32_t read_command_queue_low(struct adapter *adapter)
{
	uint32_t state =
		mlx5_adapter_tells_death(adapter) ? MLX5_NIC_STATE_DISABLED : adapter->nic_state;

	return ((uint32_t)adapter->command_queue & (uint32_t)MLX5_CMDQ_ADDR_MASK) |
	       state << MLX5_NIC_STATE_SHIFT | LOG_COMMANDS << MLX5_CMDQ_LOG_SIZE_SHIFT |
	       LOG_COMMAND_BYTES;
}

/* All zeros while the adapter is well; what stock drivers look at when it is not are the syndrome
 * and whether recovery takes a reset. */
static uint32_t read_health(struct adapter *adapter, uint32_t offset)
{
	if (!mlx5_adapter_tells_death(adapter))
		return 0;
	switch (offset - MLX5_ISEG_HEALTH) {
	case MLX5_HEALTH_FW_VER:
		return MLX5_FIRMWARE_MAJOR << 24 | MLX5_FIRMWARE_MINOR << 16 |
		       MLX5_FIRMWARE_SUBMINOR;
	case MLX5_HEALTH_SEVERITY:
		return 1u << MLX5_HEALTH_RESET_REQUIRED_SHIFT;
	case MLX5_HEALTH_SYNDROME:
		return MLX5_HEALTH_SYNDROME_FW_INTERNAL << MLX5_HEALTH_SYNDROME_SHIFT;
	default:
		return 0;
	}
}

/* What is not a register, and the UAR pages, read as zero. */
static uint32_t read_dword(struct adapter *adapter, uint64_t offset)
{
	switch (offset) {
	case MLX5_ISEG_FW_REV:
		return MLX5_FIRMWARE_MINOR << 16 | MLX5_FIRMWARE_MAJOR;
	case MLX5_ISEG_CMDIF_FW_SUB:
		return MLX5_CMDIF_REV << 16 | MLX5_FIRMWARE_SUBMINOR;
	case MLX5_ISEG_CMDQ_ADDR_HIGH:
		return (uint32_t)(adapter->command_queue >> 32);
	case MLX5_ISEG_CMDQ_ADDR_LOW:
		return read_command_queue_low(adapter);
	case MLX5_ISEG_TIMER_HIGH:
		return (uint32_t)(clock_ns() >> 32);
	case MLX5_ISEG_TIMER_LOW:
		return (uint32_t)clock_ns();
	case MLX5_ISEG_HEALTH_COUNTER:
		return ++adapter->health_counter;
	default:
		break;
	}
	if (offset >= MLX5_ISEG_HEALTH && offset < MLX5_ISEG_HEALTH + MLX5_HEALTH_BYTES)
		return read_health(adapter, (uint32_t)offset);
	return 0;
}

void mlx5_bar_read(struct adapter *adapter, unsigned int bar, uint64_t offset, void *data,
		   unsigned int bytes)
{
	uint8_t *to = data;

	memset(data, 0, bytes);
	if (bar)
		return;
	while (bytes) {
		uint32_t dword = htobe32(read_dword(adapter, offset & ~(uint64_t)(DWORD - 1)));
		unsigned int start = offset % DWORD;
		unsigned int length = DWORD - start < bytes ? DWORD - start : bytes;

		memcpy(to, (const uint8_t *)&dword + start, length);
		to += length;
		offset += length;
		bytes -= length;
	}
}

static void write_command_queue_low(struct adapter *adapter, uint32_t value)
{
	adapter->command_queue = (adapter->command_queue & ~(uint64_t)UINT32_MAX) |
				 (value & (uint32_t)MLX5_CMDQ_ADDR_MASK);
	adapter->nic_state = value >> MLX5_NIC_STATE_SHIFT & MLX5_NIC_STATE_MASK;
}

static void write_segment(struct adapter *adapter, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case MLX5_ISEG_CMDQ_ADDR_HIGH:
		adapter->command_queue = (uint64_t)value << 32 | (uint32_t)adapter->command_queue;
		break;
	case MLX5_ISEG_CMDQ_ADDR_LOW:
		write_command_queue_low(adapter, value);
		break;
	case MLX5_ISEG_CMD_DOORBELL:
		mlx5_command_queue_ring(adapter, value);
		break;
	default:
		trace_printf("register %#x is not writable: %#x", offset, value);
		break;
	}
}

static bool is_send_doorbell(uint32_t offset)
{
	return offset >= MLX5_BF_OFFSET && offset % SEND_DOORBELL_STEP == DWORD;
}

static void write_uar(struct adapter *adapter, uint32_t offset, uint32_t value)
{
	if (is_send_doorbell(offset))
		mlx5_qp_rung(adapter, value >> 8);
	else if (offset == MLX5_CQ_DOORBELL + DWORD)
		mlx5_cq_armed(adapter, value & 0xffffff);
	else if (offset == MLX5_EQ_DOORBELL_ARM)
		mlx5_eq_arm(adapter, value >> 24, value & 0xffffff);
	else if (offset == MLX5_EQ_DOORBELL_CI)
		mlx5_eq_consumed(adapter, value >> 24, value & 0xffffff);
}

static void write_dword(struct adapter *adapter, uint64_t offset, uint32_t value)
{
	uint32_t page = (uint32_t)(offset / MLX5_UAR_BYTES);

	if (page < MLX5_FIRST_UAR)
		write_segment(adapter, (uint32_t)offset, value);
	else if (mlx5_set_has(&adapter->uars, page))
		write_uar(adapter, offset % MLX5_UAR_BYTES, value);
	else
		trace_printf("doorbell in UAR %u, which is nobody's", page);
}

void mlx5_bar_write(struct adapter *adapter, unsigned int bar, uint64_t offset, const void *data,
		    unsigned int bytes)
{
	const uint8_t *from = data;

	if (bar || bytes % DWORD) {
		trace_printf("store of %u bytes to BAR %u at %#llx", bytes, bar,
			     (unsigned long long)offset);
		return;
	}
	for (; bytes; bytes -= DWORD, offset += DWORD, from += DWORD) {
		__be32 dword;

		memcpy(&dword, from, sizeof(dword));
		write_dword(adapter, offset, be32toh(dword));
	}
}
