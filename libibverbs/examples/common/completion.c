/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waiting for completions; see completion.h. */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "completion.h"
#include "explain.h"
#include "report.h"

enum {
	POLL_BATCH = 16,
	EMPTY_POLLS_PER_CLOCK_READ = 1024,
	EVENTS_PER_ACKNOWLEDGEMENT = 64, /* each takes a lock */
};

static int create_extended(struct pp_cq *cq, struct ibv_context *context,
			   const struct pp_cq_options *options)
{
	const char *name = ibv_get_device_name(context->device);
	struct ibv_cq_init_attr_ex wish = {
		.cqe = (uint32_t)options->entries,
		.channel = cq->channel,
		.wc_flags = IBV_WC_EX_WITH_BYTE_LEN | IBV_WC_EX_WITH_QP_NUM |
			    IBV_WC_EX_WITH_COMPLETION_TIMESTAMP,
	};
	struct ibv_device_attr_ex attr;
	int err = ibv_query_device_ex(context, NULL, &attr);

	if (err)
		return tool_error(err, "cannot query the clock of %s", name);
	if (!attr.completion_timestamp_mask)
		return tool_error(EOPNOTSUPP, "%s does not stamp completions with a time (--ts)",
				  name);
	cq->extended = ibv_create_cq_ex(context, &wish);
	if (!cq->extended)
		return tool_error(errno, "cannot create a completion queue with timestamps on %s",
				  name);
	cq->cq = ibv_cq_ex_to_cq(cq->extended);
	return 0;
}

static int create_plain(struct pp_cq *cq, struct ibv_context *context,
			const struct pp_cq_options *options)
{
	cq->cq = ibv_create_cq(context, (int)options->entries, NULL, cq->channel, 0);
	if (!cq->cq)
		return tool_error(errno, "cannot create a completion queue of %ld entries on %s",
				  options->entries, ibv_get_device_name(context->device));
	return 0;
}

static int arm(struct pp_cq *cq)
{
	int err = ibv_req_notify_cq(cq->cq, 0);

	return err ? tool_error(err, "cannot ask for the next completion event") : 0;
}

int pp_cq_create(struct pp_cq *cq, struct ibv_context *context, const struct pp_cq_options *options)
{
	int err;

	*cq = (struct pp_cq){0};
	if (options->events) {
		cq->channel = ibv_create_comp_channel(context);
		if (!cq->channel)
			return tool_error(errno, "cannot create a completion channel on %s",
					  ibv_get_device_name(context->device));
	}
	err = options->timestamps ? create_extended(cq, context, options)
				  : create_plain(cq, context, options);
	if (!err && cq->channel)
		err = arm(cq);
	if (err)
		pp_cq_destroy(cq);
	return err;
}

static void acknowledge(struct pp_cq *cq)
{
	if (cq->unacknowledged)
		ibv_ack_cq_events(cq->cq, cq->unacknowledged);
	cq->unacknowledged = 0;
}

int pp_cq_destroy(struct pp_cq *cq)
{
	int err = 0;

	if (cq->cq) {
		acknowledge(cq);
		err = ibv_destroy_cq(cq->cq);
		if (err)
			return tool_error(err, "cannot destroy the completion queue");
	}
	if (cq->channel)
		err = ibv_destroy_comp_channel(cq->channel);
	if (err)
		return tool_error(err, "cannot destroy the completion channel");
	*cq = (struct pp_cq){0};
	return 0;
}

static int check_status(const struct ibv_wc *wc)
{
	char text[512];

	if (wc->status == IBV_WC_SUCCESS)
		return 0;
	tool_explain_wc(wc, text, sizeof(text));
	tool_refuse("%s", text);
	return EIO;
}

