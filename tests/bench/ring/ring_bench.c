/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the fabric's rings cost over the machine itself: a cache line bouncing and a raw copy
 * between two processes, then packets through the rings, then the machine again, since a virtual
 * machine's CPUs move. One second in all.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "softhca/fabric/fabric.h"
#include "util/clock.h"

enum {
	RAW_NS = 60 * 1000 * 1000,
	RING_NS = 150 * 1000 * 1000,
	COPY_BYTES = 1 << 20,
	CHUNK = 4096,
	CLOCK_EVERY = 256,
	GIVE_UP_NS = 2000 * 1000 * 1000,
};

struct arena {
	_Atomic uint32_t ping __attribute__((aligned(128)));
	_Atomic uint32_t pong __attribute__((aligned(128)));
	_Atomic uint32_t stop __attribute__((aligned(128)));
	_Atomic uint32_t phase;
	_Atomic uint32_t slot[2];
	uint8_t copy[COPY_BYTES] __attribute__((aligned(4096)));
};

static struct arena *arena;

static void fail(const char *what)
{
	fprintf(stderr, "ring_bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Both sides wait here until the other has come. */
static void meet(int side, uint32_t phase)
{
	uint64_t begin = clock_ns();

	(void)side;
	atomic_fetch_add(&arena->phase, 1);
	while (atomic_load(&arena->phase) < 2 * phase) {
		if (clock_ns() - begin > GIVE_UP_NS) {
			errno = ETIMEDOUT;
			fail("the other side does not come");
		}
		sched_yield();
	}
}

/* ---- the machine ---- */

static void raw_echo(void)
{
	uint32_t seen = 0;

	while (!atomic_load_explicit(&arena->stop, memory_order_relaxed)) {
		uint32_t ping = atomic_load_explicit(&arena->ping, memory_order_acquire);

		if (ping == seen)
			continue;
		seen = ping;
		atomic_store_explicit(&arena->pong, seen, memory_order_release);
	}
}

static void raw_line(const char *when)
{
	uint64_t begin = clock_ns(), now = begin;
	uint32_t count = atomic_load(&arena->pong), first = count;

	while (now - begin < RAW_NS) {
		for (int i = 0; i < CLOCK_EVERY; i++) {
			atomic_store_explicit(&arena->ping, ++count, memory_order_release);
			while (atomic_load_explicit(&arena->pong, memory_order_acquire) != count)
				;
		}
		now = clock_ns();
	}
	printf("raw line, one way       %-6s %8.1f ns\n", when,
	       (double)(now - begin) / (count - first) / 2);
	atomic_store(&arena->stop, 1);
}

/* In and out of a shared buffer, in step, as two copies of the same bytes. */
static void raw_copy_in(const char *when)
{
	static uint8_t source[COPY_BYTES];
	uint64_t begin = clock_ns(), now = begin;
	uint32_t half = 0, count = 0;

	memset(source, 1, sizeof(source));
	while (now - begin < RAW_NS) {
		memcpy(arena->copy + half * (COPY_BYTES / 2), source, COPY_BYTES / 2);
		atomic_store_explicit(&arena->ping, ++count, memory_order_release);
		half = count & 1;
		while (count - atomic_load_explicit(&arena->pong, memory_order_acquire) > 1)
			;
		now = clock_ns();
	}
	printf("raw copy in and out     %-6s %8.1f GB/s\n", when,
	       (double)count * (COPY_BYTES / 2) / (double)(now - begin));
	atomic_store(&arena->stop, 1);
}

static void raw_copy_out(void)
{
	static uint8_t sink[COPY_BYTES];
	uint32_t seen = 0;

	while (!atomic_load_explicit(&arena->stop, memory_order_relaxed)) {
		if (atomic_load_explicit(&arena->ping, memory_order_acquire) == seen)
			continue;
		memcpy(sink, arena->copy + (seen & 1) * (COPY_BYTES / 2), COPY_BYTES / 2);
		atomic_store_explicit(&arena->pong, ++seen, memory_order_release);
	}
}

static void reset(int side, uint32_t phase)
{
	meet(side, phase);
	if (side == 0) {
		atomic_store(&arena->ping, 0);
		atomic_store(&arena->pong, 0);
		atomic_store(&arena->stop, 0);
	}
	meet(side, phase + 1);
}

static uint32_t calibrate(int side, uint32_t phase, const char *when)
{
	reset(side, phase);
	if (side == 0)
		raw_line(when);
	else
		raw_echo();
	reset(side, phase + 2);
	if (side == 0)
		raw_copy_in(when);
	else
		raw_copy_out();
	return phase + 4;
}

/* ---- rings ---- */

struct end {
	struct fabric *fabric;
	unsigned int peer;
	uint64_t packets;
	uint64_t bytes;
	uint8_t *sink; /* payload is copied here when not NULL */
};

static void take(void *arg, const struct packet *packet, const uint8_t *bytes)
{
	struct end *end = arg;
	uint32_t length = atomic_load_explicit(&packet->length, memory_order_relaxed);

	end->packets++;
	if (end->sink)
		memcpy(end->sink + end->bytes % COPY_BYTES, bytes, length);
	end->bytes += length;
}

static bool put(struct end *end, const void *bytes, uint32_t length)
{
	struct packet_slot slot;

	if (fabric_send_begin(end->fabric, end->peer, length, &slot))
		return false;
	slot.packet->flags = 0;
	memcpy(slot.bytes, bytes, length);
	fabric_send_end(end->fabric, &slot, length);
	return true;
}

/* `flush`: with all that an engine does in a round besides. */
static void round_of(struct end *end, unsigned int budget, bool flush)
{
	fabric_receive(end->fabric, budget, take, end);
	if (flush) {
		fabric_mark_polled(end->fabric, clock_ns());
		fabric_send_flush(end->fabric, clock_ns());
	}
}

static void ring_latency(struct end *end, int side, bool flush, const char *name)
{
	static const uint8_t message[20];
	uint64_t begin = clock_ns(), now = begin, sent = 0;

	end->packets = 0;
	while (side == 1 && !atomic_load_explicit(&arena->stop, memory_order_relaxed)) {
		uint64_t before = end->packets;

		round_of(end, 32, flush);
		if (end->packets != before) {
			put(end, message, sizeof(message));
			if (flush)
				fabric_send_flush(end->fabric, clock_ns());
		}
	}
	while (side == 0 && now - begin < RING_NS) {
		for (int i = 0; i < CLOCK_EVERY; i++) {
			put(end, message, sizeof(message));
			if (flush)
				fabric_send_flush(end->fabric, clock_ns());
			sent++;
			while (end->packets != sent)
				round_of(end, 32, flush);
		}
		now = clock_ns();
	}
	if (side == 0) {
		printf("%-30s %8.1f ns\n", name, (double)(now - begin) / (double)sent / 2);
		atomic_store(&arena->stop, 1);
	}
}

/* Side 0 sends as much as there is room for; side 1 takes it. */
static void ring_stream(struct end *end, int side, uint32_t length, const char *name)
{
	static uint8_t source[COPY_BYTES], sink[COPY_BYTES + CHUNK];
	uint64_t begin = clock_ns(), now = begin, sent = 0;

	memset(source, 1, sizeof(source));
	memset(sink, 1, sizeof(sink));
	end->sink = sink;
	end->bytes = 0;
	while (side == 1 && !atomic_load_explicit(&arena->stop, memory_order_relaxed))
		round_of(end, 64, false);
	while (side == 0 && now - begin < RING_NS) {
		for (int i = 0; i < CLOCK_EVERY; i++)
			sent += put(end, source + sent * length % COPY_BYTES, length);
		now = clock_ns();
	}
	if (side == 0) {
		double ns = (double)(now - begin);

		printf("%-30s %8.2f M/s %8.1f GB/s\n", name, (double)sent / ns * 1e3,
		       (double)sent * length / ns);
		atomic_store(&arena->stop, 1);
	}
}

static void run(int side, const char *name)
{
	struct fabric_options options = {
		.name = name, .host = (unsigned int)side + 1, .port_type = FABRIC_PORT_IB};
	struct end end = {0};
	char reason[256] = "";
	uint32_t phase = 1;

	pin(side);
	if (fabric_join(&options, &end.fabric, reason, sizeof(reason))) {
		fprintf(stderr, "ring_bench: %s\n", reason);
		exit(1);
	}
	atomic_store(&arena->slot[side], fabric_self(end.fabric));
	meet(side, phase++);
	end.peer = atomic_load(&arena->slot[!side]);
	phase = calibrate(side, phase, "before");
	reset(side, phase);
	ring_latency(&end, side, false, "ring, 8 B, one way");
	reset(side, phase + 2);
	ring_latency(&end, side, true, "ring with rounds, one way");
	reset(side, phase + 4);
	ring_stream(&end, side, 20, "ring, 8 B");
	reset(side, phase + 6);
	ring_stream(&end, side, CHUNK, "ring, 4 KiB packets");
	phase = calibrate(side, phase + 8, "after");
	meet(side, phase);
	fabric_leave(end.fabric);
}

int main(void)
{
	int status = 0;
	char name[32];
	pid_t child;

	arena = mmap(NULL, sizeof(*arena), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (arena == MAP_FAILED)
		fail("mmap");
	snprintf(name, sizeof(name), "ring-bench-%d", (int)getpid());
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(1, name);
		return 0;
	}
	run(0, name);
	if (waitpid(child, &status, 0) != child)
		fail("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
