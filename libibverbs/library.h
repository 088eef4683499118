/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the files of libibverbs share among themselves and providers do not see: the private part of
 * a context, the devices' life, and small helpers.
 */
#ifndef LIBIBVERBS_LIBRARY_H
#define LIBIBVERBS_LIBRARY_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include "libibverbs/driver.h"

struct carrier;

/* Behind verbs_context.priv. */
struct verbs_ex_private {
	struct verbs_context_ops ops;
	const struct carrier *carrier;
	uint32_t driver_id;
	uint64_t core_support; /* enum ib_uverbs_core_support */
};

static inline struct verbs_ex_private *context_private(struct ibv_context *context)
{
	return verbs_get_ctx(context)->priv;
}

static inline const struct verbs_context_ops *context_ops(struct ibv_context *context)
{
	return &context_private(context)->ops;
}

/* The two ways a public function fails. */
static inline void *fail_null(int err)
{
	errno = err;
	return NULL;
}

static inline int fail_minus(int err)
{
	errno = err;
	return -1;
}

/* Handle of an optional object; the caller has said elsewhere that there is none. */
#define HANDLE_OR_ZERO(object) ((object) ? (object)->handle : 0)

/* device.c: keeps a device alive beyond the list it came from. */
void device_get(struct ibv_device *device);
void device_put(struct ibv_device *device);
struct ibv_device *device_find_by_dev(uint64_t uverbs_dev);

/* provider.c */
const struct verbs_device_ops *provider_find(const struct verbs_device_info *info,
					     const struct verbs_match **match);
void provider_load_all(void);

/* chardev.c: 0 and an open descriptor of exactly this device, or errno. */
int chardev_open(const char *name, uint64_t dev, int *fd);

/* sysfs.c: errno style, path given as a format. Lengths are as ibv_read_sysfs_file() has them. */
int sysfs_read(char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int sysfs_read_number(uint64_t *value, int base, uint64_t max, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * event.c: what the kernel names in an event. An event of a kernel newer than its list is about the
 * device.
 */
enum event_element { ELEMENT_PORT, ELEMENT_CQ, ELEMENT_QP, ELEMENT_SRQ, ELEMENT_WQ };
enum event_element event_element(enum ibv_event_type type);

/* compat_1_0_device.c: the context behind one of version IBVERBS_1.0, or the same one. */
struct ibv_context *compat_real_context(struct ibv_context *maybe);

/* fork.c: ibv_fork_init() for programs that cannot be changed to call it. */
void fork_init_from_environment(void);

/* qp_state.c: EINVAL for what IBTA forbids in a transition of this queue, else 0. */
int qp_transition_check(struct ibv_qp *qp, const struct ibv_qp_attr *attr, int attr_mask);

/* neigh.c: the Ethernet address behind an IP address, seen from an interface. 0 or errno. */
int neigh_resolve(const union ibv_gid *dgid, const union ibv_gid *sgid, unsigned int ifindex,
		  uint8_t mac[ETHERNET_LL_SIZE]);

#endif
