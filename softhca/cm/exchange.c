/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages that are repeated, and other timers.
 *
 * The times that peers give each other are for wires and slow kernels. Here a message arrives at
 * once or is lost, so it is looked after early: within the first try it is sent again at growing
 * intervals, without a retry being counted. The receiver knows a duplicate when it sees one.
 */
#include "softhca/cm/internal.h"
#include "util/clock.h"

/* The first interval, each later one is twice as long. */
static const uint64_t FIRST_PROBE_NS = 10 * NS_PER_MS;
/* The same once the peer has asked for more time. */
static const uint64_t EXTENDED_PROBE_NS = 200 * NS_PER_MS;
/* How long a request waits for somebody to listen. */
static const uint64_t PATIENCE_NS = 50 * NS_PER_MS;
/* When to try again after a ring was full, or nobody listened. */
static const uint64_t AGAIN_NS = 1 * NS_PER_MS;
/* Deadlines are rounded up to this, so that many are looked after together. */
static const uint64_t GRAIN_NS = 500 * NS_PER_US;

/* ---- ids ---- */

static uint32_t new_id(struct cm *cm)
{
	unsigned int self = fabric_self(cm->hca->engine->fabric);
	uint32_t id;

	do
		id = agent_id(self, cm->next_serial++);
	while (exchange_find(cm, EXCHANGE_CONNECTION, id) || exchange_find(cm, EXCHANGE_SIDR, id));
	return id;
}

void exchange_begin(struct cm *cm, struct exchange *exchange, enum exchange_kind kind)
{
	exchange->cm = cm;
	exchange->kind = kind;
	exchange->type = CM_MESSAGE_TYPES;
	exchange->id = new_id(cm);
	exchange->transaction_id = cm->next_transaction++;
	table_insert(&cm->by_id, exchange->id, &exchange->by_id);
	list_append(&cm->exchanges, &exchange->link);
	list_init(&exchange->timer);
}

void exchange_end(struct exchange *exchange)
{
	table_remove(&exchange->cm->by_id, &exchange->by_id);
	table_remove(&exchange->cm->by_remote, &exchange->by_remote);
	list_remove(&exchange->link);
	list_remove(&exchange->timer);
}

struct exchange *exchange_find(struct cm *cm, enum exchange_kind kind, uint32_t id)
{
	table_for_each(link, &cm->by_id, id)
	{
		struct exchange *exchange = table_entry(link, struct exchange, by_id);

		if (exchange->kind == kind)
			return exchange;
	}
	return NULL;
}

void exchange_set_remote(struct exchange *exchange, uint32_t remote_id)
{
	table_remove(&exchange->cm->by_remote, &exchange->by_remote);
	exchange->remote_id = remote_id;
	table_insert(&exchange->cm->by_remote, remote_id, &exchange->by_remote);
}

/* ---- time ---- */

static void set_deadline(struct exchange *exchange, uint64_t deadline_ns)
{
	struct engine *engine = exchange->cm->hca->engine;

	exchange->deadline_ns = (deadline_ns + GRAIN_NS - 1) / GRAIN_NS * GRAIN_NS;
	if (!list_linked(&exchange->timer))
		list_append(&exchange->cm->timers, &exchange->timer);
	if (exchange->deadline_ns < engine->next_timer_ns)
		engine->next_timer_ns = exchange->deadline_ns;
}

/*
 * Programs count on the time that a request takes on its way through subnets and kernels: they tell
 * their peer to connect and begin to listen then. Here it would be there before the listener is, so
 * it waits a little for one before it goes and gets its rejection.
 */
static bool is_early(struct exchange *exchange, uint64_t now_ns)
{
	return now_ns < exchange->patient_until_ns &&
	       agent_is_early(exchange->cm, &exchange->route, exchange->mad);
}

/* What the ring had no room for is tried again soon. */
static void send_and_wait(struct exchange *exchange, uint64_t now_ns)
{
	uint64_t left = exchange->try_end_ns - now_ns, pause = exchange->probe_ns;

	if (exchange->sent)
		exchange->cm->counters.retried[exchange->type]++;
	if (is_early(exchange, now_ns) ||
	    agent_send(exchange->cm, &exchange->route, exchange->mad)) {
		pause = AGAIN_NS;
	} else {
		exchange->sent = true;
		if (exchange->probe_ns < left)
			exchange->probe_ns *= 2;
	}
	set_deadline(exchange, now_ns + (pause < left ? pause : left));
}

