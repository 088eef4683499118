/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Completions of a stream: what the peer has sent, what it has room for, and which of our requests
 * are done; and the control messages that follow from them. Everything here is under the socket's
 * lock.
 */
#include "librdmacm/rsocket/ring.h"
#include "librdmacm/rsocket/socket.h"

void rs_end(struct rs_socket *rs)
{
	rs->stream.can_read = false;
	rs->stream.can_write = false;
	rs->state = RS_ENDED;
	rs->arrivals++;
	rs_wake(rs);
}

void rs_fail(struct rs_socket *rs, int err)
{
	if (rs->state == RS_ENDED)
		return;
	rs->error = err;
	rs_end(rs);
}

static uint32_t piece_size(const struct rs_stream *stream)
{
	return stream->receive_size / 2;
}

static bool may_publish(const struct rs_stream *stream)
{
	return rs_ring_may_publish(stream->published, stream->received, stream->consumed,
				   stream->receive_size, piece_size(stream),
				   stream->peer_table.length);
}

static uint16_t ungranted(const struct rs_stream *stream)
{
	return (uint16_t)(stream->arrived + stream->rq_size - stream->allowed);
}

bool rs_credits_due(const struct rs_socket *rs)
{
	const struct rs_stream *stream = &rs->stream;

	return rs->state == RS_CONNECTED && stream->can_read &&
	       (may_publish(stream) || ungranted(stream) >= stream->rq_size / 2);
}

static int post_control(struct rs_socket *rs, uint32_t message)
{
	const struct rs_piece nothing = {.length = 0};

	return rs_post_message(rs, &nothing, 0, 0, message, rs_request(RS_REQUEST_CONTROL, 0));
}

/* The entry is written by the very request that tells of it. */
static int post_entry(struct rs_socket *rs, const void *entry, uint32_t length, uint64_t address,
		      uint32_t rkey, uint32_t message)
{
	struct rs_stream *stream = &rs->stream;
	uint8_t *slot = stream->control_data +
			stream->control_slot++ % RS_CONTROLS * sizeof(struct rs_mapping);
	const struct rs_piece piece = {.data = slot,
				       .length = length,
				       .lkey = stream->send_mr->lkey,
				       .inlined = length <= stream->max_inline};

	memcpy(slot, entry, length);
	return rs_post_message(rs, &piece, address, rkey, message,
			       rs_request(RS_REQUEST_CONTROL, 0));
}

static int post_buffer(struct rs_socket *rs, uint32_t message)
{
	struct rs_stream *stream = &rs->stream;
	const struct rs_range buffer = {
		.address =
			(uintptr_t)stream->receive_ring + stream->published % stream->receive_size,
		.key = stream->receive_mr->rkey,
		.length = piece_size(stream),
	};
	const struct rs_range entry = rs_range_for(buffer, stream->swapped);
	uint32_t index = stream->peer_entry;

	stream->peer_entry = (index + 1) % stream->peer_table.length;
	stream->published += buffer.length;
	return post_entry(rs, &entry, sizeof(entry),
			  stream->peer_table.address + index * sizeof(entry),
			  stream->peer_table.key, message);
}

static int post_credits(struct rs_socket *rs)
{
	struct rs_stream *stream = &rs->stream;
	uint32_t message;

	stream->allowed = (uint16_t)(stream->arrived + stream->rq_size);
	message = rs_message(RS_OP_CREDITS, stream->allowed);
	return may_publish(stream) ? post_buffer(rs, message) : post_control(rs, message);
}

static int post_mapping(struct rs_socket *rs, struct rs_map *map)
{
	struct rs_stream *stream = &rs->stream;
	const struct rs_mapping entry = rs_mapping_for(map->mapping, stream->swapped);

	map->owed = false;
	return post_entry(rs, &entry, sizeof(entry),
			  stream->peer_mappings.address + map->index * sizeof(entry),
			  stream->peer_mappings.key, rs_message(RS_OP_IOMAP, map->index));
}

/* Goodbyes first: whoever has said one owes nothing else. */
static enum rs_control take_owed(struct rs_stream *stream)
{
	static const enum rs_control order[] = {RS_CONTROL_SHUTDOWN, RS_CONTROL_DISCONNECT,
						RS_CONTROL_KEEPALIVE};
	unsigned int i = 0;

	while (!(stream->owed & 1u << order[i]))
		i++;
	stream->owed &= ~(1u << order[i]);
	return order[i];
}

/* The most urgent message. False: there is nothing to say. */
static bool post_next(struct rs_socket *rs, int *err)
{
	struct rs_stream *stream = &rs->stream;
	struct rs_map *map = rs_map_owed(stream);

	if (map)
		*err = post_mapping(rs, map);
	else if (rs_credits_due(rs))
		*err = post_credits(rs);
	else if (stream->owed)
		*err = post_control(rs, rs_message(RS_OP_CONTROL, take_owed(stream)));
	else
		return false;
	return true;
}

void rs_settle(struct rs_socket *rs)
{
	struct rs_stream *stream = &rs->stream;
	int err = 0;

	while (rs->state == RS_CONNECTED && stream->controls && post_next(rs, &err)) {
		stream->controls--;
		if (err)
			rs_fail(rs, ECONNRESET);
	}
}

