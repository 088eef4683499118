/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Datagram sockets: their life, their names, sending and receiving. */
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "librdmacm/rsocket/datagram.h"

static int open_udp(struct rs_socket *rs, struct rs_datagrams *datagrams)
{
	int on = 1;

	datagrams->udp_fd = socket(rs->domain, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (datagrams->udp_fd < 0)
		return errno;
	/* The headers have one kind of addresses. */
	rs->options.v6_only = rs->domain == AF_INET6;
	if (rs->options.v6_only &&
	    setsockopt(datagrams->udp_fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		return errno;
	return rs_watch(rs, datagrams->udp_fd, datagrams);
}

static int open_channel(struct rs_socket *rs, struct rs_datagrams *datagrams)
{
	datagrams->channel = rdma_create_event_channel();
	if (!datagrams->channel || fcntl(datagrams->channel->fd, F_SETFL, O_NONBLOCK))
		return errno;
	return rs_watch(rs, datagrams->channel->fd, datagrams->channel);
}

int rs_datagrams_new(struct rs_socket *rs)
{
	struct rs_datagrams *datagrams = calloc(1, sizeof(*datagrams));
	int err;

	if (!datagrams)
		return ENOMEM;
	rs->datagrams = datagrams;
	datagrams->rs = rs;
	list_init(&datagrams->pairs);
	list_init(&datagrams->peers);
	list_init(&datagrams->waiting);
	for (int i = 0; i < RS_PEER_BUCKETS; i++)
		list_init(&datagrams->buckets[i]);
	err = open_udp(rs, datagrams);
	return err ? err : open_channel(rs, datagrams);
}

static void drop(struct rs_datagrams *datagrams, struct rs_datagram *datagram)
{
	list_remove(&datagram->link);
	if (datagram->pair) {
		rs_pair_give_back(datagram->pair, datagram);
		return;
	}
	datagrams->udp_waiting--;
	free(datagram);
}

static void drop_all(struct rs_datagrams *datagrams, bool unwelcome_only)
{
	list_for_each_safe (node, &datagrams->waiting) {
		struct rs_datagram *datagram = list_entry(node, struct rs_datagram, link);

		if (!unwelcome_only || !rs_datagram_welcome(datagrams, &datagram->from))
			drop(datagrams, datagram);
	}
}

void rs_datagrams_free(struct rs_socket *rs)
{
	struct rs_datagrams *datagrams = rs->datagrams;

	drop_all(datagrams, false);
	rs_peers_free(datagrams);
	rs_pairs_free(datagrams);
	if (datagrams->channel)
		rdma_destroy_event_channel(datagrams->channel);
	if (datagrams->udp_fd >= 0)
		close(datagrams->udp_fd);
	free(datagrams);
}

bool rs_datagram_welcome(const struct rs_datagrams *datagrams, const struct sockaddr_storage *from)
{
	return !datagrams->connected || rs_same_address(&datagrams->connected_to, from);
}

int rs_datagrams_reuse(struct rs_socket *rs, int on)
{
	return setsockopt(rs->datagrams->udp_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ? errno
											    : 0;
}

int rs_datagrams_bind(struct rs_socket *rs, const struct sockaddr *address, socklen_t length)
{
	struct rs_datagrams *datagrams = rs->datagrams;
	int err = 0;

	pthread_mutex_lock(&rs->lock);
	if (bind(datagrams->udp_fd, address, length))
		err = errno;
	else
		datagrams->bound = true;
	if (!err)
		err = rs_udp_bind(datagrams);
	pthread_mutex_unlock(&rs->lock);
	return err;
}

/* With the lock held. A destination that RDMA does not lead to is refused at once. */
static int connect_to(struct rs_datagrams *datagrams, const struct sockaddr_storage *address)
{
	struct rs_peer *peer;
	int err = rs_udp_bind(datagrams);

	if (!err)
		err = rs_peer_get(datagrams, address, &peer);
	if (err)
		return err;
	datagrams->connected_to = *address;
	datagrams->connected = true;
	drop_all(datagrams, true);
	return 0;
}

int rs_datagrams_connect(struct rs_socket *rs, const struct sockaddr *address, socklen_t length)
{
	struct sockaddr_storage to;
	int err;

	if (address && length >= sizeof(address->sa_family) && address->sa_family == AF_UNSPEC) {
		rs->datagrams->connected = false;
		return 0;
	}
	err = rs_take_address(rs, address, length, &to);
	if (err)
		return err;
	pthread_mutex_lock(&rs->lock);
	err = connect_to(rs->datagrams, &to);
	pthread_mutex_unlock(&rs->lock);
	return err;
}

static int give(const struct sockaddr_storage *name, struct sockaddr *address, socklen_t *length)
{
	socklen_t size = rs_address_length(name);

	if (!length || (!address && *length))
		return EFAULT;
	if (*length)
		memcpy(address, name, size < *length ? size : *length);
	*length = size;
	return 0;
}

int rs_datagrams_name(struct rs_socket *rs, bool peer, struct sockaddr *address, socklen_t *length)
{
	const struct rs_datagrams *datagrams = rs->datagrams;
	const struct sockaddr_storage none = {.ss_family = (sa_family_t)rs->domain};
	struct rs_peer *to;
	int err;

	if (peer)
		return datagrams->connected ? give(&datagrams->connected_to, address, length)
					    : ENOTCONN;
	if (!datagrams->connected)
		return give(datagrams->bound ? &datagrams->own : &none, address, length);
	pthread_mutex_lock(&rs->lock);
	err = rs_peer_get(rs->datagrams, &datagrams->connected_to, &to);
	if (!err)
		err = give(&to->pair->address, address, length);
	pthread_mutex_unlock(&rs->lock);
	return err;
}

bool rs_datagrams_may_send(struct rs_socket *rs)
{
	list_for_each (node, &rs->datagrams->pairs)
		if (!rs_pair_may_send(list_entry(node, struct rs_pair, link)))
			return false;
	return true;
}

bool rs_datagrams_may_receive(struct rs_socket *rs)
{
	return !list_empty(&rs->datagrams->waiting);
}

void rs_datagrams_progress(struct rs_socket *rs)
{
	struct rs_datagrams *datagrams = rs->datagrams;

	list_for_each (node, &datagrams->pairs)
		rs_pair_progress(datagrams, list_entry(node, struct rs_pair, link));
	rs_udp_progress(datagrams);
	if (datagrams->resolving)
		rs_peer_events(datagrams);
}

void rs_datagrams_take_events(struct rs_socket *rs)
{
	list_for_each (node, &rs->datagrams->pairs)
		rs_pair_take_event(list_entry(node, struct rs_pair, link));
	rs_peer_events(rs->datagrams);
	rs_datagrams_progress(rs);
}

int rs_datagrams_arm(struct rs_socket *rs)
{
	int err = 0;

	list_for_each (node, &rs->datagrams->pairs)
		if (!err)
			err = rs_pair_arm(list_entry(node, struct rs_pair, link));
	return err;
}

/* With the lock held. */
static int send_one(struct rs_datagrams *datagrams, const struct sockaddr_storage *to,
		    const struct iovec *iov, int count)
{
	size_t length = rs_iov_length(iov, count);
	struct rs_peer *peer;
	int err = datagrams->bound ? 0 : rs_udp_bind(datagrams);

	if (!err)
		err = rs_peer_get(datagrams, to, &peer);
	if (err)
		return err;
	if (length > peer->pair->mtu - peer->pair->header.length)
		return EMSGSIZE;
	if (!peer->ah || !peer->qpn)
		return rs_udp_send(datagrams, peer, RS_OP_DATA, iov, count);
	return rs_pair_may_send(peer->pair) ? rs_pair_send(peer->pair, peer, iov, count, length)
					    : EAGAIN;
}

ssize_t rs_datagram_send(struct rs_socket *rs, const struct iovec *iov, int count, int flags,
			 const struct sockaddr *to, socklen_t to_length)
{
	struct sockaddr_storage destination = rs->datagrams->connected_to;
	int err = to ? rs_take_address(rs, to, to_length, &destination) : 0;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (!to && !rs->datagrams->connected)
		return -EDESTADDRREQ;
	while (!err) {
		err = rs_await(rs, rs_datagrams_may_send, rs_nonblocking(rs, flags), 0);
		if (err)
			break;
		pthread_mutex_lock(&rs->lock);
		err = send_one(rs->datagrams, &destination, iov, count);
		pthread_mutex_unlock(&rs->lock);
		if (!err)
			return (ssize_t)rs_iov_length(iov, count);
		/* Somebody else has taken the last slot. */
		if (err == EAGAIN && !rs_nonblocking(rs, flags))
			err = 0;
	}
	return -err;
}

/* With the lock held. As much as there is room for; the rest is lost. */
static ssize_t take(struct rs_datagrams *datagrams, const struct iovec *iov, int count, int flags,
		    struct sockaddr_storage *from, int *out_flags)
{
	struct rs_datagram *datagram =
		list_entry(datagrams->waiting.next, struct rs_datagram, link);
	struct rs_cursor cursor = {.iov = iov, .count = count};
	size_t room = rs_iov_length(iov, count), length = datagram->length;

	*out_flags = length > room ? MSG_TRUNC : 0;
	*from = datagram->from;
	rs_cursor_copy_in(&cursor, datagram->data, length < room ? length : room);
	if (!(flags & MSG_PEEK))
		drop(datagrams, datagram);
	return (ssize_t)(flags & MSG_TRUNC || length < room ? length : room);
}

static bool any_or_error(struct rs_socket *rs)
{
	return rs_datagrams_may_receive(rs) || rs->error;
}

ssize_t rs_datagram_receive(struct rs_socket *rs, const struct iovec *iov, int count, int flags,
			    struct sockaddr *from, socklen_t *from_length, int *out_flags)
{
	struct sockaddr_storage source;
	ssize_t got = -EAGAIN;
	int dropped, err;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	do {
		err = rs_await(rs, any_or_error, rs_nonblocking(rs, flags), 0);
		if (err)
			return -err;
		pthread_mutex_lock(&rs->lock);
		if (rs_datagrams_may_receive(rs))
			got = take(rs->datagrams, iov, count, flags, &source,
				   out_flags ? out_flags : &dropped);
		else if (rs->error)
			got = -atomic_exchange(&rs->error, 0);
		pthread_mutex_unlock(&rs->lock);
	} while (got == -EAGAIN);
	if (got >= 0 && from && from_length)
		give(&source, from, from_length);
	return got;
}
