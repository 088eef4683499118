/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Datagrams: which are dropped, what multicast brings to whom, partitions. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "bed.h"

enum { GRH_BYTES = 40, MULTICAST_QPN = 0xffffff, MLID = 0xc123 };

struct bench {
	struct bed bed;
	struct pair pair;
	struct buffer buffer;
	struct ibv_sge sge;
	struct ibv_ah *ah; /* to this port */
	struct ibv_send_wr wr;
};

static void bench_open(struct bench *bench)
{
	struct end_plan plan = end_plan(IBV_QPT_UD);
	struct end_address self;

	bed_open(&bench->bed);
	pair_make(&bench->pair, &bench->bed, &plan);
	buffer_make(&bench->buffer, bench->bed.pd, 32768, ACCESS_ALL);
	bench->sge = buffer_sge(&bench->buffer, 0, 100);
	self = end_address(&bench->pair.b);
	bench->ah = ah_make(&bench->bed, &self);
}

static void bench_close(struct bench *bench)
{
	CHECK_OK(ibv_destroy_ah(bench->ah));
	buffer_free(&bench->buffer);
	pair_destroy(&bench->pair);
	bed_close(&bench->bed);
}

static void send_to(struct bench *bench, struct ibv_ah *ah, uint32_t qpn, uint32_t qkey)
{
	bench->wr = request(IBV_WR_SEND, 1, &bench->sge);
	bench->wr.wr.ud.ah = ah;
	bench->wr.wr.ud.remote_qpn = qpn;
	bench->wr.wr.ud.remote_qkey = qkey;
	post(&bench->pair.a, &bench->wr);
	expect_wc(bench->pair.a.send_cq, 1, IBV_WC_SUCCESS);
}

static void supply(struct bench *bench, struct end *end, uint64_t wr_id)
{
	post_receive(end, wr_id, &bench->buffer, 8192, 8192);
}

/* A good datagram arrives at end b, and takes receive `wr_id`: none before it has taken one. */
static void next_arrives_in(struct bench *bench, uint64_t wr_id)
{
	struct ibv_wc wc;

	send_to(bench, bench->ah, bench->pair.b.qp->qp_num, bench->pair.b.plan.qkey);
	wc = expect_wc(bench->pair.b.recv_cq, wr_id, IBV_WC_SUCCESS);
	CHECK_EQ(wc.byte_len, bench->sge.length + GRH_BYTES);
	expect_empty(bench->pair.b.recv_cq);
}

CASE(wrong_key_is_dropped)
{
	struct bench bench;
	uint32_t qpn;

	bench_open(&bench);
	qpn = bench.pair.b.qp->qp_num;
	supply(&bench, &bench.pair.b, 1);
	send_to(&bench, bench.ah, qpn, bench.pair.b.plan.qkey ^ 1);
	send_to(&bench, bench.ah, qpn, 0);
	next_arrives_in(&bench, 1);
	bench_close(&bench);
}

/* With the highest bit set the key of the sender's queue pair is taken instead. */
CASE(key_of_the_sender)
{
	struct bench bench;

	bench_open(&bench);
	skip_for(bench.bed.family->no_controlled_qkeys);
	supply(&bench, &bench.pair.b, 2);
	send_to(&bench, bench.ah, bench.pair.b.qp->qp_num, 0x80000000);
	expect_wc(bench.pair.b.recv_cq, 2, IBV_WC_SUCCESS);
	bench_close(&bench);
}

CASE(unknown_receiver)
{
	struct bench bench;

	bench_open(&bench);
	supply(&bench, &bench.pair.b, 1);
	send_to(&bench, bench.ah, bench.pair.b.qp->qp_num + 1000, bench.pair.b.plan.qkey);
	next_arrives_in(&bench, 1);
	bench_close(&bench);
}

CASE(unknown_port)
{
	struct end_address nowhere = {.lid = 4000};
	struct bench bench;
	struct ibv_ah *ah;

	bench_open(&bench);
	nowhere.gid = bench.bed.gid;
	nowhere.gid.raw[15] ^= 0x55;
	if (bench.bed.ethernet && bench.bed.family->resolves_peers) {
		struct ibv_ah_attr path = path_to(&bench.bed, &nowhere);

		/* Nobody answers for that address. */
		CHECK_FAILS(ibv_create_ah(bench.bed.pd, &path), EHOSTUNREACH);
		bench_close(&bench);
		return;
	}
	ah = ah_make(&bench.bed, &nowhere);
	supply(&bench, &bench.pair.b, 1);
	send_to(&bench, ah, bench.pair.b.qp->qp_num, bench.pair.b.plan.qkey);
	next_arrives_in(&bench, 1);
	CHECK_OK(ibv_destroy_ah(ah));
	bench_close(&bench);
}

