/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An adapter that goes away, or whose link stays down, under requests. Whoever runs this brings the
 * disaster about after "running"; what programs are told of it comes out line by line. Afterwards
 * everything can still be given back, whatever the calls for that say.
 *
 * near_end works on the memory of far_end, a program elsewhere: both are told OV_TCP_PORT, near_end
 * also the other's address OV_TCP_HOST.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

enum { UNDER_WAY = 16, SIZE = 8192, LENGTH = 2000, DISASTER_SECONDS = 90, NO_EVENT = -1 };

struct bench {
	struct bed bed;
	struct ibv_cq *cq; /* of the sends */
	struct buffer buffer;
	uint64_t target;
	uint32_t rkey;
	uint64_t posted, done;
};

static struct end_plan plan_on(struct bench *bench)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	bed_open(&bench->bed);
	bench->cq = ibv_create_cq(bench->bed.context, 2 * UNDER_WAY, NULL, NULL, 0);
	CHECK(bench->cq);
	buffer_make(&bench->buffer, bench->bed.pd, SIZE, ACCESS_ALL);
	plan.send_cq = bench->cq;
	/* 4.096 us * 2^16, four times: about a second. */
	plan.timeout = 16;
	plan.retries = 3;
	return plan;
}

/* What takes objects from an adapter that is gone may fail, but only so. */
static void give_back(const char *what, int error)
{
	trying("to give back a %s", what);
	if (error != EIO && error != ENODEV)
		CHECK_RC(error, 0);
}

static void give_back_end(struct end *end)
{
	give_back("queue pair", ibv_destroy_qp(end->qp));
	if (!end->plan.recv_cq)
		give_back("completion queue", ibv_destroy_cq(end->recv_cq));
}

static void give_back_rest(struct bench *bench)
{
	give_back("completion queue", ibv_destroy_cq(bench->cq));
	give_back("memory region", ibv_dereg_mr(bench->buffer.mr));
	give_back("protection domain", ibv_dealloc_pd(bench->bed.pd));
	CHECK_EQ(ibv_close_device(bench->bed.context), 0);
	free(bench->buffer.bytes);
}

static void keep_under_way(struct bench *bench, struct end *end)
{
	while (bench->posted - bench->done < UNDER_WAY) {
		struct ibv_sge sge = buffer_sge(&bench->buffer, 0, LENGTH);
		struct ibv_send_wr wr = request(IBV_WR_RDMA_WRITE, bench->posted, &sge);

		wr.wr.rdma.remote_addr = bench->target;
		wr.wr.rdma.rkey = bench->rkey;
		post(end, &wr);
		bench->posted++;
	}
}

/* One completion, if there is one, in its order. */
static bool take(struct bench *bench, enum ibv_wc_status *status)
{
	struct ibv_wc wc;
	int found = ibv_poll_cq(bench->cq, 1, &wc);

	CHECK(found >= 0);
	if (!found)
		return false;
	CHECK_EQ(wc.wr_id, bench->done);
	bench->done++;
	*status = wc.status;
	return true;
}

/* Libraries differ in their texts. */
static const char *event_name(enum ibv_event_type type)
{
	switch (type) {
	case IBV_EVENT_DEVICE_FATAL:
		return "IBV_EVENT_DEVICE_FATAL";
	case IBV_EVENT_PORT_ERR:
		return "IBV_EVENT_PORT_ERR";
	case IBV_EVENT_PORT_ACTIVE:
		return "IBV_EVENT_PORT_ACTIVE";
	default:
		return ibv_event_type_str(type);
	}
}

/* Tells of an event, if there is one. */
static bool tell_event(struct bench *bench, enum ibv_event_type *type)
{
	struct ibv_async_event event;

	if (!readable(bench->bed.context->async_fd, 0))
		return false;
	CHECK_EQ(ibv_get_async_event(bench->bed.context, &event), 0);
	*type = event.event_type;
	ibv_ack_async_event(&event);
	printf("event %s\n", event_name(*type));
	return true;
}

