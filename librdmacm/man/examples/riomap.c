/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory that the peer of a socket writes to; a byte of the stream tells when. */
#include <arpa/inet.h>
#include <err.h>
#include <pthread.h>
#include <stdio.h>

#include <rdma/rsocket.h>

enum { OFFSET = 0x1000 };

static char memory[64];

/* Ends the program where a call has failed. */
static int must(ssize_t result, const char *call)
{
	if (result < 0)
		err(1, "%s", call);
	return (int)result;
}

/* The peer of the memory. */
static void *write_to_it(void *arg)
{
	int fd = *(int *)arg;
	char mapped;

	must(rrecv(fd, &mapped, 1, 0), "rrecv");
	must((ssize_t)riowrite(fd, "written", 8, OFFSET, 0), "riowrite");
	must(rsend(fd, "w", 1, 0), "rsend");
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int listener = must(rsocket(AF_INET, SOCK_STREAM, 0), "rsocket");
	int client = must(rsocket(AF_INET, SOCK_STREAM, 0), "rsocket");
	int ranges = 1, server;
	pthread_t writer;
	char done;

	inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &address.sin_addr);
	must(rbind(listener, (struct sockaddr *)&address, length), "rbind");
	must(rlisten(listener, 1), "rlisten");
	must(rgetsockname(listener, (struct sockaddr *)&address, &length), "rgetsockname");
	must(rsetsockopt(client, SOL_RDMA, RDMA_IOMAPSIZE, &ranges, sizeof(ranges)), "rsetsockopt");
	must(rconnect(client, (struct sockaddr *)&address, length), "rconnect");
	server = must(raccept(listener, NULL, NULL), "raccept");
	pthread_create(&writer, NULL, write_to_it, &client);

	must(riomap(server, memory, sizeof(memory), PROT_WRITE, 0, OFFSET), "riomap");
	must(rsend(server, "m", 1, 0), "rsend");
	must(rrecv(server, &done, 1, 0), "rrecv");
	printf("the memory: %s\n", memory);
	pthread_join(writer, NULL);
	must(riounmap(server, memory, sizeof(memory)), "riounmap");
	must(rclose(server), "rclose");
	must(rclose(client), "rclose");
	must(rclose(listener), "rclose");
	return 0;
}
