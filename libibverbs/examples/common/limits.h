/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a ping-pong may be asked for: options that contradict each other, and sizes beyond the port
 * or the device. Each function names the option, its limit and whose limit it is, and returns 0 or
 * a positive errno.
 */
#ifndef PP_LIMITS_H
#define PP_LIMITS_H

#include "device.h"
#include "session.h"

/* What can be told from the options alone. */
int pp_limits_check_config(const struct pp_config *config);

/* Message size and path MTU. */
int pp_limits_check_size(const struct pp_config *config, struct ibv_context *context,
			 const struct tool_port *port);

/* Receive queue and completion queue. */
int pp_limits_check_depth(const struct pp_config *config, struct ibv_context *context);

#endif
