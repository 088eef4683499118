/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ibv_xsrq_pingpong: messages over extended reliable connections. The server begins, and has a
 * ping-pong with each of its clients at the same time; all receives come from one SRQ.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/completion.h"
#include "common/limits.h"
#include "common/options.h"
#include "common/report.h"
#include "common/result.h"
#include "xsrq_link.h"

enum { RECEIVE, SEND, BATCH = 16, CLIENTS_MAX = 256 };

struct game {
	struct ibv_context *context;
	struct tool_port port;
	struct xsrq_place place;
	struct ibv_srq *srq;
	struct pp_cq cq;
	struct pp_buffer buffer;
	struct pp_exchange listener;
	struct xsrq_link *links;
	long done; /* links that have nothing left to do */
};

static struct pp_config config = {
	.transport = IBV_QPT_XRC_SEND,
	.shared_receives = true,
	.tcp_port = 18515,
	.ib_port = 1,
	.size = 4096,
	.mtu = 1024,
	.iterations = 5,
	.gid_index = -1,
	.links = 1,
};

static const struct tool_option options[] = {
	{'p', "port", "PORT", "TCP port of the exchange", TOOL_NUMBER, &config.tcp_port, 1, 65535},
	{'d', "ib-dev", "DEV", "use device DEV (default: the first)", TOOL_TEXT, &config.device, 0,
	 0},
	{'i', "ib-port", "N", "use port N of the device", TOOL_NUMBER, &config.ib_port, 1, 255},
	{'s', "size", "BYTES", "message length", TOOL_NUMBER, &config.size, 1, 0x7fffffff},
	PP_MTU_OPTION(config),
	{'c', "clients", "N", "clients that a server waits for", TOOL_NUMBER, &config.links, 1,
	 CLIENTS_MAX},
	{'n', "num_tests", "N", "exchanges with each client", TOOL_NUMBER, &config.iterations, 1,
	 0x7fffffff},
	{'l', "sl", "SL", "service level of the packets", TOOL_NUMBER, &config.sl, 0, 15},
	{'e', "events", NULL, "sleep until completion events (default: poll)", TOOL_FLAG,
	 &config.events, 0, 0},
	PP_ODP_OPTION(config),
	{'g', "gid-idx", "N", "address by GID, with local GID N (RoCE: needed)", TOOL_NUMBER,
	 &config.gid_index, 0, 255},
	{0},
};

/* ---- the game ---- */

static int post_receive(struct game *game)
{
	struct ibv_sge sge = {.addr = pp_buffer_address(&game->buffer, 0),
			      .length = (uint32_t)config.size,
			      .lkey = game->buffer.mr->lkey};
	struct ibv_recv_wr wr = {.wr_id = RECEIVE, .sg_list = &sge, .num_sge = 1}, *bad;
	int err = ibv_post_srq_recv(game->srq, &wr, &bad);

	return err ? tool_error(err, "cannot post a receive") : 0;
}

static int send_message(struct game *game, struct xsrq_link *link)
{
	struct ibv_sge sge = {.addr = pp_buffer_address(&game->buffer, 0),
			      .length = (uint32_t)config.size,
			      .lkey = game->buffer.mr->lkey};
	struct ibv_send_wr wr = {
		.wr_id = SEND,
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = IBV_WR_SEND,
		.qp_type.xrc.remote_srqn = link->remote.srqn,
	};
	struct ibv_send_wr *bad;
	int err = ibv_post_send(link->sender, &wr, &bad);

	return err ? tool_error(err, "cannot post a send") : 0;
}

static struct xsrq_link *find_link(struct game *game, const struct pp_completion *completion)
{
	for (long i = 0; i < config.links; i++) {
		struct xsrq_link *link = &game->links[i];
		struct ibv_qp *qp = completion->wr_id == SEND ? link->sender : link->receiver;

		if (qp->qp_num == completion->qpn)
			return link;
	}
	return NULL;
}

/* A server's message goes out when the answer to the one before is there, a client's answers. */
static int take(struct game *game, const struct pp_completion *completion)
{
	struct xsrq_link *link = find_link(game, completion);
	int err = 0;

	if (!link)
		return tool_error(EPROTO, "a completion of queue pair 0x%06x, which there is not",
				  completion->qpn);
	if (completion->wr_id == RECEIVE) {
		link->received++;
		err = post_receive(game);
		if (!err && (config.host || link->received < config.iterations))
			err = send_message(game, link);
	} else {
		link->sent++;
	}
	if (link->sent == config.iterations && link->received == config.iterations)
		game->done++;
	return err;
}

