/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stores to device registers mapped into the process, and what orders them.
 *
 * A register page is mapped either uncached (NC: every store becomes one bus write, in program
 * order) or write-combining (WC: stores gather in a buffer that leaves the CPU as one burst, in any
 * order relative to other memory, when full or flushed). Doorbells work on both; only WC makes a
 * copied work request one burst. The caller need not know which one it has if it goes
 *
 *	fill memory, udma_to_device_barrier(), doorbell record,
 *	mmio_start(), mmio_write64() or mmio_copy64(), mmio_flush()
 */
#ifndef UTIL_MMIO_H
#define UTIL_MMIO_H

#include <stddef.h>
#include <stdint.h>

#include "util/udma_barrier.h"

#if UINTPTR_MAX < UINT64_MAX
#error "a 64-bit doorbell must be one bus write, which this machine cannot do without a lock"
#endif

/*
 * After the stores to memory, before the first register store that lets the device look at them.
 *
 * A WC store may become visible before an older store to ordinary memory, hence the fence on x86;
 * an NC store would not need it.
 */
static inline void mmio_start(void)
{
#if defined(__x86_64__)
	__builtin_ia32_sfence();
#elif defined(__aarch64__)
	__asm__ volatile("dmb oshst" ::: "memory");
#else
	atomic_thread_fence(memory_order_seq_cst);
#endif
}

/*
 * After the last register store: empties the write-combining buffer, so that the device sees the
 * store now rather than when the buffer is needed for something else. It also keeps this burst
 * apart from the next one to the same register.
 */
static inline void mmio_flush(void)
{
#if defined(__x86_64__)
	__builtin_ia32_sfence();
#elif defined(__aarch64__)
	__asm__ volatile("dsb st" ::: "memory");
#else
	atomic_thread_fence(memory_order_seq_cst);
#endif
}

/* One 64-bit bus write, value as it shall lie in memory order; never torn. */
static inline void mmio_write64(void *reg, uint64_t value)
{
	*(volatile uint64_t *)reg = value;
}

/* Two words that any object may be read as; compilers move them in one vector register. */
typedef uint64_t mmio_pair __attribute__((vector_size(16), may_alias));

/*
 * Copies a multiple of 64 bytes in ascending 16-byte stores. On a WC page they leave as bursts of
 * 64; the register must not be written by another thread meanwhile. reg and from are 16-byte
 * aligned.
 */
static inline void mmio_copy64(void *reg, const void *from, size_t bytes)
{
	const mmio_pair *source = from;
	volatile mmio_pair *to = reg;

	for (; bytes; bytes -= 64, source += 4, to += 4) {
		to[0] = source[0];
		to[1] = source[1];
		to[2] = source[2];
		to[3] = source[3];
	}
}

#endif
