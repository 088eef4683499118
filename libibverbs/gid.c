/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * GID tables: by method where the kernel has them, else from sysfs, where an entry is three files:
 * gids/N, gid_attrs/types/N and gid_attrs/ndevs/N.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libibverbs/cmd/carrier.h"
#include "libibverbs/cmd/context.h"
#include "libibverbs/explain/explain.h"
#include "libibverbs/library.h"

static const union ibv_gid zero_gid;

static bool gid_is_zero(const union ibv_gid *gid)
{
	return !memcmp(gid, &zero_gid, sizeof(*gid));
}

/* Eight groups of four hex digits: what inet_pton() calls an IPv6 address, always unabridged. */
static int read_gid(struct ibv_context *context, uint32_t port_num, uint32_t index,
		    union ibv_gid *gid)
{
	char text[64];
	int err;

	err = sysfs_read(text, sizeof(text), "%s/ports/%u/gids/%u", context->device->ibdev_path,
			 port_num, index);
	if (err)
		return err == ENOENT ? EINVAL : err;
	return inet_pton(AF_INET6, text, gid->raw) == 1 ? 0 : EIO;
}

/* The type file of an empty entry cannot be read; one of an older kernel does not exist. */
static int read_type(struct ibv_context *context, uint32_t port_num, uint32_t index, uint32_t *type)
{
	struct ibv_port_attr port;
	char text[32];
	int err;

	err = sysfs_read(text, sizeof(text), "%s/ports/%u/gid_attrs/types/%u",
			 context->device->ibdev_path, port_num, index);
	if (!err && !strcmp(text, "RoCE v2")) {
		*type = IBV_GID_TYPE_ROCE_V2;
		return 0;
	}
	if (!err && strcmp(text, "IB/RoCE v1"))
		return EIO;
	if (err && err != ENOENT && err != EINVAL)
		return err;
	err = ibv_query_port(context, port_num, &port);
	if (err)
		return err;
	*type = port.link_layer == IBV_LINK_LAYER_ETHERNET ? IBV_GID_TYPE_ROCE_V1 : IBV_GID_TYPE_IB;
	return 0;
}

static uint32_t read_ifindex(struct ibv_context *context, uint32_t port_num, uint32_t index)
{
	char name[IF_NAMESIZE];

	if (sysfs_read(name, sizeof(name), "%s/ports/%u/gid_attrs/ndevs/%u",
		       context->device->ibdev_path, port_num, index))
		return 0;
	return if_nametoindex(name);
}

static int query_by_sysfs(struct ibv_context *context, uint32_t port_num, uint32_t index,
			  struct ibv_gid_entry *entry)
{
	int err;

	memset(entry, 0, sizeof(*entry));
	err = read_gid(context, port_num, index, &entry->gid);
	if (err)
		return err;
	if (gid_is_zero(&entry->gid))
		return ENODATA;
	err = read_type(context, port_num, index, &entry->gid_type);
	if (err)
		return err;
	entry->gid_index = index;
	entry->port_num = port_num;
	entry->ndev_ifindex = read_ifindex(context, port_num, index);
	return 0;
}

static void take_entry(struct ibv_gid_entry *to, const struct ib_uverbs_gid_entry *from)
{
	memcpy(to->gid.raw, from->gid, sizeof(to->gid.raw));
	to->gid_index = from->gid_index;
	to->port_num = from->port_num;
	to->gid_type = from->gid_type;
	to->ndev_ifindex = from->netdev_ifindex;
}

static int query_entry(struct ibv_context *context, uint32_t port_num, uint32_t index,
		       struct ibv_gid_entry *entry)
{
	struct ib_uverbs_gid_entry answer;
	int err;

	err = ibv_cmd_query_gid_entry(context, port_num, index, &answer);
	if (is_unsupported(err))
		return query_by_sysfs(context, port_num, index, entry);
	if (!err)
		take_entry(entry, &answer);
	return err;
}

static int explain_entry(int err, const char *verb, struct ibv_context *context, uint32_t port_num,
			 int64_t index)
{
	if (err == EINVAL)
		return explain(err, verb, "%s has no port %u or no entry %lld in its GID table",
			       context->device->name, port_num, (long long)index);
	if (err == ENODATA)
		return explain(err, verb, "entry %lld of port %u's GID table is empty",
			       (long long)index, port_num);
	return explain_errno(err, verb, context);
}

