/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Process slots: taking one, telling the living from the dead, and clearing away what a process
 * held. A process is its pid and its start time, since pids are used again.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "softhca/fabric/hca.h"
#include "softhca/fabric/process.h"
#include "softhca/fabric/state.h"
#include "util/fence.h"
#include "util/clock.h"

enum { ALIVE_RECHECK_NS = 5 * 1000 * 1000 };

/* Fabrics this process has joined: a slot with our pid that is not among them was left by the
 * program that this process ran before an exec. */
static struct list joined = {&joined, &joined};
static pthread_mutex_t joined_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- who lives ---- */

static ssize_t read_stat(uint32_t pid, char *text, size_t size)
{
	char path[48];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	got = read(fd, text, size - 1);
	close(fd);
	if (got > 0)
		text[got] = '\0';
	return got;
}

/* Start time of a process that lives, 0 if it does not. proc(5): the fields of stat after the
 * command's closing parenthesis are state (3), ..., num_threads (20), itrealvalue, starttime (22).
 * A zombie is dead, unless it is only the first thread that has gone. */
static uint64_t start_time(uint32_t pid)
{
	unsigned long long start;
	char text[1024], *rest;
	long threads;
	char state;

	if (read_stat(pid, text, sizeof(text)) <= 0)
		return 0;
	rest = strrchr(text, ')');
	if (!rest || sscanf(rest + 1,
			    " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
			    "%ld %*s %llu",
			    &state, &threads, &start) != 3)
		return 0;
	if ((state == 'Z' || state == 'X') && threads <= 1)
		return 0;
	return start ? start : 1;
}

static bool joined_here(const struct fabric *fabric, unsigned int slot)
{
	bool found = false;

	pthread_mutex_lock(&joined_lock);
	list_for_each (node, &joined) {
		const struct fabric *other = list_entry(node, struct fabric, link);

		found |= other->inode == fabric->inode && other->device == fabric->device &&
			 other->slot == slot;
	}
	pthread_mutex_unlock(&joined_lock);
	return found;
}

static bool slot_alive(const struct fabric *fabric, unsigned int slot)
{
	const struct fabric_process *process = &fabric->segment->processes[slot];
	uint32_t pid = atomic_load_explicit(&process->pid, memory_order_acquire);

	if (pid == (uint32_t)getpid())
		return joined_here(fabric, slot);
	return pid != 0 && start_time(pid) == process->start_time;
}

unsigned int process_num_slots(const struct fabric *fabric)
{
	uint32_t slots = atomic_load_explicit(&fabric->segment->num_slots, memory_order_relaxed);

	return slots < FABRIC_MAX_PROCESSES ? slots : FABRIC_MAX_PROCESSES;
}

/* What was found is remembered with the pid: the slot may have been taken by another since. */
bool fabric_process_alive(struct fabric *fabric, unsigned int process)
{
	uint32_t pid = fabric_process_pid(fabric, process);
	uint64_t now = clock_ns();
	int lock;

	if (pid == 0)
		return false;
	if (process == fabric->slot)
		return true;
	if (now - fabric->checked_ns[process] < ALIVE_RECHECK_NS)
		return pid != fabric->found_dead[process];
	fabric->checked_ns[process] = now;
	if (slot_alive(fabric, process))
		return true;
	fabric->found_dead[process] = pid;
	if (segment_trylock(fabric, &lock) == 0) {
		process_reap(fabric);
		segment_unlock(lock);
	}
	return false;
}

uint32_t fabric_process_pid(const struct fabric *fabric, unsigned int process)
{
	if (process >= FABRIC_MAX_PROCESSES)
		return 0;
	return atomic_load_explicit(&fabric->segment->processes[process].pid, memory_order_acquire);
}

unsigned int fabric_self(const struct fabric *fabric)
{
	return fabric->slot;
}

/* ---- clearing away ---- */

static void forget_sender(struct fabric *fabric, unsigned int process, unsigned int sender)
{
	atomic_fetch_and(&fabric->segment->processes[process].senders[sender / 64],
			 ~(1ull << sender % 64));
}

/*
 * Rings whose two ends are both free are given back; nobody has them mapped. Where one end lives,
 * the ring stays: a receiver has still to take what its sender left on the wire, and a sender will
 * not announce itself again to whoever takes the slot next.
 */
