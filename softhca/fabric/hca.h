/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hosts' adapters, seen from the other files of the fabric. */
#ifndef SOFTHCA_FABRIC_HCA_H
#define SOFTHCA_FABRIC_HCA_H

#include "softhca/fabric/fabric.h"

enum {
	/* LID = host * 16 + family, below the multicast LIDs. */
	HCA_MAX_HOST = 3000,
};

/* EINVAL and a reason for a host, family or port type that cannot be. */
int hca_check_options(const struct fabric_options *options, char *reason, size_t reason_size);

/* The four below are called with the directory locked. */
/* Makes the host's adapter or finds it, and has it open from then on; EUSERS when the fabric has no
 * place for another, EBUSY if it is in use with another port type. */
int hca_provide(struct fabric *fabric, const char *family, unsigned int *index);
/* Frees the numbers, keys and memberships of a process that is no more. */
void hca_forget_process(struct fabric *fabric, unsigned int slot);
/* Takes away adapters that no process has open. */
void hca_forget_unused(struct fabric *fabric);

#endif
