/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waiting for events, and telling what they mean; see event.h. */
#include <errno.h>
#include <poll.h>

#include "address.h"
#include "event.h"
#include "libibverbs/examples/common/report.h"

/* IBTA vol. 1, 12.6.7.2, reasons of a REJ: what programs meet. */
enum { NO_RESOURCES = 3, INVALID_SERVICE_ID = 8, STALE_CONNECTION = 10, CONSUMER_REJECT = 28 };

int cm_loop_open(struct cm_loop *loop)
{
	loop->channel = rdma_create_event_channel();
	if (!loop->channel)
		return tool_error(errno,
				  "cannot reach the connection manager (is rdma_ucm loaded, and an "
				  "RDMA device there?)");
	return 0;
}

void cm_loop_close(struct cm_loop *loop)
{
	if (loop->channel)
		rdma_destroy_event_channel(loop->channel);
	loop->channel = NULL;
}

static int take_event(struct cm_loop *loop)
{
	struct rdma_cm_event *event;
	int err;

	if (rdma_get_cm_event(loop->channel, &event))
		return tool_error(errno, "cannot read an event of the connection manager");
	err = loop->handle(loop->owner, event);
	rdma_ack_cm_event(event);
	if (loop->unwanted)
		rdma_destroy_id(loop->unwanted);
	loop->unwanted = NULL;
	return err;
}

int cm_loop_turn(struct cm_loop *loop, int fd, int timeout_ms)
{
	struct pollfd fds[] = {
		{.fd = loop->channel->fd, .events = POLLIN},
		{.fd = fd, .events = POLLIN},
	};
	int count;

	do {
		count = poll(fds, 2, timeout_ms);
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return tool_error(errno, "cannot wait for events");
	if (!count)
		return ETIME;
	return fds[0].revents ? take_event(loop) : 0;
}

static int rejected(int reason, const char *peer)
{
	switch (reason) {
	case INVALID_SERVICE_ID:
		tool_refuse("nobody listens at %s (is the server running?)", peer);
		return ECONNREFUSED;
	case CONSUMER_REJECT:
		tool_refuse("the server at %s has refused the connection", peer);
		return ECONNREFUSED;
	case NO_RESOURCES:
		tool_refuse("%s has no queue pair left for the connection", peer);
		return ECONNREFUSED;
	case STALE_CONNECTION:
		tool_refuse("%s still has a connection of a program that ended; try again", peer);
		return ECONNREFUSED;
	default:
		/* iWARP gives an errno. */
		if (reason < 0)
			return tool_error(-reason, "%s does not take the connection", peer);
		tool_refuse("%s does not take the connection: reason %d of a REJ", peer, reason);
		return ECONNREFUSED;
	}
}

static int unreachable(int status, const char *peer)
{
	if (status < 0)
		return tool_error(-status, "%s does not answer", peer);
	/* Datagrams: the status of a SIDR reply, IBTA vol. 1, 12.11.2. */
	tool_refuse(
		"nobody at %s takes datagrams: status %d of a SIDR reply (is the server running?)",
		peer, status);
	return ECONNREFUSED;
}

int cm_event_failed(const struct rdma_cm_event *event, const struct sockaddr *peer)
{
	char text[CM_ADDRESS_TEXT_SIZE] = "the peer";

	if (peer)
		cm_address_format(peer, text, sizeof(text));
	switch (event->event) {
	case RDMA_CM_EVENT_ADDR_ERROR:
		return tool_error(-event->status,
				  "no RDMA device leads to %s (see 'rdma link' and 'ip route')",
				  text);
	case RDMA_CM_EVENT_ROUTE_ERROR:
		return tool_error(-event->status, "no path leads to %s", text);
	case RDMA_CM_EVENT_UNREACHABLE:
		return unreachable(event->status, text);
	case RDMA_CM_EVENT_REJECTED:
		return rejected(event->status, text);
	case RDMA_CM_EVENT_CONNECT_ERROR:
		return tool_error(-event->status, "cannot connect to %s", text);
	case RDMA_CM_EVENT_MULTICAST_ERROR:
		return tool_error(-event->status, "cannot join the group %s", text);
	case RDMA_CM_EVENT_DISCONNECTED:
		tool_refuse("%s has ended the connection before all was done", text);
		return ECONNRESET;
	case RDMA_CM_EVENT_DEVICE_REMOVAL:
		tool_refuse("the RDMA device has gone");
		return ENODEV;
	default:
		tool_refuse("the connection manager says %s, which is not in its turn",
			    rdma_event_str(event->event));
		return EPROTO;
	}
}
