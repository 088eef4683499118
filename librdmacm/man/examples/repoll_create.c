/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waits for a listener by a set. */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>

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
	int set = must(repoll_create(0), "repoll_create");
	struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};

	inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &address.sin_addr);
	must(rbind(listener, (struct sockaddr *)&address, length), "rbind");
	must(rlisten(listener, 1), "rlisten");
	must(rgetsockname(listener, (struct sockaddr *)&address, &length), "rgetsockname");
	must(repoll_ctl(set, EPOLL_CTL_ADD, listener, &event), "repoll_ctl");

	must(rconnect(client, (struct sockaddr *)&address, length), "rconnect");
	must(repoll_wait(set, &event, 1, 5000), "repoll_wait");
	printf("a connection at the listener: %s\n", event.data.fd == listener ? "yes" : "no");
	must(rclose(client), "rclose");
	must(rclose(listener), "rclose");
	must(rclose(set), "rclose");
	return 0;
}
