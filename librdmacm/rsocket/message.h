/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What two rsockets say to each other: the private data of a connection, the 32 bits of a message,
 * the entries of tables that the peer writes to, and the headers of datagrams. Layouts as of the
 * protocol's description, version 1, but for the number of mappings, which Debian's programs were
 * seen to tell in a field that is reserved there. tests/unit/rsocket has all of it byte by byte.
 */
#ifndef RSOCKET_MESSAGE_H
#define RSOCKET_MESSAGE_H

#include <assert.h>
#include <endian.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

/* The immediate data of a write: what it is in three bits, how much of it in the others. */
enum rs_operation {
	RS_OP_DATA = 0,	   /* bytes */
	RS_OP_CREDITS = 4, /* messages the peer may have sent in all, modulo 2^16 */
	RS_OP_IOMAP = 6,   /* index of the entry that was written */
	RS_OP_CONTROL = 7, /* enum rs_control */
};

enum rs_control {
	RS_CONTROL_DISCONNECT = 0,
	RS_CONTROL_KEEPALIVE = 1,
	RS_CONTROL_SHUTDOWN = 2,
};

enum {
	RS_OPERATION_SHIFT = 29,
	RS_MESSAGE_MAX = (1 << RS_OPERATION_SHIFT) - 1,
};

static inline uint32_t rs_message(enum rs_operation operation, uint32_t value)
{
	return (uint32_t)operation << RS_OPERATION_SHIFT | value;
}

static inline enum rs_operation rs_message_operation(uint32_t message)
{
	return (enum rs_operation)(message >> RS_OPERATION_SHIFT);
}

static inline uint32_t rs_message_value(uint32_t message)
{
	return message & RS_MESSAGE_MAX;
}

/* Memory of the peer that may be written to. In private data big-endian, in tables as the owner of
 * the table has it. */
struct rs_range {
	uint64_t address;
	uint32_t key;
	uint32_t length;
};
static_assert(sizeof(struct rs_range) == 16, "target SGE");

/* An entry of the table of mapped ranges, which follows the table of buffers in memory. */
struct rs_mapping {
	uint64_t offset;
	struct rs_range range;
};
static_assert(sizeof(struct rs_mapping) == 24, "iomap entry");

enum {
	RS_VERSION = 1,
	RS_FLAG_BIG_ENDIAN = 1, /* tables in this host's memory are */
	RS_FLAG_IOMAP = 2,	/* the table of buffers is followed by one of mappings */
};

/* Private data of request and answer. */
struct rs_hello {
	uint8_t version;
	uint8_t flags;
	__be16 credits;
	uint8_t reserved[3];
	uint8_t maps; /* entries of the table of mappings; above 128 in units of 256, plus 128 */
	struct {
		__be64 address;
		__be32 key;
		__be32 length;
	} table /* length in entries */, buffer;
};
static_assert(sizeof(struct rs_hello) == 40, "private data");

/* The same in the order of this host. */
struct rs_terms {
	uint8_t flags;
	uint16_t credits;
	uint32_t maps;
	struct rs_range table, buffer;
};

void rs_hello_pack(struct rs_hello *hello, const struct rs_terms *terms);
/* Nothing but EPROTO for what no peer can mean. */
int rs_hello_unpack(const void *data, size_t length, struct rs_terms *terms);

/* An entry as the owner of a table in that order reads it. */
struct rs_range rs_range_for(struct rs_range range, bool swapped);
struct rs_mapping rs_mapping_for(struct rs_mapping mapping, bool swapped);

static inline uint8_t rs_own_flags(void)
{
	return __BYTE_ORDER == __BIG_ENDIAN ? RS_FLAG_BIG_ENDIAN : 0;
}

#endif
