/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finding and opening an RDMA device, and the facts about its port that a ping-pong depends on.
 * All functions print what is wrong, and what would be right, and return 0 or a positive errno.
 */
#ifndef TOOL_DEVICE_H
#define TOOL_DEVICE_H

#include <stdint.h>

#include <infiniband/verbs.h>

/* As ibv_get_device_list(); count may be NULL. */
int tool_device_list(struct ibv_device ***list, int *count);

/* Opens the device of that name, or the first one if name is NULL. */
int tool_device_open(const char *name, struct ibv_context **context);

struct tool_port {
	uint8_t number;
	struct ibv_port_attr attr;
	int gid_index; /* -1: no GID in use, and gid is zero */
	union ibv_gid gid;
};

/* Refuses a port that the device does not have, or that is not active. */
int tool_port_query(struct ibv_context *context, long number, struct tool_port *port);

/* Chooses the source GID; index -1 for none, which a RoCE port has to refuse. */
int tool_port_choose_gid(struct ibv_context *context, long index, struct tool_port *port);

/* The enumeration value for a path MTU of that many bytes; 0 if there is no such MTU. */
enum ibv_mtu tool_mtu_from_bytes(long bytes);
unsigned int tool_mtu_to_bytes(enum ibv_mtu mtu);

#endif
