/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's connection manager for programs, /dev/infiniband/rdma_cm: open files of it, their
 * ids, groups and events. An id knows addresses, routes, ports and the steps of a connection; the
 * messages between adapters are softhca/cm's. All of it is guarded by the engine lock. Inside,
 * functions return 0 or a positive errno.
 */
#ifndef SOFTHCA_SHIM_RDMA_CM_UCM_H
#define SOFTHCA_SHIM_RDMA_CM_UCM_H

#include <stdatomic.h>

#include <rdma/rdma_user_cm.h>

#include "softhca/cm/cm.h"
#include "softhca/shim/descriptor.h"
#include "softhca/shim/event_pipe.h"
#include "softhca/shim/membership.h"
#include "softhca/shim/rdma_cm/address.h"
#include "softhca/shim/rdma_cm/event_type.h"

/* Of datagrams, unless a program wants another: RDMA_UDP_QKEY of programs' rdma/rdma_cma.h. */
enum { UCM_DATAGRAM_QKEY = 0x01234567 };

/* Numbers that programs name things by: the lowest free one is given. */
struct ucm_numbers {
	void **entries;
	uint32_t size;
};

int ucm_number_add(struct ucm_numbers *numbers, void *entry, uint32_t *number);
void *ucm_number_find(const struct ucm_numbers *numbers, uint32_t number);
void ucm_number_drop(struct ucm_numbers *numbers, uint32_t number);

/* ---- open files ---- */

struct ucm_file {
	struct descriptor descriptor;
	struct membership *member;
	struct event_pipe pipe;	 /* holds a byte while events wait */
	_Atomic uint32_t posted; /* grows with each event: what GET_EVENT sleeps on */
	/* The thread that was the last to wait for an event, and whether it has one to deal with
	 * now, as a futex word. */
	_Atomic uint32_t reader, reader_away;
	struct list link; /* of all open files of this process */
	struct list ids;
	struct list events;
};

/* Opens the device with these open() flags; returns a descriptor number, or -1 and errno. */
int ucm_open(int flags);
/* The write() of an open file: one command. -1 and errno. */
ssize_t ucm_write(struct descriptor *descriptor, int fd, const void *buffer, size_t count);
/* In the child after a fork. */
void ucm_after_fork(void);
/* The adapter has died: every id that uses it hears so. With the engine lock held. */
void ucm_device_gone(void);
/* Now and then, from the background thread: addresses that nobody has answered for. */
void ucm_look(struct membership *member);

static inline struct ucm_file *to_ucm_file(struct descriptor *descriptor)
{
	return (struct ucm_file *)((char *)descriptor - offsetof(struct ucm_file, descriptor));
}

/* ---- ids ---- */

enum ucm_state {
	UCM_IDLE,
	UCM_BOUND,
	UCM_ADDRESS_QUERY,
	UCM_ADDRESS_RESOLVED,
	UCM_ROUTE_RESOLVED,
	UCM_CONNECT,
	UCM_DISCONNECT,
	UCM_LISTEN,
	UCM_REMOVED, /* its device is gone */
};

/* A path record (IBTA vol. 1, 15.2.5.16), as far as it means anything here. LIDs and partition in
 * host byte order. */
struct ucm_path {
	uint8_t sgid[16], dgid[16];
	uint16_t slid, dlid;
	uint16_t pkey;
	uint32_t flow_label;
	uint8_t hop_limit, traffic_class, sl;
	uint8_t mtu, rate, life_time;
};

struct ucm_service;

struct ucm_id {
	struct list link; /* on file->ids */
	struct ucm_file *file;
	uint32_t number;
	uint64_t uid; /* the program's name for it; 0: it has none yet, and hears of nothing */
	uint16_t space;
	uint8_t qp_type;
	enum ucm_state state;
	union ucm_address src, dst;
	struct hca *hca; /* NULL: bound to no device */
	unsigned int sgid_index;
	bool has_path;
	struct ucm_path path;
	bool has_port;
	unsigned int port; /* its place in the table of bound ports */
	uint32_t events_reported;
	struct list groups;

	/* Options. */
	bool shares_port, own_family_only, has_tos, has_ack_timeout;
	uint8_t tos, ack_timeout;

	/* A connection. */
	uint32_t psn; /* that it wants to receive first */
	uint32_t qpn;
	bool srq;
	struct cm_connection *connection;
	struct cm_sidr *sidr;
	struct ucm_service *service; /* that it listens to */
	struct list listening;	     /* on service->ids */
	uint32_t backlog;	     /* requests that may wait unread, from now on */

	uint64_t deadline_ns; /* of an address that nobody has yet */
	struct list resolving;
};

int ucm_id_create(struct ucm_file *file, uint16_t space, uint8_t qp_type, uint64_t uid,
		  struct ucm_id **id);
/* With its unread events and all that has come of it; peers are told. */
void ucm_id_destroy(struct ucm_id *id);
/* What it has with others: connection, listening, port. */
void ucm_id_let_go(struct ucm_id *id);
/* In the child after a fork. */
void ucm_ids_forget(void);
/* ENOENT: there is none. EINVAL: it is another file's. */
int ucm_id_find(struct ucm_file *file, uint32_t number, struct ucm_id **id);
/* The same for ids that can be used: EIO if the device is gone. */
int ucm_id_get(struct ucm_file *file, uint32_t number, struct ucm_id **id);
/* The same for ids that have a device, else EINVAL. */
int ucm_id_get_bound(struct ucm_file *file, uint32_t number, struct ucm_id **id);

