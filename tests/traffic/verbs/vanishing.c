/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Registered memory that a program gives back to the system, by unmapping it or by cutting the file
 * behind it. A kernel has pinned the pages and never notices; softhca's engine faults on them, in
 * the thread that calls a verb or in its own one while the program sleeps. Either way the request
 * ends in error, and the program lives.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "peer.h"

enum { SIZE = 65536, LENGTH = 3000 };

enum loss { UNMAPPED, TRUNCATED };

/* Memory that can vanish under its registration. */
struct ground {
	struct buffer buffer;
	int file;
};

static void ground_make(struct ground *ground, struct ibv_pd *pd)
{
	struct buffer *buffer = &ground->buffer;

	ground->file = memfd_create("ground", MFD_CLOEXEC);
	CHECK(ground->file >= 0);
	CHECK_EQ(ftruncate(ground->file, SIZE), 0);
	buffer->size = SIZE;
	buffer->bytes = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ground->file, 0);
	CHECK(buffer->bytes != MAP_FAILED);
	buffer->mr = ibv_reg_mr(pd, buffer->bytes, SIZE, ACCESS_ALL);
	CHECK(buffer->mr);
}

/* Unmapped, but its addresses are kept, since whatever is mapped next would else take them. */
static void ground_lose(struct ground *ground, enum loss loss)
{
	if (loss == TRUNCATED)
		CHECK_EQ(ftruncate(ground->file, 0), 0);
	else
		CHECK(mmap(ground->buffer.bytes, SIZE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
}

static void ground_free(struct ground *ground)
{
	CHECK_OK(ibv_dereg_mr(ground->buffer.mr));
	CHECK_EQ(munmap(ground->buffer.bytes, SIZE), 0);
	close(ground->file);
}

/* ---- the other process: does one request and tells how it ended ---- */

static void do_request(int socket, enum ibv_wr_opcode opcode)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct introduction other;
	struct ibv_send_wr wr;
	struct buffer buffer;
	struct ibv_sge sge;
	struct ibv_wc wc;
	struct bed bed;
	struct end end;
	char go;

	bed_open(&bed);
	end_create(&end, &bed, &plan);
	buffer_make(&buffer, bed.pd, SIZE, ACCESS_ALL);
	other = introduce(socket, &end, &buffer);
	hear(socket, &go, 1);
	sge = buffer_sge(&buffer, 0, LENGTH);
	wr = request(opcode, 1, &sge);
	if (opcode != IBV_WR_SEND) {
		wr.wr.rdma.remote_addr = other.buffer;
		wr.wr.rdma.rkey = other.rkey;
	}
	post(&end, &wr);
	wc = next_wc(end.send_cq);
	tell(socket, &wc.status, sizeof(wc.status));
	hear(socket, &go, 1);
	end_destroy(&end);
	buffer_free(&buffer);
	bed_close(&bed);
}

static void send_there(int socket)
{
	do_request(socket, IBV_WR_SEND);
}

static void write_there(int socket)
{
	do_request(socket, IBV_WR_RDMA_WRITE);
}

static void read_there(int socket)
{
	do_request(socket, IBV_WR_RDMA_READ);
}

/* ---- this process: asleep on a completion channel ---- */

struct sleeper {
	struct bed bed;
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq;
	struct end end;
	struct ground ground;
	struct peer peer;
};

static void sleeper_open(struct sleeper *sleeper, void (*peer)(int socket))
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	sleeper->peer = peer_start(peer);
	bed_open(&sleeper->bed);
	sleeper->channel = ibv_create_comp_channel(sleeper->bed.context);
	CHECK(sleeper->channel);
	sleeper->cq = ibv_create_cq(sleeper->bed.context, 64, NULL, sleeper->channel, 0);
	CHECK(sleeper->cq);
	plan.recv_cq = sleeper->cq;
	end_create(&sleeper->end, &sleeper->bed, &plan);
	ground_make(&sleeper->ground, sleeper->bed.pd);
	introduce(sleeper->peer.socket, &sleeper->end, &sleeper->ground.buffer);
}

