/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The server of rping: reads the client's text and writes it back. A connection has an event
 * channel of its own; with -P also a thread.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libibverbs/examples/common/report.h"
#include "rping.h"

struct server {
	struct cm_loop loop;
	struct rdma_cm_id *listener;
	struct rdma_cm_id *request; /* of the client that has just come */
	struct rdma_conn_param wish;
};

/* A client as its connection gets it. */
struct guest {
	struct rdma_cm_id *id;
	struct rdma_conn_param wish;
};

/* ---- pings ---- */

static int copy(struct rping_link *link, enum ibv_wr_opcode opcode, enum rping_work work)
{
	size_t size = be32toh(link->said.size);
	struct ibv_sge piece = {
		.addr = (uintptr_t)link->data, .length = (uint32_t)size, .lkey = link->mr->lkey};
	struct ibv_send_wr wr = {
		.wr_id = work,
		.sg_list = &piece,
		.num_sge = 1,
		.opcode = opcode,
		.send_flags = IBV_SEND_SIGNALED,
		.wr.rdma = {.remote_addr = be64toh(link->said.address),
			    .rkey = be32toh(link->said.key)},
	};
	int err;

	if (size > link->size)
		return tool_error(EMSGSIZE, "the client pings with %zu bytes, -S takes %zu", size,
				  link->size);
	err = cm_end_post_send(&link->end, &wr);
	if (!err)
		err = rping_link_await(link, work);
	if (!err)
		rping_debug("%s %zu bytes at %#llx, key %#x", work == RPING_READ ? "read" : "wrote",
			    size, (unsigned long long)be64toh(link->said.address),
			    be32toh(link->said.key));
	return err;
}

static int verify(const struct rping_link *link, char *expected, size_t size)
{
	rping_text(expected, size, link->number);
	if (!memcmp(link->data, expected, size))
		return 0;
	return tool_error(EIO, "ping %ld has come with other data", link->number);
}

static int look_at(const struct rping_link *link)
{
	size_t size = be32toh(link->said.size);
	char *expected;
	int err;

	if (rping_config.verbose)
		printf("server ping data: %.*s\n", (int)size, link->data);
	if (!rping_config.verify || !size)
		return 0;
	expected = malloc(size);
	err = expected ? verify(link, expected, size) : ENOMEM;
	free(expected);
	return err;
}

/*
 * A ping whose first message has come. A client that leaves when it has the last answer may do so
 * before we know that it has it.
 */
static int serve_ping(struct rping_link *link)
{
	static const struct rping_message done;
	int err = copy(link, IBV_WR_RDMA_READ, RPING_READ);

	if (!err)
		err = look_at(link);
	if (!err)
		err = rping_link_say(link, &done);
	if (!err)
		err = rping_link_await(link, RPING_RECEIVE);
	if (!err)
		err = copy(link, IBV_WR_RDMA_WRITE, RPING_WRITE);
	if (err)
		return err;
	err = rping_link_say(link, &done);
	return err == ENOTCONN ? 0 : err;
}

/* A client may leave between two pings. */
static int serve_all(struct rping_link *link)
{
	int err = 0;

	while (!err) {
		err = rping_link_await(link, RPING_RECEIVE);
		if (err == ENOTCONN)
			return 0;
		if (!err)
			err = serve_ping(link);
		link->number++;
	}
	if (err == ENOTCONN)
		tool_refuse("the client has left during ping %ld", link->number - 1);
	return err;
}

/* ---- a connection ---- */

static int handle_client(void *owner, struct rdma_cm_event *event)
{
	struct rping_link *link = owner;

	rping_debug("event: %s", rdma_event_str(event->event));
	switch (event->event) {
	case RDMA_CM_EVENT_ESTABLISHED:
		link->established = true;
		return 0;
	case RDMA_CM_EVENT_DISCONNECTED:
		fputs("server DISCONNECT EVENT...\n", stderr);
		link->end.gone = true;
		return 0;
	case RDMA_CM_EVENT_TIMEWAIT_EXIT:
		return 0;
	default:
		return cm_event_failed(event, rdma_get_peer_addr(event->id));
	}
}

/* With -q, what rdma_accept() does for queue pairs of the library. */
static int move(struct rping_link *link)
{
	int err = cm_end_move(&link->end, IBV_QPS_RTR);

	return err ? err : cm_end_move(&link->end, IBV_QPS_RTS);
}

