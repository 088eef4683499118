/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A ping-pong from the command line to the result; see session.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "exchange.h"
#include "limits.h"
#include "options.h"
#include "play.h"
#include "report.h"
#include "session.h"

struct pp_session {
	const struct pp_config *config;
	struct ibv_context *context;
	struct tool_port port;
	struct ibv_pd *plain_pd, *pd; /* the same, or pd is a parent domain above */
	struct pp_exchange exchange;
	struct pp_play play;
};

static const char *name_of(const struct pp_session *session)
{
	return ibv_get_device_name(session->context->device);
}

static int create_pd(struct pp_session *session)
{
	struct ibv_parent_domain_init_attr wish = {
		.comp_mask = IBV_PARENT_DOMAIN_INIT_ATTR_ALLOW_CC_UNPROTECTED_ALLOC,
	};

	session->plain_pd = ibv_alloc_pd(session->context);
	if (!session->plain_pd)
		return tool_error(errno, "cannot allocate a protection domain on %s",
				  name_of(session));
	session->pd = session->plain_pd;
	if (!session->config->unprotected)
		return 0;
	wish.pd = session->plain_pd;
	session->pd = ibv_alloc_parent_domain(session->context, &wish);
	if (!session->pd)
		return tool_error(errno,
				  "%s cannot share memory with the host "
				  "(--allow-cc-unprotected)",
				  name_of(session));
	return 0;
}

static enum pp_memory memory_kind(const struct pp_config *config)
{
	if (config->device_memory)
		return PP_MEMORY_DEVICE;
	if (config->unprotected)
		return PP_MEMORY_UNPROTECTED;
	if (config->implicit_odp)
		return PP_MEMORY_ON_DEMAND_IMPLICIT;
	return config->odp ? PP_MEMORY_ON_DEMAND : PP_MEMORY_PINNED;
}

static int create_buffer(struct pp_session *session)
{
	const struct pp_config *config = session->config;
	struct pp_play *play = &session->play;
	struct pp_buffer_options options = {
		.kind = memory_kind(config),
		.prefetch = config->prefetch,
		.odp_needs =
			IBV_ODP_SUPPORT_SEND |
			(config->shared_receives ? IBV_ODP_SUPPORT_SRQ_RECV : IBV_ODP_SUPPORT_RECV),
	};

	return pp_buffer_create(&play->buffer, session->pd,
				pp_play_lay_out(play, (uint32_t)config->rx_depth), &options);
}

static int create_srq(struct pp_session *session)
{
	struct ibv_srq_init_attr init = {
		.attr = {.max_wr = (uint32_t)session->config->rx_depth, .max_sge = 1},
	};

	if (!session->config->shared_receives)
		return 0;
	session->play.srq = ibv_create_srq(session->pd, &init);
	if (!session->play.srq)
		return tool_error(errno, "cannot create a shared receive queue of %ld on %s",
				  session->config->rx_depth, name_of(session));
	return 0;
}

/* A checking side draws 20 bits, because that is what address.h has room for. */
static int draw_psn(struct pp_address *address, bool numbered)
{
	uint32_t psn;

	if (getrandom(&psn, sizeof(psn), 0) != sizeof(psn))
		return tool_error(errno, "cannot draw a random PSN");
	address->psn = psn & (numbered ? 0xfffff : 0xffffff);
	address->numbered = numbered;
	return 0;
}

static int create_links(struct pp_session *session)
{
	const struct pp_config *config = session->config;
	struct pp_play *play = &session->play;
	struct pp_link_options options = {
		.type = config->transport,
		.cq = play->cq.cq,
		.srq = play->srq,
		.rx_depth = (uint32_t)config->rx_depth,
		.new_send = config->new_send,
	};
	int err = 0;

	play->links = calloc((size_t)config->links, sizeof(*play->links));
	if (!play->links)
		return tool_error(ENOMEM, "cannot allocate %ld queue pairs", config->links);
	for (uint32_t i = 0; i < play->link_count && !err; i++) {
		struct pp_link *link = &play->links[i];

		err = pp_link_create(link, session->pd, &options, &session->port);
		if (!err)
			err = draw_psn(&link->local, config->check);
	}
	return err;
}

