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

static void pass_on(int signal_number, siginfo_t *info, void *context)
{
	const struct sigaction *previous = signal_number == SIGBUS ? &previous_bus : &previous_segv;
	sigset_t mask = previous->sa_mask;

	if (!(previous->sa_flags & SA_SIGINFO) &&
	    (previous->sa_handler == SIG_DFL || previous->sa_handler == SIG_IGN)) {
		fall_back_to_default(signal_number, info);
		return;
	}
	if (!(previous->sa_flags & SA_NODEFER))
		sigaddset(&mask, signal_number);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	if (previous->sa_flags & SA_SIGINFO)
		previous->sa_sigaction(signal_number, info, context);
	else
		previous->sa_handler(signal_number);
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
	pass_on(signal_number, info, context);
	errno = saved_errno;
}

static int install_rc;

static void install(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};

	action.sa_sigaction = handle;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGSEGV, &action, &previous_segv) ||
	    sigaction(SIGBUS, &action, &previous_bus))
		install_rc = errno;
}

int guard_install(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int rc = pthread_once(&once, install);

	return rc ? rc : install_rc;
}

bool guard_copy(void *to, const void *from, size_t length)
{
	struct guard guard;

	if (guard_fault(guard))
		return false;
	guard_begin(&guard);
	memcpy(to, from, length);
	guard_end();
	return true;
}
