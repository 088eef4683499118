/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What all hooks share: the function that would have been called without us, and the test for a
 * path of ours. A hook looks its successor up at its first call, since it may be called before any
 * constructor has run; that is also why there is none.
 */
#ifndef SOFTHCA_SHIM_HOOKS_NEXT_H
#define SOFTHCA_SHIM_HOOKS_NEXT_H

/* The checked inline versions of these functions would get in the way of defining them. */
#undef _FORTIFY_SOURCE

#include <dlfcn.h>
#include <stdbool.h>
#include <sys/types.h>

#define HOOK __attribute__((visibility("default")))

/* A pointer of type `type` to the next function of that name; NULL if this libc has none. */
#define NEXT(type, name)                                                                           \
	({                                                                                         \
		static type *next_;                                                                \
		type *found_ = __atomic_load_n(&next_, __ATOMIC_RELAXED);                          \
		if (__builtin_expect(!found_, 0)) {                                                \
			found_ = (type *)dlsym(RTLD_NEXT, name);                                   \
			__atomic_store_n(&next_, found_, __ATOMIC_RELAXED);                        \
		}                                                                                  \
		found_;                                                                            \
	})

/* The number of the device of ours that a path names, which may be NULL; 0: it names none. */
dev_t hook_device_at(const char *path);
/* Whether it names one. */
bool hook_is_device_path(const char *path);

#endif
