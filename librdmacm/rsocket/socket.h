/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the files of rsockets share. A socket's number is an epoll descriptor over what it waits
 * for: events of its connection, completions, or what a listener has accepted.
 *
 * Locks, taken in this order: `send_lock` and `receive_lock` each for the length of a call, so that
 * calls of one direction follow each other; `lock` for whoever takes completions and events. What
 * the three share are counters with one writer each.
 */
#ifndef RSOCKET_SOCKET_H
#define RSOCKET_SOCKET_H

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include <infiniband/verbs.h>
#include <rdma/rsocket.h>

#include "librdmacm/cma.h"
#include "librdmacm/rsocket/message.h"
#include "librdmacm/rsocket/service.h"
#include "util/list.h"

enum rs_state {
	RS_FRESH,
	RS_BOUND,
	RS_LISTENING,
	RS_RESOLVING_ADDRESS,
	RS_RESOLVING_ROUTE,
	RS_CONNECTING,
	RS_ACCEPTING, /* our answer is on its way to the peer */
	RS_CONNECTED,
	RS_ENDED, /* refused, failed or closed by both sides */
};

enum {
	RS_CONTROLS = 4,   /* messages beside data that may be under way */
	RS_TABLE_SIZE = 2, /* entries for buffers of the peer */
	RS_BATCH = 16,	   /* completions taken at a time */
};

/* The kind of a request in its wr_id, above the bytes of the send ring that it gives back. */
enum rs_request {
	RS_REQUEST_DATA,
	RS_REQUEST_CONTROL,
	RS_REQUEST_RECEIVE,
	RS_REQUEST_UNCOUNTED, /* first half of a message in two requests */
	RS_REQUEST_SHIFT = 32,
};

/* As set by options, for the queues to be made with. */
struct rs_limits {
	uint32_t sq_size, rq_size, inline_size;
	uint32_t receive_buffer, send_buffer;
	uint32_t iomap_size;
};

struct rs_stream {
	struct rdma_cm_id *id;
	struct rdma_event_channel *channel;
	struct ibv_comp_channel *completions;
	struct ibv_cq *cq;
	struct ibv_mr *send_mr, *receive_mr, *table_mr;
	bool in_two; /* the device has no writes with immediate data: a message follows its write */
	bool swapped; /* the peer's tables have the other byte order */
	_Atomic bool can_read, can_write;

	/* The sender's, under send_lock. */
	uint8_t *send_ring;
	uint32_t send_size, max_inline;
	uint32_t sq_size;
	uint64_t send_pi;
	uint32_t posted;
	uint16_t sent;		    /* messages with data */
	_Atomic uint32_t target_ci; /* of targets[] */

	/* Buffers of the peer, in the order of their use; put in under lock. */
	struct rs_range targets[RS_TABLE_SIZE];
	_Atomic uint32_t target_pi;
	/* Tables in memory that the peer writes to. */
	volatile struct rs_range *target_table;
	volatile struct rs_mapping *mapping_table;
	uint32_t iomap_size;

	/* Of completions, under lock. */
	_Atomic uint64_t send_ci;
	_Atomic uint32_t completed;
	_Atomic uint16_t granted;
	_Atomic uint64_t received;
	_Atomic uint16_t arrived; /* messages with data */
	_Atomic uint16_t allowed; /* messages that the peer knows it may send */
	_Atomic uint64_t published;
	uint32_t controls; /* free ones */
	uint32_t control_slot;
	unsigned int owed; /* a bit for each of enum rs_control that is to be sent */
	bool armed;
	uint32_t next_slot;
	uint32_t next_target;  /* of the table, where the peer puts a buffer next */
	uint8_t *control_data; /* RS_CONTROLS entries behind the send ring */

	/* The receiver's, under receive_lock. */
	uint8_t *receive_ring;
	uint32_t receive_size, rq_size;
	_Atomic uint64_t consumed;

	/* The peer's tables. */
	struct rs_range peer_table, peer_mappings;
	uint32_t peer_entry; /* next one to write to */

	/* Ranges of ours that the peer may write to, under lock. */
	struct list maps;

	struct rs_listener *listener;
	struct ibv_path_data *route;
	size_t route_length;
	unsigned int tries;
	struct sockaddr_storage peer;
};