static int poll_plain(struct pp_cq *cq, struct pp_completion *completions, int max, int *count)
{
	struct ibv_wc wc[POLL_BATCH];
	int n = ibv_poll_cq(cq->cq, max < POLL_BATCH ? max : POLL_BATCH, wc);

	if (n < 0)
		return tool_refuse("cannot poll the completion queue");
	for (int i = 0; i < n; i++) {
		if (check_status(&wc[i]))
			return EIO;
		completions[i] = (struct pp_completion){
			.wr_id = wc[i].wr_id, .qpn = wc[i].qp_num, .byte_len = wc[i].byte_len};
	}
	*count = n;
	return 0;
}

static int read_extended(struct ibv_cq_ex *cq, struct pp_completion *completion)
{
	uint32_t qpn = ibv_wc_read_qp_num(cq);

	if (cq->status != IBV_WC_SUCCESS) {
		const struct ibv_wc wc = {.wr_id = cq->wr_id,
					  .status = cq->status,
					  .vendor_err = ibv_wc_read_vendor_err(cq),
					  .qp_num = qpn};

		return check_status(&wc);
	}
	*completion = (struct pp_completion){.wr_id = cq->wr_id,
					     .qpn = qpn,
					     .byte_len = ibv_wc_read_byte_len(cq),
					     .timestamp = ibv_wc_read_completion_ts(cq)};
	return 0;
}

static int poll_extended(struct pp_cq *cq, struct pp_completion *completions, int max, int *count)
{
	struct ibv_poll_cq_attr attr = {0};
	int failed = 0, err = ibv_start_poll(cq->extended, &attr);

	*count = 0;
	if (err == ENOENT)
		return 0;
	if (err)
		return tool_error(err, "cannot poll the completion queue");
	do {
		failed = read_extended(cq->extended, &completions[*count]);
		if (!failed)
			++*count;
	} while (!failed && *count < max && !(err = ibv_next_poll(cq->extended)));
	ibv_end_poll(cq->extended);
	if (failed)
		return failed;
	return err && err != ENOENT ? tool_error(err, "cannot poll the completion queue") : 0;
}

static int poll_once(struct pp_cq *cq, struct pp_completion *completions, int max, int *count)
{
	return cq->extended ? poll_extended(cq, completions, max, count)
			    : poll_plain(cq, completions, max, count);
}

static int silence(void)
{
	return tool_error(ETIMEDOUT,
			  "no completion for %d s: the peer has ended, or a message was lost",
			  PP_COMPLETION_PATIENCE_S);
}

static int wait_polling(struct pp_cq *cq, struct pp_completion *completions, int max, int *count)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &start);
	for (;;) {
		for (int i = 0; i < EMPTY_POLLS_PER_CLOCK_READ; i++) {
			int err = poll_once(cq, completions, max, count);

			if (err || *count)
				return err;
		}
		clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
		if (now.tv_sec - start.tv_sec > PP_COMPLETION_PATIENCE_S)
			return silence();
	}
}

static int take_event(struct pp_cq *cq)
{
	struct pollfd channel = {.fd = cq->channel->fd, .events = POLLIN};
	struct ibv_cq *from;
	void *cookie;
	int ready;

	do {
		ready = poll(&channel, 1, PP_COMPLETION_PATIENCE_S * 1000);
	} while (ready < 0 && errno == EINTR);
	if (!ready)
		return silence();
	if (ready < 0 || ibv_get_cq_event(cq->channel, &from, &cookie))
		return tool_error(errno, "cannot read a completion event");
	if (++cq->unacknowledged >= EVENTS_PER_ACKNOWLEDGEMENT)
		acknowledge(cq);
	return 0;
}

/* Sleeps only after a poll that came after arming found nothing; else an event could be missed. */
static int wait_sleeping(struct pp_cq *cq, struct pp_completion *completions, int max, int *count)
{
	int err = poll_once(cq, completions, max, count);

	while (!err && !*count) {
		err = take_event(cq);
		if (!err)
			err = arm(cq);
		if (!err)
			err = poll_once(cq, completions, max, count);
	}
	return err;
}

int pp_cq_wait(struct pp_cq *cq, struct pp_completion *completions, int max, int *count)
{
	*count = 0;
	return cq->channel ? wait_sleeping(cq, completions, max, count)
			   : wait_polling(cq, completions, max, count);
}
