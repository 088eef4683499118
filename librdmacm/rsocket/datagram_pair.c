/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The queue pairs of datagrams: made for the address that a destination is reached from. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "librdmacm/rsocket/config.h"
#include "librdmacm/rsocket/datagram.h"
#include "librdmacm/rsocket/ring.h"

static uint8_t *send_slot(const struct rs_pair *pair, uint32_t slot)
{
	return (uint8_t *)pair->mr->addr + (size_t)slot * pair->slot_size;
}

static uint8_t *receive_slot(const struct rs_pair *pair, uint32_t slot)
{
	return send_slot(pair, pair->sends + slot);
}

static int post_receive(struct rs_pair *pair, uint32_t slot)
{
	struct ibv_sge sge = {.addr = (uintptr_t)receive_slot(pair, slot),
			      .length = pair->slot_size,
			      .lkey = pair->mr->lkey};
	struct ibv_recv_wr *bad, request = {.wr_id = rs_request(RS_REQUEST_RECEIVE, slot),
					    .sg_list = &sge,
					    .num_sge = 1};

	return ibv_post_recv(pair->id->qp, &request, &bad);
}

void rs_pair_give_back(struct rs_pair *pair, const struct rs_datagram *datagram)
{
	post_receive(pair, (uint32_t)(datagram - pair->arrivals));
}

/* What the system would send from. */
static int own_address(const struct sockaddr_storage *destination, struct sockaddr_storage *own)
{
	socklen_t length = sizeof(*own);
	int fd = socket(destination->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0)
		return errno;
	memset(own, 0, sizeof(*own));
	if (connect(fd, (const struct sockaddr *)destination, rs_address_length(destination)) ||
	    getsockname(fd, (struct sockaddr *)own, &length))
		err = errno;
	close(fd);
	return err;
}

static int bind_id(struct rs_datagrams *datagrams, struct rs_pair *pair)
{
	struct sockaddr_storage address = pair->address;

	if (rdma_create_id(datagrams->channel, &pair->id, pair, RDMA_PS_UDP))
		return errno;
	*rs_port_of(&address) = 0;
	if (rdma_bind_addr(pair->id, (struct sockaddr *)&address))
		return errno;
	return pair->id->verbs ? 0 : ENODEV;
}

static int measure(struct rs_datagrams *datagrams, struct rs_pair *pair)
{
	const struct rs_limits *limits = &datagrams->rs->limits;
	struct ibv_port_attr port;
	struct ibv_device_attr device;
	uint32_t most;
	int err = ibv_query_port(pair->id->verbs, pair->id->port_num, &port);

	if (!err)
		err = ibv_query_device(pair->id->verbs, &device);
	if (err)
		return err;
	pair->mtu = 128u << port.active_mtu;
	pair->slot_size = pair->mtu + RS_GRH_LENGTH;
	most = (uint32_t)device.max_qp_wr;
	pair->sends = rs_ring_lesser(rs_clamp(limits->send_buffer / pair->slot_size, RS_MIN_SLOTS,
					      rs_clamp(limits->sq_size, RS_MIN_SLOTS, UINT16_MAX)),
				     most);
	pair->receives =
		rs_ring_lesser(rs_clamp(limits->receive_buffer / pair->slot_size, RS_MIN_SLOTS,
					rs_clamp(limits->rq_size, RS_MIN_SLOTS, UINT16_MAX)),
			       most);
	return 0;
}

static int make_slots(struct rs_pair *pair)
{
	size_t length = (size_t)(pair->sends + pair->receives) * pair->slot_size;
	void *memory =
		mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err;

	if (memory == MAP_FAILED)
		return ENOMEM;
	pair->mr = ibv_reg_mr(pair->id->pd, memory, length, IBV_ACCESS_LOCAL_WRITE);
	if (!pair->mr) {
		err = errno;
		munmap(memory, length);
		return err;
	}
	pair->arrivals = calloc(pair->receives, sizeof(*pair->arrivals));
	return pair->arrivals ? 0 : ENOMEM;
}

