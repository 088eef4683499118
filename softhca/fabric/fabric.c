/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Joining a fabric and leaving it. */
#include "softhca/fabric/fabric.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "softhca/fabric/capture/capture.h"
#include "softhca/fabric/control.h"
#include "softhca/fabric/fault.h"
#include "softhca/fabric/hca.h"
#include "softhca/fabric/process.h"
#include "softhca/fabric/state.h"

static const char default_name[] = "default";

static struct fabric *allocate(const char *name)
{
	struct fabric *fabric = aligned_alloc(_Alignof(struct fabric), sizeof(*fabric));

	if (!fabric)
		return NULL;
	memset(fabric, 0, sizeof(*fabric));
	fabric->fd = -1;
	fabric->slot = STATE_NO_SLOT;
	list_init(&fabric->link);
	snprintf(fabric->name, sizeof(fabric->name), "%s", name);
	return fabric;
}

static void unmap_rings(struct fabric *fabric)
{
	size_t total = RING_SPAN + RING_DATA_BYTES;

	for (unsigned int i = 0; i < FABRIC_MAX_PROCESSES; i++) {
		if (fabric->out[i].ring)
			munmap(fabric->out[i].ring, total);
		if (fabric->in[i].ring)
			munmap(atomic_load(&fabric->in[i].ring), total);
	}
}

static void release(struct fabric *fabric)
{
	unmap_rings(fabric);
	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		if (fabric->hcas[i])
			munmap(fabric->hcas[i], SEGMENT_HCA_SPAN);
	}
	segment_close(fabric);
	free(fabric);
}

/* The host's adapter exists from the start, so that what is wrong with it is said here. */
static int provide_adapter(struct fabric *fabric, const char *family, char *reason,
			   size_t reason_size)
{
	unsigned int index;
	int error;

	if (!family)
		return 0;
	error = hca_provide(fabric, family, &index);
	if (error == EBUSY)
		return fabric_explain(reason, reason_size, error,
				      "host %u of fabric \"%s\" has an %s port while programs "
				      "use it: choose another --host, or end them",
				      fabric->host, fabric->name,
				      fabric->port_type == FABRIC_PORT_ETH ? "InfiniBand"
									   : "Ethernet");
	if (error == EUSERS)
		return fabric_explain(reason, reason_size, error,
				      "fabric \"%s\" already has %d adapters, its limit: end some "
				      "of their programs or choose another --fabric",
				      fabric->name, FABRIC_MAX_HCAS);
	return fabric_explain(reason, reason_size, error, "adapter %s of host %u, in %s: %s",
			      family, fabric->host, fabric->path, strerror(error));
}

static int enter(struct fabric *fabric, const char *family, char *reason, size_t reason_size)
{
	int error, lock;

	error = segment_lock_path(fabric->path, true, &lock, reason, reason_size);
	if (error)
		return error;
	error = segment_open(fabric, true, reason, reason_size);
	if (error)
		goto unlock;
	error = process_enter(fabric, reason, reason_size);
	if (error)
		goto unlock;
	error = provide_adapter(fabric, family, reason, reason_size);
	if (error)
		process_leave(fabric);
unlock:
	segment_unlock(lock);
	return error;
}

int fabric_join(const struct fabric_options *options, struct fabric **result, char *reason,
		size_t reason_size)
{
	const char *name = options->name ? options->name : default_name;
	struct fabric *fabric;
	int error;

	error = hca_check_options(options, reason, reason_size);
	if (error)
		return error;
	fabric = allocate(name);
	if (!fabric)
		return fabric_explain(reason, reason_size, ENOMEM, "no memory for a fabric");
	fabric->host = options->host;
	fabric->port_type = options->port_type;
	error = segment_path(name, fabric->path, reason, reason_size);
	if (error)
		goto release;
	error = faults_order(fabric, options->faults, reason, reason_size);
	if (error)
		goto release;
	error = capture_open(options->capture, &fabric->capture, reason, reason_size);
	if (error)
		goto faults;
	error = enter(fabric, options->family, reason, reason_size);
	if (error)
		goto capture;
	/* What a process is started with goes before what its host was ordered earlier. */
	if (fabric->faults)
		fabric->fault_serial = disturbance_last_order(fabric);
	disturbance_look(fabric);
	*result = fabric;
	return 0;

capture:
	capture_close(fabric->capture);
faults:
	faults_free(fabric->faults);
release:
	release(fabric);
	return error;
}

void fabric_depart(struct fabric *fabric)
{
	int lock;

	faults_release_all(fabric);
	faults_print_summary(fabric);
	capture_close(fabric->capture);
	if (segment_lock(fabric, &lock) == 0) {
		process_leave(fabric);
		if (process_reap(fabric) == 0)
			segment_remove(fabric);
		segment_unlock(lock);
	} else {
		process_leave(fabric);
	}
}

void fabric_leave(struct fabric *fabric)
{
	fabric_depart(fabric);
	faults_free(fabric->faults);
	release(fabric);
}

void fabric_forget(struct fabric *fabric)
{
	process_forget(fabric);
	capture_forget(fabric->capture);
	faults_free(fabric->faults);
	release(fabric);
}

int fabric_look(const char *name, struct fabric **result, char *reason, size_t reason_size)
{
	struct fabric *fabric = allocate(name ? name : default_name);
	int error, lock;

	if (!fabric)
		return fabric_explain(reason, reason_size, ENOMEM, "no memory for a fabric");
	error = segment_path(name ? name : default_name, fabric->path, reason, reason_size);
	if (error)
		goto release;
	error = segment_lock_path(fabric->path, false, &lock, reason, reason_size);
	if (error)
		goto release;
	error = segment_open(fabric, false, reason, reason_size);
	if (!error && process_reap(fabric) == 0) {
		segment_remove(fabric);
		error = ENOENT;
	}
	segment_unlock(lock);
	if (error)
		goto release;
	*result = fabric;
	return 0;

release:
	release(fabric);
	return error;
}

void fabric_look_away(struct fabric *fabric)
{
	release(fabric);
}

bool fabric_packets_only(const struct fabric *fabric, unsigned int process)
{
	if (!fabric_is_undisturbed(fabric) || process >= FABRIC_MAX_PROCESSES)
		return true;
	return atomic_load_explicit(&fabric->segment->processes[process].packets_only,
				    memory_order_relaxed);
}
