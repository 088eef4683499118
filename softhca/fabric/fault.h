/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Faults on purpose: what happens to packets that this process sends. Chances come from a generator
 * of the process's own, seeded with the specification's seed (1 unless given) and the process's
 * slot, so that a run can be repeated.
 */
#ifndef SOFTHCA_FABRIC_FAULT_H
#define SOFTHCA_FABRIC_FAULT_H

#include "softhca/fabric/fabric.h"
#include "util/list.h"

/* Chances count in 2^-32. */
struct fault_spec {
	uint64_t drop;
	uint64_t duplicate;
	uint64_t reorder;
	uint64_t delay;
	uint64_t corrupt;
	uint64_t delay_ns;
	uint64_t seed;
};

struct faults {
	struct fault_spec spec;
	bool active;
	uint64_t random;
	bool slot_counted; /* in `random`; the slot is not known yet when a program starts */
	/* Packets held back: delayed ones until they are due, reordered ones until another packet
	 * has passed them or, at the latest, too. */
	struct list held;
	unsigned int num_held;
	uint64_t packets, dropped, duplicated, reordered, delayed, corrupted;
};

/*
 * "drop=1%,dup=0.5%,reorder=1%,delay=2ms:10%,corrupt=0.1%,seed=7", any of them; chances in percent
 * or as a fraction, delays in ns, us, ms or s and for all packets unless a chance follows. EINVAL,
 * and a reason that names the word.
 */
int fault_spec_parse(const char *text, struct fault_spec *spec, char *reason, size_t reason_size);

/* Takes a specification into use; "off", "" and NULL end faults. */
int faults_order(struct fabric *fabric, const char *text, char *reason, size_t reason_size);
/* What becomes of a packet whose head, without length, and bytes are those; may hold it back, and
 * may change `bytes`, which have room for an ICRC. There is room in the ring for two of it. */
void faults_pass(struct fabric *fabric, unsigned int process, const struct packet *head,
		 uint8_t *bytes, uint32_t length);
/* Lets go of everything held back, as far as there is room. */
void faults_release_all(struct fabric *fabric);
/* To stderr, if faults have been on. */
void faults_print_summary(const struct fabric *fabric);
void faults_free(struct faults *faults);

#endif
