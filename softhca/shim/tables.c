/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finds the function tables and patches them, under a mutex; what the patched calls look up
 * meanwhile is in wrapped.h.
 */
#include "softhca/shim/tables.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/uio.h>
#include <unistd.h>

#include "softhca/core/engine.h"
#include "softhca/shim/descriptor.h"
#include "softhca/shim/file.h"
#include "softhca/shim/kick.h"
#include "softhca/shim/wrapped.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
struct wrapped_context wrapped_contexts[MAX_WRAPPED_CONTEXTS];
struct originals wrapped_originals;

/*
 * Extended QPs modified lately. A provider may set the functions of its QPs anew after the modify
 * command (libmlx5 does), so they are patched once more at the next call of the program. Those that
 * find no room are driven by their doorbell records alone.
 */
static struct verbs_qp *refits[64];
_Atomic unsigned int wrapped_num_refits;

/* Reads memory that may not be there. */
static bool read_memory(uint64_t address, void *to, size_t length)
{
	struct iovec local = {to, length};
	struct iovec remote = {(void *)(uintptr_t)address, length};

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)length;
}

/* Functions of one provider lie in one object; anything else at that place is no function table. */
static bool same_object(const void *a, const void *b)
{
	Dl_info info_a, info_b;

	return a && b && dladdr(a, &info_a) && dladdr(b, &info_b) &&
	       info_a.dli_fbase == info_b.dli_fbase;
}

static struct wrapped_context *wrap_context(struct verbs_context_view *context, struct hca *hca)
{
	struct wrapped_context *wrapped = wrapped_find(context);

	if (wrapped && !wrapped->dead)
		return wrapped;
	/* In memory where a dead context was, there may be a new one by now. */
	if (!wrapped)
		wrapped = wrapped_find(NULL);
	if (!wrapped || context->poll_cq == kick_poll_cq)
		return NULL;
	wrapped->hca = hca;
	wrapped->poll_cq = context->poll_cq;
	wrapped->req_notify_cq = context->req_notify_cq;
	wrapped->post_send = context->post_send;
	wrapped->cmd_fd = context->cmd_fd;
	wrapped->dead = false;
	atomic_store_explicit(&wrapped->context, context, memory_order_release);
	__atomic_store_n(&context->poll_cq, kick_poll_cq, __ATOMIC_RELEASE);
	__atomic_store_n(&context->req_notify_cq, kick_req_notify_cq, __ATOMIC_RELEASE);
	__atomic_store_n(&context->post_send, kick_post_send, __ATOMIC_RELEASE);
	return wrapped;
}

static void wrap_extended_cq(const struct wrapped_context *wrapped, struct verbs_cq *cq)
{
	struct verbs_cq copy;

	if (!read_memory((uintptr_t)cq, &copy, sizeof(copy)) ||
	    copy.start_poll == kick_start_poll ||
	    !same_object((const void *)copy.start_poll, (const void *)wrapped->poll_cq) ||
	    !same_object(copy.next_poll, copy.end_poll))
		return;
	if (originals_add(&wrapped_originals, cq, (void *)copy.start_poll))
		__atomic_store_n(&cq->start_poll, kick_start_poll, __ATOMIC_RELEASE);
}

static void wrap_extended_qp(const struct wrapped_context *wrapped, struct verbs_qp *qp)
{
	struct verbs_qp copy;

	if (!read_memory((uintptr_t)qp, &copy, sizeof(copy)) ||
	    copy.wr_complete == kick_wr_complete ||
	    !same_object((const void *)copy.wr_complete, (const void *)wrapped->post_send) ||
	    !same_object(copy.wr_start, copy.wr_abort))
		return;
	if (originals_add(&wrapped_originals, qp, (void *)copy.wr_complete))
		__atomic_store_n(&qp->wr_complete, kick_wr_complete, __ATOMIC_RELEASE);
}

/* Sends through the extended calls are kicked again: the doorbell record needs no watching. */
static void unwatch(struct hca *hca, uint32_t qpn)
{
	struct qp *qp;

	engine_lock(hca->engine);
	qp = hca_find_qp(hca, qpn);
	if (qp)
		qp_unwatch(qp);
	engine_unlock(hca->engine);
}

