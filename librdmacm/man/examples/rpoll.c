/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waits for a listener and a pipe at once. */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <unistd.h>

#include <rdma/rsocket.h>

/* Ends the program where a call has failed. */
static int must(int result, const char *call)
{
	if (result < 0)
		err(1, "%s", call);
	return result;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int listener = must(rsocket(AF_INET, SOCK_STREAM, 0), "rsocket");
	int client = must(rsocket(AF_INET, SOCK_STREAM, 0), "rsocket");
	struct pollfd fds[2] = {{.fd = listener, .events = POLLIN}, {.events = POLLIN}};
	int ends[2];

	must(pipe(ends), "pipe");
	fds[1].fd = ends[0];
	inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &address.sin_addr);
	must(rbind(listener, (struct sockaddr *)&address, length), "rbind");
	must(rlisten(listener, 1), "rlisten");
	must(rgetsockname(listener, (struct sockaddr *)&address, &length), "rgetsockname");
	printf("nothing yet: %d\n", must(rpoll(fds, 2, 0), "rpoll"));

	must(rconnect(client, (struct sockaddr *)&address, length), "rconnect");
	must(rpoll(fds, 2, 5000), "rpoll");
	printf("a connection: %s, the pipe: %s\n", fds[0].revents & POLLIN ? "yes" : "no",
	       fds[1].revents ? "yes" : "no");
	must(rclose(client), "rclose");
	must(rclose(listener), "rclose");
	return 0;
}
