/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Making memory regions, whichever command asks for one. */
#ifndef SOFTHCA_SHIM_METHODS_REGION_H
#define SOFTHCA_SHIM_METHODS_REGION_H

#include "softhca/shim/attrs.h"
#include "softhca/shim/objects.h"

struct region_request {
	enum region_kind kind;
	struct pd_object *pd;
	uint64_t start, length, iova;
	uint32_t access;
	int fd;			  /* REGION_FILE */
	struct dm_object *dm;	  /* REGION_DEVICE */
	struct dmah_object *dmah; /* or NULL */
};

/* Checks the request and makes a region of it. EINVAL: rights or a range that cannot be.
 * EOPNOTSUPP: rights that this adapter does not have. Otherwise as backing_program() and
 * backing_file(). */
int region_create(struct shim_file *file, struct region_request *request,
		  struct mr_object **created);
/* What all creating methods answer: the handle and both keys, as attributes of these numbers. */
int region_answer(struct attrs *attrs, const struct mr_object *object, uint16_t handle_id,
		  uint16_t lkey_id, uint16_t rkey_id);

#endif