/* Memory of ours at an offset of the peer's choice of words. */
struct rs_map {
	struct list link;
	struct ibv_mr *mr;
	struct rs_mapping mapping;
	uint32_t index;
	bool owed; /* to be told to the peer */
};

struct rs_datagrams;

struct rs_socket {
	int fd;
	int domain, type;
	_Atomic int flags; /* O_NONBLOCK */
	_Atomic enum rs_state state;
	_Atomic int error; /* positive, until SO_ERROR takes it */
	pthread_mutex_t send_lock, receive_lock, lock;
	struct list sleepers; /* under lock */
	/* What has come for a reader, and how often a caller was told to come again: after either
	 * there is something new to report of who was reported ready before. */
	_Atomic uint32_t arrivals, refusals;
	uint64_t looked_ns;  /* when events were last taken without a sleep, under lock */
	struct list members; /* of sets; changes under the lock of all sets, too */
	struct rs_limits limits;
	struct rs_options {
		bool reuse_address, v6_only, keepalive, no_delay, oob_inline;
		struct linger linger;
		int keepalive_idle_s, keepalive_interval_s, keepalive_probes;
	} options;
	struct rs_service_entry keepalive;
	int keepalive_timer;
	struct rs_stream stream;
	struct rs_datagrams *datagrams; /* NULL: a stream */
};

/* A thread in poll(), told by those who take events or completions in its place. */
struct rs_sleeper {
	struct list link;
	int wake_fd;
};

/* table.c */
struct rs_socket *rs_find(int fd);
int rs_table_insert(struct rs_socket *rs);
void rs_table_remove(struct rs_socket *rs);
/* Of a socket that is the parent's. False: there is none. */
bool rs_close_inherited(int fd);

/* socket.c */
int rs_socket_new(int domain, int type, struct rs_socket **rs);
void rs_socket_free(struct rs_socket *rs);
int rs_watch(struct rs_socket *rs, int fd, void *what);

/* stream.c: the queues and buffers of a connection, and its terms. */
int rs_stream_prepare(struct rs_socket *rs);
void rs_stream_release(struct rs_socket *rs);
void rs_stream_offer(struct rs_socket *rs, struct rs_hello *hello);
int rs_stream_take_offer(struct rs_socket *rs, const void *data, size_t length);

/* post.c */
int rs_post_receives(struct rs_socket *rs, unsigned int count);
struct rs_piece {
	const void *data;
	uint32_t length, lkey;
	bool inlined;
};
int rs_post_message(struct rs_socket *rs, const struct rs_piece *piece, uint64_t remote_address,
		    uint32_t rkey, uint32_t message, uint64_t wr_id);
int rs_post_write(struct rs_socket *rs, const struct rs_piece *piece, uint64_t remote_address,
		  uint32_t rkey, uint64_t wr_id);

/* progress.c: with the lock held, but for rs_credits_due(). */
void rs_progress(struct rs_socket *rs);
void rs_settle(struct rs_socket *rs);
bool rs_credits_due(const struct rs_socket *rs);
void rs_fail(struct rs_socket *rs, int err);
void rs_end(struct rs_socket *rs);

/* wait.c */
typedef bool rs_condition(struct rs_socket *rs);
/* Until it holds: 0, EAGAIN if that may not be waited for, ETIMEDOUT after deadline_ns if not 0. */
int rs_await(struct rs_socket *rs, rs_condition *holds, bool nonblocking, uint64_t deadline_ns);
/* With the lock held. */
void rs_wake(struct rs_socket *rs);
void rs_take_events(struct rs_socket *rs);
/* The next completion makes the socket's descriptor readable. */
int rs_arm(struct rs_socket *rs);
void rs_look(struct rs_socket *rs);
/* Without the lock. */
void rs_look_at_all(struct rs_socket *rs);
/* Between the two an event makes the socket's descriptor, or the sleeper's, readable. */
int rs_sleeper_enter(struct rs_socket *rs, struct rs_sleeper *sleeper);
void rs_sleeper_leave(struct rs_socket *rs, struct rs_sleeper *sleeper);
int rs_wake_fd(int *fd);
void rs_wake_fd_clear(int fd);

/* connect.c */
void rs_connection_events(struct rs_socket *rs);
bool rs_is_connecting(const struct rs_socket *rs);
/* 0 once the stream is, or was, connected. */
int rs_stream_ready(struct rs_socket *rs, bool nonblocking);