static int play(struct game *game)
{
	struct pp_completion completions[BATCH];
	int err = 0;

	for (long i = 0; !config.host && i < config.links && !err; i++)
		err = send_message(game, &game->links[i]);
	while (!err && game->done < config.links) {
		int count = 0;

		err = pp_cq_wait(&game->cq, completions, BATCH, &count);
		for (int i = 0; i < count && !err; i++)
			err = take(game, &completions[i]);
	}
	return err;
}

/* ---- meeting ---- */

static int introduce(struct game *game, struct xsrq_link *link)
{
	int err = xsrq_link_create(link, &game->place);

	if (err)
		return err;
	xsrq_address_print(&link->local, PP_ADDRESS_LOCAL);
	/* The client first; a server is ready when its client learns where it is. */
	if (config.host)
		err = xsrq_address_send(&link->exchange, &link->local);
	if (!err)
		err = xsrq_address_receive(&link->exchange, &link->remote);
	if (err)
		return err;
	xsrq_address_print(&link->remote, PP_ADDRESS_REMOTE);
	err = xsrq_link_connect(link, &game->place);
	if (!err && !config.host)
		err = xsrq_address_send(&link->exchange, &link->local);
	return err;
}

/* The exchange of a link closes its listener when it has its peer. */
static int meet(struct game *game)
{
	int err = 0;

	for (long i = 0; i < config.links && !err; i++) {
		struct pp_exchange *exchange = &game->links[i].exchange;

		if (config.host) {
			err = pp_exchange_connect(exchange, config.host, config.tcp_port);
		} else {
			exchange->listener = dup(game->listener.listener);
			err = exchange->listener < 0 ? tool_error(errno, "cannot listen on")
						     : pp_exchange_accept(exchange);
		}
		if (!err)
			err = introduce(game, &game->links[i]);
	}
	return err;
}

static int part(struct game *game)
{
	int err = 0;

	for (long i = 0; i < config.links && !err; i++) {
		struct pp_exchange *exchange = &game->links[i].exchange;

		err = config.host ? xsrq_end_send(exchange) : xsrq_end_receive(exchange);
	}
	for (long i = 0; i < config.links && !err; i++) {
		struct pp_exchange *exchange = &game->links[i].exchange;

		err = config.host ? xsrq_end_receive(exchange) : xsrq_end_send(exchange);
	}
	return err;
}

/* ---- setting up and taking down ---- */

static int create_domain(struct game *game)
{
	struct ibv_xrcd_init_attr domain = {
		.comp_mask = IBV_XRCD_INIT_ATTR_FD | IBV_XRCD_INIT_ATTR_OFLAGS,
		.fd = -1,
		.oflags = O_CREAT,
	};
	struct ibv_srq_init_attr_ex srq = {
		.attr = {.max_wr = (uint32_t)config.rx_depth, .max_sge = 1},
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_XRCD |
			     IBV_SRQ_INIT_ATTR_CQ | IBV_SRQ_INIT_ATTR_PD,
		.srq_type = IBV_SRQT_XRC,
		.pd = game->place.pd,
		.cq = game->cq.cq,
	};
	int err;

	game->place.xrcd = ibv_open_xrcd(game->context, &domain);
	if (!game->place.xrcd)
		return tool_error(errno, "%s has no domains of extended reliable connections",
				  ibv_get_device_name(game->context->device));
	srq.xrcd = game->place.xrcd;
	game->srq = ibv_create_srq_ex(game->context, &srq);
	if (!game->srq)
		return tool_error(errno, "cannot create a shared receive queue of the domain");
	err = ibv_get_srq_num(game->srq, &game->place.srqn);
	return err ? tool_error(err, "cannot learn the number of the shared receive queue") : 0;
}

static int open_device(struct game *game)
{
	int err = tool_device_open(config.device, &game->context);

	if (!err)
		err = tool_port_query(game->context, config.ib_port, &game->port);
	if (!err)
		err = tool_port_choose_gid(game->context, config.gid_index, &game->port);
	if (!err)
		err = pp_limits_check_size(&config, game->context, &game->port);
	if (!err)
		err = pp_limits_check_depth(&config, game->context);
	return err;
}

