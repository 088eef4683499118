/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finds and patches the function tables. Patching happens under a mutex; the wrapped calls read
 * without one, so entries are published last and pointers stored whole.
 */
#include "softhca/shim/wrap.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/uio.h>
#include <unistd.h>

#include "softhca/core/engine.h"
#include "softhca/shim/drive.h"
#include "softhca/shim/verbs_tables.h"

enum { MAX_CONTEXTS = 64, MAX_PATCHES = 8192 };

/* A context with its own functions, as the provider had set them. */
struct wrapped_context {
	struct verbs_context_view *_Atomic context;
	struct hca *hca;
	verbs_poll_cq_fn *poll_cq;
	verbs_req_notify_fn *req_notify_cq;
	verbs_post_fn *post_send;
	int cmd_fd;
	/* Calls go straight through: it is the parent's, or the program is exiting. */
	_Atomic bool dead;
};

/* An extended CQ's start_poll or QP's wr_complete; these differ from object to object. */
struct patch {
	void *_Atomic object;
	void *_Atomic original;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct wrapped_context contexts[MAX_CONTEXTS];
static struct patch patches[MAX_PATCHES];
static unsigned int num_patches;

/*
 * Extended QPs modified lately. A provider may set the functions of its QPs anew after the modify
 * command (libmlx5 does), so they are patched once more at the next call of the program. Those that
 * find no room are driven by their doorbell records alone.
 */
static struct verbs_qp *refits[64];
static _Atomic unsigned int num_refits;

/* An entry that has been dropped; searches go on behind it. */
#define DROPPED ((void *)1)

static inline struct wrapped_context *find_context(const struct verbs_context_view *context)
{
	for (unsigned int i = 0; i < MAX_CONTEXTS; i++)
		if (atomic_load_explicit(&contexts[i].context, memory_order_acquire) == context)
			return &contexts[i];
	return NULL;
}

static inline unsigned int patch_slot(const void *object)
{
	return (unsigned int)(((uintptr_t)object >> 4) * 0x9e3779b1u) % MAX_PATCHES;
}

static inline struct patch *find_patch(const void *object)
{
	for (unsigned int i = 0; i < MAX_PATCHES; i++) {
		struct patch *patch = &patches[(patch_slot(object) + i) % MAX_PATCHES];
		void *found = atomic_load_explicit(&patch->object, memory_order_acquire);

		if (found == object)
			return patch;
		if (!found)
			return NULL;
	}
	return NULL;
}

/* NULL counts as dead: it has been forgotten while a call was on its way. */
static inline bool is_dead(const struct wrapped_context *wrapped)
{
	return !wrapped || atomic_load_explicit(&wrapped->dead, memory_order_relaxed);
}

static void wrap_extended_qp(const struct wrapped_context *wrapped, struct verbs_qp *qp);
static int wr_complete(struct verbs_qp *qp);

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
	if (num_refits == 0) {
		pthread_mutex_unlock(&mutex);
		return false;
	}
	qp = refits[--num_refits];
	wrapped = find_context(qp->context);
	if (wrapped) {
		wrap_extended_qp(wrapped, qp);
		*hca = qp->wr_complete == wr_complete ? wrapped->hca : NULL;
		*qpn = qp->qp_num;
	}
	pthread_mutex_unlock(&mutex);
	return true;
}

static void refit_all(void)
{
	struct hca *hca;
	uint32_t qpn;

	while (refit_one(&hca, &qpn))
		if (hca)
			unwatch(hca, qpn);
}

static inline void refit_modified(void)
{
	if (__builtin_expect(atomic_load_explicit(&num_refits, memory_order_relaxed) != 0, 0))
		refit_all();
}

/*
 * The CQ that this thread last found empty, and how many completions there had been before it
 * looked. As long as there are no more, looking again is in vain: a thread that waits then runs
 * round a very short loop. Now and then the provider is asked all the same, for what it may do
 * besides.
 */
static __thread struct {
	const struct verbs_cq *cq;
	uint32_t completions;
	unsigned int polls;
} empty;

enum { POLLS_PER_ASKING = 64 };

