/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* GID tables: entry by entry, all at once, and what is not there. */
#include <errno.h>
#include <string.h>

#include "bed.h"

enum { MANY = 1000 };

static struct ibv_gid_entry table[MANY];

/* The table and the queries of single entries tell the same. */
CASE(table_has_every_entry)
{
	struct ibv_gid_entry entry;
	struct bed bed;
	ssize_t count;
	int found = 0;

	bed_open(&bed);
	count = ibv_query_gid_table(bed.context, table, MANY, 0);
	CHECK(count > 0);
	for (int i = 0; i < bed.port.gid_tbl_len; i++) {
		int rc = ibv_query_gid_ex(bed.context, bed.port_num, (uint32_t)i, &entry, 0);

		trying("index %d", i);
		if (rc == ENODATA)
			continue;
		CHECK_RC(rc, 0);
		CHECK(found < count);
		CHECK(!memcmp(&entry, &table[found], sizeof(entry)));
		CHECK_EQ(entry.gid_index, i);
		CHECK_EQ(entry.port_num, bed.port_num);
		found++;
	}
	CHECK_EQ(found, count);
	bed_close(&bed);
}

CASE(types_follow_the_port)
{
	bool routable = false;
	struct bed bed;
	ssize_t count;

	bed_open(&bed);
	count = ibv_query_gid_table(bed.context, table, MANY, 0);
	for (ssize_t i = 0; i < count; i++) {
		trying("entry %zd", i);
		if (bed.ethernet)
			CHECK(table[i].gid_type == IBV_GID_TYPE_ROCE_V1 ||
			      table[i].gid_type == IBV_GID_TYPE_ROCE_V2);
		else
			CHECK_EQ(table[i].gid_type, IBV_GID_TYPE_IB);
		routable |= table[i].gid_type == IBV_GID_TYPE_ROCE_V2;
	}
	CHECK_EQ(routable, bed.ethernet);
	bed_close(&bed);
}

/* An empty place is a zero GID to the call that knows no better. */
CASE(empty_places)
{
	static const union ibv_gid zero;
	struct ibv_gid_entry entry;
	union ibv_gid gid;
	struct bed bed;

	bed_open(&bed);
	for (int i = 0; i < bed.port.gid_tbl_len; i++) {
		trying("index %d", i);
		CHECK_EQ(ibv_query_gid(bed.context, bed.port_num, i, &gid), 0);
		if (ibv_query_gid_ex(bed.context, bed.port_num, (uint32_t)i, &entry, 0))
			CHECK(!memcmp(&gid, &zero, sizeof(gid)));
		else
			CHECK(!memcmp(&gid, &entry.gid, sizeof(gid)));
	}
	bed_close(&bed);
}

CASE(beyond_the_table)
{
	struct ibv_gid_entry entry;
	struct bed bed;
	ssize_t count;

	bed_open(&bed);
	count = ibv_query_gid_table(bed.context, table, MANY, 0);
	CHECK_EQ(ibv_query_gid_table(bed.context, table, (size_t)count, 0), count);
	CHECK_EQ(ibv_query_gid_table(bed.context, table, (size_t)count - 1, 0), -EINVAL);
	/* No flags are known. */
	CHECK(ibv_query_gid_table(bed.context, table, MANY, 1) < 0);
	CHECK(ibv_query_gid_ex(bed.context, bed.port_num, 0, &entry, 1));
	CHECK_RC(ibv_query_gid_ex(bed.context, bed.port_num, 1000000, &entry, 0), EINVAL);
	CHECK_RC(ibv_query_gid_ex(bed.context, 77, 0, &entry, 0), EINVAL);
	bed_close(&bed);
}