/* listen.c */
void rs_listener_free(struct rs_listener *listener);
bool rs_listener_filled(const struct rs_listener *listener);

/* send.c, receive.c: bytes, or the negative of an errno. */
ssize_t rs_stream_send(struct rs_socket *rs, const struct iovec *iov, int count, int flags);
ssize_t rs_stream_receive(struct rs_socket *rs, const struct iovec *iov, int count, int flags);
bool rs_may_send(const struct rs_socket *rs);
/* Whether there is room for one more request, whatever it is. */
bool rs_may_post(const struct rs_socket *rs);
bool rs_may_receive(const struct rs_socket *rs);
bool rs_all_sent(struct rs_socket *rs);

/* iomap.c */
struct rs_map *rs_map_owed(const struct rs_stream *stream);
void rs_maps_free(struct rs_socket *rs);

/* keepalive.c */
int rs_keepalive_update(struct rs_socket *rs);
void rs_keepalive_stop(struct rs_socket *rs);

/* shutdown.c */
int rs_stream_shutdown(struct rs_socket *rs, int how, uint64_t patience_ns);

/* datagram.c */
int rs_datagrams_new(struct rs_socket *rs);
void rs_datagrams_free(struct rs_socket *rs);
int rs_datagrams_bind(struct rs_socket *rs, const struct sockaddr *address, socklen_t length);
int rs_datagrams_connect(struct rs_socket *rs, const struct sockaddr *address, socklen_t length);
ssize_t rs_datagram_send(struct rs_socket *rs, const struct iovec *iov, int count, int flags,
			 const struct sockaddr *to, socklen_t to_length);
ssize_t rs_datagram_receive(struct rs_socket *rs, const struct iovec *iov, int count, int flags,
			    struct sockaddr *from, socklen_t *from_length, int *out_flags);
bool rs_datagrams_may_send(struct rs_socket *rs);
bool rs_datagrams_may_receive(struct rs_socket *rs);
void rs_datagrams_progress(struct rs_socket *rs);
void rs_datagrams_take_events(struct rs_socket *rs);
int rs_datagrams_reuse(struct rs_socket *rs, int on);
int rs_datagrams_arm(struct rs_socket *rs);
int rs_datagrams_name(struct rs_socket *rs, bool peer, struct sockaddr *address, socklen_t *length);

/* poll.c: what of `events`, and of errors, there is now. */
short rs_poll_now(struct rs_socket *rs, short events);

/* repoll.c */
void rs_members_tell(struct rs_socket *rs);
void rs_members_leave(struct rs_socket *rs);
/* False: it is no set. */
bool rs_set_close(int fd);
void rs_sets_before_fork(void);
void rs_sets_after_fork(bool child);

static inline bool rs_is_stream(const struct rs_socket *rs)
{
	return !rs->datagrams;
}

/* Receives that are posted. On iWARP each has four bytes behind the ring of data. */
static inline uint32_t rs_receive_slots(const struct rs_stream *stream)
{
	return stream->rq_size + RS_CONTROLS;
}

static inline uint8_t *rs_receive_slot(const struct rs_stream *stream, uint32_t slot)
{
	return stream->receive_ring + stream->receive_size + slot * sizeof(uint32_t);
}

static inline bool rs_nonblocking(const struct rs_socket *rs, int flags)
{
	return flags & MSG_DONTWAIT ||
	       atomic_load_explicit(&rs->flags, memory_order_relaxed) & O_NONBLOCK;
}

static inline uint64_t rs_request(enum rs_request request, uint32_t bytes)
{
	return (uint64_t)request << RS_REQUEST_SHIFT | bytes;
}

static inline size_t rs_iov_length(const struct iovec *iov, int count)
{
	size_t length = 0;

	for (int i = 0; i < count; i++)
		length += iov[i].iov_len;
	return length;
}

/* A place in a vector. */
struct rs_cursor {
	const struct iovec *iov;
	int count;
	size_t offset;
};

/* iov.c: copies and goes on behind. */
void rs_cursor_copy_out(struct rs_cursor *from, void *to, size_t length);
void rs_cursor_copy_in(struct rs_cursor *to, const void *from, size_t length);

#endif