static int make_queues(struct rs_datagrams *datagrams, struct rs_pair *pair)
{
	struct ibv_qp_init_attr attr = {
		.cap = {.max_send_wr = pair->sends,
			.max_recv_wr = pair->receives,
			.max_send_sge = 1,
			.max_recv_sge = 1,
			.max_inline_data = datagrams->rs->limits.inline_size},
		.qp_type = IBV_QPT_UD,
		.sq_sig_all = 1,
	};

	pair->completions = ibv_create_comp_channel(pair->id->verbs);
	if (!pair->completions || fcntl(pair->completions->fd, F_SETFL, O_NONBLOCK))
		return errno;
	pair->cq = ibv_create_cq(pair->id->verbs, (int)(pair->sends + pair->receives), pair,
				 pair->completions, 0);
	if (!pair->cq)
		return errno;
	attr.send_cq = attr.recv_cq = pair->cq;
	if (rdma_create_qp(pair->id, NULL, &attr))
		return errno;
	pair->max_inline =
		rs_ring_lesser(attr.cap.max_inline_data, datagrams->rs->limits.inline_size);
	return rs_watch(datagrams->rs, pair->completions->fd, pair);
}

static void end_slots(struct rs_pair *pair)
{
	void *memory = pair->mr->addr;
	size_t length = pair->mr->length;

	if (!ibv_dereg_mr(pair->mr))
		munmap(memory, length);
}

static void pair_free(struct rs_pair *pair)
{
	if (pair->id && pair->id->qp)
		rdma_destroy_qp(pair->id);
	if (pair->cq)
		ibv_destroy_cq(pair->cq);
	if (pair->completions)
		ibv_destroy_comp_channel(pair->completions);
	if (pair->mr)
		end_slots(pair);
	if (pair->id)
		rdma_destroy_id(pair->id);
	free(pair->arrivals);
	free(pair);
}

void rs_pairs_free(struct rs_datagrams *datagrams)
{
	list_for_each_safe (node, &datagrams->pairs) {
		list_remove(node);
		pair_free(list_entry(node, struct rs_pair, link));
	}
}

static int fill(struct rs_pair *pair)
{
	int err = 0;

	for (uint32_t slot = 0; !err && slot < pair->receives; slot++) {
		list_init(&pair->arrivals[slot].link);
		pair->arrivals[slot].pair = pair;
		err = post_receive(pair, slot);
	}
	return err;
}

static int pair_new(struct rs_datagrams *datagrams, const struct sockaddr_storage *address,
		    struct rs_pair **created)
{
	struct rs_pair *pair = calloc(1, sizeof(*pair));
	int err;

	if (!pair)
		return ENOMEM;
	pair->address = *address;
	rs_datagram_header_pack(&pair->header, address);
	err = bind_id(datagrams, pair);
	if (!err)
		err = measure(datagrams, pair);
	if (!err)
		err = make_queues(datagrams, pair);
	/* In the domain that the queue pair has got. */
	if (!err)
		err = make_slots(pair);
	if (!err)
		err = fill(pair);
	if (err) {
		pair_free(pair);
		return err;
	}
	list_append(&datagrams->pairs, &pair->link);
	*created = pair;
	return 0;
}

int rs_pair_for(struct rs_datagrams *datagrams, const struct sockaddr_storage *destination,
		struct rs_pair **pair)
{
	struct sockaddr_storage own = datagrams->own;
	int err = rs_address_is_any(&own) ? own_address(destination, &own) : 0;

	if (err)
		return err;
	*rs_port_of(&own) = *rs_port_of(&datagrams->own);
	list_for_each (node, &datagrams->pairs) {
		*pair = list_entry(node, struct rs_pair, link);
		if (rs_same_address(&(*pair)->address, &own))
			return 0;
	}
	return pair_new(datagrams, &own, pair);
}

int rs_pair_arm(struct rs_pair *pair)
{
	int err = pair->armed ? 0 : ibv_req_notify_cq(pair->cq, 0);

	pair->armed = !err;
	return err;
}