void exchange_stop(struct exchange *exchange)
{
	exchange->repeating = false;
	list_remove(&exchange->timer);
}

void exchange_wait(struct exchange *exchange, uint64_t ns, expired_fn *expired)
{
	exchange->repeating = false;
	exchange->expired = expired;
	set_deadline(exchange, clock_ns() + ns);
}

/* Copies go on being sent, since the answer to come may be one that is said only once. */
bool exchange_extend(struct exchange *exchange, uint64_t ns)
{
	uint64_t now = clock_ns();

	if (exchange->extended)
		return false;
	exchange->extended = true;
	exchange->probe_ns = EXTENDED_PROBE_NS;
	exchange->try_end_ns = now + ns;
	set_deadline(exchange, now + (ns < EXTENDED_PROBE_NS ? ns : EXTENDED_PROBE_NS));
	return true;
}

/* ---- messages ---- */

static void encode(struct exchange *exchange, struct cm_message *message)
{
	message->transaction_id = exchange->transaction_id;
	message->remote_id = exchange->remote_id;
	/* A question's id is that of who asks, in the answer as well. */
	message->local_id =
		message->type == CM_MESSAGE_SIDR_REP ? exchange->remote_id : exchange->id;
	cm_message_encode(message, exchange->mad);
	exchange->type = message->type;
}

void exchange_renew(struct exchange *exchange)
{
	exchange->transaction_id = exchange->cm->next_transaction++;
}

void exchange_send(struct exchange *exchange, struct cm_message *message)
{
	exchange_stop(exchange);
	encode(exchange, message);
	agent_send(exchange->cm, &exchange->route, exchange->mad);
}

void exchange_resend(struct exchange *exchange)
{
	exchange->cm->counters.retried[exchange->type]++;
	agent_send(exchange->cm, &exchange->route, exchange->mad);
}

void exchange_repeat(struct exchange *exchange, struct cm_message *message, uint64_t try_ns,
		     uint8_t retries, expired_fn *expired)
{
	uint64_t now = clock_ns();

	encode(exchange, message);
	exchange->repeating = true;
	exchange->sent = false;
	exchange->extended = false;
	exchange->retries_left = retries;
	exchange->try_ns = try_ns;
	exchange->try_end_ns = now + try_ns;
	exchange->patient_until_ns = now + PATIENCE_NS;
	exchange->probe_ns = FIRST_PROBE_NS;
	exchange->expired = expired;
	send_and_wait(exchange, now);
}

/* ---- what is due ---- */

static void end_wait(struct exchange *exchange)
{
	exchange->repeating = false;
	exchange->expired(exchange);
}

static void begin_try(struct exchange *exchange, uint64_t now_ns)
{
	exchange->retries_left--;
	exchange->extended = false;
	exchange->try_end_ns = now_ns + exchange->try_ns;
	exchange->probe_ns = UINT64_MAX;
}

static void expire(struct exchange *exchange, uint64_t now_ns)
{
	bool over = now_ns >= exchange->try_end_ns;

	list_remove(&exchange->timer);
	if (!exchange->repeating || (over && !exchange->retries_left)) {
		end_wait(exchange);
		return;
	}
	if (over)
		begin_try(exchange, now_ns);
	send_and_wait(exchange, now_ns);
}

/* Those that are due are set apart first: what they call back may begin and end others. */
static void take_due(struct cm *cm, struct list *due, uint64_t now_ns)
{
	list_for_each_safe (node, &cm->timers) {
		if (list_entry(node, struct exchange, timer)->deadline_ns > now_ns)
			continue;
		list_remove(node);
		list_append(due, node);
	}
}

void exchange_run_timers(struct cm *cm, uint64_t now_ns)
{
	struct engine *engine = cm->hca->engine;
	struct list due;

	list_init(&due);
	take_due(cm, &due, now_ns);
	while (!list_empty(&due))
		expire(list_entry(due.next, struct exchange, timer), now_ns);
	list_for_each (node, &cm->timers) {
		const struct exchange *exchange = list_entry(node, struct exchange, timer);

		if (exchange->deadline_ns < engine->next_timer_ns)
			engine->next_timer_ns = exchange->deadline_ns;
	}
}
