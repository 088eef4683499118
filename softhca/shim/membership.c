/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Joining and leaving the fabric. Nothing here runs in a program that opens no device. */
#include "softhca/shim/membership.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "softhca/cm/cm.h"
#include "softhca/fabric/fabric.h"
#include "softhca/shim/descriptor.h"
#include "softhca/shim/drive.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/environment.h"
#include "softhca/shim/file.h"
#include "softhca/shim/pin.h"
#include "softhca/shim/rdma_cm/ucm.h"
#include "softhca/shim/tables.h"
#include "util/clock.h"

static const uint64_t EXIT_PATIENCE_NS = 1 * NS_PER_S;

static const struct driver_abi *const families[] = {&mlx5_driver_abi};

static pthread_mutex_t membership_lock = PTHREAD_MUTEX_INITIALIZER;
static struct membership membership;
static unsigned int uses;
static bool fork_handler_installed;
static _Atomic bool exiting;

const struct driver_abi *membership_abi(void)
{
	const char *name = getenv(SOFTHCA_ENV_DEVICE);

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (!name || !strcmp(name, families[i]->family))
			return families[i];
	return NULL;
}

bool membership_write_only(void)
{
	const char *abi = getenv(SOFTHCA_ENV_ABI);

	return abi && !strcmp(abi, "write");
}

static int read_options(struct fabric_options *options)
{
	const char *host = getenv(SOFTHCA_ENV_HOST);
	const char *port_type = getenv(SOFTHCA_ENV_PORT_TYPE);
	char *end = NULL;
	unsigned long number = host ? strtoul(host, &end, 10) : 1;

	if ((host && (*host < '0' || *host > '9' || *end)) || number < 1 || number > UINT16_MAX)
		return EINVAL;
	options->host = (unsigned int)number;
	options->port_type = FABRIC_PORT_IB;
	if (port_type && !strcmp(port_type, "eth"))
		options->port_type = FABRIC_PORT_ETH;
	else if (port_type && strcmp(port_type, "ib"))
		return EINVAL;
	options->name = getenv(SOFTHCA_ENV_FABRIC);
	options->faults = getenv(SOFTHCA_ENV_FAULT);
	options->capture = getenv(SOFTHCA_ENV_CAPTURE);
	return 0;
}

/* Libraries try again with fewer wishes when opening fails, which a program's user need not see. */
void membership_explain(const char *reason)
{
	static char last[256];

	if (!strncmp(last, reason, sizeof(last) - 1))
		return;
	snprintf(last, sizeof(last), "%s", reason);
	fprintf(stderr, "softhca: %s\n", reason);
}

static int join(struct membership *member)
{
	struct fabric_options options = {.family = member->abi->family};
	char reason[200] = "bad " SOFTHCA_ENV_HOST " or " SOFTHCA_ENV_PORT_TYPE;
	int rc = read_options(&options);

	if (!rc)
		rc = fabric_join(&options, &member->fabric, reason, sizeof(reason));
	if (rc)
		membership_explain(reason);
	return rc;
}

static int open_hca(struct membership *member)
{
	struct cm *cm;
	int rc;

	engine_lock(member->engine);
	rc = hca_open(member->engine, member->abi->ops, &shim_front_ops, &member->abi->limits,
		      &member->hca);
	/* It may be a kernel's that has this host as well: then connections are for that. */
	if (!rc && cm_attach(member->hca, &cm) == ENOMEM) {
		hca_close(member->hca);
		rc = ENOMEM;
	}
	engine_unlock(member->engine);
	return rc;
}

static void close_hca(struct membership *member)
{
	engine_lock(member->engine);
	hca_close(member->hca);
	engine_unlock(member->engine);
}

/*
 * The child has a copy of everything, and none of it is its own: the fabric slot, the engine and
 * the thread that drove it are the parent's. What the copies hold stays allocated.
 */
