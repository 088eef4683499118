/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names of the values that the tools print, as the verbs API spells them. A value without a name
 * gives a text that says so, never NULL.
 */
#ifndef TOOL_NAMES_H
#define TOOL_NAMES_H

#include <infiniband/verbs.h>

const char *tool_transport_name(enum ibv_transport_type type);
const char *tool_atomic_name(enum ibv_atomic_cap cap);
const char *tool_port_state_name(enum ibv_port_state state);
const char *tool_mtu_name(enum ibv_mtu mtu);
const char *tool_link_layer_name(uint8_t link_layer);
const char *tool_event_name(enum ibv_event_type type);

/* Codes of the PortInfo attribute (IBTA vol. 1, 14.2.5.6) */
const char *tool_vl_count_name(uint8_t code);
const char *tool_width_name(uint8_t code);
const char *tool_speed_name(uint32_t code);
const char *tool_physical_state_name(uint8_t code);

#endif
