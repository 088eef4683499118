/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * This process as a member of a fabric: it joins when it creates its first context on a device, and
 * leaves when the last one is closed or the program exits. In the child after a fork everything of
 * the parent is dead, and a new open joins anew.
 */
#ifndef SOFTHCA_SHIM_MEMBERSHIP_H
#define SOFTHCA_SHIM_MEMBERSHIP_H

#include <stdbool.h>

#include "softhca/core/engine.h"
#include "softhca/shim/ports.h"

struct driver_abi;
struct shim_file;

struct membership {
	struct fabric *fabric;
	struct engine *engine;
	struct hca *hca;
	const struct driver_abi *abi;
	struct port_view port;
	struct list files; /* open devices with a context; under the engine lock */
};

/* The membership, made if need be, with one use of it. A reason goes to stderr when that fails. */
int membership_enter(struct membership **member);
void membership_leave(void);

/* The membership of this process, if it has one now. The background thread may use it, since it is
 * stopped before the membership ends; others only between enter and leave. */
struct membership *membership_current(void);

/* The program is exiting: the fabric has been left for good and commands are refused. */
bool membership_exiting(void);

/* Says on stderr why the device cannot be opened; once if it is the same reason again. */
void membership_explain(const char *reason);

/* The family whose device this process sees, from the environment; NULL if unknown. */
const struct driver_abi *membership_abi(void);
/* The kernel below has no RDMA_VERBS_IOCTL. */
bool membership_write_only(void);

#endif