CASE(no_receive_posted)
{
	struct bench bench;

	bench_open(&bench);
	send_to(&bench, bench.ah, bench.pair.b.qp->qp_num, bench.pair.b.plan.qkey);
	supply(&bench, &bench.pair.b, 1);
	next_arrives_in(&bench, 1);
	bench_close(&bench);
}

/* What does not fit into the receive is dropped, the receive stays for the next. */
CASE(larger_than_the_receive)
{
	struct bench bench;

	bench_open(&bench);
	skip_for(bench.bed.family->no_drop_of_long_datagrams);
	bench.sge.length = 1000;
	post_receive(&bench.pair.b, 1, &bench.buffer, 8192, GRH_BYTES + 999);
	send_to(&bench, bench.ah, bench.pair.b.qp->qp_num, bench.pair.b.plan.qkey);
	bench.sge.length = 999;
	next_arrives_in(&bench, 1);
	CHECK_EQ(end_state(&bench.pair.b), IBV_QPS_RTS);
	bench_close(&bench);
}

/* A datagram is one packet; a longer one does not go out, and fails there where the family says so.
 */
CASE(larger_than_a_packet)
{
	struct bench bench;

	bench_open(&bench);
	bench.sge.length = bed_packet_bytes(&bench.bed) + 1;
	supply(&bench, &bench.pair.b, 1);
	bench.wr = request(IBV_WR_SEND, 1, &bench.sge);
	bench.wr.wr.ud.ah = bench.ah;
	bench.wr.wr.ud.remote_qpn = bench.pair.b.qp->qp_num;
	bench.wr.wr.ud.remote_qkey = bench.pair.b.plan.qkey;
	post(&bench.pair.a, &bench.wr);
	expect_wc(bench.pair.a.send_cq, 1, bench.bed.family->datagram_too_long);
	if (bench.bed.family->datagram_too_long == IBV_WC_SUCCESS) {
		bench.sge.length = 100;
		next_arrives_in(&bench, 1);
	} else {
		CHECK_EQ(end_state(&bench.pair.a), IBV_QPS_SQE);
		expect_empty(bench.pair.b.recv_cq);
	}
	bench_close(&bench);
}

static union ibv_gid group(uint8_t last)
{
	return (union ibv_gid){.raw = {0xff, 0x12, 0x40, 0x1b, [15] = last}};
}

static struct ibv_ah *group_ah(struct bench *bench, const union ibv_gid *gid)
{
	struct ibv_ah_attr path = {
		.is_global = 1,
		.grh = {.dgid = *gid, .sgid_index = bench->bed.gid_index, .hop_limit = 1},
		.dlid = MLID,
		.port_num = bench->bed.port_num,
	};
	struct ibv_ah *ah = ibv_create_ah(bench->bed.pd, &path);

	CHECK(ah);
	return ah;
}

/* Each member gets a copy, with the group's address in its header. */
static void both_receive(struct bench *bench, struct end *one, struct end *other, struct ibv_ah *ah,
			 const union ibv_gid *gid)
{
	const struct ibv_grh *grh = (struct ibv_grh *)(void *)(bench->buffer.bytes + 8192);
	struct ibv_wc wc;

	supply(bench, one, 11);
	supply(bench, other, 22);
	pattern_fill(bench->buffer.bytes, bench->sge.length, 5);
	memset(bench->buffer.bytes + 8192, 0, 8192);
	send_to(bench, ah, MULTICAST_QPN, one->plan.qkey);
	wc = expect_wc(one->recv_cq, 11, IBV_WC_SUCCESS);
	CHECK_EQ(wc.wc_flags & IBV_WC_GRH, IBV_WC_GRH);
	CHECK_EQ(wc.byte_len, bench->sge.length + GRH_BYTES);
	CHECK_EQ(wc.src_qp, bench->pair.a.qp->qp_num);
	wc = expect_wc(other->recv_cq, 22, IBV_WC_SUCCESS);
	CHECK_EQ(wc.wc_flags & IBV_WC_GRH, IBV_WC_GRH);
	if (!bench->bed.ethernet)
		CHECK_BYTES(&grh->dgid, gid, sizeof(*gid));
	CHECK_PATTERN(bench->buffer.bytes + 8192 + GRH_BYTES, bench->sge.length, 5);
}

