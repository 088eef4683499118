/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Watches the ports of the adapters that this process has open, and reports what happens to them
 * to its contexts as asynchronous events.
 */
#ifndef SOFTHCA_SHIM_PORTS_H
#define SOFTHCA_SHIM_PORTS_H

/* Compares each port with what was last seen, and raises an event for every change: port error or
 * active, GID change, device fatal. Called by the background thread now and then; cheap when
 * nothing has changed. Takes the engine lock when something has. */
void ports_look(void);

#endif
