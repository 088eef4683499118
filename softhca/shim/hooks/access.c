/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether the device may be used, for programs that ask before they open it: everybody may read and
 * write it, as stat() shows it. */
#include "softhca/shim/hooks/next.h"

#include <errno.h>
#include <unistd.h>

typedef int access_fn(const char *path, int mode);
typedef int access_at_fn(int directory, const char *path, int mode, int flags);

static int judge(int mode)
{
	if (mode & ~(R_OK | W_OK | X_OK))
		errno = EINVAL;
	else if (mode & X_OK)
		errno = EACCES;
	else
		return 0;
	return -1;
}

#define ACCESS(name)                                                                               \
	HOOK int name(const char *path, int mode)                                                  \
	{                                                                                          \
		return hook_is_device_path(path) ? judge(mode)                                     \
						 : NEXT(access_fn, #name)(path, mode);             \
	}

ACCESS(access)
ACCESS(eaccess)
ACCESS(euidaccess)

HOOK int faccessat(int directory, const char *path, int mode, int flags)
{
	if (hook_is_device_path(path))
		return judge(mode);
	return NEXT(access_at_fn, "faccessat")(directory, path, mode, flags);
}
