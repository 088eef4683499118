/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Several processes: as peers of each other, and as what fork() leaves of one. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"

enum { SIZE = 65536, LARGE = 50000, ROUNDS = 200 };

struct bench {
	struct bed bed;
	struct end end;
	struct buffer buffer;
	struct introduction other;
};

static void bench_open(struct bench *bench, int socket, enum ibv_qp_type type)
{
	struct end_plan plan = end_plan(type);

	bed_open(&bench->bed);
	end_create(&bench->end, &bench->bed, &plan);
	buffer_make(&bench->buffer, bench->bed.pd, SIZE, ACCESS_ALL);
	bench->other = introduce(socket, &bench->end, &bench->buffer);
}

static void bench_close(struct bench *bench)
{
	end_destroy(&bench->end);
	buffer_free(&bench->buffer);
	bed_close(&bench->bed);
}

/* ---- messages there and back ---- */

static uint32_t length_of(unsigned int round)
{
	return round * 1237 % LARGE;
}

static void echo(int socket)
{
	struct bench bench;
	char done;

	bench_open(&bench, socket, IBV_QPT_RC);
	post_receive(&bench.end, 0, &bench.buffer, 0, SIZE);
	tell(socket, "g", 1);
	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct ibv_wc wc = expect_wc(bench.end.recv_cq, i, IBV_WC_SUCCESS);
		struct ibv_sge sge = buffer_sge(&bench.buffer, 0, wc.byte_len);
		struct ibv_send_wr wr = request(IBV_WR_SEND, i, &sge);

		post(&bench.end, &wr);
		expect_wc(bench.end.send_cq, i, IBV_WC_SUCCESS);
		post_receive(&bench.end, i + 1, &bench.buffer, 0, SIZE);
	}
	hear(socket, &done, 1);
	bench_close(&bench);
}

CASE(messages_between_processes)
{
	struct peer peer = peer_start(echo);
	struct bench bench;
	char go;

	bench_open(&bench, peer.socket, IBV_QPT_RC);
	hear(peer.socket, &go, 1);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct ibv_sge sge = buffer_sge(&bench.buffer, 0, length_of(i));
		struct ibv_send_wr wr = request(IBV_WR_SEND, i, &sge);

		trying("round %u", i);
		pattern_fill(bench.buffer.bytes, sge.length, i);
		post(&bench.end, &wr);
		expect_wc(bench.end.send_cq, i, IBV_WC_SUCCESS);
		memset(bench.buffer.bytes, 0, sge.length);
		post_receive(&bench.end, i, &bench.buffer, 0, SIZE);
		CHECK_EQ(expect_wc(bench.end.recv_cq, i, IBV_WC_SUCCESS).byte_len, sge.length);
		CHECK_PATTERN(bench.buffer.bytes, sge.length, i);
	}
	tell(peer.socket, "d", 1);
	/* Our last acknowledgement may be lost: as long as the peer awaits it, we have to be there.
	 */
	peer_finish(&peer);
	bench_close(&bench);
}

/* ---- work on the memory of a process that does nothing itself ---- */

static void lend_memory(int socket)
{
	struct bench bench;
	char done;

	bench_open(&bench, socket, IBV_QPT_RC);
	hear(socket, &done, 1);
	CHECK_PATTERN(bench.buffer.bytes, LARGE, ROUNDS - 1);
	bench_close(&bench);
}

static void act(struct bench *bench, enum ibv_wr_opcode opcode, size_t offset, uint32_t length)
{
	struct ibv_sge sge = buffer_sge(&bench->buffer, offset, length);
	struct ibv_send_wr wr = request(opcode, 1, &sge);

	if (opcode == IBV_WR_ATOMIC_FETCH_AND_ADD) {
		wr.wr.atomic.remote_addr = bench->other.buffer + SIZE - 8;
		wr.wr.atomic.rkey = bench->other.rkey;
		wr.wr.atomic.compare_add = 3;
	} else {
		wr.wr.rdma.remote_addr = bench->other.buffer;
		wr.wr.rdma.rkey = bench->other.rkey;
	}
	post(&bench->end, &wr);
	expect_wc(bench->end.send_cq, 1, IBV_WC_SUCCESS);
}

CASE(memory_of_another_process)
{
	struct peer peer = peer_start(lend_memory);
	struct bench bench;

	bench_open(&bench, peer.socket, IBV_QPT_RC);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t *before = (void *)(bench.buffer.bytes + SIZE - 8);

		trying("round %u", i);
		pattern_fill(bench.buffer.bytes, LARGE, i);
		act(&bench, IBV_WR_RDMA_WRITE, 0, LARGE);
		memset(bench.buffer.bytes, 0, LARGE);
		act(&bench, IBV_WR_RDMA_READ, 0, LARGE);
		CHECK_PATTERN(bench.buffer.bytes, LARGE, i);
		act(&bench, IBV_WR_ATOMIC_FETCH_AND_ADD, SIZE - 8, 8);
		CHECK_EQ(*before, 3 * i);
	}
	tell(peer.socket, "d", 1);
	peer_finish(&peer);
	bench_close(&bench);
}

