/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading the device's clock. The timer is two big-endian words of the initialization segment
 * (PRM, internal_timer_h and _l); the notes are a page the kernel keeps up to date (uapi
 * rdma/mlx5-abi.h, struct mlx5_ib_clock_info).
 */

#include <endian.h>
#include <errno.h>
#include <unistd.h>
#include <sys/mman.h>

#include "util/udma_barrier.h"

#include "bits.h"
#include "clock.h"
#include "context.h"

static const void *map_page(struct mlx5_context *context, enum mlx5_ib_mmap_cmd cmd, uint32_t index)
{
	size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, bytes, PROT_READ, MAP_SHARED, context->verbs.context.cmd_fd,
			  mlx5_mmap_offset(cmd, index));

	return page == MAP_FAILED ? NULL : page;
}

static void unmap_page(const void *page)
{
	if (page)
		munmap((void *)(uintptr_t)page, (size_t)sysconf(_SC_PAGESIZE));
}

/* The words lie behind each other, so the last place for them is 8 bytes before the page's end. */
static bool is_offset_good(uint64_t offset)
{
	return offset % sizeof(__be32) == 0 &&
	       offset <= (uint64_t)sysconf(_SC_PAGESIZE) - 2 * sizeof(__be32);
}

void mlx5_clock_open(struct mlx5_context *context,
		     const struct mlx5_ib_alloc_ucontext_resp *response)
{
	struct mlx5_clock *clock = &context->clock;

	if (response->comp_mask & MLX5_IB_ALLOC_UCONTEXT_RESP_MASK_CORE_CLOCK_OFFSET &&
	    is_offset_good(response->hca_core_clock_offset)) {
		clock->timer_offset = (uint32_t)response->hca_core_clock_offset;
		clock->timer_page = map_page(context, MLX5_IB_MMAP_CORE_CLOCK, 0);
	}
	if (response->clock_info_versions & 1 << MLX5_IB_CLOCK_INFO_V1)
		clock->notes = map_page(context, MLX5_IB_MMAP_CLOCK_INFO, MLX5_IB_CLOCK_INFO_V1);
}

void mlx5_clock_close(struct mlx5_context *context)
{
	unmap_page(context->clock.timer_page);
	unmap_page(context->clock.notes);
}

/* The high word is read again, in case the low one ran over between. */
static uint64_t read_timer(const struct mlx5_clock *clock)
{
	const volatile __be32 *timer =
		(const volatile __be32 *)(const volatile void *)(clock->timer_page +
								 clock->timer_offset);
	__be32 high, low, again = timer[0];

	do {
		high = again;
		low = timer[1];
		again = timer[0];
	} while (high != again);
	return (uint64_t)be32toh(high) << 32 | be32toh(low);
}

int mlx5_query_rt_values(struct ibv_context *context, struct ibv_values_ex *values)
{
	const struct mlx5_clock *clock = &to_mlx5_context(context)->clock;

	if (values->comp_mask & ~(uint32_t)IBV_VALUES_MASK_RAW_CLOCK)
		return EINVAL;
	if (!clock->timer_page)
		return EOPNOTSUPP;
	if (values->comp_mask) {
		values->raw_clock.tv_sec = 0;
		values->raw_clock.tv_nsec = (long)read_timer(clock);
	}
	return 0;
}

/* The sign is odd while the kernel writes, and another one afterwards. */
struct mlx5_ib_clock_info mlx5_clock_notes(const struct mlx5_ib_clock_info *notes)
{
	struct mlx5_ib_clock_info copy;
	uint32_t sign;

	do {
		sign = __atomic_load_n(&notes->sign, __ATOMIC_ACQUIRE);
		copy = *(const volatile struct mlx5_ib_clock_info *)notes;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (sign & MLX5_IB_CLOCK_INFO_KERNEL_UPDATING ||
		 sign != __atomic_load_n(&notes->sign, __ATOMIC_RELAXED));
	return copy;
}

/* A time stamp may be older than the notes: more than half of the range ahead is behind. */
uint64_t mlx5_clock_wall_ns(const struct mlx5_ib_clock_info *notes, uint64_t timestamp)
{
	const struct mlx5_ib_clock_info now = mlx5_clock_notes(notes);
	uint64_t ahead = (timestamp - now.cycles) & now.mask;
	uint64_t behind = (now.cycles - timestamp) & now.mask;

	if (ahead > now.mask / 2)
		return now.nsec - ((behind * now.mult - now.frac) >> now.shift);
	return now.nsec + ((ahead * now.mult + now.frac) >> now.shift);
}
