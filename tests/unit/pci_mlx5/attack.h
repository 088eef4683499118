/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A client and a guest that mean harm. Each step does one thing to the function that the protocol
 * or the bus lets them do: configuration and registers at random, the commands of a good driver as
 * they were recorded with some dwords spoiled, mailboxes that are none, doorbells, requests in
 * queues, memory that changes or goes away under all of it, resets.
 */
#ifndef TESTS_PCI_MLX5_ATTACK_H
#define TESTS_PCI_MLX5_ATTACK_H

#include "supply.h"
#include "whole.h"

/* Records the commands of a good driver; once, after guest_start(). */
void attack_prepare(void);
/* False when the supply has ended. */
bool attack_step(struct supply *supply);
/* After a reset the function serves a driver as if nothing had been, and nothing is left of what
 * was. Fails the test if not. */
void attack_check(void);

/* What has been tried, and how often it came to something: a run in which nothing does proves
 * nothing. */
struct attack_counts {
	unsigned int commands, carried_out, requests;
};
extern struct attack_counts attack_counts;

#endif