static void punch_rings(struct fabric *fabric, unsigned int slot)
{
	struct segment *segment = fabric->segment;

	for (unsigned int other = 0; other < process_num_slots(fabric); other++) {
		if (atomic_load(&segment->processes[other].pid))
			continue;
		forget_sender(fabric, other, slot);
		forget_sender(fabric, slot, other);
		segment_punch(fabric, segment_ring_offset(slot, other), RING_SPAN);
		segment_punch(fabric, segment_ring_offset(other, slot), RING_SPAN);
	}
}

static void free_slot(struct fabric *fabric, unsigned int slot)
{
	struct fabric_process *process = &fabric->segment->processes[slot];

	hca_forget_process(fabric, slot);
	atomic_store(&process->hold, 0);
	atomic_store(&process->armed, 0);
	atomic_store(&process->asleep, 0);
	atomic_store(&process->packets_only, 0);
	process->fences_senders = 0;
	process->hca_mask_low = 0;
	process->hca_mask_high = 0;
	atomic_store_explicit(&process->pid, 0, memory_order_release);
	punch_rings(fabric, slot);
}

unsigned int process_reap(struct fabric *fabric)
{
	unsigned int alive = 0, slots = process_num_slots(fabric);

	for (unsigned int slot = 0; slot < slots; slot++) {
		if (atomic_load(&fabric->segment->processes[slot].pid) == 0)
			continue;
		if (slot_alive(fabric, slot))
			alive++;
		else
			free_slot(fabric, slot);
	}
	hca_forget_unused(fabric);
	return alive;
}

/* ---- coming and going ---- */

static void read_command(char *command, size_t size)
{
	ssize_t got = -1;
	int fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		got = read(fd, command, size - 1);
		close(fd);
	}
	command[got > 0 ? got : 0] = '\0';
	command[strcspn(command, "\n")] = '\0';
}

static int find_slot(struct fabric *fabric)
{
	struct segment *segment = fabric->segment;

	for (unsigned int slot = 0; slot < FABRIC_MAX_PROCESSES; slot++) {
		if (atomic_load(&segment->processes[slot].pid))
			continue;
		if (slot >= process_num_slots(fabric))
			atomic_store(&segment->num_slots, slot + 1);
		return (int)slot;
	}
	return -1;
}

int process_enter(struct fabric *fabric, char *reason, size_t reason_size)
{
	uint32_t pid = (uint32_t)getpid();
	struct fabric_process *process;
	uint64_t start = start_time(pid);
	int slot = find_slot(fabric);

	if (slot < 0)
		return fabric_explain(reason, reason_size, ENOSPC,
				      "fabric \"%s\" already has %d processes, its limit: end some "
				      "or choose another --fabric",
				      fabric->name, FABRIC_MAX_PROCESSES);
	if (!start)
		return fabric_explain(reason, reason_size, ENOENT,
				      "cannot read /proc/%u/stat, by which processes of a fabric "
				      "know each other: mount /proc",
				      pid);
	process = &fabric->segment->processes[slot];
	process->start_time = start;
	process->host = fabric->host;
	atomic_store(&process->polled_ns, 0);
	fabric->is_fenced = fence_register_processes();
	process->fences_senders = fabric->is_fenced;
	read_command(process->command, sizeof(process->command));
	fabric->slot = (unsigned int)slot;
	fabric->own = process;
	fabric->seen_wake = atomic_load(&process->wake);
	pthread_mutex_lock(&joined_lock);
	list_append(&joined, &fabric->link);
	pthread_mutex_unlock(&joined_lock);
	atomic_store_explicit(&process->pid, pid, memory_order_release);
	return 0;
}

void process_leave(struct fabric *fabric)
{
	pthread_mutex_lock(&joined_lock);
	list_remove(&fabric->link);
	pthread_mutex_unlock(&joined_lock);
	free_slot(fabric, fabric->slot);
}

/* The lock may have been held at the time of the fork by a thread that does not exist here. */
void process_forget(struct fabric *fabric)
{
	pthread_mutex_init(&joined_lock, NULL);
	list_remove(&fabric->link);
}
