/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * As much netlink as discovery and address resolution need: one question, its answers, attributes
 * checked against the message they lie in. 0 or errno.
 */
#ifndef LIBIBVERBS_NETLINK_H
#define LIBIBVERBS_NETLINK_H

#include <stddef.h>
#include <stdint.h>
#include <linux/netlink.h>

struct netlink_request {
	union {
		struct nlmsghdr header;
		uint32_t space[128];
	};
};

int netlink_open(int protocol, int *fd);

/* Begins a message; fixed is the family's own header, may be empty. */
void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags,
		   const void *fixed, size_t fixed_len);
void netlink_put(struct netlink_request *request, uint16_t attr, const void *data, size_t len);
void netlink_put_u32(struct netlink_request *request, uint16_t attr, uint32_t value);
void netlink_put_string(struct netlink_request *request, uint16_t attr, const char *text);

/*
 * Sends the request and calls take() for every answer until the last one; stops at its first
 * error. EBADMSG: an answer that is not well-formed.
 */
int netlink_ask(int fd, struct netlink_request *request,
		int (*take)(const struct nlmsghdr *message, void *arg), void *arg);

/* The first, or the next, attribute behind a family header of fixed_len; NULL at the end. */
const struct nlattr *netlink_first(const struct nlmsghdr *message, size_t fixed_len, size_t *left);
const struct nlattr *netlink_next(const struct nlattr *attr, size_t *left);

#define netlink_for_each_attr(attr, message, fixed_len, left)                                      \
	for (attr = netlink_first(message, fixed_len, &(left)); attr;                              \
	     attr = netlink_next(attr, &(left)))

/*
 * Values; 0 or an empty string when the attribute is too short or too long for it. A string with a
 * slash is empty too: names become parts of paths.
 */
uint8_t netlink_u8(const struct nlattr *attr);
uint32_t netlink_u32(const struct nlattr *attr);
uint64_t netlink_u64(const struct nlattr *attr);
void netlink_string(const struct nlattr *attr, char *text, size_t size);
const void *netlink_data(const struct nlattr *attr, size_t len);

/* The kernel's packing of a device number as a dev_t of this C library. */
uint64_t netlink_dev(uint64_t kernel_dev);

#endif
