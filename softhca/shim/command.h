/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A command as its handler sees it, whichever way it came: a classic or extended write(), or
 * INVOKE_WRITE in an ioctl. What the caller gave has been copied already; what goes back is copied
 * to the caller once the handler has succeeded.
 */
#ifndef SOFTHCA_SHIM_COMMAND_H
#define SOFTHCA_SHIM_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include <rdma/ib_user_verbs.h>

#include "softhca/shim/file.h"
#include "softhca/shim/objects.h"

/* Outputs of the core, its inputs (tables of work queues are long), and the driver's. */
enum { COMMAND_BYTES = 512, INPUT_BYTES = 2048, DRIVER_BYTES = 256 };

/* The driver's part of a command, both ways. Either may be absent (length, room 0). */
struct driver_data {
	const uint8_t *in;
	size_t in_length;
	size_t out_room; /* what the caller has room for, at most DRIVER_BYTES */
	size_t out_length;
	uint8_t out[DRIVER_BYTES];
};

/* What a command or method has made, to be undone if the answer cannot be delivered: an object, a
 * channel by its number, the context. */
struct creation {
	struct handle *object;
	int fd;
	bool context;
};

#define CREATED_NOTHING ((struct creation){.fd = -1})

void creation_undo(struct creation *made, struct shim_file *file);

struct command {
	struct shim_file *file;
	const uint8_t *in;
	size_t in_length;
	size_t out_room;
	size_t out_length;
	uint8_t out[COMMAND_BYTES];
	struct driver_data driver;
	struct creation made;
};

typedef int command_fn(struct command *command);

/* Copies up to `size` bytes of input; what the caller left out reads as zero. */
void command_input(const struct command *command, void *to, size_t size);
/* The same for extended commands: EOPNOTSUPP if there is more input and it is not zero. */
int command_input_extended(const struct command *command, void *to, size_t size);
/* Gives as much as the caller has room for. */
void command_output(struct command *command, const void *from, size_t size);
/* The length that an extended answer of `size` bytes will have. */
uint32_t command_output_length(const struct command *command, size_t size);

/* EOPNOTSUPP if there is more than `size` and it is not zero. */
int driver_input(const struct driver_data *driver, void *to, size_t size);
void driver_output(struct driver_data *driver, const void *from, size_t size);

/* Entries of the command tables. */
struct command_entry {
	command_fn *handle;
	uint16_t in_size;  /* least bytes of input, without the driver's */
	uint16_t out_size; /* least room for output; 0: it has none */
	const char *name;
};

/* NULL for commands that are not supported. */
const struct command_entry *command_find(uint32_t number, bool extended);

/* Runs it with the checks that hold for all commands. The caller copies the output, or undoes what
 * was made. */
int command_run(const struct command_entry *entry, struct command *command);

/* The write() of an open device. */
ssize_t write_command(struct shim_file *file, const void *buffer, size_t count);
/* RDMA_VERBS_IOCTL; 0 or a positive errno. */
int ioctl_command(struct shim_file *file, uint64_t header);

#endif
