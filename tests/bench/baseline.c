/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What this machine can do at this moment without any RDMA: the calibration that every figure of
 * the benchmark is compared with. Two processes; one number on standard output.
 *
 *   baseline line            one-way time of a cache line between two spinning processes, us
 *   baseline copy SIZE       rate of copying in and out through shared memory, GB/s
 *   baseline tcp|unix lat    one-way time of 8 bytes, blocking, us
 *   baseline tcp|unix bw SIZE   rate of a stream written in pieces of SIZE, GB/s
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"

/* How long one measurement lasts. */
static const uint64_t RUN_NS = 60 * NS_PER_MS;

enum { SLOTS = 4, LARGEST = 1 << 20, LATENCY_MESSAGE = 8 };

struct shared {
	_Atomic uint32_t ping __attribute__((aligned(128)));
	_Atomic uint32_t pong __attribute__((aligned(128)));
	_Atomic uint32_t filled __attribute__((aligned(128)));
	_Atomic uint32_t emptied __attribute__((aligned(128)));
	_Atomic uint32_t stop __attribute__((aligned(128)));
	uint8_t slots[SLOTS][LARGEST] __attribute__((aligned(4096)));
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static struct shared *share(void)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		fail("mmap");
	return shared;
}

static pid_t fork_peer(void)
{
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	return child;
}

static void finish(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "baseline: the peer failed\n");
		exit(1);
	}
}

static void line_echo(struct shared *shared)
{
	uint32_t seen = 0;

	while (!shared->stop) {
		uint32_t now = atomic_load_explicit(&shared->ping, memory_order_acquire);

		if (now == seen)
			continue;
		seen = now;
		atomic_store_explicit(&shared->pong, now, memory_order_release);
	}
}

static double line_us(void)
{
	struct shared *shared = share();
	pid_t child = fork_peer();
	uint64_t start, end;
	uint32_t n = 0;

	if (child == 0) {
		line_echo(shared);
		_exit(0);
	}
	start = clock_ns();
	do {
		atomic_store_explicit(&shared->ping, ++n, memory_order_release);
		while (atomic_load_explicit(&shared->pong, memory_order_acquire) != n)
			;
	} while (n % 64 || clock_ns() - start < RUN_NS);
	end = clock_ns();
	shared->stop = 1;
	finish(child);
	return (double)(end - start) / n / 2 / NS_PER_US;
}

/* Takes what the other side filled, until told to stop. */
static void copy_out(struct shared *shared, size_t size)
{
	static uint8_t target[LARGEST];

	for (uint32_t n = 0;; n++) {
		while (shared->filled == n)
			if (shared->stop)
				return;
		memcpy(target, shared->slots[n % SLOTS], size);
		shared->emptied = n + 1;
	}
}

static double copy_gb_per_s(size_t size)
{
	static uint8_t source[LARGEST];
	struct shared *shared = share();
	pid_t child = fork_peer();
	uint64_t start, end;
	uint32_t n = 0;

	if (child == 0) {
		copy_out(shared, size);
		_exit(0);
	}
	memset(source, 1, sizeof(source));
	start = clock_ns();
	do {
		while (n - shared->emptied >= SLOTS)
			;
		memcpy(shared->slots[n % SLOTS], source, size);
		shared->filled = ++n;
	} while (n % 16 || clock_ns() - start < RUN_NS);
	while (shared->emptied != n)
		;
	end = clock_ns();
	shared->stop = 1;
	finish(child);
	return (double)n * (double)size / (double)(end - start);
}

static void connect_tcp(int ends[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (listener < 0 || ends[0] < 0 ||
	    bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &length) ||
	    connect(ends[0], (struct sockaddr *)&address, sizeof(address)))
		fail("tcp");
	ends[1] = accept(listener, NULL, NULL);
	if (ends[1] < 0)
		fail("accept");
	close(listener);
	for (int i = 0; i < 2; i++)
		setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void connect_pair(const char *kind, int ends[2])
{
	if (strcmp(kind, "tcp") == 0)
		connect_tcp(ends);
	else if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		fail("socketpair");
}

/* False at the end of the stream. */
static int read_all(int fd, uint8_t *to, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = read(fd, to + done, size - done);

		if (n <= 0)
			return 0;
		done += (size_t)n;
	}
	return 1;
}

static void write_all(int fd, const uint8_t *from, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = write(fd, from + done, size - done);

		if (n < 0)
			fail("write");
		done += (size_t)n;
	}
}

static double socket_us(const char *kind)
{
	uint8_t message[LATENCY_MESSAGE] = {0};
	uint64_t start, end;
	unsigned int n = 0;
	int ends[2];
	pid_t child;

	connect_pair(kind, ends);
	child = fork_peer();
	if (child == 0) {
		close(ends[0]);
		while (read_all(ends[1], message, sizeof(message)))
			write_all(ends[1], message, sizeof(message));
		_exit(0);
	}
	close(ends[1]);
	start = clock_ns();
	do {
		write_all(ends[0], message, sizeof(message));
		if (!read_all(ends[0], message, sizeof(message)))
			fail("read");
		n++;
		end = clock_ns();
	} while (end - start < RUN_NS);
	close(ends[0]);
	finish(child);
	return (double)(end - start) / n / 2 / NS_PER_US;
}

static double socket_gb_per_s(const char *kind, size_t size)
{
	static uint8_t buffer[LARGEST];
	uint64_t start, end, n = 0;
	int ends[2];
	pid_t child;

	connect_pair(kind, ends);
	child = fork_peer();
	if (child == 0) {
		close(ends[0]);
		while (read_all(ends[1], buffer, size))
			;
		_exit(0);
	}
	close(ends[1]);
	start = clock_ns();
	do {
		write_all(ends[0], buffer, size);
		n++;
	} while (clock_ns() - start < RUN_NS);
	close(ends[0]);
	finish(child);
	end = clock_ns();
	return (double)n * (double)size / (double)(end - start);
}

static size_t parse_size(const char *text)
{
	char *end;
	unsigned long size = strtoul(text, &end, 10);

	if (*end || size == 0 || size > LARGEST) {
		fprintf(stderr, "baseline: size '%s' is not a number from 1 to %d\n", text,
			LARGEST);
		exit(2);
	}
	return size;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 2 && strcmp(what, "line") == 0)
		printf("%.4f\n", line_us());
	else if (argc == 3 && strcmp(what, "copy") == 0)
		printf("%.3f\n", copy_gb_per_s(parse_size(argv[2])));
	else if (argc == 3 && (strcmp(what, "tcp") == 0 || strcmp(what, "unix") == 0) &&
		 strcmp(argv[2], "lat") == 0)
		printf("%.3f\n", socket_us(what));
	else if (argc == 4 && (strcmp(what, "tcp") == 0 || strcmp(what, "unix") == 0) &&
		 strcmp(argv[2], "bw") == 0)
		printf("%.3f\n", socket_gb_per_s(what, parse_size(argv[3])));
	else {
		fprintf(stderr, "usage: baseline line | copy SIZE | tcp|unix lat | "
				"tcp|unix bw SIZE\n");
		return 2;
	}
	return 0;
}
