/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The small netlink client of netlink.h. */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>

#include "libibverbs/netlink.h"

/* The largest answer the kernel builds for a dump; a longer one arrives truncated and is refused.
 */
#define ANSWER_SIZE 32768

static const uint32_t sequence = 1;

/* The kernel answers while it takes the question; a second of silence means that it never will. */
static const struct timeval patience = {.tv_sec = 1};

int netlink_open(int protocol, int *fd)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	int err;

	*fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (*fd < 0)
		return errno;
	if (bind(*fd, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience))) {
		err = errno;
		close(*fd);
		return err;
	}
	return 0;
}

static void append(struct netlink_request *request, const void *data, size_t len)
{
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len);

	assert(at + len <= sizeof(request->space));
	if (len)
		memcpy((char *)request + at, data, len);
	request->header.nlmsg_len = at + len;
}

void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags,
		   const void *fixed, size_t fixed_len)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_len = NLMSG_HDRLEN;
	request->header.nlmsg_type = type;
	request->header.nlmsg_flags = NLM_F_REQUEST | flags;
	request->header.nlmsg_seq = sequence;
	append(request, fixed, fixed_len);
}

void netlink_put(struct netlink_request *request, uint16_t attr, const void *data, size_t len)
{
	struct nlattr head = {.nla_len = NLA_HDRLEN + len, .nla_type = attr};

	append(request, &head, sizeof(head));
	append(request, data, len);
}

void netlink_put_u32(struct netlink_request *request, uint16_t attr, uint32_t value)
{
	netlink_put(request, attr, &value, sizeof(value));
}

void netlink_put_string(struct netlink_request *request, uint16_t attr, const char *text)
{
	netlink_put(request, attr, text, strlen(text) + 1);
}

struct conversation {
	int (*take)(const struct nlmsghdr *message, void *arg);
	void *arg;
	bool dump;
	bool done;
};

static int error_in(const struct nlmsghdr *message)
{
	int error;

	if (message->nlmsg_len < NLMSG_HDRLEN + sizeof(error))
		return EBADMSG;
	memcpy(&error, (const char *)message + NLMSG_HDRLEN, sizeof(error));
	return error < 0 ? -error : 0;
}

static int take_message(struct conversation *talk, const struct nlmsghdr *message)
{
	switch (message->nlmsg_type) {
	case NLMSG_NOOP:
		return 0;
	case NLMSG_ERROR:
	case NLMSG_DONE:
		talk->done = true;
		return error_in(message);
	default:
		talk->done = !talk->dump;
		return talk->take(message, talk->arg);
	}
}

/* Messages are 4-byte aligned within the datagram, and say themselves how long they are. */
static int take_datagram(struct conversation *talk, const char *data, size_t len)
{
	const struct nlmsghdr *message;
	int err = 0;

	while (!err && !talk->done && len >= NLMSG_HDRLEN) {
		message = (const struct nlmsghdr *)data;
		if (message->nlmsg_len < NLMSG_HDRLEN || message->nlmsg_len > len)
			return EBADMSG;
		if (message->nlmsg_seq == sequence)
			err = take_message(talk, message);
		if (NLMSG_ALIGN(message->nlmsg_len) >= len)
			break;
		data += NLMSG_ALIGN(message->nlmsg_len);
		len -= NLMSG_ALIGN(message->nlmsg_len);
	}
	return err;
}

static int receive(int fd, char *buffer, size_t *len)
{
	struct iovec piece = {.iov_base = buffer, .iov_len = ANSWER_SIZE};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	ssize_t got;

	do {
		got = recvmsg(fd, &message, 0);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? ETIMEDOUT : errno;
	if (!got || message.msg_flags & MSG_TRUNC)
		return EBADMSG;
	*len = got;
	return 0;
}

int netlink_ask(int fd, struct netlink_request *request,
		int (*take)(const struct nlmsghdr *message, void *arg), void *arg)
{
	struct conversation talk = {.take = take, .arg = arg};
	char *buffer;
	size_t len = 0;
	int err = 0;

	talk.dump = request->header.nlmsg_flags & NLM_F_DUMP;
	buffer = malloc(ANSWER_SIZE);
	if (!buffer)
		return ENOMEM;
	if (send(fd, request, request->header.nlmsg_len, 0) < 0)
		err = errno;
	while (!err && !talk.done) {
		err = receive(fd, buffer, &len);
		if (!err)
			err = take_datagram(&talk, buffer, len);
	}
	free(buffer);
	return err;
}

static const struct nlattr *checked(const char *at, size_t left)
{
	const struct nlattr *attr = (const struct nlattr *)at;

	if (left < NLA_HDRLEN || attr->nla_len < NLA_HDRLEN || attr->nla_len > left)
		return NULL;
	return attr;
}

const struct nlattr *netlink_first(const struct nlmsghdr *message, size_t fixed_len, size_t *left)
{
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(fixed_len);

	if (message->nlmsg_len < at)
		return NULL;
	*left = message->nlmsg_len - at;
	return checked((const char *)message + at, *left);
}

const struct nlattr *netlink_next(const struct nlattr *attr, size_t *left)
{
	size_t step = NLA_ALIGN(attr->nla_len);

	if (step >= *left)
		return NULL;
	*left -= step;
	return checked((const char *)attr + step, *left);
}

const void *netlink_data(const struct nlattr *attr, size_t len)
{
	return attr->nla_len >= NLA_HDRLEN + len ? (const char *)attr + NLA_HDRLEN : NULL;
}

static uint64_t number(const struct nlattr *attr, size_t len)
{
	const void *data = netlink_data(attr, len);
	uint64_t u64;
	uint32_t u32;

	if (!data)
		return 0;
	if (len == 1)
		return *(const uint8_t *)data;
	if (len == 4) {
		memcpy(&u32, data, sizeof(u32));
		return u32;
	}
	/* 64-bit numbers are only 4-byte aligned. */
	memcpy(&u64, data, sizeof(u64));
	return u64;
}

uint8_t netlink_u8(const struct nlattr *attr)
{
	return number(attr, 1);
}

uint32_t netlink_u32(const struct nlattr *attr)
{
	return number(attr, 4);
}

uint64_t netlink_u64(const struct nlattr *attr)
{
	return number(attr, 8);
}

void netlink_string(const struct nlattr *attr, char *text, size_t size)
{
	const char *data = (const char *)attr + NLA_HDRLEN;
	size_t len = strnlen(data, attr->nla_len - NLA_HDRLEN);

	if (len >= size || memchr(data, '/', len))
		len = 0;
	memcpy(text, data, len);
	text[len] = '\0';
}

/* huge_encode_dev(): minor bits 0-7, major bits 8-19, minor bits 8 and up from bit 20. */
uint64_t netlink_dev(uint64_t kernel_dev)
{
	return makedev((kernel_dev & 0xfff00) >> 8,
		       (kernel_dev & 0xff) | (kernel_dev >> 12 & 0xfff00));
}
