/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keeping connections alive: now and then the peer is told so. Whether it is there its adapter
 * answers; when that does not, the request fails and the connection with it.
 */
#include <sys/timerfd.h>
#include <unistd.h>

#include "librdmacm/rsocket/socket.h"

static void handle(struct rs_service_entry *entry)
{
	struct rs_socket *rs = list_entry(entry, struct rs_socket, keepalive);
	uint64_t expirations;

	if (read(entry->fd, &expirations, sizeof(expirations)) < 0)
		return;
	pthread_mutex_lock(&rs->lock);
	if (rs->state == RS_CONNECTED) {
		rs->stream.owed |= 1u << RS_CONTROL_KEEPALIVE;
		rs_progress(rs);
	}
	pthread_mutex_unlock(&rs->lock);
}

void rs_keepalive_stop(struct rs_socket *rs)
{
	if (rs->keepalive_timer < 0)
		return;
	rs_service_remove(&rs->keepalive);
	close(rs->keepalive_timer);
	rs->keepalive_timer = -1;
}

static int start(struct rs_socket *rs)
{
	int err;

	rs->keepalive_timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (rs->keepalive_timer < 0)
		return errno;
	err = rs_service_add(&rs->keepalive, rs->keepalive_timer, handle);
	if (err) {
		close(rs->keepalive_timer);
		rs->keepalive_timer = -1;
	}
	return err;
}

/* Not under the socket's lock, which the handler takes. */
int rs_keepalive_update(struct rs_socket *rs)
{
	const struct itimerspec times = {
		.it_value.tv_sec = rs->options.keepalive_idle_s,
		.it_interval.tv_sec = rs->options.keepalive_idle_s,
	};
	int err = 0;

	if (!rs->options.keepalive) {
		rs_keepalive_stop(rs);
		return 0;
	}
	if (rs->keepalive_timer < 0)
		err = start(rs);
	if (!err && timerfd_settime(rs->keepalive_timer, 0, &times, NULL))
		err = errno;
	return err;
}