static bool found_empty_before(const struct verbs_cq *cq, uint32_t completions)
{
	return empty.cq == cq && empty.completions == completions &&
	       ++empty.polls % POLLS_PER_ASKING != 0;
}

/* Poll first: a program that finds completions is not kept waiting for others to arrive. */
static int poll_cq(struct verbs_cq *cq, int entries, struct verbs_wc *wc)
{
	const struct wrapped_context *wrapped = find_context(cq->context);
	uint32_t completions;

	if (is_dead(wrapped))
		return wrapped->poll_cq(cq, entries, wc);
	completions = drive_completions();
	if (!found_empty_before(cq, completions)) {
		int found = wrapped->poll_cq(cq, entries, wc);

		if (found != 0)
			return found;
		empty.cq = entries > 0 ? cq : NULL;
		empty.completions = completions;
	}
	refit_modified();
	return drive_poll() ? wrapped->poll_cq(cq, entries, wc) : 0;
}

static int start_poll(struct verbs_cq *cq, void *attr)
{
	verbs_start_poll_fn *original = (verbs_start_poll_fn *)find_patch(cq)->original;
	int rc = original(cq, attr);

	refit_modified();
	if (rc != ENOENT || is_dead(find_context(cq->context)) || !drive_poll())
		return rc;
	return original(cq, attr);
}

/* Kicks after a failure as well: what stood before the bad request has been posted. */
static int post_send(void *queue, void *wr, void **bad_wr)
{
	const struct verbs_qp *qp = queue;
	const struct wrapped_context *wrapped = find_context(qp->context);
	int rc = wrapped->post_send(queue, wr, bad_wr);
	struct qp *core = is_dead(wrapped) ? NULL : hca_find_qp(wrapped->hca, qp->qp_num);

	if (core)
		drive_kick(core);
	return rc;
}

static int wr_complete(struct verbs_qp *qp)
{
	verbs_wr_complete_fn *original = (verbs_wr_complete_fn *)find_patch(qp)->original;
	int rc = original(qp);
	const struct wrapped_context *wrapped = find_context(qp->context);
	struct qp *core = is_dead(wrapped) ? NULL : hca_find_qp(wrapped->hca, qp->qp_num);

	if (core)
		drive_kick(core);
	return rc;
}

static int req_notify_cq(struct verbs_cq *cq, int solicited_only)
{
	const struct wrapped_context *wrapped = find_context(cq->context);
	int rc = wrapped->req_notify_cq(cq, solicited_only);

	refit_modified();
	if (rc == 0 && !is_dead(wrapped))
		drive_armed();
	return rc;
}

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
	struct wrapped_context *wrapped = find_context(context);

	if (wrapped && !wrapped->dead)
		return wrapped;
	/* In memory where a dead context was, there may be a new one by now. */
	if (!wrapped)
		wrapped = find_context(NULL);
	if (!wrapped || context->poll_cq == poll_cq)
		return NULL;
	wrapped->hca = hca;
	wrapped->poll_cq = context->poll_cq;
	wrapped->req_notify_cq = context->req_notify_cq;
	wrapped->post_send = context->post_send;
	wrapped->cmd_fd = context->cmd_fd;
	wrapped->dead = false;
	atomic_store_explicit(&wrapped->context, context, memory_order_release);
	__atomic_store_n(&context->poll_cq, poll_cq, __ATOMIC_RELEASE);
	__atomic_store_n(&context->req_notify_cq, req_notify_cq, __ATOMIC_RELEASE);
	__atomic_store_n(&context->post_send, post_send, __ATOMIC_RELEASE);
	return wrapped;
}

/* Remembers `original` for `object`; false when the table has no room left. */
static bool add_patch(void *object, void *original)
{
	if (num_patches > MAX_PATCHES / 2)
		return false;
	for (unsigned int i = 0; i < MAX_PATCHES; i++) {
		struct patch *patch = &patches[(patch_slot(object) + i) % MAX_PATCHES];
		void *found = atomic_load_explicit(&patch->object, memory_order_relaxed);

		if (found && found != DROPPED && found != object)
			continue;
		num_patches += found != object;
		atomic_store_explicit(&patch->original, original, memory_order_relaxed);
		atomic_store_explicit(&patch->object, object, memory_order_release);
		return true;
	}
	return false;
}