static int set_up(struct game *game)
{
	struct pp_buffer_options memory = {
		.kind = config.odp ? PP_MEMORY_ON_DEMAND : PP_MEMORY_PINNED,
		.odp_needs = IBV_ODP_SUPPORT_SEND | IBV_ODP_SUPPORT_SRQ_RECV,
	};
	struct pp_cq_options cq = {.entries = config.rx_depth + config.links,
				   .events = config.events};
	int err = open_device(game);

	if (err)
		return err;
	game->place.path =
		(struct pp_path){&game->port, tool_mtu_from_bytes(config.mtu), (uint8_t)config.sl};
	game->place.pd = ibv_alloc_pd(game->context);
	if (!game->place.pd)
		return tool_error(errno, "cannot allocate a protection domain");
	err = pp_buffer_create(&game->buffer, game->place.pd, (size_t)config.size, &memory);
	if (!err)
		err = pp_cq_create(&game->cq, game->context, &cq);
	game->place.cq = game->cq.cq;
	if (!err)
		err = create_domain(game);
	for (long i = 0; i < config.rx_depth && !err; i++)
		err = post_receive(game);
	return err;
}

/* Goes on after a failure, so that as much as possible is given back; the first failure counts. */
static int tear_down(struct game *game)
{
	int err = 0, failed;

	for (long i = 0; i < config.links; i++) {
		failed = xsrq_link_destroy(&game->links[i]);
		err = err ? err : failed;
	}
	failed = game->srq ? ibv_destroy_srq(game->srq) : 0;
	if (failed)
		err = tool_error(failed, "cannot destroy the shared receive queue");
	failed = game->place.xrcd ? ibv_close_xrcd(game->place.xrcd) : 0;
	if (failed)
		err = tool_error(failed, "cannot close the domain");
	failed = pp_cq_destroy(&game->cq);
	err = err ? err : failed;
	failed = pp_buffer_destroy(&game->buffer);
	err = err ? err : failed;
	failed = game->place.pd ? ibv_dealloc_pd(game->place.pd) : 0;
	if (failed)
		err = tool_error(failed, "cannot deallocate the protection domain");
	if (game->context && ibv_close_device(game->context))
		err = tool_error(errno, "cannot close the device");
	pp_exchange_close(&game->listener);
	return err;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int play_and_tell(struct game *game)
{
	struct pp_result result = {.iterations = (uint64_t)(config.iterations * config.links)};
	double start = now();
	char text[256];
	int err = play(game);

	result.seconds = now() - start;
	result.bytes = 2 * result.iterations * (uint64_t)config.size;
	if (!err)
		err = part(game);
	if (err)
		return err;
	pp_result_format(&result, text, sizeof(text));
	fputs(text, stdout);
	return 0;
}

static int run(void)
{
	struct game game = {.listener = PP_EXCHANGE_CLOSED};
	int err = 0, failed;

	game.links = calloc((size_t)config.links, sizeof(*game.links));
	if (!game.links)
		return tool_error(ENOMEM, "no memory for %ld clients", config.links);
	for (long i = 0; i < config.links; i++)
		game.links[i].exchange = PP_EXCHANGE_CLOSED;
	/* Early, so that a client finds a listener while the queues are still being made. */
	if (!config.host)
		err = pp_exchange_listen(&game.listener, config.tcp_port);
	if (!err)
		err = set_up(&game);
	if (!err)
		err = meet(&game);
	if (!err)
		err = play_and_tell(&game);
	failed = tear_down(&game);
	free(game.links);
	return err ? err : failed;
}

int main(int argc, char **argv)
{
	struct tool_usage usage = {
		.purpose =
			"Without HOST, waits for clients; with it, exchanges messages with the\n"
			"server there over extended reliable connections (XRC), whose receives\n"
			"come from a shared receive queue that each message names, and shows the\n"
			"speed.",
		.options = options,
		.operand = "HOST",
		.operand_target = &config.host,
	};

	tool_lines();
	switch (tool_options_parse(argc, argv, &usage)) {
	case TOOL_OPTIONS_HELP:
		return EXIT_SUCCESS;
	case TOOL_OPTIONS_BAD:
		return EXIT_FAILURE;
	case TOOL_OPTIONS_RUN:
		break;
	}
	if (config.host)
		config.links = 1;
	config.rx_depth = 2 * config.links;
	return pp_limits_check_config(&config) || run() ? EXIT_FAILURE : EXIT_SUCCESS;
}
