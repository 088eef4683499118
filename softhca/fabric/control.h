/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A fabric seen and handled from outside: what the softhca program's commands ps, link and fault
 * are made of. `host` 0 means every host.
 */
#ifndef SOFTHCA_FABRIC_CONTROL_H
#define SOFTHCA_FABRIC_CONTROL_H

#include "softhca/fabric/fabric.h"

/* Opens a fabric without becoming one of its processes, and clears away what dead ones left.
 * ENOENT when nobody uses it. Only for the calls of this header, and lookups. */
int fabric_look(const char *name, struct fabric **fabric, char *reason, size_t reason_size);
void fabric_look_away(struct fabric *fabric);

/* The directory that holds this user's fabrics, existing and private to the user once one has been
 * joined. Names that start with '.' are not fabrics'. */
void fabric_user_directory(char *path, size_t size);

/* Calls `name` for each fabric of this user that has a file. */
void fabric_list(void (*name)(void *arg, const char *name), void *arg);

const struct fabric_process *fabric_process_at(const struct fabric *fabric, unsigned int slot);
const struct fabric_group *fabric_group_at(const struct fabric *fabric, unsigned int index);

/* Faults ordered for a host at run time, "" if none. */
const char *fabric_ordered_faults(const struct fabric *fabric, unsigned int host);

/* ENOENT when no adapter is on that host; `count`: how many adapters it was. */
int fabric_set_link(struct fabric *fabric, unsigned int host, bool up, unsigned int *count);
int fabric_kill(struct fabric *fabric, unsigned int host, unsigned int *count);
/* EINVAL and a reason for a specification that makes no sense. */
int fabric_check_faults(const char *spec, char *reason, size_t reason_size);
/* Faults for the processes of a host, running and to come; "off" ends them. */
int fabric_order_faults(struct fabric *fabric, unsigned int host, const char *spec,
			unsigned int *count, char *reason, size_t reason_size);

#endif