static void control_arrived(struct rs_socket *rs, uint32_t control)
{
	switch (control) {
	case RS_CONTROL_DISCONNECT:
		rs_end(rs);
		break;
	case RS_CONTROL_SHUTDOWN:
		rs->stream.can_read = false;
		rs->arrivals++;
		if (!rs->stream.can_write)
			rs->state = RS_ENDED;
		break;
	default:
		/* To be alive is all that the others say. */
		break;
	}
}

/* More than was published has overwritten what is not read yet. */
static void data_arrived(struct rs_socket *rs, uint32_t length)
{
	struct rs_stream *stream = &rs->stream;

	if (length > stream->published - stream->received) {
		rs_fail(rs, EPROTO);
		return;
	}
	stream->arrived++;
	rs->arrivals++;
	atomic_store_explicit(&stream->received, stream->received + length, memory_order_release);
}

/* A message says that the table may have changed; what is taken out of it leaves a zero. */
static void take_targets(struct rs_stream *stream)
{
	for (;;) {
		volatile struct rs_range *entry = &stream->target_table[stream->next_target];
		uint32_t pi = stream->target_pi;

		if (!entry->length || pi - stream->target_ci >= RS_TABLE_SIZE)
			return;
		stream->targets[pi % RS_TABLE_SIZE] = (struct rs_range){
			.address = entry->address, .key = entry->key, .length = entry->length};
		entry->length = 0;
		stream->next_target = (stream->next_target + 1) % RS_TABLE_SIZE;
		atomic_store_explicit(&stream->target_pi, pi + 1, memory_order_release);
	}
}

static void message_arrived(struct rs_socket *rs, uint32_t message)
{
	struct rs_stream *stream = &rs->stream;

	/* Nobody says anything on a connection that is not there: our answer has got through. */
	if (rs->state == RS_ACCEPTING)
		rs->state = RS_CONNECTED;
	switch (rs_message_operation(message)) {
	case RS_OP_DATA:
		data_arrived(rs, rs_message_value(message));
		break;
	case RS_OP_CREDITS:
		stream->granted = (uint16_t)rs_message_value(message);
		take_targets(stream);
		break;
	case RS_OP_IOMAP:
		/* Whoever writes there looks it up. The peer has used a credit for it. */
		stream->arrived++;
		break;
	case RS_OP_CONTROL:
		control_arrived(rs, rs_message_value(message));
		break;
	default:
		rs_fail(rs, EPROTO);
	}
}

static void receive_completed(struct rs_socket *rs, const struct ibv_wc *wc)
{
	struct rs_stream *stream = &rs->stream;
	uint32_t message;

	if (stream->in_two) {
		if (wc->byte_len != sizeof(message)) {
			rs_fail(rs, EPROTO);
			return;
		}
		memcpy(&message, rs_receive_slot(stream, (uint32_t)wc->wr_id), sizeof(message));
	} else {
		message = be32toh(wc->imm_data);
	}
	message_arrived(rs, message);
}

static void send_completed(struct rs_stream *stream, uint64_t wr_id)
{
	switch ((enum rs_request)(wr_id >> RS_REQUEST_SHIFT)) {
	case RS_REQUEST_DATA:
		atomic_store_explicit(&stream->send_ci, stream->send_ci + (uint32_t)wr_id,
				      memory_order_release);
		atomic_store_explicit(&stream->completed, stream->completed + 1,
				      memory_order_release);
		break;
	case RS_REQUEST_CONTROL:
		stream->controls++;
		break;
	default:
		break;
	}
}

/* The peer is silent, or gone and its queue pair with it. */
static void failed(struct rs_socket *rs, const struct ibv_wc *wc)
{
	if (wc->status == IBV_WC_RETRY_EXC_ERR)
		rs_fail(rs, ETIMEDOUT);
	else
		rs_fail(rs, ECONNRESET);
}

static void complete(struct rs_socket *rs, const struct ibv_wc *wc, unsigned int *receives)
{
	bool receive = wc->wr_id >> RS_REQUEST_SHIFT == RS_REQUEST_RECEIVE;

	if (wc->status != IBV_WC_SUCCESS) {
		failed(rs, wc);
	} else if (receive) {
		receive_completed(rs, wc);
		++*receives;
	}
	/* Also of what failed: nothing holds its place in the ring any more. */
	if (!receive)
		send_completed(&rs->stream, wc->wr_id);
}

void rs_progress(struct rs_socket *rs)
{
	struct rs_stream *stream = &rs->stream;
	struct ibv_wc wcs[RS_BATCH];
	bool any = false;
	int count;

	if (!stream->cq)
		return;
	do {
		unsigned int receives = 0;

		count = ibv_poll_cq(stream->cq, RS_BATCH, wcs);
		for (int i = 0; i < count; i++)
			complete(rs, &wcs[i], &receives);
		if (receives && rs->state != RS_ENDED && rs_post_receives(rs, receives))
			rs_fail(rs, ECONNRESET);
		any |= count != 0;
	} while (count == RS_BATCH);
	if (count < 0)
		rs_fail(rs, EIO);
	rs_settle(rs);
	if (any)
		rs_wake(rs);
}
