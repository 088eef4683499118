/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The fault handler. It jumps out of the signal handler, which is allowed because what it leaves is
 * a copy or an atomic of ours and never somebody's lock; SA_NODEFER and an empty mask mean that
 * there is no signal mask to put back.
 */
#include "softhca/memory/guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

_Thread_local struct guard *guard_active __attribute__((tls_model("initial-exec")));

static struct sigaction previous_segv, previous_bus;

/* Lets the default action happen: the faulting instruction runs again without a handler, or the
 * signal that somebody sent is sent once more. */
static void fall_back_to_default(int signal_number, const siginfo_t *info)
{
	struct sigaction fatal = {.sa_handler = SIG_DFL};

	sigaction(signal_number, &fatal, NULL);
	if (info->si_code <= 0)
		raise(signal_number);
}

/*
 * Where this thread last passed a fault on. A program that installed its handler over ours and got
 * ours over its own again may send the fault back: then we stand deeper on the stack, with the same
 * context. (Being deeper tells, since a handler that jumps away leaves this behind.)
 */
static _Thread_local struct {
	void *context, *frame;
} passed __attribute__((tls_model("initial-exec")));

static bool came_back(void *context, void *frame)
{
	return passed.context == context && (uintptr_t)frame < (uintptr_t)passed.frame;
}

static void call(const struct sigaction *action, int signal_number, siginfo_t *info, void *context)
{
	sigset_t mask = action->sa_mask;

	if (!(action->sa_flags & SA_NODEFER))
		sigaddset(&mask, signal_number);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	if (action->sa_flags & SA_SIGINFO)
		action->sa_sigaction(signal_number, info, context);
	else
		action->sa_handler(signal_number);
}

/* `frame` is the handler's own. */
static void pass_on(int signal_number, siginfo_t *info, void *context, void *frame)
{
	const struct sigaction *previous = signal_number == SIGBUS ? &previous_bus : &previous_segv;
	bool has_handler = previous->sa_flags & SA_SIGINFO ||
			   (previous->sa_handler != SIG_DFL && previous->sa_handler != SIG_IGN);

	if (!has_handler || came_back(context, frame)) {
		fall_back_to_default(signal_number, info);
		return;
	}
	passed.context = context;
	passed.frame = frame;
	call(previous, signal_number, info, context);
	passed.context = NULL;
}

static void handle(int signal_number, siginfo_t *info, void *context)
{
	struct guard *guard = guard_active;
	int saved_errno = errno;

	/* Positive codes are faults; others are signals that somebody sent. */
	if (guard && info->si_code > 0) {
		guard_active = NULL;
		_longjmp(guard->landing, 1);
	}
	pass_on(signal_number, info, context, __builtin_frame_address(0));
	errno = saved_errno;
}

static bool is_ours(const struct sigaction *action)
{
	return action->sa_flags & SA_SIGINFO && action->sa_sigaction == handle;
}

/* Remembers the other handler before ours can be called. */
static int install(int signal_number, struct sigaction *previous)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK}, current;

	if (sigaction(signal_number, NULL, &current))
		return errno;
	if (is_ours(&current))
		return 0;
	*previous = current;
	action.sa_sigaction = handle;
	sigemptyset(&action.sa_mask);
	return sigaction(signal_number, &action, NULL) ? errno : 0;
}

int guard_install(void)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	int rc;

	pthread_mutex_lock(&mutex);
	rc = install(SIGSEGV, &previous_segv);
	if (!rc)
		rc = install(SIGBUS, &previous_bus);
	pthread_mutex_unlock(&mutex);
	return rc;
}

/*
 * The fences order stores; where the machine does that by itself they cost nothing. Programs may
 * name memory that overlaps: what is copied is then theirs to wonder about, that nothing else
 * happens is ours.
 */
static void copy_in_order(uint8_t *to, const uint8_t *from, size_t length)
{
	size_t body = length > ORDERED_BYTES ? length - ORDERED_BYTES : 0;

	if (body)
		memmove(to, from, body);
	to += body;
	from += body;
	length -= body;
	for (; length >= sizeof(uint64_t); length -= sizeof(uint64_t)) {
		uint64_t word;

		__atomic_thread_fence(__ATOMIC_RELEASE);
		memcpy(&word, from, sizeof(word));
		memcpy(to, &word, sizeof(word));
		to += sizeof(uint64_t);
		from += sizeof(uint64_t);
	}
	while (length--) {
		__atomic_thread_fence(__ATOMIC_RELEASE);
		*to++ = *from++;
	}
}

bool guard_copy_in_order(void *to, const void *from, size_t length)
{
	struct guard guard;

	if (guard_fault(guard))
		return false;
	guard_begin(&guard);
	copy_in_order(to, from, length);
	guard_end();
	return true;
}

bool guard_copy(void *to, const void *from, size_t length)
{
	struct guard guard;

	if (guard_fault(guard))
		return false;
	guard_begin(&guard);
	memmove(to, from, length);
	guard_end();
	return true;
}