/* Requests run until one fails; whether one did before the event `last`, which may be NO_EVENT. */
static bool run_until(struct bench *bench, struct end *end, int last, enum ibv_wc_status *status)
{
	double deadline = seconds_now() + DISASTER_SECONDS;
	enum ibv_event_type type;
	bool told = false;

	for (;;) {
		keep_under_way(bench, end);
		if (take(bench, status)) {
			if (*status != IBV_WC_SUCCESS)
				return true;
			if (bench->done > 100 && !told)
				told = printf("running\n") > 0;
		}
		if (tell_event(bench, &type) && (int)type == last)
			return false;
		CHECK(seconds_now() < deadline);
	}
}

/* The adapter of this program fails, or is taken away. */
CASE(adapter_is_lost)
{
	enum ibv_wc_status status;
	struct bench bench = {0};
	struct end_plan plan = plan_on(&bench);
	struct pair pair;

	pair_make(&pair, &bench.bed, &plan);
	bench.target = buffer_address(&bench.buffer, SIZE / 2);
	bench.rkey = bench.buffer.mr->rkey;
	if (run_until(&bench, &pair.a, IBV_EVENT_DEVICE_FATAL, &status))
		expect_async(bench.bed.context, IBV_EVENT_DEVICE_FATAL);
	give_back_end(&pair.a);
	give_back_end(&pair.b);
	give_back_rest(&bench);
}

static struct sockaddr_in tcp_address(const char *host)
{
	const char *port = getenv("OV_TCP_PORT");
	struct sockaddr_in address = {.sin_family = AF_INET};

	CHECK(port && host);
	CHECK_EQ(inet_pton(AF_INET, host, &address.sin_addr), 1);
	address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	return address;
}

static int tcp_accept(void)
{
	struct sockaddr_in address = tcp_address("0.0.0.0");
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1, accepted;

	CHECK(listener >= 0);
	CHECK_EQ(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	CHECK_EQ(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	CHECK_EQ(listen(listener, 1), 0);
	printf("listening\n");
	accepted = accept(listener, NULL, NULL);
	CHECK(accepted >= 0);
	close(listener);
	return accepted;
}

static int tcp_connect(void)
{
	struct sockaddr_in address = tcp_address(getenv("OV_TCP_HOST"));
	int connection = socket(AF_INET, SOCK_STREAM, 0);

	CHECK(connection >= 0);
	CHECK_EQ(connect(connection, (struct sockaddr *)&address, sizeof(address)), 0);
	return connection;
}

/* Lends its memory until the other is gone. */
CASE(far_end)
{
	struct bench bench = {0};
	struct end_plan plan = plan_on(&bench);
	enum ibv_event_type type;
	struct end end;
	int connection;
	char end_of_it;

	end_create(&end, &bench.bed, &plan);
	connection = tcp_accept();
	introduce(connection, &end, &bench.buffer);
	CHECK(readable(connection, 2 * DISASTER_SECONDS * 1000));
	CHECK_EQ(read(connection, &end_of_it, 1), 0);
	while (tell_event(&bench, &type))
		;
	close(connection);
	give_back_end(&end);
	give_back_rest(&bench);
}

/* The first request that fails is given up, all behind it are flushed. */
CASE(near_end)
{
	enum ibv_wc_status status = IBV_WC_SUCCESS;
	struct bench bench = {0};
	struct end_plan plan = plan_on(&bench);
	struct introduction other;
	enum ibv_event_type type;
	struct end end;
	int connection;

	end_create(&end, &bench.bed, &plan);
	connection = tcp_connect();
	other = introduce(connection, &end, &bench.buffer);
	bench.target = other.buffer;
	bench.rkey = other.rkey;
	CHECK(run_until(&bench, &end, NO_EVENT, &status));
	CHECK_EQ(status, IBV_WC_RETRY_EXC_ERR);
	while (bench.done < bench.posted)
		expect_wc(bench.cq, bench.done++, IBV_WC_WR_FLUSH_ERR);
	printf("given up\n");
	expect_empty(bench.cq);
	CHECK_EQ(end_state(&end), IBV_QPS_ERR);
	while (tell_event(&bench, &type))
		;
	close(connection);
	give_back_end(&end);
	give_back_rest(&bench);
}
