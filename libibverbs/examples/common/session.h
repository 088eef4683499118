/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A ping-pong from the command line to the result: what ibv_rc_pingpong, ibv_uc_pingpong,
 * ibv_ud_pingpong and ibv_srq_pingpong share, which is all but their option tables and transports.
 */
#ifndef PP_SESSION_H
#define PP_SESSION_H

#include <stdbool.h>

#include <infiniband/verbs.h>

/* Numbers are long because the option tables store them; the tables keep them in range. */
struct pp_config {
	enum ibv_qp_type transport;
	bool shared_receives; /* one SRQ for all queue pairs */

	const char *host; /* NULL: server */
	const char *device;
	long tcp_port, ib_port, size, mtu, rx_depth, iterations, sl, gid_index, links;
	bool events, check;

	/* RC only, but for odp */
	bool odp, implicit_odp, prefetch, device_memory, unprotected, timestamps, new_send;
};

#define PP_CONFIG_DEFAULT                                                                          \
	.tcp_port = 18515, .ib_port = 1, .mtu = 1024, .rx_depth = 500, .iterations = 1000,         \
	.gid_index = -1

/* Rows of an option table for the options that all ping-pongs have. */
#define PP_COMMON_OPTIONS(config)                                                                    \
	{'p', "port", "PORT", "TCP port of the exchange", TOOL_NUMBER, &(config).tcp_port,           \
	 1,   65535},                                                                                \
		{'d',	    "ib-dev",	      "DEV", "use device DEV (default: the first)",          \
		 TOOL_TEXT, &(config).device, 0,     0},                                             \
		{'i',	      "ib-port",	 "N", "use port N of the device",                    \
		 TOOL_NUMBER, &(config).ib_port, 1,   255},                                          \
		{'s',	      "size",	      "BYTES", "message length",                             \
		 TOOL_NUMBER, &(config).size, 1,       0x7fffffff},                                  \
		{'r',	      "rx-depth",	  "N", "receives kept posted",                       \
		 TOOL_NUMBER, &(config).rx_depth, 1,   0xffffff},                                    \
		{'n', "iters", "N", "exchanges", TOOL_NUMBER, &(config).iterations, 1, 0x7fffffff},  \
		{'l', "sl", "SL", "service level of the packets", TOOL_NUMBER, &(config).sl, 0, 15}, \
		{'g',	      "gid-idx",                                                             \
		 "N",	      "address by GID, with local GID N (RoCE: needed)",                     \
		 TOOL_NUMBER, &(config).gid_index,                                                   \
		 0,	      255},                                                                  \
		{'e',	    "events",	      NULL, "sleep until completion events (default: poll)", \
		 TOOL_FLAG, &(config).events, 0,    0},                                              \
	{                                                                                            \
		'c', "chk", NULL, "check every received byte", TOOL_FLAG, &(config).check, 0, 0      \
	}

#define PP_MTU_OPTION(config)                                                                      \
	{                                                                                          \
		'm', "mtu", "BYTES", "path MTU: 256, 512, 1024, 2048 or 4096", TOOL_NUMBER,        \
			&(config).mtu, 256, 4096                                                   \
	}

#define PP_ODP_OPTION(config)                                                                      \
	{                                                                                          \
		'o', "odp", NULL, "register memory for on-demand paging", TOOL_FLAG,               \
			&(config).odp, 0, 0                                                        \
	}

struct tool_usage;

/* Parses the command line (the operand goes to config->host), plays, and gives the exit status. */
int pp_session_main(int argc, char **argv, struct tool_usage *usage, struct pp_config *config);

#endif