/* Takes one off the list and patches it; false when there is none. */
static bool refit_one(struct hca **hca, uint32_t *qpn)
{
	const struct wrapped_context *wrapped;
	struct verbs_qp *qp;

	*hca = NULL;
	pthread_mutex_lock(&mutex);
	if (wrapped_num_refits == 0) {
		pthread_mutex_unlock(&mutex);
		return false;
	}
	qp = refits[--wrapped_num_refits];
	wrapped = wrapped_find(qp->context);
	if (wrapped) {
		wrap_extended_qp(wrapped, qp);
		*hca = qp->wr_complete == kick_wr_complete ? wrapped->hca : NULL;
		*qpn = qp->qp_num;
	}
	pthread_mutex_unlock(&mutex);
	return true;
}

void wrapped_refit_all(void)
{
	struct hca *hca;
	uint32_t qpn;

	while (refit_one(&hca, &qpn))
		if (hca)
			unwatch(hca, qpn);
}

/* A DC target is told its number with the change that follows. */
static bool is_number_good(uint32_t number, const struct qp *qp)
{
	return number == qp->qpn || (qp->type == QP_TYPE_DCT && !number);
}

/* A context that was imported speaks through a copy of the descriptor it was given. */
static bool speaks_through(const struct verbs_context_view *context, int cmd_fd)
{
	return context->cmd_fd == cmd_fd || descriptor_same(context->cmd_fd, cmd_fd);
}

/* The program's QP behind `user_handle`, if it is one and is this one. */
static struct verbs_qp *program_qp(uint64_t user_handle, int cmd_fd, const struct qp *qp)
{
	struct verbs_context_view context;
	struct verbs_qp copy;
	size_t plain = offsetof(struct verbs_qp, waiting);

	if (user_handle % sizeof(void *) || !read_memory(user_handle, &copy, plain) ||
	    !is_number_good(copy.qp_num, qp) || (uintptr_t)copy.context % sizeof(void *) ||
	    !read_memory((uintptr_t)copy.context, &context, sizeof(context)) ||
	    !speaks_through(&context, cmd_fd))
		return NULL;
	return (struct verbs_qp *)(uintptr_t)user_handle;
}

/* From now on every arming of the QP's CQs is seen as it happens. */
static void announce_armings(struct qp *qp)
{
	engine_lock(qp->hca->engine);
	if (qp->send_cq)
		qp->send_cq->arming_announced = true;
	if (qp->recv_cq)
		qp->recv_cq->arming_announced = true;
	engine_unlock(qp->hca->engine);
}

static void schedule_refit(struct verbs_qp *qp)
{
	for (unsigned int i = 0; i < wrapped_num_refits; i++)
		if (refits[i] == qp)
			return;
	if (wrapped_num_refits < sizeof(refits) / sizeof(refits[0]))
		refits[wrapped_num_refits++] = qp;
}

static void cancel_refit(const void *object)
{
	for (unsigned int i = 0; i < wrapped_num_refits; i++)
		if (refits[i] == object)
			refits[i--] = refits[--wrapped_num_refits];
}

bool tables_wrap(uint64_t user_handle, int cmd_fd, struct qp *qp)
{
	struct verbs_qp *program = program_qp(user_handle, cmd_fd, qp);
	const struct wrapped_context *wrapped = NULL;
	bool extended = false;

	if (!program)
		return false;
	pthread_mutex_lock(&mutex);
	wrapped = wrap_context(program->context, qp->hca);
	if (wrapped) {
		wrap_extended_cq(wrapped, program->send_cq);
		if (program->recv_cq != program->send_cq)
			wrap_extended_cq(wrapped, program->recv_cq);
		wrap_extended_qp(wrapped, program);
		extended = originals_find(&wrapped_originals, program) != NULL;
		if (extended)
			schedule_refit(program);
	}
	pthread_mutex_unlock(&mutex);
	if (wrapped)
		announce_armings(qp);
	return wrapped && !extended;
}

/* The program's context that has this descriptor, by one of its CQs. */
static struct verbs_context_extension *program_context(uint64_t cq_handle, int cmd_fd)
{
	struct verbs_context_extension copy;
	uintptr_t start;
	struct verbs_cq cq;

