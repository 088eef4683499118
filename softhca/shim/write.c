/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Commands carried by write(). A classic command counts its words of 4 bytes, with the driver's
 * part behind the core's in input and output alike. An extended one has a second header, counts
 * words of 8 bytes and gives the driver's words their own count.
 * Source: uapi rdma/ib_user_verbs.h; refusals as the kernel makes them.
 */
#include <errno.h>
#include <string.h>

#include "softhca/shim/command.h"
#include "softhca/shim/user.h"

enum {
	WRITE_BYTES = INPUT_BYTES + DRIVER_BYTES, /* more than any command that we know */
	FLAGS_UNKNOWN = 0x7fffff00,
};

/* A command taken apart. */
struct carried {
	const struct command_entry *entry;
	uint64_t response;    /* where the core's output goes */
	size_t driver_offset; /* of the driver's output behind it */
	size_t out_room;      /* the caller's, for the core */
};

static size_t at_most(size_t value, size_t limit)
{
	return value < limit ? value : limit;
}

static int parse_classic(const struct ib_uverbs_cmd_hdr *header, const uint8_t *bytes, size_t count,
			 struct carried *carried, struct command *command)
{
	size_t core = sizeof(*header) + carried->entry->in_size;
	size_t out = header->out_words * 4u;

	if (header->in_words * 4u != count)
		return EINVAL;
	if (count < core || out < carried->entry->out_size)
		return ENOSPC;
	command->in = bytes + sizeof(*header);
	command->in_length = carried->entry->in_size;
	command->driver.in = bytes + core;
	command->driver.in_length = count - core;
	command->out_room = carried->out_room = carried->driver_offset = carried->entry->out_size;
	command->driver.out_room = at_most(out - carried->entry->out_size, DRIVER_BYTES);
	/* Every command with an answer begins with the address for it. */
	if (carried->entry->out_size)
		memcpy(&carried->response, command->in, sizeof(carried->response));
	else
		command->driver.out_room = 0;
	return 0;
}

static int parse_extended(const struct ib_uverbs_cmd_hdr *header, const uint8_t *bytes,
			  size_t count, struct carried *carried, struct command *command)
{
	struct ib_uverbs_ex_cmd_hdr more;
	size_t headers = sizeof(*header) + sizeof(more);

	if (count < headers)
		return EINVAL;
	memcpy(&more, bytes + sizeof(*header), sizeof(more));
	if ((header->in_words + (size_t)more.provider_in_words) * 8 != count - headers ||
	    more.cmd_hdr_reserved)
		return EINVAL;
	if (!more.response != !(header->out_words || more.provider_out_words))
		return EINVAL;
	command->in = bytes + headers;
	command->in_length = header->in_words * 8u;
	command->driver.in = command->in + command->in_length;
	command->driver.in_length = more.provider_in_words * 8u;
	carried->response = more.response;
	carried->out_room = carried->driver_offset = header->out_words * 8u;
	command->out_room = at_most(carried->out_room, COMMAND_BYTES);
	command->driver.out_room = at_most(more.provider_out_words * 8u, DRIVER_BYTES);
	return 0;
}

static int deliver(const struct carried *carried, const struct command *command)
{
	int rc = user_write(carried->response, command->out, command->out_length);

	if (!rc && carried->out_room > command->out_length && carried->response)
		rc = user_clear(carried->response + command->out_length,
				carried->out_room - command->out_length);
	if (!rc)
		rc = user_write(carried->response + carried->driver_offset, command->driver.out,
				command->driver.out_length);
	return rc;
}

static int run(struct shim_file *file, const uint8_t *bytes, size_t count)
{
	struct command command = {.file = file};
	struct carried carried = {0};
	struct ib_uverbs_cmd_hdr header;
	uint32_t number;
	bool is_extended;
	int rc;

	memcpy(&header, bytes, sizeof(header));
	number = header.command & IB_USER_VERBS_CMD_COMMAND_MASK;
	is_extended = header.command & IB_USER_VERBS_CMD_FLAG_EXTENDED;
	if (header.command & FLAGS_UNKNOWN)
		return EINVAL;
	carried.entry = command_find(number, is_extended);
	if (!carried.entry)
		return EOPNOTSUPP;
	rc = is_extended ? parse_extended(&header, bytes, count, &carried, &command)
			 : parse_classic(&header, bytes, count, &carried, &command);
	if (!rc)
		rc = command_run(carried.entry, &command);
	if (rc)
		return rc;
	rc = deliver(&carried, &command);
	if (rc)
		creation_undo(&command.made, file);
	return rc;
}

ssize_t write_command(struct shim_file *file, const void *buffer, size_t count)
{
	uint8_t bytes[WRITE_BYTES];
	int rc;

	if (count < sizeof(struct ib_uverbs_cmd_hdr) || count > sizeof(bytes))
		rc = EINVAL;
	else
		rc = user_read(bytes, (uintptr_t)buffer, count);
	if (!rc) {
		pthread_mutex_lock(&file->lock);
		rc = run(file, bytes, count);
		file_keep_time(file);
		pthread_mutex_unlock(&file->lock);
	}
	if (!rc)
		return (ssize_t)count;
	errno = rc;
	return -1;
}
