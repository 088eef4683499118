/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names to addresses for an id that hears of the result by an event. Names of the Internet are
 * looked up within the call, and the kernel is given the event to deliver; services of an
 * InfiniBand subnet the kernel asks the subnet administrator for.
 */
#include <netdb.h>
#include <stdlib.h>

#include "librdmacm/cma.h"

enum { MAX_RECORDS = 64 };

/* What getaddrinfo() says in codes of its own. */
static int errno_of(int code, int system_errno)
{
	switch (code) {
	case 0:
		return 0;
	case -1: /* rdma_getaddrinfo() itself; EAI_BADFLAGS, which it never causes, looks the same
		  */
	case EAI_SYSTEM:
		return system_errno;
	case EAI_MEMORY:
		return ENOMEM;
	case EAI_AGAIN:
		return EAGAIN;
	case EAI_FAMILY:
		return EAFNOSUPPORT;
	case EAI_SERVICE:
	case EAI_SOCKTYPE:
		return EPROTONOSUPPORT;
	default:
		return ENOENT;
	}
}

static void keep(struct cma_id *id, struct rdma_addrinfo *found)
{
	struct rdma_addrinfo *former;

	pthread_mutex_lock(&id->mutex);
	former = id->addrinfo;
	id->addrinfo = found;
	pthread_mutex_unlock(&id->mutex);
	rdma_freeaddrinfo(former);
}

/* Through the kernel, so that it comes in its turn and wakes who polls the channel. */
static int announce(struct cma_id *id, int err)
{
	const enum rdma_cm_event_type type =
		err ? RDMA_CM_EVENT_ADDRINFO_ERROR : RDMA_CM_EVENT_ADDRINFO_RESOLVED;

	if (!rdma_write_cm_event(&id->id, RDMA_CM_EVENT_INTERNAL, -err, type))
		return 0;
	/* Kernels that know the command find nothing wrong with this one. */
	return errno == EINVAL ? EOPNOTSUPP : errno;
}

/* An id that waits has the result at once. */
static int resolve_name(struct cma_id *id, const char *node, const char *service,
			const struct rdma_addrinfo *hints)
{
	struct rdma_addrinfo *found = NULL;
	int code = rdma_getaddrinfo(node, service, hints, &found);
	int err = errno_of(code, errno);

	keep(id, found);
	if (id->waits)
		return err;
	err = announce(id, err);
	if (err)
		keep(id, NULL);
	return err;
}

static int put_name(struct ucma_abi_ib_service *to, const char *name)
{
	size_t length = strlen(name);

	if (!length || length >= sizeof(to->service_name))
		return EINVAL;
	memcpy(to->service_name, name, length);
	to->flags |= UCMA_IB_SERVICE_FLAG_NAME;
	return 0;
}

/* A number is the ID of the service, anything else its name. */
static int put_service(struct ucma_abi_ib_service *to, const char *service)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(service, &end, 0);
	if (end == service || *end)
		return put_name(to, service);
	if (errno)
		return EINVAL;
	to->service_id = number;
	to->flags |= UCMA_IB_SERVICE_FLAG_ID;
	return 0;
}

static int resolve_service(struct cma_id *id, const char *node, const char *service)
{
	struct ucma_abi_resolve_ib_service command = {.id = id->handle};
	int err = service ? put_service(&command.ibs, service) : 0;

	if (!err && node)
		err = command.ibs.flags & UCMA_IB_SERVICE_FLAG_NAME ? EINVAL
								    : put_name(&command.ibs, node);
	if (err || !command.ibs.flags)
		return EINVAL;
	keep(id, NULL);
	err = CMA_COMMAND(id->id.channel->fd, UCMA_CMD_RESOLVE_IB_SERVICE, command);
	return err ? err : cma_id_wait(id);
}

int rdma_resolve_addrinfo(struct rdma_cm_id *public, const char *node, const char *service,
			  const struct rdma_addrinfo *hints)
{
	const int flags = hints ? hints->ai_flags & (RAI_SA | RAI_DNS) : RAI_DNS;

	if (!public || flags == (RAI_SA | RAI_DNS))
		return cma_result(EINVAL);
	if (flags == RAI_SA)
		return cma_result(resolve_service(to_cma_id(public), node, service));
	return cma_result(resolve_name(to_cma_id(public), node, service, hints));
}

static struct rdma_addrinfo *from_record(const struct rdma_cm_id *id,
					 const struct ucma_user_service_rec *record)
{
	struct rdma_addrinfo *info = calloc(1, sizeof(*info));
	struct sockaddr_ib *address = calloc(1, sizeof(*address));

	if (!info || !address) {
		free(info);
		free(address);
		return NULL;
	}
	address->sib_family = AF_IB;
	address->sib_pkey = record->pkey;
	memcpy(address->sib_addr.sib_raw, record->gid, sizeof(record->gid));
	address->sib_sid = record->id;
	address->sib_sid_mask = htobe64(UINT64_MAX);
	info->ai_flags = RAI_SA;
	info->ai_family = AF_IB;
	info->ai_qp_type = id->qp_type;
	info->ai_port_space = id->ps;
	info->ai_dst_addr = (struct sockaddr *)address;
	info->ai_dst_len = sizeof(*address);
	return info;
}

static int list_records(const struct rdma_cm_id *id,
			const struct ucma_abi_query_ib_service_resp *answer,
			struct rdma_addrinfo **info)
{
	const uint32_t count =
		answer->num_service_recs < MAX_RECORDS ? answer->num_service_recs : MAX_RECORDS;
	struct rdma_addrinfo *first = NULL, **tail = &first;

	for (uint32_t i = 0; i < count; i++) {
		*tail = from_record(id, &answer->recs[i]);
		if (!*tail) {
			rdma_freeaddrinfo(first);
			return ENOMEM;
		}
		tail = &(*tail)->ai_next;
	}
	*info = first;
	return first ? 0 : ENODATA;
}

/* The kernel keeps the records that the administrator has sent, and copies as many as there is
 * room. */
static int query_services(struct cma_id *id, struct rdma_addrinfo **info)
{
	const size_t size = sizeof(struct ucma_abi_query_ib_service_resp) +
			    MAX_RECORDS * sizeof(struct ucma_user_service_rec);
	struct ucma_abi_query_ib_service_resp *answer = calloc(1, size);
	struct ucma_abi_query command = {
		.response = (uintptr_t)answer, .id = id->handle, .option = UCMA_QUERY_IB_SERVICE};
	int err;

	if (!answer)
		return ENOMEM;
	err = cma_command(id->id.channel->fd, UCMA_CMD_QUERY, &command, sizeof(command), size);
	if (!err)
		err = list_records(&id->id, answer, info);
	free(answer);
	return err;
}

/* ENODATA without names: then it may be services. */
static int copy_names(struct cma_id *id, struct rdma_addrinfo **info)
{
	int err;

	pthread_mutex_lock(&id->mutex);
	err = id->addrinfo ? cma_copy_addrinfo(id->addrinfo, info) : ENODATA;
	pthread_mutex_unlock(&id->mutex);
	return err;
}

int rdma_query_addrinfo(struct rdma_cm_id *public, struct rdma_addrinfo **info)
{
	int err;

	if (!public || !info)
		return cma_result(EINVAL);
	err = copy_names(to_cma_id(public), info);
	if (err == ENODATA)
		err = query_services(to_cma_id(public), info);
	return cma_result(err);
}