CASE(multicast)
{
	union ibv_gid here = group(1), elsewhere = group(2);
	struct end_plan plan = end_plan(IBV_QPT_UD);
	struct ibv_ah *ah, *other_ah;
	struct bench bench;
	struct end third;

	bench_open(&bench);
	skip_for(bench.bed.family->no_multicast);
	end_create(&third, &bench.bed, &plan);
	end_connect(&third, NULL);
	ah = group_ah(&bench, &here);
	other_ah = group_ah(&bench, &elsewhere);
	CHECK_OK(ibv_attach_mcast(bench.pair.b.qp, &here, MLID));
	CHECK_OK(ibv_attach_mcast(third.qp, &here, MLID));
	both_receive(&bench, &bench.pair.b, &third, ah, &here);

	/* Nobody is in the other group, and the sender is in none. */
	supply(&bench, &bench.pair.a, 33);
	supply(&bench, &bench.pair.b, 44);
	send_to(&bench, other_ah, MULTICAST_QPN, plan.qkey);
	CHECK_OK(ibv_detach_mcast(third.qp, &here, MLID));
	supply(&bench, &third, 55);
	send_to(&bench, ah, MULTICAST_QPN, plan.qkey);
	expect_wc(bench.pair.b.recv_cq, 44, IBV_WC_SUCCESS);
	expect_empty(bench.pair.a.recv_cq);
	expect_empty(third.recv_cq);

	CHECK_OK(ibv_detach_mcast(bench.pair.b.qp, &here, MLID));
	CHECK(ibv_detach_mcast(bench.pair.b.qp, &here, MLID) != 0);
	CHECK_OK(ibv_destroy_ah(ah));
	CHECK_OK(ibv_destroy_ah(other_ah));
	end_destroy(&third);
	bench_close(&bench);
}

CASE(groups_that_cannot_be)
{
	union ibv_gid gid = group(1), unicast;
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct bench bench;
	struct end connected;

	bench_open(&bench);
	unicast = bench.bed.gid;
	end_create(&connected, &bench.bed, &plan);
	CHECK_RC(ibv_attach_mcast(connected.qp, &gid, MLID), EINVAL);
	CHECK_RC(ibv_attach_mcast(bench.pair.b.qp, &unicast, MLID), EINVAL);
	CHECK_OK(ibv_attach_mcast(bench.pair.b.qp, &gid, MLID));
	CHECK_RC(ibv_destroy_qp(bench.pair.b.qp), EBUSY);
	supply(&bench, &bench.pair.b, 1);
	next_arrives_in(&bench, 1);
	CHECK_OK(ibv_detach_mcast(bench.pair.b.qp, &gid, MLID));
	end_destroy(&connected);
	bench_close(&bench);
}

CASE(partitions)
{
	struct bench bench;
	__be16 pkey;
	uint8_t port;
	int index;

	bench_open(&bench);
	port = bench.bed.port_num;
	CHECK_EQ(ibv_query_pkey(bench.bed.context, port, 0, &pkey), 0);
	CHECK_EQ(be16toh(pkey), 0xffff);
	index = ibv_get_pkey_index(bench.bed.context, port, pkey);
	CHECK_EQ(index, 0);
	CHECK_EQ(ibv_get_pkey_index(bench.bed.context, port, htobe16(0x1234)), -1);
	CHECK_EQ(ibv_query_pkey(bench.bed.context, port, 5000, &pkey), -1);
	bench_close(&bench);
}

CASE(addresses_that_cannot_be)
{
	struct ibv_ah_attr path = {.dlid = 1};
	struct bench bench;

	bench_open(&bench);
	path.port_num = (uint8_t)(bench.bed.device.phys_port_cnt + 1);
	CHECK_FAILS(ibv_create_ah(bench.bed.pd, &path), EINVAL);
	path.port_num = 0;
	CHECK_FAILS(ibv_create_ah(bench.bed.pd, &path), EINVAL);
	bench_close(&bench);
}
