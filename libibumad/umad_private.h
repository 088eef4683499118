/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of libibumad share. Inside, functions return 0 or a positive errno. */
#ifndef UMAD_PRIVATE_H
#define UMAD_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* sysfs.c: a file below sysfs' root, its path given as a format. Text without a final newline. */
int umad_read_text(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A number at its beginning, as strtoull() reads it. */
int umad_read_number(uint64_t *number, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Four groups of four hex digits, as sysfs writes GUIDs; host order. */
int umad_read_guid(uint64_t *guid, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Calls with the name of each entry of a folder below the root, in no order, until `look` returns
 * true. ENOENT if there is no such folder. */
int umad_walk(const char *folder, bool (*look)(void *arg, const char *name), void *arg);

/* find.c: the adapter and port that are meant by NULL and UMAD_ANY_PORT; `name` has
 * UMAD_CA_NAME_LEN bytes. */
int umad_find_port(const char *ca_name, int portnum, char *name, int *port);
/* Whether an adapter's ports are InfiniBand's or RoCE's, which have MADs. */
bool umad_has_mads(const char *ca_name);
/* The number N of /dev/infiniband/umadN. */
int umad_find_file(const char *ca_name, int portnum, unsigned int *number);

/* kernel.c */
struct umad_agent {
	uint8_t mgmt_class, mgmt_version, rmpp_version;
	uint8_t oui[3];
	uint64_t method_mask[2];
	uint32_t flags;
};
int umad_kernel_register(int fd, const struct umad_agent *agent, uint32_t *id);
/* With flags. ENOTTY comes from kernels that do not have the call. */
int umad_kernel_register2(int fd, struct umad_agent *agent, uint32_t *id);
int umad_kernel_unregister(int fd, uint32_t id);
int umad_kernel_enable_pkey(int fd);

/* debug.c: a line on stderr when the level is at least 1. */
void umad_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
