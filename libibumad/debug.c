/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What people see: messages at a level, and the contents of buffers. */
#include <endian.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include <infiniband/umad.h>

#include "umad_private.h"

static atomic_int level;

int umad_debug(int new_level)
{
	atomic_store(&level, new_level > 0 ? new_level : 0);
	return atomic_load(&level);
}

void umad_warn(const char *format, ...)
{
	va_list args;

	if (!atomic_load(&level))
		return;
	va_start(args, format);
	flockfile(stderr);
	fputs("libibumad: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	funlockfile(stderr);
	va_end(args);
}

void umad_addr_dump(ib_mad_addr_t *addr)
{
	fprintf(stderr, "qpn %u qkey %#x lid %u sl %u path bits %u P_Key index %u",
		be32toh(addr->qpn), be32toh(addr->qkey), be16toh(addr->lid), addr->sl,
		addr->path_bits, addr->pkey_index);
	if (addr->grh_present)
		fprintf(stderr, ", gid %016llx%016llx index %u hop limit %u class %u flow %#x",
			(unsigned long long)be64toh(addr->ib_gid.global.subnet_prefix),
			(unsigned long long)be64toh(addr->ib_gid.global.interface_id),
			addr->gid_index, addr->hop_limit, addr->traffic_class,
			be32toh(addr->flow_label));
	fputc('\n', stderr);
}

void umad_dump(void *umad)
{
	ib_user_mad_t *mad = umad;

	fprintf(stderr, "agent %u status %u timeout %u ms retries %u length %u, ", mad->agent_id,
		mad->status, mad->timeout_ms, mad->retries, mad->length);
	umad_addr_dump(&mad->addr);
}