/* ---- groups ---- */

struct ucm_group {
	struct list link; /* on id->groups */
	struct ucm_id *id;
	uint32_t number;
	uint64_t uid;
	uint32_t events_reported;
};

void ucm_group_destroy(struct ucm_group *group);
/* In the child after a fork. */
void ucm_groups_forget(void);

/* ---- events ---- */

struct ucm_event {
	struct list link;
	struct ucm_id *id;	 /* which reports it */
	struct ucm_group *group; /* NULL: it is about the id */
	struct ucm_id *request;	 /* what a listener gets, until the program has read it */
	struct rdma_ucm_event_resp response;
};

/* A new event of that id, to be filled in; NULL when memory is out, or the program has not named
 * the id. Nobody sees it before it is posted. */
struct ucm_event *ucm_event_new(struct ucm_id *id, enum ucm_event_type type, int status);
void ucm_event_post(struct ucm_event *event);
/* Both at once, for events without anything more. `status`: 0, a positive errno or a reason of
 * rejection is told as the kernel does: an errno negative. */
void ucm_event_tell(struct ucm_id *id, enum ucm_event_type type, int status);
/* Takes back what is unread of an id, or of a group alone; requests among it are refused. */
void ucm_events_forget(struct ucm_id *id, const struct ucm_group *group);
/* Takes back the unread event that tells of a request. */
void ucm_events_forget_request(const struct ucm_id *request);
/* Events of the id become those of another file. */
void ucm_events_move(struct ucm_id *id, struct ucm_file *to);

/* ---- addresses, ports, routes ---- */

int ucm_bind(struct ucm_id *id, const union ucm_address *address);
/* `source` may be of no family. */
int ucm_resolve_address(struct ucm_id *id, const union ucm_address *source,
			const union ucm_address *destination, uint32_t timeout_ms);
int ucm_resolve_route(struct ucm_id *id);
/* Binds the port of id->src, or any, for the whole host. */
int ucm_port_bind(struct ucm_id *id);
void ucm_port_release(struct ucm_id *id);
/* The way from the id's device to one with that GID index. */
void ucm_path_between(struct ucm_id *id, int to_hca, unsigned int to_gid);
/* A path that the program gives; EINVAL: it is none to go both ways. */
int ucm_path_unpack(struct ucm_id *id, const struct ib_path_rec_data *data);
/* In the child after a fork. */
void ucm_resolving_forget(void);

/* ---- connections ---- */

/* An id's path as messages have it, and the reverse. */
void ucm_path_to_cm(const struct ucm_id *id, struct cm_path *path);
void ucm_path_from_cm(struct ucm_id *id, const struct cm_path *path);
/* The address vector of a path from the id's device. */
void ucm_path_to_ah(const struct ucm_id *id, const struct ucm_path *path,
		    struct ib_uverbs_ah_attr *ah);
/* What happens to an id's connection, or question for a datagram service. */
cm_connection_fn ucm_connection_event;
cm_sidr_fn ucm_sidr_event;
/* The private data of a message into an event, but for what `skipped` bytes of it say. */
void ucm_take_private(struct rdma_ucm_event_resp *response, const struct cm_message *message,
		      uint32_t skipped, bool datagram);
void ucm_unlisten(struct ucm_id *id);
/* In the child after a fork. */
void ucm_services_forget(void);

/* ---- commands ---- */

struct ucm_call {
	struct ucm_file *file;
	const uint8_t *in;
	size_t in_length;
	size_t out_room;
	bool waits;		     /* for an event, however long it takes */
	struct descriptor *borrowed; /* another file, given back when the lock has been */
};

typedef int ucm_command_fn(struct ucm_call *call);

/* Copies up to `size` bytes of input; what the caller left out reads as zero. */
void ucm_input(const struct ucm_call *call, void *to, size_t size);
/* Another open file of this process, into call->borrowed: ENOENT for numbers that are not open,
 * EINVAL for those of something else. */
int ucm_borrow_file(struct ucm_call *call, int fd);
int ucm_answer(const struct ucm_call *call, uint64_t address, const void *from, size_t size);

ucm_command_fn ucm_create_id, ucm_destroy_id, ucm_migrate_id, ucm_write_event;
ucm_command_fn ucm_bind_ip, ucm_bind_address, ucm_resolve_ip, ucm_resolve_any, ucm_resolve_way;
ucm_command_fn ucm_resolve_service;
ucm_command_fn ucm_query_route, ucm_query;
ucm_command_fn ucm_connect, ucm_listen, ucm_accept, ucm_reject, ucm_disconnect, ucm_notify;
ucm_command_fn ucm_init_qp_attr, ucm_set_option;
ucm_command_fn ucm_join_ip, ucm_join, ucm_leave;
/* The next event, if there is one: EAGAIN. */
ucm_command_fn ucm_get_event;

#endif