static int accept_client(struct rping_link *link, const struct guest *guest)
{
	size_t size = rping_config.size ? (size_t)rping_config.size : RPING_SIZE_MAX;
	struct rdma_conn_param wish = guest->wish;
	int err = 0;

	if (rdma_migrate_id(guest->id, link->loop.channel))
		err = tool_error(errno, "cannot move an id to a channel of its own");
	link->end.id = guest->id;
	if (!err)
		err = rping_link_open(link, guest->id, size, 1);
	if (!err && rping_config.own_qp)
		err = move(link);
	if (err) {
		rdma_reject(guest->id, NULL, 0);
		return err;
	}
	wish.private_data_len = 0;
	wish.qp_num = link->end.qp->qp_num;
	if (rdma_accept(guest->id, rping_config.own_qp ? &wish : NULL))
		return tool_error(errno, "cannot accept a client");
	while (!err && !link->established && !link->end.gone)
		err = cm_loop_turn(&link->loop, -1, CM_PATIENCE_MS);
	if (err == ETIME)
		tool_refuse("the client does not complete the connection for %d s",
			    CM_PATIENCE_MS / 1000);
	return err;
}

static int serve_client(const struct guest *guest)
{
	struct rping_link link = {.loop = {.handle = handle_client, .owner = &link}};
	int err = cm_loop_open(&link.loop), failed;

	if (err) {
		rdma_destroy_id(guest->id);
		return err;
	}
	err = accept_client(&link, guest);
	if (!err)
		err = serve_all(&link);
	if (link.established)
		rping_link_part(&link);
	failed = rping_link_close(&link);
	cm_loop_close(&link.loop);
	return err ? err : failed;
}

/* ---- clients ---- */

static int handle_listener(void *owner, struct rdma_cm_event *event)
{
	struct server *server = owner;

	rping_debug("event: %s", rdma_event_str(event->event));
	if (event->event != RDMA_CM_EVENT_CONNECT_REQUEST)
		return cm_event_failed(event, NULL);
	server->request = event->id;
	server->wish = event->param.conn;
	server->wish.private_data = NULL;
	return 0;
}

static int await_client(struct server *server, struct guest *guest)
{
	int err = 0;

	server->request = NULL;
	while (!err && !server->request)
		err = cm_loop_turn(&server->loop, -1, CM_FOREVER);
	*guest = (struct guest){.id = server->request, .wish = server->wish};
	return err;
}

static void *serve_in_thread(void *argument)
{
	struct guest *guest = argument;

	serve_client(guest);
	free(guest);
	return NULL;
}

static int serve_aside(const struct guest *guest)
{
	struct guest *own = malloc(sizeof(*own));
	pthread_t thread;
	int err = own ? 0 : ENOMEM;

	if (!err) {
		*own = *guest;
		err = pthread_create(&thread, NULL, serve_in_thread, own);
	}
	if (!err)
		return pthread_detach(thread);
	free(own);
	rdma_reject(guest->id, NULL, 0);
	rdma_destroy_id(guest->id);
	tool_error(err, "cannot serve one more client");
	return 0;
}

static int serve(struct server *server)
{
	struct guest guest;
	int err;

	do {
		err = await_client(server, &guest);
		if (!err)
			err = rping_config.persistent ? serve_aside(&guest) : serve_client(&guest);
	} while (!err && rping_config.persistent);
	return err;
}

static int listen_at(struct server *server, struct sockaddr *address)
{
	char text[CM_ADDRESS_TEXT_SIZE];

	cm_address_format(address, text, sizeof(text));
	if (rdma_create_id(server->loop.channel, &server->listener, NULL, RDMA_PS_TCP))
		return tool_error(errno, "cannot create an id");
	if (rdma_bind_addr(server->listener, address))
		return tool_error(errno, "cannot bind to %s", text);
	if (rdma_listen(server->listener, 0))
		return tool_error(errno, "cannot listen at %s", text);
	rping_debug("listening at %s", text);
	return 0;
}

int rping_serve(void)
{
	const struct cm_place place = {.local = rping_config.address ? rping_config.address
								     : "0.0.0.0",
				       .port = rping_config.port,
				       .space = RDMA_PS_TCP};
	struct server server = {.loop = {.handle = handle_listener, .owner = &server}};
	struct rdma_addrinfo *found = NULL;
	int err = cm_address_find(&place, &found);

	if (!err)
		err = cm_loop_open(&server.loop);
	if (!err)
		err = listen_at(&server, found->ai_src_addr);
	if (!err)
		err = serve(&server);
	if (server.listener)
		rdma_destroy_id(server.listener);
	cm_loop_close(&server.loop);
	if (found)
		rdma_freeaddrinfo(found);
	return err;
}
