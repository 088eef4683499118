/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The queues and buffers of one end of a stream, and the terms that both ends tell each other.
 *
 * Three regions: the ring that data is sent from, with room for control messages behind it; the
 * ring that the peer writes data to; the tables that the peer writes to, where it tells its buffers
 * and its mapped ranges.
 */
#include <sys/mman.h>

#include "librdmacm/rsocket/ring.h"
#include "librdmacm/rsocket/socket.h"

/* Pages of its own: a fork may take registered memory away from one side, whole pages at a time. */
static void *map(size_t length)
{
	void *memory =
		mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static int make_region(struct ibv_pd *pd, size_t length, int access, struct ibv_mr **mr)
{
	void *memory = map(length);
	int err;

	if (!memory)
		return ENOMEM;
	*mr = ibv_reg_mr(pd, memory, length, access);
	if (*mr)
		return 0;
	err = errno;
	munmap(memory, length);
	return err;
}

static void end_region(struct ibv_mr **mr)
{
	void *memory;
	size_t length;

	if (!*mr)
		return;
	memory = (*mr)->addr;
	length = (*mr)->length;
	if (!ibv_dereg_mr(*mr))
		munmap(memory, length);
	*mr = NULL;
}

static int make_regions(struct rs_stream *stream)
{
	const int remote = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE;
	struct ibv_pd *pd = stream->id->pd;
	size_t slots = rs_receive_slots(stream) * sizeof(uint32_t);
	size_t tables = RS_TABLE_SIZE * sizeof(struct rs_range) +
			stream->iomap_size * sizeof(struct rs_mapping);
	int err = make_region(pd, stream->send_size + RS_CONTROLS * sizeof(struct rs_mapping),
			      IBV_ACCESS_LOCAL_WRITE, &stream->send_mr);

	if (!err)
		err = make_region(pd, stream->receive_size + slots, remote, &stream->receive_mr);
	if (!err)
		err = make_region(pd, tables, remote, &stream->table_mr);
	if (err)
		return err;
	stream->send_ring = stream->send_mr->addr;
	stream->control_data = stream->send_ring + stream->send_size;
	stream->receive_ring = stream->receive_mr->addr;
	stream->target_table = stream->table_mr->addr;
	stream->mapping_table = (volatile struct rs_mapping *)&stream->target_table[RS_TABLE_SIZE];
	return 0;
}

static int make_queue(struct rs_socket *rs)
{
	struct rs_stream *stream = &rs->stream;
	int entries = (int)(2 * (stream->sq_size + RS_CONTROLS) + rs_receive_slots(stream));

	stream->completions = ibv_create_comp_channel(stream->id->verbs);
	if (!stream->completions)
		return errno;
	if (fcntl(stream->completions->fd, F_SETFL, O_NONBLOCK))
		return errno;
	stream->cq = ibv_create_cq(stream->id->verbs, entries, rs, stream->completions, 0);
	if (!stream->cq)
		return errno;
	return rs_watch(rs, stream->completions->fd, stream->completions);
}

static int make_pair(struct rs_socket *rs)
{
	struct rs_stream *stream = &rs->stream;
	struct ibv_qp_init_attr attr = {
		.qp_context = rs,
		.send_cq = stream->cq,
		.recv_cq = stream->cq,
		.cap = {.max_send_wr = (stream->sq_size + RS_CONTROLS) * (stream->in_two ? 2 : 1),
			.max_recv_wr = rs_receive_slots(stream),
			.max_send_sge = 1,
			.max_recv_sge = 1,
			.max_inline_data = rs->limits.inline_size},
		.qp_type = IBV_QPT_RC,
		.sq_sig_all = 1,
	};

	if (rdma_create_qp(stream->id, NULL, &attr)) {
		/* The device may have less room in a request than the program wishes for. */
		attr.cap.max_inline_data = 0;
		if (rdma_create_qp(stream->id, NULL, &attr))
			return errno;
	}
	stream->max_inline = attr.cap.max_inline_data < rs->limits.inline_size
				     ? attr.cap.max_inline_data
				     : rs->limits.inline_size;
	return 0;
}

/* No more than the device has. */
static int fit_queues(struct rs_socket *rs)
{
	struct rs_stream *stream = &rs->stream;
	struct ibv_device_attr attr;
	uint32_t most;
	int err = ibv_query_device(stream->id->verbs, &attr);

	if (err)
		return err;
	stream->in_two = stream->id->verbs->device->transport_type == IBV_TRANSPORT_IWARP;
	most = (uint32_t)attr.max_qp_wr / (stream->in_two ? 2 : 1);
	if (most <= RS_CONTROLS)
		return EOPNOTSUPP;
	most -= RS_CONTROLS;
	stream->sq_size = rs_ring_lesser(rs->limits.sq_size, most);
	stream->rq_size = rs_ring_lesser(rs->limits.rq_size, most);
	stream->send_size = rs->limits.send_buffer;
	stream->receive_size = rs->limits.receive_buffer & ~1u;
	stream->iomap_size = rs->limits.iomap_size;
	stream->controls = RS_CONTROLS;
	return 0;
}

int rs_stream_prepare(struct rs_socket *rs)
{
	int err = fit_queues(rs);

	if (!err)
		err = make_queue(rs);
	if (!err)
		err = make_pair(rs);
	if (!err)
		err = make_regions(&rs->stream);
	if (!err)
		err = rs_post_receives(rs, rs_receive_slots(&rs->stream));
	if (err)
		rs_stream_release(rs);
	return err;
}

void rs_stream_release(struct rs_socket *rs)
{
	struct rs_stream *stream = &rs->stream;

	/* The queue pair first: an adapter may hold a region that a write has begun in. */
	if (stream->id && stream->id->qp)
		rdma_destroy_qp(stream->id);
	rs_maps_free(rs);
	end_region(&stream->table_mr);
	end_region(&stream->receive_mr);
	end_region(&stream->send_mr);
	if (stream->cq)
		ibv_destroy_cq(stream->cq);
	if (stream->completions)
		ibv_destroy_comp_channel(stream->completions);
	stream->cq = NULL;
	stream->completions = NULL;
}

/* One half of the ring is named at once, the other as soon as there is a connection. */
void rs_stream_offer(struct rs_socket *rs, struct rs_hello *hello)
{
	struct rs_stream *stream = &rs->stream;
	const struct rs_terms terms = {
		.flags = rs_own_flags() | RS_FLAG_IOMAP,
		.credits = (uint16_t)stream->rq_size,
		.maps = stream->iomap_size,
		.table = {(uintptr_t)stream->target_table, stream->table_mr->rkey, RS_TABLE_SIZE},
		.buffer = {(uintptr_t)stream->receive_ring, stream->receive_mr->rkey,
			   stream->receive_size / 2},
	};

	stream->allowed = terms.credits;
	stream->published = terms.buffer.length;
	rs_hello_pack(hello, &terms);
}

int rs_stream_take_offer(struct rs_socket *rs, const void *data, size_t length)
{
	struct rs_stream *stream = &rs->stream;
	struct rs_terms terms;
	int err = rs_hello_unpack(data, length, &terms);

	if (err)
		return err;
	stream->swapped = (terms.flags ^ rs_own_flags()) & RS_FLAG_BIG_ENDIAN;
	stream->granted = terms.credits;
	stream->peer_table = terms.table;
	/* The first entry of either table stands for the buffer that came with the terms. */
	stream->peer_entry = 1 % terms.table.length;
	stream->targets[0] = terms.buffer;
	stream->target_pi = terms.buffer.length != 0;
	stream->next_target = 1;
	if (terms.flags & RS_FLAG_IOMAP) {
		stream->peer_mappings = terms.table;
		stream->peer_mappings.address += terms.table.length * sizeof(struct rs_range);
		stream->peer_mappings.length = terms.maps;
	}
	return 0;
}
