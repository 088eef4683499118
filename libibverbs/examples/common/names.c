/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of values; see names.h. */
#include <stddef.h>

#include "names.h"

#define NAME(table, value, unknown) name_in(table, sizeof(table) / sizeof(table[0]), value, unknown)

static const char *name_in(const char *const *table, size_t count, long value, const char *unknown)
{
	if (value < 0 || (size_t)value >= count || !table[value])
		return unknown;
	return table[value];
}

const char *tool_transport_name(enum ibv_transport_type type)
{
	static const char *const names[] = {
		[IBV_TRANSPORT_IB] = "InfiniBand",
		[IBV_TRANSPORT_IWARP] = "iWARP",
		[IBV_TRANSPORT_USNIC] = "usNIC",
		[IBV_TRANSPORT_USNIC_UDP] = "usNIC UDP",
		[IBV_TRANSPORT_UNSPECIFIED] = "unspecified",
	};

	return NAME(names, type, "invalid transport");
}

const char *tool_atomic_name(enum ibv_atomic_cap cap)
{
	static const char *const names[] = {
		[IBV_ATOMIC_NONE] = "ATOMIC_NONE",
		[IBV_ATOMIC_HCA] = "ATOMIC_HCA",
		[IBV_ATOMIC_GLOB] = "ATOMIC_GLOB",
	};

	return NAME(names, cap, "invalid atomic capability");
}

const char *tool_port_state_name(enum ibv_port_state state)
{
	static const char *const names[] = {
		[IBV_PORT_NOP] = "PORT_NOP",	   [IBV_PORT_DOWN] = "PORT_DOWN",
		[IBV_PORT_INIT] = "PORT_INIT",	   [IBV_PORT_ARMED] = "PORT_ARMED",
		[IBV_PORT_ACTIVE] = "PORT_ACTIVE", [IBV_PORT_ACTIVE_DEFER] = "PORT_ACTIVE_DEFER",
	};

	return NAME(names, state, "invalid state");
}

const char *tool_mtu_name(enum ibv_mtu mtu)
{
	static const char *const names[] = {
		[IBV_MTU_256] = "256",	 [IBV_MTU_512] = "512",	  [IBV_MTU_1024] = "1024",
		[IBV_MTU_2048] = "2048", [IBV_MTU_4096] = "4096",
	};

	return NAME(names, mtu, "invalid MTU");
}

const char *tool_link_layer_name(uint8_t link_layer)
{
	static const char *const names[] = {
		[IBV_LINK_LAYER_UNSPECIFIED] = "Unspecified",
		[IBV_LINK_LAYER_INFINIBAND] = "InfiniBand",
		[IBV_LINK_LAYER_ETHERNET] = "Ethernet",
	};

	return NAME(names, link_layer, "Unknown");
}

#define EVENT(name) [IBV_EVENT_##name] = "IBV_EVENT_" #name

const char *tool_event_name(enum ibv_event_type type)
{
	static const char *const names[] = {
		EVENT(CQ_ERR),
		EVENT(QP_FATAL),
		EVENT(QP_REQ_ERR),
		EVENT(QP_ACCESS_ERR),
		EVENT(COMM_EST),
		EVENT(SQ_DRAINED),
		EVENT(PATH_MIG),
		EVENT(PATH_MIG_ERR),
		EVENT(DEVICE_FATAL),
		EVENT(PORT_ACTIVE),
		EVENT(PORT_ERR),
		EVENT(LID_CHANGE),
		EVENT(PKEY_CHANGE),
		EVENT(SM_CHANGE),
		EVENT(SRQ_ERR),
		EVENT(SRQ_LIMIT_REACHED),
		EVENT(QP_LAST_WQE_REACHED),
		EVENT(CLIENT_REREGISTER),
		EVENT(GID_CHANGE),
		EVENT(WQ_FATAL),
		EVENT(DEVICE_SPEED_CHANGE),
	};

	return NAME(names, type, "unexpected");
}

const char *tool_vl_count_name(uint8_t code)
{
	static const char *const names[] = {NULL, "1", "2", "4", "8", "15"};

	return NAME(names, code, "invalid value");
}

const char *tool_width_name(uint8_t code)
{
	switch (code) {
	case 1:
		return "1";
	case 2:
		return "4";
	case 4:
		return "8";
	case 8:
		return "12";
	case 16:
		return "2";
	default:
		return "invalid width";
	}
}

/* Per lane: SDR, DDR, QDR, FDR10, FDR, EDR, HDR, NDR, XDR */
const char *tool_speed_name(uint32_t code)
{
	switch (code) {
	case 1:
		return "2.5 Gbps";
	case 2:
		return "5.0 Gbps";
	case 4:
	case 8:
		return "10.0 Gbps";
	case 16:
		return "14.0 Gbps";
	case 32:
		return "25.0 Gbps";
	case 64:
		return "50.0 Gbps";
	case 128:
		return "100.0 Gbps";
	case 256:
		return "200.0 Gbps";
	default:
		return "invalid speed";
	}
}

const char *tool_physical_state_name(uint8_t code)
{
	static const char *const names[] = {
		NULL,
		"SLEEP",
		"POLLING",
		"DISABLED",
		"PORT_CONFIGURATION_TRAINING",
		"LINK_UP",
		"LINK_ERROR_RECOVERY",
		"PHY_TEST",
	};

	return NAME(names, code, "invalid physical state");
}
