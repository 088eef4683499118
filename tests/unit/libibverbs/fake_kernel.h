/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A kernel of the test's making below the library: its open(), fstat(), ioctl(), write() and
 * netlink_open() end here (linker option --wrap). Classic commands reach the handler in one
 * shape whichever carrier brought them, so a test can demand that both bring the same.
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/ib_user_verbs.h>
#include <rdma/rdma_user_ioctl_cmds.h>

#define FAKE_DRIVER_ID 77
#define FAKE_DEV_MAJOR 231
#define FAKE_DEV_MINOR 192

/* A classic command; out and private_out are where its answer goes, lengths as the caller said. */
struct fake_command {
	uint32_t number;
	const void *in;
	size_t in_len;
	void *out;
	size_t out_len;
	const void *private_in;
	size_t private_in_len;
	void *private_out;
	size_t private_out_len;
};

struct fake_kernel {
	bool has_ioctl;		 /* false: ENOTTY, commands by write() only */
	bool device_node;	 /* /dev/infiniband/uverbs0 exists */
	unsigned int node_minor; /* and is this one */
	ssize_t short_write;	 /* what write() claims to have taken, 0: everything */

	/* 0 or errno. */
	int (*command)(const struct fake_command *command);
	int (*method)(struct ib_uverbs_ioctl_hdr *header);

	/* A canned netlink conversation: one datagram per answer; none: EPROTONOSUPPORT. */
	const void *datagrams[8];
	size_t datagram_lens[8];
	unsigned int num_datagrams;

	/* What happened. */
	unsigned int commands, methods;
	int open_fds; /* descriptors that the library still holds */
	uint32_t last_number;
};

extern struct fake_kernel fake_kernel;

/* A kernel with everything, that answers commands well. */
void fake_kernel_reset(void);

/* The well-behaved answers, for handlers that change only one of them. */
int fake_kernel_command(const struct fake_command *command);
int fake_kernel_method(struct ib_uverbs_ioctl_hdr *header);

/* The attribute of that number, or NULL. */
struct ib_uverbs_attr *fake_attr(struct ib_uverbs_ioctl_hdr *header, uint16_t attr_id);

/* Puts a structure into an answer, as much of it as there is room for. */
void fake_answer(void *to, size_t len, const void *from, size_t from_len);

/* Both ends of the descriptors that carry events: what the test writes the library reads. */
int fake_async_writer(void);
int fake_channel_writer(void);

#endif
