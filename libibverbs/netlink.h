/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One question to the kernel over netlink and its answers, as discovery and address resolution need
 * them: libnl with a time limit, and with errors as errno.
 */
#ifndef LIBIBVERBS_NETLINK_H
#define LIBIBVERBS_NETLINK_H

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

/* 0 or errno. The socket is closed with nl_socket_free(). */
int netlink_open(int protocol, struct nl_sock **socket);

/*
 * Sends the question and calls take() for every answer until the last one; stops at its first
 * error. 0, or errno: the kernel's own, take()'s, ETIMEDOUT, or EBADMSG for an answer that is not
 * well-formed. The socket can be asked again unless the conversation broke off.
 */
int netlink_ask(struct nl_sock *socket, struct nl_msg *question,
		int (*take)(struct nlmsghdr *answer, void *arg), void *arg);

/* The errno of what a function of libnl returned; EBADMSG where there is none. */
int netlink_errno(int nl_error);

#endif
