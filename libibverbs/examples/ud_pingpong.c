/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ibv_ud_pingpong: datagrams between two queue pairs. */
#include "common/options.h"
#include "common/session.h"

/* Debian's ibv_ud_pingpong says 2048 in its help, but sends 1024 (observed); both sides must agree. */
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
