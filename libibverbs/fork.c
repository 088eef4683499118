/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * fork() and memory that a device uses. A copy-on-write fault in the parent would move its page
 * away from under the device; with MADV_DONTFORK the child does not get the page and there is no
 * fault. Ranges may overlap, so uses are counted. Kernels that copy such pages at fork() need none
 * of this.
 *
 * The counts are a step function over addresses: boundary i holds the number of uses from its
 * address to that of boundary i + 1. Before the first boundary and after the last one it is 0.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <rdma/rdma_netlink.h>

#include "libibverbs/library.h"
#include "libibverbs/netlink.h"
#include "libibverbs/pagesize.h"

struct boundary {
	uintptr_t address;
	unsigned int uses;
};

static struct {
	pthread_mutex_t mutex;
	enum ibv_fork_status status;
	bool too_late; /* memory was registered before ibv_fork_init() */
	bool huge_pages;
	size_t page_size;
	struct boundary *boundaries;
	size_t count, room;
} forks = {.mutex = PTHREAD_MUTEX_INITIALIZER, .status = IBV_FORK_DISABLED};

static int take_copy_on_fork(struct nlmsghdr *answer, void *arg)
{
	struct nlattr *attr = nlmsg_find_attr(answer, 0, RDMA_NLDEV_SYS_ATTR_COPY_ON_FORK);

	*(bool *)arg = attr && nla_len(attr) >= 1 && nla_get_u8(attr);
	return 0;
}

static bool kernel_copies_on_fork(void)
{
	struct nl_sock *socket;
	struct nl_msg *question;
	bool copies = false;

	if (netlink_open(NETLINK_RDMA, &socket))
		return false;
	question = nlmsg_alloc_simple(RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_SYS_GET), 0);
	if (question && netlink_ask(socket, question, take_copy_on_fork, &copies))
		copies = false;
	nlmsg_free(question);
	nl_socket_free(socket);
	return copies;
}

static int try_madvise(size_t page_size)
{
	void *page = mmap(NULL, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err = 0;

	if (page == MAP_FAILED)
		return errno;
	if (madvise(page, page_size, MADV_DONTFORK) || madvise(page, page_size, MADV_DOFORK))
		err = ENOSYS;
	munmap(page, page_size);
	return err;
}

static int init_locked(void)
{
	int err;

	if (forks.status != IBV_FORK_DISABLED)
		return 0;
	if (kernel_copies_on_fork()) {
		forks.status = IBV_FORK_UNNEEDED;
		return 0;
	}
	if (forks.too_late)
		return EINVAL;
	forks.huge_pages = getenv("RDMAV_HUGEPAGES_SAFE");
	forks.page_size = sysconf(_SC_PAGESIZE);
	err = try_madvise(forks.page_size);
	if (!err)
		forks.status = IBV_FORK_ENABLED;
	return err;
}

int ibv_fork_init(void)
{
	int err;

	pthread_mutex_lock(&forks.mutex);
	err = init_locked();
	pthread_mutex_unlock(&forks.mutex);
	return err;
}

void fork_init_from_environment(void)
{
	int err;

	if (!getenv("RDMAV_FORK_SAFE") && !getenv("IBV_FORK_SAFE"))
		return;
	err = ibv_fork_init();
	if (err)
		verbs_warn("fork() is not made safe as the environment asks: %s", strerror(err));
}

enum ibv_fork_status ibv_is_fork_initialized(void)
{
	enum ibv_fork_status status;

	pthread_mutex_lock(&forks.mutex);
	status = forks.status;
	pthread_mutex_unlock(&forks.mutex);
	return status;
}

/* Index of the first boundary at or above address. */
static size_t lower_bound(uintptr_t address)
{
	size_t low = 0, high = forks.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (forks.boundaries[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A boundary exactly at address, which changes nothing yet. There is room. */
static size_t split_at(uintptr_t address)
{
	size_t at = lower_bound(address);
	struct boundary *boundary = &forks.boundaries[at];

	if (at < forks.count && boundary->address == address)
		return at;
	memmove(boundary + 1, boundary, (forks.count - at) * sizeof(*boundary));
	boundary->address = address;
	boundary->uses = at ? boundary[-1].uses : 0;
	forks.count++;
	return at;
}

/* Takes out boundaries between first and last where the number of uses does not change. */
static void join_equal(size_t first, size_t last)
{
	size_t to = first;

	if (last >= forks.count)
		last = forks.count - 1;
	for (size_t from = first; from <= last; from++)
		if (forks.boundaries[from].uses != (to ? forks.boundaries[to - 1].uses : 0))
			forks.boundaries[to++] = forks.boundaries[from];
	memmove(&forks.boundaries[to], &forks.boundaries[last + 1],
		(forks.count - last - 1) * sizeof(struct boundary));
	forks.count -= last + 1 - to;
}

static int reserve(void)
{
	struct boundary *more;

	if (forks.count + 2 <= forks.room)
		return 0;
	more = reallocarray(forks.boundaries, forks.room * 2 + 16, sizeof(*more));
	if (!more)
		return ENOMEM;
	forks.boundaries = more;
	forks.room = forks.room * 2 + 16;
	return 0;
}

static int advise(size_t index, int advice)
{
	uintptr_t from = forks.boundaries[index].address;
	uintptr_t to = forks.boundaries[index + 1].address;

	if (!madvise((void *)from, to - from, advice))
		return 0;
	/* Memory that was unmapped before it was deregistered needs no more advice. */
	return advice == MADV_DOFORK && errno == ENOMEM ? 0 : errno;
}

/* Pieces that get their first use, or lose their last one, are told to the kernel. */
static int change_uses(size_t first, size_t last, int by, int advice)
{
	unsigned int turning = by > 0 ? 0 : 1;
	size_t at;
	int err = 0;

	for (at = first; at < last; at++) {
		if (forks.boundaries[at].uses == turning)
			err = advise(at, advice);
		if (err)
			break;
		forks.boundaries[at].uses += by;
	}
	if (!err)
		return 0;
	while (at-- > first) {
		forks.boundaries[at].uses -= by;
		if (forks.boundaries[at].uses == turning)
			advise(at, by > 0 ? MADV_DOFORK : MADV_DONTFORK);
	}
	return err;
}

static bool all_used(size_t first, size_t last)
{
	for (size_t at = first; at < last; at++)
		if (!forks.boundaries[at].uses)
			return false;
	return true;
}

static int change_range(uintptr_t start, uintptr_t end, int by, int advice)
{
	size_t first, last;
	int err = reserve();

	if (err)
		return err;
	first = split_at(start);
	last = split_at(end);
	if (by > 0 || all_used(first, last))
		err = change_uses(first, last, by, advice);
	else
		err = EINVAL;
	join_equal(first, last);
	return err;
}

static int change(void *base, size_t size, int by, int advice)
{
	uintptr_t start = (uintptr_t)base, end = start + size, page;
	int err = 0;

	if (!size)
		return 0;
	pthread_mutex_lock(&forks.mutex);
	if (forks.status == IBV_FORK_ENABLED) {
		page = forks.huge_pages ? pagesize_of_range(start, end, forks.page_size)
					: forks.page_size;
		err = change_range(start & ~(page - 1), (end + page - 1) & ~(page - 1), by, advice);
	} else {
		forks.too_late = true;
	}
	pthread_mutex_unlock(&forks.mutex);
	return err;
}

int ibv_dontfork_range(void *base, size_t size)
{
	return change(base, size, 1, MADV_DONTFORK);
}

int ibv_dofork_range(void *base, size_t size)
{
	return change(base, size, -1, MADV_DOFORK);
}
