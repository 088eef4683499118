/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "harness.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "softhca/fabric/ring.h"
#include "util/clock.h"

enum { PATIENCE_S = 10 };

const char *fabric_name(void)
{
	static char name[48];

	if (!name[0])
		snprintf(name, sizeof(name), "unit-test-%d", (int)getpid());
	return name;
}

struct fabric *join_with(unsigned int host, enum fabric_port_type port_type, const char *faults,
			 const char *capture)
{
	struct fabric_options options = {.name = fabric_name(),
					 .host = host,
					 .family = "mlx5",
					 .port_type = port_type,
					 .faults = faults,
					 .capture = capture};
	struct fabric *fabric = NULL;
	char reason[512] = "";

	if (fabric_join(&options, &fabric, reason, sizeof(reason))) {
		fprintf(stderr, "join: %s\n", reason);
		return NULL;
	}
	return fabric;
}

struct fabric *join(unsigned int host)
{
	return join_with(host, FABRIC_PORT_IB, NULL, NULL);
}

pid_t start_child(int (*body)(void *arg), void *arg)
{
	pid_t child;

	fabric_name();
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(body(arg));
	}
	return child;
}

void finish_child(pid_t child)
{
	int status = -1;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

void kill_child(pid_t child)
{
	int status;

	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

bool becomes(bool (*condition)(void *arg), void *arg)
{
	uint64_t begin = clock_ns();

	while (!condition(arg)) {
		if (clock_ns() - begin > PATIENCE_S * NS_PER_S)
			return false;
		sched_yield();
	}
	return true;
}

void wait_until(bool (*condition)(void *arg), void *arg)
{
	assert_true(becomes(condition, arg));
}

/* Number of some adapter that there is: packets come from one and go to one. */
static uint8_t first_adapter(struct fabric *fabric)
{
	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		if (fabric_hca_at(fabric, i))
			return (uint8_t)i;
	}
	return 0;
}

int try_send(struct fabric *fabric, unsigned int process, const void *bytes, uint32_t length)
{
	struct packet_slot slot;
	int error = fabric_send_begin(fabric, process, length, &slot);

	if (error)
		return error;
	slot.packet->source_hca = first_adapter(fabric);
	slot.packet->destination_hca = slot.packet->source_hca;
	slot.packet->sl = 0;
	slot.packet->flags = 0;
	slot.packet->slid = 0;
	slot.packet->dlid = 0;
	slot.packet->pad = 0;
	memcpy(slot.bytes, bytes, length);
	fabric_send_end(fabric, &slot, length);
	return 0;
}

bool send_numbered(struct fabric *fabric, unsigned int process, uint32_t number, uint32_t length)
{
	uint64_t begin = clock_ns();
	uint8_t bytes[RING_MAX_PACKET];
	int error;

	memcpy(bytes, &number, sizeof(number));
	memset(bytes + sizeof(number), (int)number, length - sizeof(number));
	while ((error = try_send(fabric, process, bytes, length)) == EAGAIN) {
		if (clock_ns() - begin > PATIENCE_S * NS_PER_S)
			return false;
		fabric_send_flush(fabric, clock_ns());
		sched_yield();
	}
	return error == 0;
}

uint32_t numbered(const struct packet *packet, const uint8_t *bytes)
{
	uint32_t length = atomic_load_explicit(&packet->length, memory_order_relaxed);
	uint32_t number;

	if (length < sizeof(number))
		return UINT32_MAX;
	memcpy(&number, bytes, sizeof(number));
	for (uint32_t i = sizeof(number); i < length; i++) {
		if (bytes[i] != (uint8_t)number)
			return UINT32_MAX;
	}
	return number;
}
