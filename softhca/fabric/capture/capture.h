/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What this process sends and receives, in a pcapng file that the processes of a command may share.
 * Packets are kept in memory for up to a second, and written in whole blocks.
 */
#ifndef SOFTHCA_FABRIC_CAPTURE_H
#define SOFTHCA_FABRIC_CAPTURE_H

#include "softhca/fabric/fabric.h"

struct capture;

enum capture_direction {
	CAPTURE_IN = 1,
	CAPTURE_OUT = 2,
};

/* Opens or begins the file; NULL path: `*capture` is NULL. EEXIST and a reason for a file that is
 * something else. */
int capture_open(const char *path, struct capture **capture, char *reason, size_t reason_size);
/* head->length bytes, without ICRC. */
void capture_packet(struct fabric *fabric, enum capture_direction direction,
		    const struct packet *head, const uint8_t *bytes);
/* Nothing is going on: writes what has waited long enough. */
void capture_idle(struct capture *capture);
void capture_close(struct capture *capture);
/* In the child after a fork: what is in memory is the parent's to write. */
void capture_forget(struct capture *capture);

#endif
