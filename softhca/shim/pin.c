/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory is brought in with madvise(MADV_POPULATE_*), which faults pages as pinning does. Kernels
 * before 5.14 do not have it: there only presence is looked at.
 */
#include "softhca/shim/pin.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "softhca/shim/page.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

/* Pages of this process that are accounted as locked. */
static _Atomic uint64_t locked_pages;

static bool may_lock_any(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	if (syscall(SYS_capget, &header, data))
		return false;
	return data[CAP_IPC_LOCK / 32].effective & (1u << (CAP_IPC_LOCK % 32));
}

static int account(uint64_t pages)
{
	struct rlimit limit;
	uint64_t before = atomic_fetch_add(&locked_pages, pages);
	int rc = 0;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return 0;
	if (before + pages > limit.rlim_cur / PAGE_BYTES && !may_lock_any())
		rc = limit.rlim_cur ? ENOMEM : EPERM;
	if (rc)
		atomic_fetch_sub(&locked_pages, pages);
	return rc;
}

static bool can_populate(void)
{
	static _Atomic int known; /* 1 yes, 2 no */
	uintptr_t here = (uintptr_t)&here & ~(uintptr_t)(PAGE_BYTES - 1);

	if (!known)
		known = madvise((void *)here, PAGE_BYTES, MADV_POPULATE_READ) ? 2 : 1;
	return known == 1;
}

static int check_mapped(uint64_t start, uint64_t length)
{
	unsigned char residency[1024];

	while (length) {
		uint64_t step = sizeof(residency) * (uint64_t)PAGE_BYTES;

		if (step > length)
			step = length;
		if (mincore((void *)(uintptr_t)start, step, residency))
			return EFAULT;
		start += step;
		length -= step;
	}
	return 0;
}

static int bring_in(uint64_t start, uint64_t length, bool writable)
{
	int advice = writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;

	if (!can_populate())
		return check_mapped(start, length);
	while (madvise((void *)(uintptr_t)start, length, advice))
		if (errno != EINTR && errno != EAGAIN)
			return EFAULT;
	return 0;
}

int pin_bring_in(uint64_t address, uint64_t length, bool writable)
{
	uint64_t start = address & ~(uint64_t)(PAGE_BYTES - 1);

	if (!length)
		return 0;
	if (address + length < address || address + length > UINT64_MAX - PAGE_BYTES)
		return EFAULT;
	return bring_in(start, (address + length - start + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1ull),
			writable);
}

int pin_memory(struct pin *pin, uint64_t address, uint64_t length, bool writable)
{
	uint64_t start = address & ~(uint64_t)(PAGE_BYTES - 1);
	uint64_t end = address + length;
	uint64_t pages;
	int rc;

	if (!length || end < address || end > UINT64_MAX - PAGE_BYTES)
		return EINVAL;
	pages = (end - start + PAGE_BYTES - 1) / PAGE_BYTES;
	rc = account(pages);
	if (rc)
		return rc;
	pin->pages = pages;
	rc = bring_in(start, pages * PAGE_BYTES, writable);
	if (rc)
		pin_release(pin);
	return rc;
}

void pin_release(struct pin *pin)
{
	atomic_fetch_sub(&locked_pages, pin->pages);
	pin->pages = 0;
}

void pin_after_fork(void)
{
	locked_pages = 0;
}
