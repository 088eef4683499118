/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The clock of mlx5 as a library maps it: the page of the device's timer, and the page in which the
 * kernel notes how timer and wall clock go together. On an adapter the timer counts by itself; here
 * it is a word that has to be written before anybody reads it. Whoever asks for the time through
 * the library is seen coming (kick.c), and for the others each command and the background thread
 * write it now and then.
 * Source: uapi rdma/mlx5-abi.h; PRM, initialization segment, internal_timer_h and _l.
 */
#include "softhca/shim/mlx5_abi.h"

#include <endian.h>
#include <errno.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <rdma/mlx5-abi.h>

#include "softhca/shim/shared_context.h"
#include "util/clock.h"

enum { MMAP_COMMAND_SHIFT = 8 };

_Static_assert(MLX5_IB_CLOCK_INFO_V1 + SHARED_SEATS <= 1 << MMAP_COMMAND_SHIFT,
	       "not each seat has a page for its notes");

/* uapi: an mmap offset in pages is command b15:8 | index b7:0; of the notes, the index is the
 * version. */
static void *map_page(const struct shim_file *file, uint32_t command, uint32_t index)
{
	uint64_t bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t offset = (command << MMAP_COMMAND_SHIFT | index) * bytes;
	void *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd,
			  (off_t)file_own_offset(file, offset));

	return page == MAP_FAILED ? NULL : page;
}

static void unmap_page(void *page)
{
	if (page)
		munmap(page, (size_t)sysconf(_SC_PAGESIZE));
}

void mlx5_clock_close(struct device_clock *clock)
{
	unmap_page(clock->timer);
	unmap_page(clock->notes);
	*clock = (struct device_clock){0};
}

/* A library that is refused a context tries again with the same file. The background thread may
 * know the file already: it takes the clock for open once it sees the timer, which comes last. */
int mlx5_clock_open(struct shim_file *file)
{
	struct device_clock *clock = &file->clock;
	void *timer, *notes;

	if (clock->timer)
		return 0;
	timer = map_page(file, MLX5_IB_MMAP_CORE_CLOCK, 0);
	notes = map_page(file, MLX5_IB_MMAP_CLOCK_INFO, MLX5_IB_CLOCK_INFO_V1);
	if (!timer || !notes) {
		unmap_page(timer);
		unmap_page(notes);
		return ENOMEM;
	}
	clock->notes = notes;
	__atomic_store_n(&clock->timer, timer, __ATOMIC_RELEASE);
	mlx5_clock_tick(clock);
	return 0;
}

/* High and low half are read one by one, but written as one. It never goes back, whichever thread
 * was the later one to have read the time. */
static void show_time(__be64 *timer)
{
	__be64 shown = __atomic_load_n(timer, __ATOMIC_RELAXED);
	uint64_t now;

	do
		now = clock_ns();
	while (be64toh(shown) < now &&
	       !__atomic_compare_exchange_n(timer, &shown, htobe64(now), false, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED));
}

static uint64_t wall_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* The timer counts nanoseconds, so that a difference of cycles is one of time. */
static void fill_notes(struct mlx5_ib_clock_info *notes)
{
	notes->nsec = wall_clock_ns();
	notes->cycles = clock_ns();
	notes->frac = 0;
	notes->mult = 1;
	notes->shift = 0;
	notes->mask = UINT64_MAX;
	/* Nothing overflows; the notes are renewed because the wall clock may be set. */
	notes->overflow_period = UINT64_MAX;
}

/* One writer at a time: whoever finds the sign odd leaves it to the other. */
static void note_time(struct mlx5_ib_clock_info *notes)
{
	uint32_t sign = __atomic_load_n(&notes->sign, __ATOMIC_RELAXED);

	if (sign & MLX5_IB_CLOCK_INFO_KERNEL_UPDATING ||
	    !__atomic_compare_exchange_n(&notes->sign, &sign,
					 sign | MLX5_IB_CLOCK_INFO_KERNEL_UPDATING, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	fill_notes(notes);
	__atomic_store_n(&notes->sign, sign + 2 * MLX5_IB_CLOCK_INFO_KERNEL_UPDATING,
			 __ATOMIC_RELEASE);
}

void mlx5_clock_tick(struct device_clock *clock)
{
	__be64 *timer = __atomic_load_n(&clock->timer, __ATOMIC_ACQUIRE);

	if (!timer)
		return;
	show_time(timer);
	note_time(clock->notes);
}
