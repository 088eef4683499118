/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A pipe of which the program has the reading end: so poll() and O_NONBLOCK of the program's
 * descriptor work by themselves. */
#ifndef SOFTHCA_SHIM_EVENT_PIPE_H
#define SOFTHCA_SHIM_EVENT_PIPE_H

struct event_pipe {
	int write_fd;
	int look_fd; /* a reading end of our own, whose O_NONBLOCK is not the program's */
};

/* `fd` is the program's end. 0 or a positive errno. */
int event_pipe_open(struct event_pipe *pipe, int *fd);
/* Our two ends. */
void event_pipe_close(const struct event_pipe *pipe);

#endif
