/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Direct placement: riomap(), riowrite(), riounmap(). */
#include "sockets.h"

static void connect_with_maps(struct pair *pair, int count)
{
	*pair = (struct pair)NO_PAIR;
	pair->listener = listening_socket(&pair->address);
	pair->active = rsocket(AF_INET, SOCK_STREAM, 0);
	set_int(pair->listener, SOL_RDMA, RDMA_IOMAPSIZE, count);
	set_int(pair->active, SOL_RDMA, RDMA_IOMAPSIZE, count);
	connect_pair(pair);
}

/* A byte behind a write: when it has been read, what was written is there, and where. */
static void pass_byte(int from, int to)
{
	char byte;

	CHECK_EQ(rsend(from, "!", 1, 0), 1);
	CHECK_EQ(rrecv(to, &byte, 1, 0), 1);
}

CASE(bytes_are_placed_where_they_belong)
{
	static uint8_t target[100000], source[100000];
	struct pair pair;

	connect_with_maps(&pair, 2);
	CHECK_EQ(riomap(pair.passive, target, sizeof(target), PROT_WRITE, 0, 4096), 4096);
	pass_byte(pair.passive, pair.active);
	fill_bytes(source, sizeof(source), 5);
	CHECK_EQ(riowrite(pair.active, source, 3, 4096 + 7, 0), 3);
	CHECK_EQ(riowrite(pair.active, source, 50000, 4096 + 50000, 0), 50000);
	pass_byte(pair.active, pair.passive);
	CHECK_BYTES(target + 7, source, 3);
	CHECK_BYTES(target + 50000, source, 50000);
	CHECK(!target[6] && !target[10] && !target[49999]);
	/* Up to the end of the range, and not beyond. */
	CHECK_EQ(riowrite(pair.active, source, 200, 4096 + sizeof(target) - 100, 0), 100);
	CHECK_FAILS((ssize_t)riowrite(pair.active, source, 1, 4095, 0) >= 0, EINVAL);
	CHECK_FAILS((ssize_t)riowrite(pair.active, source, 1, 4096 + sizeof(target), 0) >= 0,
		    EINVAL);
	CHECK_EQ(riounmap(pair.passive, target, sizeof(target)), 0);
	pass_byte(pair.passive, pair.active);
	CHECK_FAILS((ssize_t)riowrite(pair.active, source, 1, 4096, 0) >= 0, EINVAL);
	end_pair(&pair);
}

CASE(offsets_may_be_left_to_the_library)
{
	uint8_t a[64] = {0}, b[64] = {0};
	struct pair pair;
	off_t offset;

	connect_with_maps(&pair, 2);
	offset = riomap(pair.passive, a, sizeof(a), PROT_WRITE, 0, -1);
	CHECK(offset != -1);
	CHECK_EQ(riomap(pair.passive, b, sizeof(b), PROT_WRITE, 0, 0), 0);
	/* There is room for two. */
	CHECK_FAILS(riomap(pair.passive, a + 32, 32, PROT_WRITE, 0, 64) >= 0, ENOMEM);
	pass_byte(pair.passive, pair.active);
	CHECK_EQ(riowrite(pair.active, "a", 1, offset, 0), 1);
	CHECK_EQ(riowrite(pair.active, "b", 1, 63, MSG_DONTWAIT), 1);
	pass_byte(pair.active, pair.passive);
	CHECK(a[0] == 'a' && b[63] == 'b');
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(riounmap(pair.passive, b, sizeof(b)), 0);
		CHECK_EQ(riomap(pair.passive, b, sizeof(b), PROT_WRITE, 0, i), i);
		pass_byte(pair.passive, pair.active);
		CHECK_EQ(riowrite(pair.active, &i, 1, i + 5, 0), 1);
		pass_byte(pair.active, pair.passive);
		CHECK_EQ(b[5], i);
	}
	end_pair(&pair);
}

CASE(what_cannot_be_mapped)
{
	uint8_t bytes[64];
	struct sockaddr_in address;
	struct pair pair;
	int listener = listening_socket(&address), fresh = rsocket(AF_INET, SOCK_STREAM, 0);

	CHECK_FAILS(riomap(fresh, bytes, 64, PROT_WRITE, 0, 0) >= 0, ENOTCONN);
	CHECK_FAILS(riomap(listener, bytes, 64, PROT_WRITE, 0, 0) >= 0, ENOTCONN);
	CHECK_FAILS((ssize_t)riowrite(fresh, bytes, 1, 0, 0) >= 0, ENOTCONN);
	CHECK_EQ(rclose(fresh), 0);
	CHECK_EQ(rclose(listener), 0);
	connect_with_maps(&pair, 1);
	CHECK_FAILS(riomap(pair.active, bytes, 0, PROT_WRITE, 0, 0) >= 0, EINVAL);
	CHECK_FAILS(riomap(pair.active, bytes, 64, PROT_READ, 0, 0) >= 0, EINVAL);
	CHECK_FAILS(riomap(pair.active, bytes, 64, PROT_WRITE, 1, 0) >= 0, EINVAL);
	CHECK_FAILS(riomap(pair.active, bytes, 64, PROT_WRITE, 0, -2) >= 0, EINVAL);
	CHECK_FAILS(!riounmap(pair.active, bytes, 64), EINVAL);
	/* Without leave to write the peer is not told. */
	CHECK_EQ(riomap(pair.active, bytes, 64, PROT_NONE, 0, 8), 8);
	pass_byte(pair.active, pair.passive);
	CHECK_FAILS((ssize_t)riowrite(pair.passive, bytes, 1, 8, 0) >= 0, EINVAL);
	CHECK_EQ(riounmap(pair.active, bytes, 64), 0);
	end_pair(&pair);
}

CASE(without_a_table_nothing_is_mapped)
{
	struct pair pair = NO_PAIR;
	uint8_t bytes[64];

	connect_pair(&pair);
	CHECK_FAILS(riomap(pair.active, bytes, 64, PROT_WRITE, 0, 0) >= 0, ENOMEM);
	CHECK_FAILS((ssize_t)riowrite(pair.active, bytes, 1, 0, 0) >= 0, EINVAL);
	end_pair(&pair);
}