static void sleeper_close(struct sleeper *sleeper)
{
	tell(sleeper->peer.socket, "e", 1);
	peer_finish(&sleeper->peer);
	end_destroy(&sleeper->end);
	CHECK_OK(ibv_destroy_cq(sleeper->cq));
	CHECK_OK(ibv_destroy_comp_channel(sleeper->channel));
	ground_free(&sleeper->ground);
	bed_close(&sleeper->bed);
}

/* No call of verbs is made from here on until the other has its answer. */
static enum ibv_wc_status status_there(struct sleeper *sleeper)
{
	enum ibv_wc_status status;

	tell(sleeper->peer.socket, "g", 1);
	hear(sleeper->peer.socket, &status, sizeof(status));
	return status;
}

static void receive_asleep(enum loss loss)
{
	struct sleeper sleeper;
	struct ibv_cq *cq;
	void *context;

	sleeper_open(&sleeper, send_there);
	post_receive(&sleeper.end, 7, &sleeper.ground.buffer, 0, SIZE);
	CHECK_OK(ibv_req_notify_cq(sleeper.cq, 0));
	ground_lose(&sleeper.ground, loss);
	CHECK_EQ(status_there(&sleeper), IBV_WC_REM_OP_ERR);
	CHECK(readable(sleeper.channel->fd, PATIENCE_SECONDS * 1000));
	CHECK_EQ(ibv_get_cq_event(sleeper.channel, &cq, &context), 0);
	ibv_ack_cq_events(cq, 1);
	expect_wc(sleeper.cq, 7, IBV_WC_LOC_PROT_ERR);
	expect_empty(sleeper.cq);
	CHECK_EQ(end_state(&sleeper.end), IBV_QPS_ERR);
	sleeper_close(&sleeper);
}

CASE(unmapped_receive_buffer_of_a_sleeper)
{
	receive_asleep(UNMAPPED);
}

CASE(truncated_receive_buffer_of_a_sleeper)
{
	receive_asleep(TRUNCATED);
}

static void be_worked_on(void (*peer)(int socket), enum loss loss)
{
	struct sleeper sleeper;

	sleeper_open(&sleeper, peer);
	ground_lose(&sleeper.ground, loss);
	CHECK_EQ(status_there(&sleeper), IBV_WC_REM_ACCESS_ERR);
	sleeper_close(&sleeper);
}

CASE(unmapped_target_of_a_write)
{
	be_worked_on(write_there, UNMAPPED);
}

CASE(truncated_target_of_a_write)
{
	be_worked_on(write_there, TRUNCATED);
}

CASE(unmapped_source_of_a_read)
{
	be_worked_on(read_there, UNMAPPED);
}

CASE(truncated_source_of_a_read)
{
	be_worked_on(read_there, TRUNCATED);
}

/* ---- one process, in the calls it makes ---- */

static void send_from(enum loss loss)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ground ground;
	struct ibv_send_wr wr;
	struct ibv_sge sge;
	struct pair pair;
	struct bed bed;

	bed_open(&bed);
	pair_make(&pair, &bed, &plan);
	ground_make(&ground, bed.pd);
	sge = buffer_sge(&ground.buffer, 0, LENGTH);
	wr = request(IBV_WR_SEND, 1, &sge);
	ground_lose(&ground, loss);
	post(&pair.a, &wr);
	expect_wc(pair.a.send_cq, 1, IBV_WC_LOC_PROT_ERR);
	pair_destroy(&pair);
	ground_free(&ground);
	bed_close(&bed);
}

CASE(unmapped_source_of_a_send)
{
	send_from(UNMAPPED);
}

CASE(truncated_source_of_a_send)
{
	send_from(TRUNCATED);
}