static int open_port(struct pp_session *session)
{
	const struct pp_config *config = session->config;
	int err = tool_device_open(config->device, &session->context);

	if (!err)
		err = tool_port_query(session->context, config->ib_port, &session->port);
	if (!err)
		err = tool_port_choose_gid(session->context, config->gid_index, &session->port);
	if (!err)
		err = pp_limits_check_size(config, session->context, &session->port);
	return err ? err : pp_limits_check_depth(config, session->context);
}

/* Everything up to posted receives: after that the peer may be told where to send. */
static int set_up(struct pp_session *session)
{
	const struct pp_config *config = session->config;
	struct pp_cq_options cq = {.entries = config->rx_depth + config->links,
				   .events = config->events,
				   .timestamps = config->timestamps};
	int err = open_port(session);

	if (!err)
		err = create_pd(session);
	if (!err)
		err = create_srq(session);
	if (!err)
		err = create_buffer(session);
	if (!err)
		err = pp_cq_create(&session->play.cq, session->context, &cq);
	if (!err)
		err = create_links(session);
	return err ? err : pp_play_prepare(&session->play, (uint32_t)config->rx_depth);
}

static void print_addresses(const struct pp_play *play, enum pp_address_side side)
{
	char line[160];

	for (uint32_t i = 0; i < play->link_count; i++) {
		const struct pp_link *link = &play->links[i];

		pp_address_format(side == PP_ADDRESS_LOCAL ? &link->local : &link->remote, side,
				  line, sizeof(line));
		puts(line);
	}
}

static int connect_links(struct pp_session *session)
{
	struct pp_path path = {.port = &session->port,
			       .mtu = tool_mtu_from_bytes(session->config->mtu),
			       .sl = (uint8_t)session->config->sl};
	int err = 0;

	print_addresses(&session->play, PP_ADDRESS_REMOTE);
	for (uint32_t i = 0; i < session->play.link_count && !err; i++)
		err = pp_link_connect(&session->play.links[i], &path);
	return err;
}

/* As many as the program's kind exchanges; unused ones stay zero, as does the QP number in them. */
static uint32_t exchanged_count(const struct pp_session *session)
{
	return session->config->shared_receives ? PP_ADDRESSES_MANY : 1;
}

static int take_remote(struct pp_play *play, const struct pp_address *remote, uint32_t count)
{
	uint32_t used = 0;

	while (used < count && remote[used].qpn)
		used++;
	if (used != play->link_count)
		return tool_refuse("the peer has %u queue pairs and this side %u; both need the "
				   "same --num-qp",
				   used, play->link_count);
	for (uint32_t i = 0; i < play->link_count; i++)
		play->links[i].remote = remote[i];
	play->numbered = play->check && remote[0].numbered;
	return 0;
}

static int receive_addresses(struct pp_session *session)
{
	struct pp_address remote[PP_ADDRESSES_MANY];
	uint32_t count = exchanged_count(session);
	int err = pp_exchange_receive(&session->exchange, remote, count);

	return err ? err : take_remote(&session->play, remote, count);
}

static int send_addresses(struct pp_session *session)
{
	struct pp_address local[PP_ADDRESSES_MANY] = {0};
	struct pp_play *play = &session->play;

	for (uint32_t i = 0; i < play->link_count; i++)
		local[i] = play->links[i].local;
	return pp_exchange_send(&session->exchange, local, exchanged_count(session));
}

static int meet_server(struct pp_session *session)
{
	const struct pp_config *config = session->config;
	int err = pp_exchange_connect(&session->exchange, config->host, config->tcp_port);

	if (!err)
		err = send_addresses(session);
	if (!err)
		err = receive_addresses(session);
	if (!err)
		err = connect_links(session);
	return err ? err : pp_exchange_confirm(&session->exchange);
}

