/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fabrics seen and handled from outside. */
#include "softhca/fabric/control.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "softhca/fabric/fault.h"
#include "softhca/fabric/process.h"
#include "softhca/fabric/state.h"

void fabric_list(void (*name)(void *arg, const char *name), void *arg)
{
	char user[PATH_MAX], file[PATH_MAX + 300];
	struct dirent *entry;
	DIR *directory;

	fabric_user_directory(user, sizeof(user));
	directory = opendir(user);
	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		snprintf(file, sizeof(file), "%s/%s/segment", user, entry->d_name);
		if (entry->d_name[0] != '.' && access(file, F_OK) == 0)
			name(arg, entry->d_name);
	}
	closedir(directory);
}

const struct fabric_process *fabric_process_at(const struct fabric *fabric, unsigned int slot)
{
	return slot < process_num_slots(fabric) ? &fabric->segment->processes[slot] : NULL;
}

const struct fabric_group *fabric_group_at(const struct fabric *fabric, unsigned int index)
{
	return index < FABRIC_GROUPS ? &fabric->segment->groups[index] : NULL;
}

static struct segment_fault *find_order(const struct fabric *fabric, unsigned int host)
{
	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		if (fabric->segment->faults[i].host == host)
			return &fabric->segment->faults[i];
	}
	return NULL;
}

const char *fabric_ordered_faults(const struct fabric *fabric, unsigned int host)
{
	struct segment_fault *order = find_order(fabric, host);

	if (!order || host == 0)
		return "";
	order->spec[SEGMENT_FAULT_CHARS - 1] = '\0';
	return order->spec;
}

/* Processes look closer at their next packet; those asleep are woken to see to their ports. */
static void announce(struct fabric *fabric)
{
	atomic_fetch_add_explicit(&fabric->segment->change, 1, memory_order_release);
	for (unsigned int slot = 0; slot < process_num_slots(fabric); slot++)
		process_wake(&fabric->segment->processes[slot]);
}

/* Calls `change` for every adapter of the host (0: any), with the directory locked. */
static int for_each_adapter(struct fabric *fabric, unsigned int host, unsigned int *count,
			    void (*change)(struct fabric *fabric, struct fabric_hca *hca,
					   const void *arg),
			    const void *arg)
{
	int error, lock;

	*count = 0;
	error = segment_lock(fabric, &lock);
	if (error)
		return error;
	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		struct fabric_hca *hca = fabric_hca_at(fabric, i);

		if (!hca || (host && hca->host != host))
			continue;
		change(fabric, hca, arg);
		++*count;
	}
	announce(fabric);
	segment_unlock(lock);
	return *count ? 0 : ENOENT;
}

static void set_link(struct fabric *fabric, struct fabric_hca *hca, const void *up)
{
	(void)fabric;
	if (atomic_exchange(&hca->link_up, *(const bool *)up) != *(const bool *)up)
		atomic_fetch_add(&hca->port_generation, 1);
}

int fabric_set_link(struct fabric *fabric, unsigned int host, bool up, unsigned int *count)
{
	return for_each_adapter(fabric, host, count, set_link, &up);
}

static void kill_adapter(struct fabric *fabric, struct fabric_hca *hca, const void *arg)
{
	(void)fabric;
	(void)arg;
	atomic_store(&hca->killed, 1);
	atomic_fetch_add(&hca->port_generation, 1);
}

int fabric_kill(struct fabric *fabric, unsigned int host, unsigned int *count)
{
	return for_each_adapter(fabric, host, count, kill_adapter, NULL);
}

/* Shortcuts end at once, also those of processes that will not send a packet for long. */
static void forbid_shortcuts(struct fabric *fabric, uint32_t host)
{
	for (unsigned int slot = 0; slot < process_num_slots(fabric); slot++) {
		struct fabric_process *process = &fabric->segment->processes[slot];

		if (atomic_load(&process->pid) && process->host == host)
			atomic_store(&process->packets_only, 1);
	}
}

static bool has_adapter(struct fabric *fabric, uint32_t host)
{
	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		const struct fabric_hca *hca = fabric_hca_at(fabric, i);

		if (hca && hca->host == host)
			return true;
	}
	return false;
}

/* An unused one, or else that of a host without programs, "off" if possible. There is one, since
 * not more hosts than entries have adapters and the caller's has no entry; NULL only in a table
 * that somebody has scribbled on. */
static struct segment_fault *take_order(struct fabric *fabric)
{
	struct segment_fault *found = find_order(fabric, 0);

	for (unsigned int i = 0; !found && i < FABRIC_MAX_HCAS; i++) {
		struct segment_fault *entry = &fabric->segment->faults[i];

		if (!*entry->spec && !has_adapter(fabric, entry->host))
			found = entry;
	}
	for (unsigned int i = 0; !found && i < FABRIC_MAX_HCAS; i++) {
		if (!has_adapter(fabric, fabric->segment->faults[i].host))
			found = &fabric->segment->faults[i];
	}
	return found;
}

static void order(struct fabric *fabric, struct fabric_hca *hca, const void *spec)
{
	struct segment_fault *entry = find_order(fabric, hca->host);

	if (!entry)
		entry = take_order(fabric);
	if (!entry)
		return;
	entry->host = hca->host;
	entry->serial = ++fabric->segment->fault_serial;
	snprintf(entry->spec, sizeof(entry->spec), "%s", (const char *)spec);
	if (*(const char *)spec)
		forbid_shortcuts(fabric, hca->host);
}

int fabric_check_faults(const char *spec, char *reason, size_t reason_size)
{
	struct fault_spec parsed;

	return fault_spec_parse(spec, &parsed, reason, reason_size);
}

int fabric_order_faults(struct fabric *fabric, unsigned int host, const char *spec,
			unsigned int *count, char *reason, size_t reason_size)
{
	bool off = strcmp(spec, "off") == 0;
	int error = off ? 0 : fabric_check_faults(spec, reason, reason_size);

	if (error)
		return error;
	error = for_each_adapter(fabric, host, count, order, off ? "" : spec);
	return fabric_explain(reason, reason_size, error,
			      "fabric \"%s\" has no adapter on host %u: see softhca ps",
			      fabric->name, host);
}
