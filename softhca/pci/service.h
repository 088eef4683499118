/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The whole of a `softhca pci`: a fabric joined, a function on it, one client served. */
#ifndef SOFTHCA_PCI_SERVICE_H
#define SOFTHCA_PCI_SERVICE_H

#include "softhca/fabric/fabric.h"
#include "softhca/pci/adapter.h"

struct service_options {
	struct fabric_options fabric;
	const struct adapter_ops *adapter;
	const char *socket; /* path */
	bool strict;	    /* see struct engine */
	int stop_fd;	    /* readable when the service has to end */
	/* Called when clients can connect. */
	void (*ready)(const char *socket);
};

/* Returns when the client has gone or stop_fd says so: 0, with everything closed and the socket
 * removed. Otherwise a positive errno, and a sentence in `reason`. */
int service_run(const struct service_options *options, char *reason, size_t reason_size);

#endif
