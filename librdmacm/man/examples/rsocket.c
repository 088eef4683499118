/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A server and its client; a listener answers by itself, so one thread does. */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>

#include <rdma/rsocket.h>

/* Ends the program where a call has failed. */
static int must(ssize_t result, const char *call)
{
	if (result < 0)
		err(1, "%s", call);
	return (int)result;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int listener = must(rsocket(AF_INET, SOCK_STREAM, 0), "rsocket");
	int client = must(rsocket(AF_INET, SOCK_STREAM, 0), "rsocket");
	char text[32] = "";
	int server;

	inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &address.sin_addr);
	must(rbind(listener, (struct sockaddr *)&address, length), "rbind");
	must(rlisten(listener, 1), "rlisten");
	must(rgetsockname(listener, (struct sockaddr *)&address, &length), "rgetsockname");

	must(rconnect(client, (struct sockaddr *)&address, length), "rconnect");
	server = must(raccept(listener, NULL, NULL), "raccept");
	must(rsend(client, "over RDMA", 10, 0), "rsend");
	must(rrecv(server, text, sizeof(text), 0), "rrecv");
	printf("received: %s\n", text);
	must(rshutdown(client, SHUT_WR), "rshutdown");
	printf("then %d bytes, the end\n", must(rrecv(server, text, sizeof(text), 0), "rrecv"));

	must(rclose(server), "rclose");
	must(rclose(client), "rclose");
	must(rclose(listener), "rclose");
	return 0;
}
