/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Small arithmetic on sizes, and hints to the compiler. */
#ifndef MLX5_BITS_H
#define MLX5_BITS_H

#include <stddef.h>
#include <stdint.h>

#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define ALWAYS_INLINE	    inline __attribute__((always_inline))
#define COLD		    __attribute__((cold, noinline))

/* to: a power of two. */
static inline size_t align_up(size_t value, size_t to)
{
	return (value + to - 1) & ~(to - 1);
}

/* Position of the highest bit; value is not 0. */
static inline uint32_t log2_floor(uint32_t value)
{
	return 31 - (uint32_t)__builtin_clz(value);
}

/* The next power of two, in 64 bits so that it exists for every value. 0 gives 1. */
static inline uint64_t round_up_pow2(uint32_t value)
{
	return value <= 1 ? 1 : (uint64_t)1 << (log2_floor(value - 1) + 1);
}

#endif
