/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A peer of cmtime, with -C: it meets the others, and then listens or connects to all that do. */
#include "cmtime.h"

static int listen_for_clients(struct cmtime_meeting *meeting, struct sockaddr *own)
{
	struct cmtime_server *server;
	int err = cmtime_server_open(&server, own);

	if (err)
		return err;
	err = cmtime_meet(meeting, cmtime_server_address(server));
	if (!err)
		err = cmtime_serve_meeting(
			server, cmtime_config.connections * meeting->client_count, meeting);
	cmtime_server_close(server);
	return err;
}

static int connect_to_listeners(struct cmtime_meeting *meeting, struct sockaddr *own)
{
	struct cmtime_targets targets = {.source = own, .meeting = meeting};
	int err = cmtime_meet(meeting, NULL);

	targets.servers = meeting->listeners;
	targets.count = meeting->listener_count;
	return err ? err : cmtime_connect_all(&targets);
}

int cmtime_play_peer(struct sockaddr *own)
{
	struct cmtime_meeting meeting = {0};
	int err = cmtime_config.listens ? listen_for_clients(&meeting, own)
					: connect_to_listeners(&meeting, own);

	cmtime_meeting_close(&meeting);
	return err;
}