/* ---- what is told of a bad key there ---- */

CASE(bad_key_of_another_process)
{
	struct peer peer = peer_start(lend_memory);
	struct ibv_send_wr wr;
	struct bench bench;

	bench_open(&bench, peer.socket, IBV_QPT_RC);
	pattern_fill(bench.buffer.bytes, LARGE, ROUNDS - 1);
	act(&bench, IBV_WR_RDMA_WRITE, 0, LARGE);
	struct ibv_sge sge = buffer_sge(&bench.buffer, 0, 8);
	wr = request(IBV_WR_RDMA_WRITE, 2, &sge);
	wr.wr.rdma.remote_addr = bench.other.buffer + SIZE - 4;
	wr.wr.rdma.rkey = bench.other.rkey;
	post(&bench.end, &wr);
	expect_wc(bench.end.send_cq, 2, IBV_WC_REM_ACCESS_ERR);
	tell(peer.socket, "d", 1);
	peer_finish(&peer);
	bench_close(&bench);
}

/* ---- fork ---- */

/* Both ends in one process, with traffic that needs the memory where it was registered. */
static void run_traffic(struct pair *pair, struct buffer *buffer, unsigned int seed)
{
	struct ibv_sge sge = buffer_sge(buffer, 0, 20000);

	for (unsigned int i = 0; i < 50; i++) {
		struct ibv_send_wr wr = request(IBV_WR_RDMA_WRITE, i, &sge);

		wr.wr.rdma.remote_addr = buffer_address(buffer, 24576);
		wr.wr.rdma.rkey = buffer->mr->rkey;
		pattern_fill(buffer->bytes, sge.length, seed + i);
		post(&pair->a, &wr);
		expect_wc(pair->a.send_cq, i, IBV_WC_SUCCESS);
		CHECK_PATTERN(buffer->bytes + 24576, sge.length, seed + i);
	}
}

static void run_own_traffic(unsigned int seed)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct buffer buffer;
	struct pair pair;
	struct bed bed;

	bed_open(&bed);
	pair_make(&pair, &bed, &plan);
	buffer_make(&buffer, bed.pd, SIZE, ACCESS_ALL);
	run_traffic(&pair, &buffer, seed);
	buffer_free(&buffer);
	pair_destroy(&pair);
	bed_close(&bed);
}

/* A child that leaves everything alone, while its parent goes on before, during and after. */
static void fork_beside_traffic(void (*in_child)(void))
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct buffer buffer;
	struct pair pair;
	struct bed bed;
	int status, hold[2];
	char byte;
	pid_t pid;

	bed_open(&bed);
	pair_make(&pair, &bed, &plan);
	buffer_make(&buffer, bed.pd, SIZE, ACCESS_ALL);
	run_traffic(&pair, &buffer, 0);
	CHECK_EQ(pipe(hold), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		close(hold[1]);
		if (in_child)
			in_child();
		/* Ends when the parent lets go. */
		_exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
	}
	run_traffic(&pair, &buffer, 100);
	close(hold[1]);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	close(hold[0]);
	run_traffic(&pair, &buffer, 200);
	buffer_free(&buffer);
	pair_destroy(&pair);
	bed_close(&bed);
}

CASE(child_that_touches_nothing)
{
	fork_beside_traffic(NULL);
}

CASE(fork_with_preparation)
{
	CHECK_OK(ibv_fork_init());
	CHECK(ibv_is_fork_initialized() != IBV_FORK_DISABLED);
	fork_beside_traffic(NULL);
}

static void child_traffic(void)
{
	run_own_traffic(50);
}

CASE(child_with_a_device_of_its_own)
{
	fork_beside_traffic(child_traffic);
}

CASE(program_on_its_own)
{
	run_own_traffic(0);
}

CASE(child_that_runs_another_program)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct buffer buffer;
	struct pair pair;
	struct bed bed;

	bed_open(&bed);
	pair_make(&pair, &bed, &plan);
	buffer_make(&buffer, bed.pd, SIZE, ACCESS_ALL);
	for (int i = 0; i < 5; i++) {
		pid_t pid = fork();
		int status;

		CHECK(pid >= 0);
		if (!pid)
			execl("/proc/self/exe", "program", "program_on_its_own", (char *)NULL);
		run_traffic(&pair, &buffer, (unsigned int)i);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK_EQ(status, 0);
	}
	buffer_free(&buffer);
	pair_destroy(&pair);
	bed_close(&bed);
}