static void wrap_extended_cq(const struct wrapped_context *wrapped, struct verbs_cq *cq)
{
	struct verbs_cq copy;

	if (!read_memory((uintptr_t)cq, &copy, sizeof(copy)) || copy.start_poll == start_poll ||
	    !same_object((const void *)copy.start_poll, (const void *)wrapped->poll_cq) ||
	    !same_object(copy.next_poll, copy.end_poll))
		return;
	if (add_patch(cq, (void *)copy.start_poll))
		__atomic_store_n(&cq->start_poll, start_poll, __ATOMIC_RELEASE);
}

static void wrap_extended_qp(const struct wrapped_context *wrapped, struct verbs_qp *qp)
{
	struct verbs_qp copy;

	if (!read_memory((uintptr_t)qp, &copy, sizeof(copy)) || copy.wr_complete == wr_complete ||
	    !same_object((const void *)copy.wr_complete, (const void *)wrapped->post_send) ||
	    !same_object(copy.wr_start, copy.wr_abort))
		return;
	if (add_patch(qp, (void *)copy.wr_complete))
		__atomic_store_n(&qp->wr_complete, wr_complete, __ATOMIC_RELEASE);
}

/* The program's QP behind `user_handle`, if it is one and is this one. */
static struct verbs_qp *program_qp(uint64_t user_handle, int cmd_fd, const struct qp *qp)
{
	struct verbs_context_view context;
	struct verbs_qp copy;
	size_t plain = offsetof(struct verbs_qp, waiting);

	if (user_handle % sizeof(void *) || !read_memory(user_handle, &copy, plain) ||
	    copy.qp_num != qp->qpn || (uintptr_t)copy.context % sizeof(void *) ||
	    !read_memory((uintptr_t)copy.context, &context, sizeof(context)) ||
	    context.cmd_fd != cmd_fd)
		return NULL;
	return (struct verbs_qp *)(uintptr_t)user_handle;
}

/* From now on every arming of the QP's CQs is seen as it happens. */
static void announce_armings(struct qp *qp)
{
	engine_lock(qp->hca->engine);
	qp->send_cq->arming_announced = true;
	qp->recv_cq->arming_announced = true;
	engine_unlock(qp->hca->engine);
}

static void schedule_refit(struct verbs_qp *qp)
{
	for (unsigned int i = 0; i < num_refits; i++)
		if (refits[i] == qp)
			return;
	if (num_refits < sizeof(refits) / sizeof(refits[0]))
		refits[num_refits++] = qp;
}

static void cancel_refit(const void *object)
{
	for (unsigned int i = 0; i < num_refits; i++)
		if (refits[i] == object)
			refits[i--] = refits[--num_refits];
}

bool wrap_qp(uint64_t user_handle, int cmd_fd, struct qp *qp)
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
		extended = find_patch(program) != NULL;
		if (extended)
			schedule_refit(program);
	}
	pthread_mutex_unlock(&mutex);
	if (wrapped)
		announce_armings(qp);
	return wrapped && !extended;
}

void wrap_drop(uint64_t user_handle)
{
	struct patch *patch;

	pthread_mutex_lock(&mutex);
	cancel_refit((const void *)(uintptr_t)user_handle);
	patch = user_handle ? find_patch((const void *)(uintptr_t)user_handle) : NULL;
	if (patch) {
		atomic_store_explicit(&patch->object, DROPPED, memory_order_release);
		num_patches--;
	}
	pthread_mutex_unlock(&mutex);
}

void wrap_forget(int cmd_fd)
{
	pthread_mutex_lock(&mutex);
	for (unsigned int i = 0; i < MAX_CONTEXTS; i++)
		if (contexts[i].context && contexts[i].cmd_fd == cmd_fd)
			contexts[i].context = NULL;
	pthread_mutex_unlock(&mutex);
}

void wrap_disable(void)
{
	for (unsigned int i = 0; i < MAX_CONTEXTS; i++)
		contexts[i].dead = true;
}

/* The mutex may have been held by a thread that does not exist here. */
void wrap_after_fork(void)
{
	pthread_mutex_init(&mutex, NULL);
	num_refits = 0;
	wrap_disable();
}
