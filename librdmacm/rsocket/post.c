/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests of a stream. A message is the immediate data of a write; on iWARP, which has none, it is
 * four bytes sent behind the write.
 */
#include "librdmacm/rsocket/socket.h"

/* What arrives by writes needs no buffer; what is sent has one of a few bytes. */
static void fill_receive(struct rs_stream *stream, struct ibv_recv_wr *request, struct ibv_sge *sge)
{
	uint32_t slot = stream->next_slot++ % rs_receive_slots(stream);

	*request = (struct ibv_recv_wr){.wr_id = rs_request(RS_REQUEST_RECEIVE, slot)};
	if (!stream->in_two)
		return;
	*sge = (struct ibv_sge){.addr = (uintptr_t)rs_receive_slot(stream, slot),
				.length = sizeof(uint32_t),
				.lkey = stream->receive_mr->lkey};
	request->sg_list = sge;
	request->num_sge = 1;
}

int rs_post_receives(struct rs_socket *rs, unsigned int count)
{
	struct ibv_recv_wr requests[RS_BATCH], *bad;
	struct ibv_sge sges[RS_BATCH];

	while (count) {
		unsigned int n = count < RS_BATCH ? count : RS_BATCH;
		int err;

		for (unsigned int i = 0; i < n; i++) {
			fill_receive(&rs->stream, &requests[i], &sges[i]);
			requests[i].next = i + 1 < n ? &requests[i + 1] : NULL;
		}
		err = ibv_post_recv(rs->stream.id->qp, requests, &bad);
		if (err)
			return err;
		count -= n;
	}
	return 0;
}

static int post(struct rs_socket *rs, struct ibv_send_wr *request)
{
	struct ibv_send_wr *bad;

	return ibv_post_send(rs->stream.id->qp, request, &bad);
}

static void fill(struct ibv_send_wr *request, struct ibv_sge *sge, const struct rs_piece *piece,
		 uint64_t remote_address, uint32_t rkey)
{
	*sge = (struct ibv_sge){
		.addr = (uintptr_t)piece->data, .length = piece->length, .lkey = piece->lkey};
	request->sg_list = sge;
	request->num_sge = piece->length ? 1 : 0;
	request->send_flags = piece->inlined ? IBV_SEND_INLINE : 0;
	request->wr.rdma.remote_addr = remote_address;
	request->wr.rdma.rkey = rkey;
}

int rs_post_write(struct rs_socket *rs, const struct rs_piece *piece, uint64_t remote_address,
		  uint32_t rkey, uint64_t wr_id)
{
	struct ibv_send_wr request = {.wr_id = wr_id, .opcode = IBV_WR_RDMA_WRITE};
	struct ibv_sge sge;

	fill(&request, &sge, piece, remote_address, rkey);
	return post(rs, &request);
}

/* The message behind its write, or alone. */
static int post_in_two(struct rs_socket *rs, const struct rs_piece *piece, uint64_t remote_address,
		       uint32_t rkey, uint32_t message, uint64_t wr_id)
{
	const struct rs_piece tail = {.data = &message, .length = sizeof(message), .inlined = true};
	struct ibv_send_wr write = {.wr_id = rs_request(RS_REQUEST_UNCOUNTED, 0),
				    .opcode = IBV_WR_RDMA_WRITE};
	struct ibv_send_wr send = {.wr_id = wr_id, .opcode = IBV_WR_SEND};
	struct ibv_sge write_sge, send_sge;

	fill(&send, &send_sge, &tail, 0, 0);
	if (!piece->length)
		return post(rs, &send);
	fill(&write, &write_sge, piece, remote_address, rkey);
	write.next = &send;
	return post(rs, &write);
}

int rs_post_message(struct rs_socket *rs, const struct rs_piece *piece, uint64_t remote_address,
		    uint32_t rkey, uint32_t message, uint64_t wr_id)
{
	struct ibv_send_wr request = {
		.wr_id = wr_id,
		.opcode = IBV_WR_RDMA_WRITE_WITH_IMM,
		.imm_data = htobe32(message),
	};
	struct ibv_sge sge;

	if (rs->stream.in_two)
		return post_in_two(rs, piece, remote_address, rkey, message, wr_id);
	fill(&request, &sge, piece, remote_address, rkey);
	return post(rs, &request);
}
