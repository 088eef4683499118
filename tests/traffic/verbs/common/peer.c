/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "peer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct peer peer_start(void (*run)(int socket))
{
	struct peer peer;
	int sockets[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	fflush(stdout);
	peer.pid = fork();
	CHECK(peer.pid >= 0);
	if (!peer.pid) {
		close(sockets[0]);
		run(sockets[1]);
		exit(0);
	}
	close(sockets[1]);
	peer.socket = sockets[0];
	return peer;
}

void peer_finish(struct peer *peer)
{
	int status;

	CHECK_EQ(waitpid(peer->pid, &status, 0), peer->pid);
	CHECK_EQ(status, 0);
	close(peer->socket);
}

void peer_wait_stopped(const struct peer *peer)
{
	int status;

	CHECK_EQ(waitpid(peer->pid, &status, WUNTRACED), peer->pid);
	CHECK(WIFSTOPPED(status));
}

void peer_kill(struct peer *peer)
{
	int status;

	CHECK_EQ(kill(peer->pid, SIGKILL), 0);
	CHECK_EQ(waitpid(peer->pid, &status, 0), peer->pid);
	CHECK(WIFSIGNALED(status));
	close(peer->socket);
}

void tell(int socket, const void *bytes, size_t length)
{
	CHECK_EQ(send(socket, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* A peer that cannot serve the case has said why: then neither can this end. */
static void end_with_skipped_peer(void)
{
	int status;

	if (waitpid(-1, &status, 0) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		exit(SKIPPED);
}

void hear(int socket, void *bytes, size_t length)
{
	ssize_t heard = recv(socket, bytes, length, MSG_WAITALL);

	if (!heard)
		end_with_skipped_peer();
	CHECK_EQ(heard, (ssize_t)length);
}

struct introduction introduce(int socket, struct end *end, const struct buffer *buffer)
{
	struct introduction self = {
		.address = end_address(end),
		.buffer = buffer_address(buffer, 0),
		.rkey = buffer->mr->rkey,
	};
	struct introduction other;
	char ready = 'r';

	tell(socket, &self, sizeof(self));
	hear(socket, &other, sizeof(other));
	end_connect(end, &other.address);
	/* Nobody sends before both are ready to receive. */
	tell(socket, &ready, 1);
	hear(socket, &ready, 1);
	return other;
}
