/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sending and receiving, and the buffers for it. */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <infiniband/umad.h>

#include "umad_private.h"

int umad_send(int portid, int agentid, void *umad, int length, int timeout_ms, int retries)
{
	ib_user_mad_t *mad = umad;
	size_t total = sizeof(*mad) + (size_t)length;
	ssize_t written;

	if (length < 0)
		return -EINVAL;
	mad->agent_id = (uint32_t)agentid;
	mad->timeout_ms = (uint32_t)timeout_ms;
	mad->retries = (uint32_t)retries;
	written = write(portid, mad, total);
	if (written < 0)
		return -errno;
	return (size_t)written == total ? 0 : -EIO;
}

int umad_poll(int portid, int timeout_ms)
{
	struct pollfd file = {.fd = portid, .events = POLLIN};
	int ready = poll(&file, 1, timeout_ms);

	if (ready < 0)
		return -errno;
	if (!ready)
		return -ETIMEDOUT;
	return file.revents & POLLIN ? 0 : -EIO;
}

/* One that does not fit is not taken: its header tells how long it is. */
int umad_recv(int portid, void *umad, int *length, int timeout_ms)
{
	ib_user_mad_t *mad = umad;
	ssize_t got;
	int err;

	if (*length < 0) {
		errno = EINVAL;
		return -EINVAL;
	}
	err = timeout_ms ? umad_poll(portid, timeout_ms) : 0;
	if (err) {
		errno = -err;
		return err;
	}
	got = read(portid, mad, sizeof(*mad) + (size_t)*length);
	if (got >= (ssize_t)sizeof(*mad)) {
		*length = (int)(got - (ssize_t)sizeof(*mad));
		return (int)mad->agent_id;
	}
	err = got < 0 ? errno : EIO;
	if (err == ENOSPC)
		*length = (int)(mad->length - sizeof(*mad));
	errno = err;
	return -err;
}

size_t umad_size(void)
{
	return sizeof(ib_user_mad_t);
}

void *umad_get_mad(void *umad)
{
	return ((ib_user_mad_t *)umad)->data;
}

int umad_status(void *umad)
{
	return (int)((ib_user_mad_t *)umad)->status;
}

ib_mad_addr_t *umad_get_mad_addr(void *umad)
{
	return &((ib_user_mad_t *)umad)->addr;
}

int umad_set_addr_net(void *umad, __be16 dlid, __be32 dqp, int sl, __be32 qkey)
{
	ib_mad_addr_t *addr = umad_get_mad_addr(umad);

	addr->lid = dlid;
	addr->qpn = dqp;
	addr->sl = (uint8_t)sl;
	addr->qkey = qkey;
	return 0;
}

int umad_set_addr(void *umad, int dlid, int dqp, int sl, int qkey)
{
	return umad_set_addr_net(umad, htobe16((uint16_t)dlid), htobe32((uint32_t)dqp), sl,
				 htobe32((uint32_t)qkey));
}

static void set_grh(ib_mad_addr_t *to, const ib_mad_addr_t *from, __be32 flow_label)
{
	to->grh_present = from ? 1 : 0;
	if (!from)
		return;
	to->ib_gid = from->ib_gid;
	to->flow_label = flow_label;
	to->hop_limit = from->hop_limit;
	to->traffic_class = from->traffic_class;
	to->gid_index = from->gid_index;
}

int umad_set_grh_net(void *umad, void *mad_addr)
{
	const ib_mad_addr_t *from = mad_addr;

	set_grh(umad_get_mad_addr(umad), from, from ? from->flow_label : 0);
	return 0;
}

/* The flow label is in host order here. */
int umad_set_grh(void *umad, void *mad_addr)
{
	const ib_mad_addr_t *from = mad_addr;

	set_grh(umad_get_mad_addr(umad), from, from ? htobe32(from->flow_label) : 0);
	return 0;
}

int umad_set_pkey(void *umad, int pkey_index)
{
	umad_get_mad_addr(umad)->pkey_index = (uint16_t)pkey_index;
	return 0;
}

int umad_get_pkey(void *umad)
{
	return umad_get_mad_addr(umad)->pkey_index;
}
