/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Watches the ports of the adapters that this process has open, and reports what happens to them
 * to its contexts as asynchronous events.
 */
#ifndef SOFTHCA_SHIM_PORTS_H
#define SOFTHCA_SHIM_PORTS_H

#include <stdbool.h>
#include <stdint.h>

struct membership;

/* A port as it was last seen. */
struct port_view {
	uint32_t generation;
	bool link_up;
	bool killed;
};

/* Remembers the port as it is now, before anybody looks. */
void ports_begin(struct membership *member);

/* Compares each port with what was last seen, and raises an event for every change: port error or
 * active, device fatal. Called by the background thread now and then; cheap when
 * nothing has changed. Takes the engine lock when something has. */
void ports_look(void);

#endif
