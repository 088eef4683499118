/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * RDMA_VERBS_IOCTL: a method of an object, with attributes. Each method lists the attributes it
 * knows; those that a program sends are checked against the list before the handler runs.
 * Source: uapi rdma/rdma_user_ioctl_cmds.h.
 */
#ifndef SOFTHCA_SHIM_ATTRS_H
#define SOFTHCA_SHIM_ATTRS_H

#include <rdma/rdma_user_ioctl_cmds.h>
#include <rdma/ib_user_ioctl_cmds.h>

#include "softhca/shim/command.h"

enum {
	MAX_ATTRS = 32,
	ATTR_ANY_LENGTH = 0xffff,
	ATTR_INLINE_BYTES = 8, /* inputs up to this length stand in the attribute itself */
};

enum attr_kind {
	ATTR_IN,     /* bytes of the program: in the attribute itself up to 8, else behind it */
	ATTR_OUT,    /* room of the program */
	ATTR_HANDLE, /* an object's number */
	ATTR_NEW_HANDLE,
	ATTR_FD, /* a descriptor number */
	ATTR_NEW_FD,
};

struct attr_spec {
	uint16_t id;
	uint8_t kind; /* enum attr_kind */
	bool mandatory;
	uint16_t min_length; /* of ATTR_IN and ATTR_OUT */
	uint16_t max_length; /* of ATTR_IN: what lies beyond must be zero */
};

struct attr {
	const struct attr_spec *spec; /* NULL: not known, ignored */
	struct ib_uverbs_attr value;
};

/* A call of a method. */
struct attrs {
	struct shim_file *file;
	uint64_t header; /* address of the attributes in the program */
	unsigned int count;
	struct attr attr[MAX_ATTRS];
	uint8_t driver_in[DRIVER_BYTES];
	struct driver_data driver;
	struct creation made;
};

typedef int method_fn(struct attrs *attrs);

struct method_entry {
	uint16_t object;
	uint16_t method;
	method_fn *handle;
	const struct attr_spec *specs;
	unsigned int num_specs;
	bool needs_context;
	const char *name;
};

#define METHOD(object_, method_, specs_, handle_, needs_context_)                                  \
	{                                                                                          \
		.object = object_, .method = method_, .handle = handle_, .specs = specs_,          \
		.num_specs = sizeof(specs_) / sizeof((specs_)[0]),                                 \
		.needs_context = needs_context_, .name = #method_,                                 \
	}

/* The driver's part, as most create methods have it. */
#define ATTR_UHW                                                                                   \
	{UVERBS_ATTR_UHW_IN, ATTR_IN, false, 0, ATTR_ANY_LENGTH},                                  \
	{                                                                                          \
		UVERBS_ATTR_UHW_OUT, ATTR_OUT, false, 0, ATTR_ANY_LENGTH                           \
	}

bool attr_present(const struct attrs *attrs, uint16_t id);
size_t attr_length(const struct attrs *attrs, uint16_t id);
/* Copies the input of an attribute, at most `size` bytes of it; what is missing reads as zero. */
int attr_get(const struct attrs *attrs, uint16_t id, void *to, size_t size);
/* Part of an input that stands in the program's memory. */
int attr_get_part(const struct attrs *attrs, uint16_t id, size_t offset, void *to, size_t size);
/* The same for numbers. An absent attribute reads as 0. */
int attr_get_u32(const struct attrs *attrs, uint16_t id, uint32_t *value);
int attr_get_u64(const struct attrs *attrs, uint16_t id, uint64_t *value);
/* Number of a handle or descriptor; -1 when absent. */
int64_t attr_number(const struct attrs *attrs, uint16_t id);

/* Gives the program an output, cut to its room; bytes of its room beyond `size` are zeroed. Absent
 * attributes are skipped. */
int attr_put(struct attrs *attrs, uint16_t id, const void *from, size_t size);
/* The same, leaving the rest of the room as it is: what the driver's part does. */
int attr_put_partly(struct attrs *attrs, uint16_t id, const void *from, size_t size);
int attr_put_u32(struct attrs *attrs, uint16_t id, uint32_t value);
/* The number of a new handle or descriptor. */
int attr_put_number(struct attrs *attrs, uint16_t id, int64_t value);

#endif
