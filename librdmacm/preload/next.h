/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The function that would have been called without us. It is looked up at the first call, since
 * that may come before any constructor has run. */
#ifndef RSPRELOAD_NEXT_H
#define RSPRELOAD_NEXT_H

/* The checked inline versions of these functions would get in the way of defining them. */
#undef _FORTIFY_SOURCE

#include <dlfcn.h>

#define HOOK __attribute__((visibility("default")))

#define NEXT(function)                                                                             \
	({                                                                                         \
		static __typeof__(&function) next_;                                                \
		__typeof__(&function) found_ = __atomic_load_n(&next_, __ATOMIC_RELAXED);          \
		if (__builtin_expect(!found_, 0)) {                                                \
			found_ = (__typeof__(&function))dlsym(RTLD_NEXT, #function);               \
			__atomic_store_n(&next_, found_, __ATOMIC_RELAXED);                        \
		}                                                                                  \
		found_;                                                                            \
	})

#endif
