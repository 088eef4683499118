/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copies to and from addresses that a program handed over in a command. The address may be
 * anything: what the kernel would answer with EFAULT must not end in a signal here.
 */
#ifndef SOFTHCA_SHIM_USER_H
#define SOFTHCA_SHIM_USER_H

#include <stddef.h>
#include <stdint.h>

/* 0 or EFAULT; part may have been copied then. A length of 0 succeeds with any address. */
int user_read(void *to, uint64_t from, size_t length);
int user_write(uint64_t to, const void *from, size_t length);
int user_clear(uint64_t to, size_t length);

#endif
