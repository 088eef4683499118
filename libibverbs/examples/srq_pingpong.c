/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ibv_srq_pingpong: messages between reliable connected queue pairs that share their receives. */
#include "common/exchange.h"
#include "common/options.h"
#include "common/session.h"

static struct pp_config config = {
	PP_CONFIG_DEFAULT, .transport = IBV_QPT_RC, .shared_receives = true, .size = 4096,
	.links = 16,
};

static const struct tool_option options[] = {
	PP_COMMON_OPTIONS(config),
	PP_MTU_OPTION(config),
	{'q', "num-qp", "N", "queue pairs", TOOL_NUMBER, &config.links, 1, PP_LINKS_MAX},
	PP_ODP_OPTION(config),
	{0},
};

int main(int argc, char **argv)
{
	struct tool_usage usage = {
		.purpose =
			"Without HOST, waits for a client; with it, exchanges messages with the\n"
			"server there over several reliable connections (RC) whose receives come\n"
			"from one shared receive queue (SRQ), and shows the speed.",
		.options = options,
	};

	return pp_session_main(argc, argv, &usage, &config);
}
