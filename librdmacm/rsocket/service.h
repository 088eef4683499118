/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One thread of the process for what must go on while no call is made: listeners accept, datagram
 * sockets learn queue pairs, idle connections are tried. It lives while anybody is registered.
 */
#ifndef RSOCKET_SERVICE_H
#define RSOCKET_SERVICE_H

struct rs_service_entry {
	int fd; /* handled whenever it is readable */
	void (*handle)(struct rs_service_entry *entry);
};

int rs_service_add(struct rs_service_entry *entry, int fd,
		   void (*handle)(struct rs_service_entry *entry));
/* Not from a handler. When it returns the handler does not run and will not. */
void rs_service_remove(struct rs_service_entry *entry);

#endif
