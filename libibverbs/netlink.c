/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The conversation of netlink.h: libnl does the talking, its callbacks collect the outcome. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <netlink/errno.h>

#include "libibverbs/netlink.h"

/* The kernel answers while it takes the question; a second of silence means that it never will. */
static const struct timeval patience = {.tv_sec = 1};

int netlink_errno(int nl_error)
{
	switch (abs(nl_error)) {
	case NLE_NOMEM:
		return ENOMEM;
	case NLE_AGAIN:
		return ETIMEDOUT;
	case NLE_PERM:
		return EPERM;
	case NLE_NOACCESS:
		return EACCES;
	case NLE_AF_NOSUPPORT:
		return EAFNOSUPPORT;
	case NLE_PROTO_MISMATCH:
		return EPROTONOSUPPORT;
	default:
		return EBADMSG;
	}
}

int netlink_open(int protocol, struct nl_sock **socket)
{
	struct nl_sock *new = nl_socket_alloc();
	int err;

	if (!new)
		return ENOMEM;
	err = nl_connect(new, protocol);
	if (err)
		err = netlink_errno(err);
	else if (setsockopt(nl_socket_get_fd(new), SOL_SOCKET, SO_RCVTIMEO, &patience,
			    sizeof(patience)))
		err = errno;
	if (err)
		nl_socket_free(new);
	else
		*socket = new;
	return err;
}

struct conversation {
	int (*take)(struct nlmsghdr *answer, void *arg);
	void *arg;
	bool done;
	int err;
};

static int end(struct conversation *talk, int err)
{
	talk->done = true;
	talk->err = err;
	return NL_STOP;
}

static int take_answer(struct nl_msg *answer, void *arg)
{
	struct conversation *talk = arg;
	int err = talk->take(nlmsg_hdr(answer), talk->arg);

	return err ? end(talk, err) : NL_OK;
}

/* What ends a single question is an acknowledgement, asked for by libnl. */
static int take_ack(struct nl_msg *answer, void *arg)
{
	(void)answer;
	return end(arg, 0);
}

/* What ends a dump carries how it went, as a negative errno. */
static int take_done(struct nl_msg *answer, void *arg)
{
	const struct nlmsghdr *header = nlmsg_hdr(answer);
	const int *error = nlmsg_data(header);

	if (nlmsg_datalen(header) < (int)sizeof(*error))
		return end(arg, EBADMSG);
	return end(arg, *error < 0 ? -*error : 0);
}

static int take_error(struct sockaddr_nl *from, struct nlmsgerr *answer, void *arg)
{
	(void)from;
	return end(arg, answer->error < 0 ? -answer->error : EBADMSG);
}

int netlink_ask(struct nl_sock *socket, struct nl_msg *question,
		int (*take)(struct nlmsghdr *answer, void *arg), void *arg)
{
	struct conversation talk = {.take = take, .arg = arg};
	int err;

	/* They point into this frame, and nobody else receives on the socket. */
	nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, take_answer, &talk);
	nl_socket_modify_cb(socket, NL_CB_ACK, NL_CB_CUSTOM, take_ack, &talk);
	nl_socket_modify_cb(socket, NL_CB_FINISH, NL_CB_CUSTOM, take_done, &talk);
	nl_socket_modify_err_cb(socket, NL_CB_CUSTOM, take_error, &talk);
	err = nl_send_auto(socket, question);
	while (err >= 0 && !talk.done)
		err = nl_recvmsgs_default(socket);
	/* Once it has come to an end, how it ended says more than libnl, which knows no errno. */
	return talk.done ? talk.err : netlink_errno(err);
}
