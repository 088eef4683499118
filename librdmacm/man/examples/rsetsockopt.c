/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sets sizes of a socket and reads what it has got. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>

#include <rdma/rsocket.h>

/* Ends the program where a call has failed. */
static int must(int result, const char *call)
{
	if (result < 0)
		err(1, "%s", call);
	return result;
}

int main(void)
{
	int fd = must(rsocket(AF_INET, SOCK_STREAM, 0), "rsocket");
	int entries = 1 << 20, bytes = 1 << 16;
	socklen_t length = sizeof(entries);

	must(rsetsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)), "rsetsockopt");
	must(rsetsockopt(fd, SOL_RDMA, RDMA_SQSIZE, &entries, sizeof(entries)), "rsetsockopt");
	must(rgetsockopt(fd, SOL_RDMA, RDMA_SQSIZE, &entries, &length), "rgetsockopt");
	printf("the send queue will have %d entries\n", entries);
	must(rfcntl(fd, F_SETFL, O_NONBLOCK), "rfcntl");
	printf("it waits: %s\n", must(rfcntl(fd, F_GETFL), "rfcntl") & O_NONBLOCK ? "no" : "yes");
	must(rclose(fd), "rclose");
	return 0;
}
