/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Asks ibacm for the route to an address. Most machines have no such daemon: whatever goes wrong
 * here leaves the addrinfo as it was, and the route to the kernel.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "librdmacm/acm.h"
#include "librdmacm/cma.h"

enum {
	MAX_ENTRIES = 16,
	PATIENCE_S = 5,
	/* What the kernel wants of the path that an id is given. */
	USABLE = IBV_PATH_FLAG_GMP | IBV_PATH_FLAG_PRIMARY | IBV_PATH_FLAG_BIDIRECTIONAL,
};

struct message {
	struct acm_header header;
	struct acm_entry entries[MAX_ENTRIES];
};

/* A daemon that listens at a port says so in a file; else it has a socket of its own name. */
static uint16_t listening_port(void)
{
	FILE *file = fopen("/run/ibacm.port", "re");
	unsigned int port = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%5u", &port) != 1 || port > UINT16_MAX)
		port = 0;
	fclose(file);
	return (uint16_t)port;
}

static int connect_to(const struct sockaddr *address, socklen_t length)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (!setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) &&
	    !connect(fd, address, length))
		return fd;
	close(fd);
	return -1;
}

static int reach_daemon(void)
{
	const struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/ibacm.sock"};
	struct sockaddr_in remote = {.sin_family = AF_INET,
				     .sin_addr.s_addr = htobe32(INADDR_LOOPBACK)};

	remote.sin_port = htobe16(listening_port());
	if (remote.sin_port)
		return connect_to((const struct sockaddr *)&remote, sizeof(remote));
	return connect_to((const struct sockaddr *)&local, sizeof(local));
}

static void add_address(struct message *message, const struct sockaddr *address, uint32_t flags)
{
	struct acm_entry *entry = (struct acm_entry *)((uint8_t *)message + message->header.length);

	if (address->sa_family == AF_INET) {
		entry->type = ACM_IPV4;
		memcpy(entry->address, &((const struct sockaddr_in *)address)->sin_addr,
		       sizeof(struct in_addr));
	} else {
		entry->type = ACM_IPV6;
		memcpy(entry->address, &((const struct sockaddr_in6 *)address)->sin6_addr,
		       sizeof(struct in6_addr));
	}
	entry->flags = flags;
	message->header.length += sizeof(*entry);
}

static bool is_ip(const struct sockaddr *address, socklen_t length)
{
	if (!address || length < sizeof(address->sa_family))
		return false;
	return (address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) ||
	       (address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6));
}

static void make_request(struct message *request, const struct rdma_addrinfo *info)
{
	bool hasty = info->ai_flags & (RAI_NUMERICHOST | RAI_NOROUTE);

	memset(request, 0, sizeof(*request));
	request->header = (struct acm_header){
		.version = ACM_VERSION,
		.operation = ACM_RESOLVE,
		.length = sizeof(request->header),
	};
	if (is_ip(info->ai_src_addr, info->ai_src_len))
		add_address(request, info->ai_src_addr, ACM_SOURCE);
	add_address(request, info->ai_dst_addr, ACM_DESTINATION | (hasty ? ACM_NO_DELAY : 0));
}

static bool receive(int fd, void *to, size_t length)
{
	return recv(fd, to, length, MSG_WAITALL) == (ssize_t)length;
}

static bool is_answer(const struct acm_header *header, const struct acm_header *request)
{
	size_t entries = header->length - sizeof(*header);

	return header->version == ACM_VERSION &&
	       header->operation == (request->operation | ACM_ANSWER) &&
	       header->status == ACM_SUCCESS && header->tag == request->tag &&
	       header->length >= sizeof(*header) && !(entries % sizeof(struct acm_entry)) &&
	       entries / sizeof(struct acm_entry) <= MAX_ENTRIES;
}

/* -> the number of entries of the answer. */
static size_t ask(int fd, const struct message *request, struct message *answer)
{
	size_t rest;

	if (send(fd, request, request->header.length, MSG_NOSIGNAL) != request->header.length ||
	    !receive(fd, &answer->header, sizeof(answer->header)) ||
	    !is_answer(&answer->header, &request->header))
		return 0;
	rest = answer->header.length - sizeof(answer->header);
	return receive(fd, answer->entries, rest) ? rest / sizeof(answer->entries[0]) : 0;
}

/* A route that no path of would be accepted is none. */
static void take_route(struct rdma_addrinfo *info, const struct acm_entry *entries, size_t count)
{
	struct ibv_path_data *paths = calloc(count, sizeof(*paths));
	size_t taken = 0;
	bool usable = false;

	if (!paths)
		return;
	for (size_t i = 0; i < count; i++) {
		if (entries[i].type != ACM_PATH)
			continue;
		usable |= entries[i].flags == USABLE;
		paths[taken++] =
			(struct ibv_path_data){.flags = entries[i].flags, .path = entries[i].path};
	}
	if (!usable) {
		free(paths);
		return;
	}
	info->ai_route = paths;
	info->ai_route_len = taken * sizeof(*paths);
}

static struct sockaddr *new_address(const struct acm_entry *entry, socklen_t *length)
{
	struct sockaddr_in6 *v6;
	struct sockaddr_in *v4;

	if (entry->type == ACM_IPV6) {
		v6 = calloc(1, sizeof(*v6));
		if (!v6)
			return NULL;
		v6->sin6_family = AF_INET6;
		memcpy(&v6->sin6_addr, entry->address, sizeof(v6->sin6_addr));
		*length = sizeof(*v6);
		return (struct sockaddr *)v6;
	}
	v4 = calloc(1, sizeof(*v4));
	if (!v4)
		return NULL;
	v4->sin_family = AF_INET;
	memcpy(&v4->sin_addr, entry->address, sizeof(v4->sin_addr));
	*length = sizeof(*v4);
	return (struct sockaddr *)v4;
}

/* The daemon says which address the route begins at, unless the caller has. */
static void take_source(struct rdma_addrinfo *info, const struct acm_entry *entries, size_t count)
{
	const uint16_t type = info->ai_dst_addr->sa_family == AF_INET ? ACM_IPV4 : ACM_IPV6;

	for (size_t i = 0; i < count && !info->ai_src_addr; i++)
		if (entries[i].type == type && entries[i].flags & ACM_SOURCE)
			info->ai_src_addr = new_address(&entries[i], &info->ai_src_len);
}

void cma_ask_daemon(struct rdma_addrinfo *info)
{
	struct message request, answer;
	size_t count;
	int fd;

	if (info->ai_flags & RAI_PASSIVE || !is_ip(info->ai_dst_addr, info->ai_dst_len))
		return;
	fd = reach_daemon();
	if (fd < 0)
		return;
	make_request(&request, info);
	count = ask(fd, &request, &answer);
	close(fd);
	if (!count)
		return;
	take_route(info, answer.entries, count);
	take_source(info, answer.entries, count);
}
