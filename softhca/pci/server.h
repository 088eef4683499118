/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The vfio-user server: takes a client's messages apart, checks them, and puts them to a function.
 * What makes no sense is answered with an errno; only framing that is lost ends the connection. */
#ifndef SOFTHCA_PCI_SERVER_H
#define SOFTHCA_PCI_SERVER_H

struct pci_function;

/* Serves the client on a stream socket until it goes (0) or `stop_fd` becomes readable (ECANCELED).
 * EPROTO: the client does not speak the protocol. Both files stay the caller's. */
int server_run(struct pci_function *function, int socket, int stop_fd);

#endif