static void child_after_fork(void)
{
	pthread_mutex_init(&membership_lock, NULL);
	descriptor_after_fork();
	file_after_fork();
	pin_after_fork();
	if (!membership.fabric)
		return;
	tables_after_fork();
	ucm_after_fork();
	drive_forget();
	fabric_forget(membership.fabric);
	memset(&membership, 0, sizeof(membership));
	uses = 0;
}

static void expect_forks(void)
{
	if (!fork_handler_installed)
		fork_handler_installed = !pthread_atfork(NULL, NULL, child_after_fork);
}

static int set_up(struct membership *member)
{
	int rc;

	expect_forks();
	memset(member, 0, sizeof(*member));
	list_init(&member->files);
	member->abi = membership_abi();
	if (!member->abi)
		return ENODEV;
	rc = join(member);
	if (rc)
		return rc;
	rc = engine_create(member->fabric, &member->engine);
	if (rc)
		goto leave;
	member->engine->strict = getenv(SOFTHCA_ENV_STRICT) != NULL;
	rc = open_hca(member);
	if (rc)
		goto destroy;
	ports_begin(member);
	rc = drive_start(member->engine);
	if (rc)
		goto close;
	return 0;
close:
	close_hca(member);
destroy:
	engine_destroy(member->engine);
leave:
	fabric_leave(member->fabric);
	return rc;
}

int membership_enter(struct membership **member)
{
	int rc = 0;

	pthread_mutex_lock(&membership_lock);
	if (exiting)
		rc = EIO;
	else if (!uses)
		rc = set_up(&membership);
	if (!rc) {
		uses++;
		*member = &membership;
	}
	pthread_mutex_unlock(&membership_lock);
	return rc;
}

void membership_leave(void)
{
	pthread_mutex_lock(&membership_lock);
	if (!--uses) {
		drive_stop();
		close_hca(&membership);
		engine_destroy(membership.engine);
		fabric_leave(membership.fabric);
		memset(&membership, 0, sizeof(membership));
	}
	pthread_mutex_unlock(&membership_lock);
}

struct membership *membership_current(void)
{
	return &membership;
}

bool membership_exiting(void)
{
	return atomic_load_explicit(&exiting, memory_order_relaxed);
}

/* The engine lock, unless whoever has it has been interrupted for good. */
static bool lock_within(struct engine *engine, uint64_t ns)
{
	uint64_t end_ns = clock_ns() + ns;

	while (!engine_trylock(engine)) {
		if (clock_ns() >= end_ns)
			return false;
		sched_yield();
	}
	return true;
}

/* Another thread may just be opening or closing the device. */
static bool lock_membership_within(uint64_t ns)
{
	uint64_t end_ns = clock_ns() + ns;

	while (pthread_mutex_trylock(&membership_lock)) {
		if (clock_ns() >= end_ns)
			return false;
		sched_yield();
	}
	return true;
}

/*
 * A program that exits with the device open. Its other threads may still run, so nothing they could
 * touch is freed: the engine lock is taken for good, and the fabric is told that this process has
 * gone, which ends its queue pairs and keys and prints or flushes what is due at the end.
 *
 * A signal handler that exits may have interrupted a thread that has the lock, or one that others
 * wait for who have it. Then the process goes as if killed, and others clear away what it leaves.
 */
static void __attribute__((destructor)) leave_at_exit(void)
{
	uint64_t patience_ns = engine_locked_here() ? 0 : EXIT_PATIENCE_NS;

	if (!lock_membership_within(patience_ns))
		return;
	if (uses) {
		atomic_store(&exiting, true);
		tables_disable();
		if (drive_stop_within(patience_ns) && lock_within(membership.engine, patience_ns)) {
			/* Peers hear of it as they would from a kernel. */
			if (cm_of(membership.hca))
				cm_detach(cm_of(membership.hca));
			fabric_depart(membership.fabric);
		}
	}
	pthread_mutex_unlock(&membership_lock);
}
