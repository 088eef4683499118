/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Handles: the small numbers by which a program names the objects of one open device. Every object
 * has one, with its type checked at each use. Guarded by the open device's lock.
 */
#ifndef SOFTHCA_SHIM_HANDLE_H
#define SOFTHCA_SHIM_HANDLE_H

#include <stdint.h>

struct shim_file;

/* In the order in which what is left gets destroyed when the device is closed. */
enum handle_type {
	HANDLE_AH,
	HANDLE_FLOW,
	HANDLE_COUNTERS,
	HANDLE_QP,
	HANDLE_WQ_TABLE,
	HANDLE_WQ,
	HANDLE_SRQ,
	HANDLE_CQ,
	HANDLE_MW,
	HANDLE_MR,
	HANDLE_DM,
	HANDLE_DMAH,
	HANDLE_PD,
	HANDLE_XRCD,
	HANDLE_UAR,
	HANDLE_TYPES,
};

/* First member of every object. */
struct handle {
	enum handle_type type;
	uint32_t number;
	struct shim_file *file;
};

struct handle_table {
	struct handle **entries;
	uint32_t size;
	uint32_t lowest_free; /* no number below is free */
	uint32_t base;	      /* what all numbers begin at */
};

/* Gives the object the lowest free number. 0 or ENOMEM. */
int handle_add(struct handle_table *table, struct handle *handle, enum handle_type type);
/* The object of that type, or NULL. */
struct handle *handle_find(const struct handle_table *table, enum handle_type type,
			   uint32_t number);
void handle_remove(struct handle_table *table, struct handle *handle);
/* The object of that type with the lowest number from `number` on, or NULL. */
struct handle *handle_next(const struct handle_table *table, enum handle_type type,
			   uint32_t number);
void handle_table_free(struct handle_table *table);

#endif
