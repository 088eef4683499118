/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* rcopy: a file from a client to a server, as fast as both can. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "libibverbs/examples/common/options.h"
#include "libibverbs/examples/common/report.h"
#include "rcopy.h"

static struct rcopy_wish wish = {
	.link = {.port = 7427, .type = SOCK_STREAM, .inline_size = -1, .blocking = true},
};

static const char *operands[2];

static const struct tool_option options[] = {
	{'p', NULL, "PORT", "port of the server", TOOL_NUMBER, &wish.link.port, 1, 65535},
	{0},
};

/* SERVER, SERVER:DEST, or [SERVER]:DEST for servers with colons. */
static int split(char *text)
{
	char *colon, *end;

	wish.link.server = text;
	if (*text == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return tool_refuse("'%s' is not [SERVER] or [SERVER]:DEST", text);
		wish.link.server = text + 1;
		*end = '\0';
		text = end + 1;
	}
	colon = strchr(text, ':');
	if (!colon)
		return 0;
	*colon = '\0';
	if (colon[1])
		wish.destination = colon + 1;
	return 0;
}

static int run(void)
{
	char *server;
	int err;

	if (!operands[0])
		return rcopy_serve(&wish);
	if (!operands[1])
		return tool_refuse("'%s' is to go where? see --help", operands[0]);
	server = strdup(operands[1]);
	if (!server)
		return tool_error(ENOMEM, "cannot copy a name");
	wish.source = operands[0];
	wish.destination = wish.source;
	err = split(server);
	if (!err)
		err = rcopy_send(&wish);
	free(server);
	return err;
}

int main(int argc, char **argv)
{
	const struct tool_usage usage = {
		.purpose = "Copies the file SOURCE to a server, there to be DEST or what it is "
			   "called here; without\noperands, is the server.",
		.options = options,
		.operand = "SOURCE SERVER[:DEST]",
		.operand_target = operands,
		.operands = 2,
	};

	return tool_main(argc, argv, &usage, run);
}