	if (cq_handle % sizeof(void *) ||
	    !read_memory(cq_handle, &cq, offsetof(struct verbs_cq, waiting)))
		return NULL;
	start = (uintptr_t)cq.context - offsetof(struct verbs_context_extension, context);
	if (start % sizeof(void *) || !read_memory(start, &copy, sizeof(copy)) ||
	    !speaks_through(&copy.context, cmd_fd) || copy.context.abi_compat != UINTPTR_MAX)
		return NULL;
	return (struct verbs_context_extension *)start;
}

static void wrap_clock(struct verbs_context_extension *context, struct device_clock *clock)
{
	verbs_query_clock_fn *original = context->query_rt_values;
	Dl_info info;

	if (original == kick_query_clock || !original || !dladdr((const void *)original, &info))
		return;
	if (originals_add(&wrapped_originals, &context->context, (void *)original)) {
		__atomic_store_n(&context->query_rt_values, kick_query_clock, __ATOMIC_RELEASE);
		clock->context = &context->context;
	}
}

void tables_wrap_clock(uint64_t user_handle, struct shim_file *file)
{
	struct verbs_context_extension *context = program_context(user_handle, file->fd);

	if (!context || !__atomic_load_n(&file->clock.timer, __ATOMIC_ACQUIRE))
		return;
	pthread_mutex_lock(&mutex);
	wrap_clock(context, &file->clock);
	pthread_mutex_unlock(&mutex);
}

void tables_forget_clock(struct device_clock *clock)
{
	pthread_mutex_lock(&mutex);
	if (clock->context)
		originals_drop(&wrapped_originals, clock->context);
	clock->context = NULL;
	pthread_mutex_unlock(&mutex);
}

void tables_wrap_queue(uint64_t user_handle, int cmd_fd, struct hca *hca, struct cq *cq)
{
	const struct wrapped_context *wrapped;
	struct verbs_context_view context;
	struct verbs_wq queue;

	if (user_handle % sizeof(void *) || !read_memory(user_handle, &queue, sizeof(queue)) ||
	    (uintptr_t)queue.context % sizeof(void *) ||
	    !read_memory((uintptr_t)queue.context, &context, sizeof(context)) ||
	    !speaks_through(&context, cmd_fd))
		return;
	pthread_mutex_lock(&mutex);
	wrapped = wrap_context(queue.context, hca);
	if (wrapped)
		wrap_extended_cq(wrapped, queue.cq);
	pthread_mutex_unlock(&mutex);
	if (!wrapped)
		return;
	engine_lock(hca->engine);
	cq->arming_announced = true;
	engine_unlock(hca->engine);
}

bool tables_are_wrapped(int cmd_fd)
{
	bool found = false;

	pthread_mutex_lock(&mutex);
	for (unsigned int i = 0; i < MAX_WRAPPED_CONTEXTS; i++)
		found |= wrapped_contexts[i].context && wrapped_contexts[i].cmd_fd == cmd_fd &&
			 !wrapped_contexts[i].dead;
	pthread_mutex_unlock(&mutex);
	return found;
}

void tables_drop(uint64_t user_handle)
{
	const void *object = (const void *)(uintptr_t)user_handle;

	pthread_mutex_lock(&mutex);
	cancel_refit(object);
	if (object)
		originals_drop(&wrapped_originals, object);
	pthread_mutex_unlock(&mutex);
}

void tables_forget(int cmd_fd)
{
	pthread_mutex_lock(&mutex);
	for (unsigned int i = 0; i < MAX_WRAPPED_CONTEXTS; i++)
		if (wrapped_contexts[i].context && wrapped_contexts[i].cmd_fd == cmd_fd)
			wrapped_contexts[i].context = NULL;
	pthread_mutex_unlock(&mutex);
}

void tables_disable(void)
{
	for (unsigned int i = 0; i < MAX_WRAPPED_CONTEXTS; i++)
		wrapped_contexts[i].dead = true;
}

/* The mutex may have been held by a thread that does not exist here. */
void tables_after_fork(void)
{
	pthread_mutex_init(&mutex, NULL);
	wrapped_num_refits = 0;
	tables_disable();
}
