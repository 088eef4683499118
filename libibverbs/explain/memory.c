/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why memory could not be registered: the range is not what the program believes, or may not be
 * locked. /proc/self/maps tells the first, the resource limit the second.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "libibverbs/explain/explain.h"

int explain_access(const char *verb, unsigned int access)
{
	const char *right = access & IBV_ACCESS_REMOTE_WRITE ? "IBV_ACCESS_REMOTE_WRITE"
							     : "IBV_ACCESS_REMOTE_ATOMIC";

	return explain(EINVAL, verb, "%s needs IBV_ACCESS_LOCAL_WRITE as well", right);
}

/* Calls with each mapping of this process, lowest first, until `look` says that it has seen enough.
 */
static void walk_mappings(bool (*look)(void *arg, uint64_t start, uint64_t end, bool writable),
			  void *arg)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uint64_t start, end;
	char rights[5];

	if (!maps)
		return;
	while (fscanf(maps, "%" SCNx64 "-%" SCNx64 " %4s%*[^\n]", &start, &end, rights) == 3)
		if (look(arg, start, end, rights[1] == 'w'))
			break;
	fclose(maps);
}

struct search {
	uint64_t at, end; /* all before `at` is there */
	uint64_t locked;  /* first address that cannot be written, `end` if none */
};

static bool look(void *arg, uint64_t start, uint64_t end, bool writable)
{
	struct search *search = arg;

	if (end <= search->at)
		return false;
	if (start > search->at)
		return true;
	if (!writable && search->at < search->locked)
		search->locked = search->at;
	search->at = end;
	return search->at >= search->end;
}

static bool explain_range(int err, const char *verb, const void *addr, size_t length,
			  unsigned int access)
{
	uint64_t start = (uintptr_t)addr, end = start + length;
	struct search search = {.at = start, .end = end, .locked = end};

	walk_mappings(look, &search);
	if (search.at == start && length)
		explain(err, verb, "there is no memory at address %#" PRIx64, start);
	else if (search.at < end)
		explain(err, verb,
			"of %zu bytes at %#" PRIx64 " only the first %" PRIu64 " are mapped",
			length, start, search.at - start);
	else if (search.locked < end && access & IBV_ACCESS_LOCAL_WRITE)
		explain(err, verb,
			"memory at %#" PRIx64
			" is mapped read-only, and IBV_ACCESS_LOCAL_WRITE is asked for",
			search.locked);
	else
		return false;
	return true;
}

/* Locked already, as /proc tells it; 0 if it does not. */
static uint64_t locked_bytes(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	uint64_t kib = 0;
	char line[128];

	if (!status)
		return 0;
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "VmPin: %" SCNu64, &kib) == 1)
			break;
	fclose(status);
	return kib * 1024;
}

static bool explain_locking(int err, const char *verb, size_t length)
{
	char needs[EXPLAIN_BYTES_TEXT], has[EXPLAIN_BYTES_TEXT], used[EXPLAIN_BYTES_TEXT];
	uint64_t locked = locked_bytes();
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return false;
	if (locked <= limit.rlim_cur && length <= limit.rlim_cur - locked)
		return false;
	explain(err, verb,
		"needs %s locked, RLIMIT_MEMLOCK is %s (%s in use); raise it with ulimit -l",
		explain_bytes(length, needs), explain_bytes(limit.rlim_cur, has),
		explain_bytes(locked, used));
	return true;
}

int explain_registration(int err, const char *verb, struct ibv_context *context, const void *addr,
			 size_t length, unsigned int access)
{
	struct ibv_device_attr device;
	int saved = errno;

	if (explain_by_provider(err, verb))
		return err;
	if (!length)
		return explain(err, verb, "the length is 0");
	if (err == ENOMEM && explain_locking(err, verb, length))
		return err;
	if (!(access & IBV_ACCESS_ON_DEMAND) && explain_range(err, verb, addr, length, access))
		return err;
	if (!ibv_query_device(context, &device) && length > device.max_mr_size)
		return explain(err, verb, "length %zu > device limit %" PRIu64, length,
			       device.max_mr_size);
	errno = saved;
	return explain_errno(err, verb, context);
}
