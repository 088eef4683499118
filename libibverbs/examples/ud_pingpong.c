/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ibv_ud_pingpong: datagrams between two queue pairs. */
#include "common/options.h"
#include "common/session.h"

/* 1024 bytes is what Debian's ibv_ud_pingpong sends (observed), though its help says 2048. */
static struct pp_config config = {
	PP_CONFIG_DEFAULT,
	.transport = IBV_QPT_UD,
	.size = 1024,
	.links = 1,
};

static const struct tool_option options[] = {
	PP_COMMON_OPTIONS(config),
	{0},
};

int main(int argc, char **argv)
{
	struct tool_usage usage = {
		.purpose =
			"Without HOST, waits for a client; with it, exchanges datagrams (UD) with\n"
			"the server there and shows the speed.",
		.options = options,
	};

	return pp_session_main(argc, argv, &usage, &config);
}
