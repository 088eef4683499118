/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ibv_uc_pingpong: messages between two unreliable connected queue pairs. */
#include "common/options.h"
#include "common/session.h"

static struct pp_config config = {
	PP_CONFIG_DEFAULT,
	.transport = IBV_QPT_UC,
	.size = 4096,
	.links = 1,
};

static const struct tool_option options[] = {
	PP_COMMON_OPTIONS(config),
	PP_MTU_OPTION(config),
	{0},
};

int main(int argc, char **argv)
{
	struct tool_usage usage = {
		.purpose =
			"Without HOST, waits for a client; with it, exchanges messages with the\n"
			"server there over an unreliable connection (UC) and shows the speed.",
		.options = options,
	};

	return pp_session_main(argc, argv, &usage, &config);
}