void rs_pair_take_event(struct rs_pair *pair)
{
	struct ibv_cq *cq;
	void *context;

	if (!pair->armed || ibv_get_cq_event(pair->completions, &cq, &context))
		return;
	ibv_ack_cq_events(cq, 1);
	pair->armed = false;
}

/* False: it is nobody's datagram, and the slot is free. */
static bool arrived(struct rs_datagrams *datagrams, struct rs_pair *pair, const struct ibv_wc *wc)
{
	uint32_t slot = (uint32_t)wc->wr_id;
	struct rs_datagram *datagram = &pair->arrivals[slot];
	struct rs_datagram_header header = {0};
	uint32_t length = wc->byte_len - RS_GRH_LENGTH;
	const uint8_t *data = receive_slot(pair, slot) + RS_GRH_LENGTH;
	size_t in_front;

	if (wc->byte_len < RS_GRH_LENGTH)
		return false;
	memcpy(&header, data, length < sizeof(header) ? length : sizeof(header));
	in_front = rs_datagram_header_check(&header, length, &datagram->from);
	if (!in_front || !rs_datagram_welcome(datagrams, &datagram->from))
		return false;
	datagram->data = data + in_front;
	datagram->length = length - (uint32_t)in_front;
	list_append(&datagrams->waiting, &datagram->link);
	datagrams->rs->arrivals++;
	return true;
}

/* A request that failed has stopped the send queue. */
static void send_ended(struct rs_pair *pair, const struct ibv_wc *wc)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_RTS, .cur_qp_state = IBV_QPS_SQE};

	pair->completed++;
	if (wc->status != IBV_WC_SUCCESS && wc->status != IBV_WC_WR_FLUSH_ERR)
		ibv_modify_qp(pair->id->qp, &attr, IBV_QP_STATE | IBV_QP_CUR_STATE);
}

void rs_pair_progress(struct rs_datagrams *datagrams, struct rs_pair *pair)
{
	struct ibv_wc wcs[RS_BATCH];
	bool any = false;
	int count;

	do {
		count = ibv_poll_cq(pair->cq, RS_BATCH, wcs);
		for (int i = 0; i < count; i++) {
			if (wcs[i].wr_id >> RS_REQUEST_SHIFT != RS_REQUEST_RECEIVE)
				send_ended(pair, &wcs[i]);
			else if (wcs[i].status == IBV_WC_SUCCESS &&
				 !arrived(datagrams, pair, &wcs[i]))
				post_receive(pair, (uint32_t)wcs[i].wr_id);
		}
		any |= count > 0;
	} while (count == RS_BATCH);
	if (any)
		rs_wake(datagrams->rs);
}

bool rs_pair_may_send(const struct rs_pair *pair)
{
	return pair->sent - pair->completed < pair->sends;
}

int rs_pair_send(struct rs_pair *pair, const struct rs_peer *peer, const struct iovec *iov,
		 int count, size_t length)
{
	uint8_t *slot = send_slot(pair, pair->sent % pair->sends);
	uint32_t whole = pair->header.length + (uint32_t)length;
	struct rs_cursor cursor = {.iov = iov, .count = count};
	struct ibv_sge sge = {.addr = (uintptr_t)slot, .length = whole, .lkey = pair->mr->lkey};
	struct ibv_send_wr *bad,
		request = {
			.wr_id = rs_request(RS_REQUEST_DATA, 0),
			.sg_list = &sge,
			.num_sge = 1,
			.opcode = IBV_WR_SEND,
			.send_flags = whole <= pair->max_inline ? IBV_SEND_INLINE : 0,
			.wr.ud = {.ah = peer->ah,
				  .remote_qpn = peer->qpn,
				  .remote_qkey = RDMA_UDP_QKEY},
		};
	int err;

	memcpy(slot, &pair->header, pair->header.length);
	rs_cursor_copy_out(&cursor, slot + pair->header.length, length);
	err = ibv_post_send(pair->id->qp, &request, &bad);
	if (!err)
		pair->sent++;
	return err;
}
