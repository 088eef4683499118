/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From service ids to datagram queue pairs: one question, one answer. Both name the id of who asks;
 * who answers has none that is ever sent. Source: IBTA vol. 1, 12.11.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/cm/internal.h"
#include "util/clock.h"

/* For so long the same question gets the same answer. */
static const uint64_t LINGER_NS = 5 * NS_PER_S;

struct cm_sidr {
	struct exchange exchange;
	cm_sidr_fn *fn;
	void *arg;
	bool active; /* this end asks */
	bool done;   /* the question has got its answer, or none */
	bool destroyed;
	uint64_t service_id;
	struct mad_source source; /* of the question */
};

static struct cm_sidr *to_sidr(struct exchange *exchange)
{
	return list_entry(exchange, struct cm_sidr, exchange);
}

static struct cm_sidr *create(struct cm *cm, bool active, uint64_t service_id)
{
	struct cm_sidr *sidr = calloc(1, sizeof(*sidr));

	if (!sidr)
		return NULL;
	exchange_begin(cm, &sidr->exchange, EXCHANGE_SIDR);
	sidr->active = active;
	sidr->service_id = service_id;
	return sidr;
}

void sidr_free(struct exchange *exchange)
{
	exchange_end(exchange);
	free(to_sidr(exchange));
}

/* ---- who asks ---- */

static void finish(struct cm_sidr *sidr, enum cm_event_type type, const struct cm_message *message,
		   const struct mad_source *source)
{
	struct cm_event event = {.type = type, .message = message};
	struct cm_source shown;

	if (source) {
		shown = agent_source(source);
		event.source = &shown;
	}
	exchange_stop(&sidr->exchange);
	sidr->done = true;
	sidr->fn(sidr, sidr->arg, &event);
}

static void unanswered(struct exchange *exchange)
{
	finish(to_sidr(exchange), CM_EVENT_SIDR_UNREACHABLE, NULL, NULL);
}

int cm_sidr_request(struct cm *cm, const struct cm_path *path, const struct cm_sidr_req *request,
		    uint32_t timeout_ms, uint8_t max_retries, const struct cm_private *private,
		    cm_sidr_fn *fn, void *arg, struct cm_sidr **created)
{
	struct cm_message message = {.type = CM_MESSAGE_SIDR_REQ, .sidr_req = *request};
	struct cm_sidr *sidr;
	struct route route;
	int error = private_fill(&message, private);

	if (!error)
		error = agent_route_along(cm, path, &route);
	if (error)
		return error;
	sidr = create(cm, true, request->service_id);
	if (!sidr)
		return ENOMEM;
	sidr->exchange.route = route;
	sidr->fn = fn;
	sidr->arg = arg;
	exchange_repeat(&sidr->exchange, &message, timeout_ms * NS_PER_MS, max_retries, unanswered);
	*created = sidr;
	return 0;
}

void receive_sidr_rep(struct cm *cm, const struct cm_message *message,
		      const struct mad_source *source)
{
	struct exchange *exchange = exchange_find(cm, EXCHANGE_SIDR, message->local_id);
	struct cm_sidr *sidr = exchange ? to_sidr(exchange) : NULL;

	if (!sidr || !sidr->active)
		agent_stray(cm, message, "nobody has asked");
	else if (sidr->done)
		cm->counters.duplicates[CM_MESSAGE_SIDR_REP]++;
	else
		finish(sidr, CM_EVENT_SIDR_RESPONSE, message, source);
}

/* ---- who is asked ---- */

static bool is_same_source(const struct mad_source *a, const struct mad_source *b)
{
	return a->lid == b->lid && a->has_header == b->has_header &&
	       (!a->has_header || !memcmp(a->header.sgid, b->header.sgid, sizeof(a->header.sgid)));
}

/* The same question, asked before. */
static struct cm_sidr *find_asked(struct cm *cm, const struct cm_message *message,
				  const struct mad_source *source)
{
	table_for_each(link, &cm->by_remote, message->local_id)
	{
		struct exchange *exchange = table_entry(link, struct exchange, by_remote);

		if (exchange->kind == EXCHANGE_SIDR &&
		    exchange->transaction_id == message->transaction_id &&
		    is_same_source(&to_sidr(exchange)->source, source))
			return to_sidr(exchange);
	}
	return NULL;
}

static void refuse(struct cm *cm, const struct cm_message *question,
		   const struct mad_source *source, enum cm_sidr_status status)
{
	const struct cm_message message = {
		.type = CM_MESSAGE_SIDR_REP,
		.transaction_id = question->transaction_id,
		.local_id = question->local_id,
		.sidr_rep = {.service_id = question->sidr_req.service_id, .status = status},
	};

	agent_answer(cm, source, &message);
}

static void take(struct cm *cm, struct cm_listener *listener, const struct cm_message *message,
		 const struct mad_source *source)
{
	struct cm_sidr *sidr = create(cm, false, message->sidr_req.service_id);
	const struct cm_source shown = agent_source(source);
	const struct cm_event event = {
		.type = CM_EVENT_SIDR_REQUEST, .message = message, .source = &shown};

	if (!sidr) {
		refuse(cm, message, source, CM_SIDR_REJECTED);
		return;
	}
	sidr->source = *source;
	sidr->exchange.transaction_id = message->transaction_id;
	agent_route_back(cm, source, &sidr->exchange.route);
	exchange_set_remote(&sidr->exchange, message->local_id);
	listener->ops->sidr_request(listener, listener->arg, sidr, &event);
}

void receive_sidr_req(struct cm *cm, const struct cm_message *message,
		      const struct mad_source *source)
{
	struct cm_sidr *sidr = find_asked(cm, message, source);
	struct cm_listener *listener;

	if (sidr) {
		cm->counters.duplicates[CM_MESSAGE_SIDR_REQ]++;
		if (sidr->done)
			exchange_resend(&sidr->exchange);
		return;
	}
	listener = listener_find(cm, message->sidr_req.service_id);
	if (listener && listener->ops->sidr_request)
		take(cm, listener, message, source);
	else
		refuse(cm, message, source, CM_SIDR_UNSUPPORTED);
}

static void end_lingering(struct exchange *exchange)
{
	struct cm_sidr *sidr = to_sidr(exchange);

	if (sidr->destroyed)
		sidr_free(exchange);
	else
		table_remove(&exchange->cm->by_remote, &exchange->by_remote);
}

int cm_sidr_reply(struct cm_sidr *sidr, const struct cm_sidr_rep *reply, const struct cm_ece *ece,
		  const struct cm_private *private)
{
	struct cm_message message = {.type = CM_MESSAGE_SIDR_REP, .sidr_rep = *reply};

	if (sidr->active || sidr->done || reply->qpn > CM_MAX_24_BITS ||
	    reply->information_length > CM_INFORMATION || private_fill(&message, private))
		return EINVAL;
	message.sidr_rep.service_id = sidr->service_id;
	if (ece)
		message.ece = *ece;
	sidr->done = true;
	exchange_send(&sidr->exchange, &message);
	exchange_wait(&sidr->exchange, LINGER_NS, end_lingering);
	return 0;
}

void cm_sidr_destroy(struct cm_sidr *sidr)
{
	const struct cm_sidr_rep rejection = {.status = CM_SIDR_REJECTED};

	sidr->destroyed = true;
	if (!sidr->active && !sidr->done)
		cm_sidr_reply(sidr, &rejection, NULL, NULL);
	if (sidr->active || !list_linked(&sidr->exchange.timer))
		sidr_free(&sidr->exchange);
}

void cm_sidr_forget(struct cm_sidr *sidr)
{
	sidr_free(&sidr->exchange);
}
