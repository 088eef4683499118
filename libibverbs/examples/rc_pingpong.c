/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ibv_rc_pingpong: messages between two reliable connected queue pairs. */
#include "common/options.h"
#include "common/session.h"

static struct pp_config config = {
	PP_CONFIG_DEFAULT,
	.transport = IBV_QPT_RC,
	.size = 4096,
	.links = 1,
};

#define FLAG(letter, name, field, help)                                                            \
	{                                                                                          \
		letter, name, NULL, help, TOOL_FLAG, &config.field, 0, 0                           \
	}

static const struct tool_option options[] = {
	PP_COMMON_OPTIONS(config),
	PP_MTU_OPTION(config),
	PP_ODP_OPTION(config),
	FLAG('O', "iodp", implicit_odp, "as --odp, with one region for all memory"),
	FLAG('P', "prefetch", prefetch, "fetch the on-demand memory beforehand"),
	FLAG('t', "ts", timestamps, "show the device clock between receives"),
	FLAG('j', "dm", device_memory, "send from and receive to memory on the device"),
	FLAG('N', "new_send", new_send, "send with the ibv_wr_* calls"),
	FLAG('U', "allow-cc-unprotected", unprotected,
	     "use memory shared with the host of a confidential guest"),
	{0},
};

int main(int argc, char **argv)
{
	struct tool_usage usage = {
		.purpose =
			"Without HOST, waits for a client; with it, exchanges messages with the\n"
			"server there over a reliable connection (RC) and shows the speed.",
		.options = options,
	};

	return pp_session_main(argc, argv, &usage, &config);
}