/* An empty entry is a zero GID to the older call and no entry to the newer ones. */
int ibv_query_gid(struct ibv_context *context, uint8_t port_num, int index, union ibv_gid *gid)
{
	struct ibv_gid_entry entry = {};
	int err;

	err = index < 0 ? EINVAL : query_entry(context, port_num, index, &entry);
	if (err && err != ENODATA)
		return fail_minus(explain_entry(err, __func__, context, port_num, index));
	*gid = err ? zero_gid : entry.gid;
	return 0;
}

/* entry_size grows with the structure; a program may know less of it than this library. */
static void give_entry(void *to, const struct ibv_gid_entry *from, size_t entry_size)
{
	memset(to, 0, entry_size);
	memcpy(to, from, entry_size < sizeof(*from) ? entry_size : sizeof(*from));
}

int _ibv_query_gid_ex(struct ibv_context *context, uint32_t port_num, uint32_t gid_index,
		      struct ibv_gid_entry *entry, uint32_t flags, size_t entry_size)
{
	struct ibv_gid_entry all;
	int err;

	if (flags)
		return explain(EOPNOTSUPP, "ibv_query_gid_ex", "flags %#x has unknown bits", flags);
	if (entry_size < offsetof(struct ibv_gid_entry, gid_index))
		return explain(EINVAL, "ibv_query_gid_ex", "an entry of %zu bytes is too small",
			       entry_size);
	err = query_entry(context, port_num, gid_index, &all);
	if (err)
		return explain_entry(err, "ibv_query_gid_ex", context, port_num, gid_index);
	give_entry(entry, &all, entry_size);
	return 0;
}

struct table {
	char *entries;
	size_t max, entry_size, count;
};

static int add_to_table(struct table *table, const struct ibv_gid_entry *entry)
{
	if (table->count == table->max)
		return EINVAL;
	give_entry(table->entries + table->count++ * table->entry_size, entry, table->entry_size);
	return 0;
}

static int table_of_port(struct ibv_context *context, uint32_t port_num, struct table *table)
{
	struct ibv_gid_entry entry;
	struct ibv_port_attr port;
	int err;

	err = ibv_query_port(context, port_num, &port);
	for (int index = 0; !err && index < port.gid_tbl_len; index++) {
		err = query_by_sysfs(context, port_num, index, &entry);
		if (err == ENODATA)
			err = 0;
		else if (!err)
			err = add_to_table(table, &entry);
	}
	return err;
}

static int table_by_sysfs(struct ibv_context *context, struct table *table)
{
	struct ibv_device_attr attr;
	int err;

	err = ibv_query_device(context, &attr);
	for (unsigned int port = 1; !err && port <= attr.phys_port_cnt; port++)
		err = table_of_port(context, port, table);
	return err;
}

static int table_by_method(struct ibv_context *context, struct table *table)
{
	struct ib_uverbs_gid_entry *answer;
	struct ibv_gid_entry entry;
	size_t count;
	int err;

	answer = calloc(table->max, sizeof(*answer));
	if (!answer)
		return ENOMEM;
	err = ibv_cmd_query_gid_table(context, answer, table->max, &count);
	for (size_t i = 0; !err && i < count; i++) {
		take_entry(&entry, &answer[i]);
		err = add_to_table(table, &entry);
	}
	free(answer);
	return err;
}

/* The longest table a method's attribute can carry, well above what any device has. */
#define MAX_METHOD_ENTRIES (UINT16_MAX / sizeof(struct ib_uverbs_gid_entry))

ssize_t _ibv_query_gid_table(struct ibv_context *context, struct ibv_gid_entry *entries,
			     size_t max_entries, uint32_t flags, size_t entry_size)
{
	static const char verb[] = "ibv_query_gid_table";
	struct table table = {
		.entries = (char *)entries,
		.max = max_entries < MAX_METHOD_ENTRIES ? max_entries : MAX_METHOD_ENTRIES,
		.entry_size = entry_size,
	};
	int err;

	if (flags)
		return -explain(EOPNOTSUPP, verb, "flags %#x has unknown bits", flags);
	if (!max_entries || entry_size < offsetof(struct ibv_gid_entry, gid_index))
		return -explain(EINVAL, verb, "there is no room for entries");
	err = table_by_method(context, &table);
	if (is_unsupported(err))
		err = table_by_sysfs(context, &table);
	if (err == EINVAL)
		explain(err, verb, "the tables have more than max_entries (%zu) entries",
			max_entries);
	else if (err)
		explain_errno(err, verb, context);
	return err ? -err : (ssize_t)table.count;
}