/* The queue pairs are connected before the client learns of them: it sends at once. */
static int meet_client(struct pp_session *session)
{
	int err = pp_exchange_accept(&session->exchange);

	if (!err)
		err = receive_addresses(session);
	if (!err)
		err = connect_links(session);
	if (!err)
		err = send_addresses(session);
	return err ? err : pp_exchange_await_confirmation(&session->exchange);
}

static int read_clock_mask(struct pp_session *session)
{
	struct ibv_device_attr_ex attr;
	int err = ibv_query_device_ex(session->context, NULL, &attr);

	if (err)
		return tool_error(err, "cannot query the clock of %s", name_of(session));
	session->play.ticks.mask = attr.completion_timestamp_mask;
	return 0;
}

static int play(struct pp_session *session)
{
	struct pp_result result;
	char text[256];
	int err = session->config->timestamps ? read_clock_mask(session) : 0;

	if (!err)
		err = pp_play_run(&session->play, &result);
	if (err)
		return err;
	pp_exchange_finish(&session->exchange);
	pp_result_format(&result, text, sizeof(text));
	fputs(text, stdout);
	if (session->config->timestamps) {
		pp_ticks_format(&session->play.ticks, text, sizeof(text));
		fputs(text, stdout);
	}
	return 0;
}

/* Goes on after a failure, so that as much as possible is given back; the first failure counts. */
static int tear_down(struct pp_session *session)
{
	struct pp_play *game = &session->play;
	int err = 0, failed;

	for (uint32_t i = 0; game->links && i < game->link_count; i++) {
		failed = pp_link_destroy(&game->links[i]);
		err = err ? err : failed;
	}
	free(game->links);
	pp_play_release(game);
	failed = game->srq ? ibv_destroy_srq(game->srq) : 0;
	if (failed)
		err = tool_error(failed, "cannot destroy the shared receive queue");
	failed = pp_cq_destroy(&game->cq);
	err = err ? err : failed;
	failed = pp_buffer_destroy(&game->buffer);
	err = err ? err : failed;
	if (session->pd && session->pd != session->plain_pd)
		ibv_dealloc_pd(session->pd);
	failed = session->plain_pd ? ibv_dealloc_pd(session->plain_pd) : 0;
	if (failed)
		err = tool_error(failed, "cannot deallocate the protection domain");
	if (session->context && ibv_close_device(session->context))
		err = tool_error(errno, "cannot close the device");
	pp_exchange_close(&session->exchange);
	return err;
}

static int run(const struct pp_config *config)
{
	struct pp_session session = {
		.config = config,
		.exchange = PP_EXCHANGE_CLOSED,
		.play =
			{
				.link_count = (uint32_t)config->links,
				.header_room = config->transport == IBV_QPT_UD ? PP_GRH_ROOM : 0,
				.message_size = (size_t)config->size,
				.iterations = config->iterations,
				.server = !config->host,
				.check = config->check,
				.timestamps = config->timestamps,
			},
	};
	int err = 0, failed;

	/* Early, so that a client finds a listener while the queue pairs are still being made. */
	if (!config->host)
		err = pp_exchange_listen(&session.exchange, config->tcp_port);
	if (!err)
		err = set_up(&session);
	if (!err) {
		print_addresses(&session.play, PP_ADDRESS_LOCAL);
		err = config->host ? meet_server(&session) : meet_client(&session);
	}
	if (!err)
		err = play(&session);
	failed = tear_down(&session);
	return err ? err : failed;
}

int pp_session_main(int argc, char **argv, struct tool_usage *usage, struct pp_config *config)
{
	tool_lines();
	usage->operand = "HOST";
	usage->operand_target = &config->host;
	switch (tool_options_parse(argc, argv, usage)) {
	case TOOL_OPTIONS_HELP:
		return EXIT_SUCCESS;
	case TOOL_OPTIONS_BAD:
		return EXIT_FAILURE;
	case TOOL_OPTIONS_RUN:
		break;
	}
	if (pp_limits_check_config(config) || run(config))
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
