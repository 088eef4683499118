/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The objects of an HCA: PD, MR, CQ, SRQ, QP, and the calls that make, change and end them. A front
 * end (shim, pci) parses its commands into the parameter structs here. Every call is made with the
 * engine lock held and returns 0 or a positive errno; a failed call has changed nothing.
 *
 * Struct members come hot first.
 */
#ifndef SOFTHCA_CORE_OBJECT_H
#define SOFTHCA_CORE_OBJECT_H

#include "softhca/core/family.h"
#include "softhca/core/queue.h"
#include "softhca/fabric/directory.h"
#include "util/list.h"

struct agent;
struct engine;
struct fabric_hca;
struct flow;
struct hca;
struct fabric_key;
struct fabric_qp;
struct requester;
struct responder;
struct dc_target;
struct tag_list;
struct wq;
struct wq_params;

/* What an HCA can do; requests beyond it are refused with EINVAL. */
struct hca_limits {
	uint32_t max_qp, max_cq, max_srq, max_mr, max_mw, max_pd, max_ah;
	uint32_t max_qp_wr, max_sge, max_cqe, max_srq_wr, max_srq_sge, max_inline;
	uint32_t max_rd_atomic, max_init_rd_atomic;
	uint32_t max_mcast_grp, max_mcast_qp_attach;
	uint32_t max_wq, max_wq_table;
	/* Of a list of tags; 0: there are none. */
	uint32_t max_tags, max_tag_ops;
	uint64_t max_mr_size;
};

struct mr;
struct mr_params;
struct pd;

/* Upcalls to the front end, under the engine lock; they must not block nor call back. */
struct front_ops {
	/* A completion event for a CQ that has one armed. */
	void (*cq_event)(struct cq *cq);
	/* `object` is a struct qp, cq, srq or wq by `scope`; NULL for ports (1 only) and the
	 * device. */
	void (*async_event)(struct hca *hca, enum async_event_type type,
			    enum async_event_scope scope, void *object);
	/*
	 * A request changes a region: takes what the request lists of its translation, says in
	 * `next`, which has the other properties already, where its memory will be, and has
	 * mr_change() do it. An errno: nothing has changed, nor has what the front end keeps of
	 * the translation. NULL: regions are not changed by requests.
	 */
	int (*change_region)(struct mr *mr, struct pd *pd, const struct qp *qp,
			     const struct send_request *request, struct mr_params *next);
};

/* Numbers of CQs have 24 bits and are this process's own; 0 is none. */
enum { HCA_NUMBER_MASK = 0xffffff };

/* This process's part of its host's adapter. */
struct hca {
	struct engine *engine;
	const struct family_ops *family;
	/* The adapter as all processes of its host see it, and its number in the fabric. */
	struct fabric_hca *shared;
	unsigned int index;
	/* By QP number, key index and SRQ number, masked to the sizes of the shared directories;
	 * only what this process owns. */
	struct qp **qps;
	struct mr **mrs;
	struct srq **srqs;
	/* By place in the shared table of flow rules; only what this process owns. */
	struct flow **flows;
	/* ---- cold ---- */
	const struct front_ops *front;
	struct hca_limits limits;
	uint32_t num_qp, num_cq, num_srq, num_mr, num_mw, num_pd;
	uint32_t next_cqn; /* the last one given, free running */
	struct list qp_list, cq_list, srq_list, mr_list, mw_list, pd_list, xrcd_list;
	struct mr *null_mr;
	uint32_t num_wq, num_wq_table;
	uint32_t next_wqn, next_wq_table;
	struct list wq_list, wq_table_list, rss_list, counters_list;
	/* CQs with a channel, whose armings are looked for: often few among many. */
	struct list channel_cqs;
	/* Of general services, where no queue pair 1 is (transport/management.h); NULL: none. */
	struct agent *agent;
};

struct pd {
	struct hca *hca;
	uint32_t pdn; /* unique among all processes of the host */
	uint32_t users;
	struct list link;
	void *front;
};

/* An XRC domain, as far as this process has opened it. */
struct xrcd {
	struct hca *hca;
	uint32_t xrcdn;	  /* the same in all processes of the host */
	uint32_t openers; /* how often, by the same file */
	uint32_t users;	  /* SRQs and queue pairs */
	struct list link;
};

/* Where the byte at `address` of a region lies in this process, and in `*together` how many (at
 * least 1) lie with it; NULL if it is unmapped, or `writing` and not writable. */
typedef uint8_t *mr_place_fn(void *arg, uint64_t address, bool writing, uint64_t *together);

enum key_kind {
	KEY_REGION,
	/* Windows. They are free, and grant nothing, until they are bound to part of a region. */
	KEY_WINDOW_1,
	KEY_WINDOW_2,
	/* Reads as zeroes and swallows what is written, for anybody on this adapter. */
	KEY_NULL,
};

/* A memory key, be it of a region or of a window. */
struct mr {
	uint64_t iova;
	uint64_t length;
	/* Linear memory: byte `iova + n` is at `linear + n`. Otherwise pages, of which the first
	 * holds `page_offset` bytes of something else before the first byte; one that is NULL is
	 * unmapped. Or else `place` knows. */
	uint8_t *linear;
	uint8_t **pages;
	unsigned int log_page_size;
	uint32_t page_offset;
	mr_place_fn *place;
	void *place_arg;
	bool foreign;	 /* of another process, see memory/foreign.h: none of the above */
	uint32_t key;	 /* both lkey and rkey */
	uint32_t access; /* 0 while the key is free */
	/* Who may use it: its PD, or the one queue pair that a window of type 2 is bound for. NULL
	 * while the key is free, the key itself if anybody may. */
	const void *scope;
	struct fabric_key *shared;
	/* ---- cold ---- */
	struct pd *pd; /* NULL: a free region may have none */
	struct hca *hca;
	enum key_kind kind;
	struct list link;
	struct list windows; /* of a region: what is bound to it */
	struct mr *target;   /* of a window: the region it is bound to */
	uint64_t target_address;
	struct list bound; /* on target->windows */
	void *front;
};

/* The key of the null region: one for all, of a place that the search for free keys never finds. */
#define HCA_NULL_KEY   0x200u

/* All but the very last byte, which nobody has. */
#define MR_WHOLE_SPACE UINT64_MAX

struct mr_params {
	uint64_t iova;
	uint64_t length;
	uint32_t access;
	/* One of the three. */
	uint8_t *linear;
	uint8_t **pages; /* taken over by the MR, freed with it */
	/*
	 * For keys that mean more memory than can be listed: of a guest's physical addresses, all
	 * of them with `iova` 0 and `length` MR_WHOLE_SPACE. The limit on sizes is not for these.
	 */
	mr_place_fn *place;
	void *place_arg;
	unsigned int log_page_size;
	uint32_t page_offset;
	/* Lowest byte of the new key, for families whose driver chooses it. */
	uint8_t key_byte;
	/* The key is free: requests will say what it is about. It has no place then, and need not
	 * have a PD. */
	bool free;
	void *front;
};

/* Bounds of moderation: what ConnectX has room for. */
enum { CQ_MAX_EVENT_COUNT = 0xffff, CQ_MAX_EVENT_PERIOD_US = 0xfff };

struct cq {
	struct hca *hca;
	struct queue_memory memory;
	void *doorbell_record;
	uint32_t cqe_count; /* ring size, a power of two for mlx5 */
	uint32_t cqe_size;
	uint32_t producer; /* free running */
	/* Tokens of the arming that has had its event, and of the last one looked at; see struct
	 * cq_arm. */
	uint32_t fired_token;
	uint32_t seen_token;
	/* No more entries: the consumer has let the ring run over. */
	bool overrun;
	bool has_channel; /* no events are made for a CQ without one */
	bool exact_time;  /* completions carry the very time they land at */
	/*
	 * The front end calls cq_look_armed() from each of the consumer's armings, so an arming
	 * asks for completions after it and no others. Without that an arming may have been in the
	 * record for a while when it is found, and what is unpolled by then counts.
	 */
	bool arming_announced;
	bool moderated;
	/* ---- cold ---- */
	/* Moderation: the event comes with the completion that fills up `event_count`, or
	 * `event_period_us` after the first one. */
	uint32_t event_count, event_period_us;
	uint32_t gathered;     /* completions since the arming that has had no event yet */
	uint64_t event_due_ns; /* while there are some */
	struct list gathering; /* on engine->gathering then */
	bool ignore_overrun;
	uint32_t cqn;
	uint32_t users;
	struct list failed; /* on engine->failed_cqs until its QPs have been put into error */
	struct list link;
	struct list with_channel; /* on hca->channel_cqs, if it has one */
	void *front;
};

struct cq_params {
	struct queue_memory memory;
	void *doorbell_record;
	uint32_t cqe_count;
	uint32_t cqe_size;
	bool has_channel;
	bool exact_time;
	void *front;
};

struct srq {
	struct hca *hca;
	struct pd *pd;
	struct queue_memory memory;
	void *doorbell_record;
	uint32_t wqe_count;
	uint32_t log_stride;
	uint32_t taken; /* free running count of receives taken */
	uint32_t next;	/* family: index of the next WQE in the chain */
	uint32_t limit; /* 0: not armed */
	/* ---- cold ---- */
	uint32_t srqn;
	uint32_t user_index;
	uint32_t max_wr, max_sge;
	uint32_t users;
	bool error;
	/* Of an XRC domain: requests name it by its number, and its receives complete in `cq`. */
	struct xrcd *xrcd;
	struct cq *cq; /* of XRC and tag matching */
	struct tag_list *tags;
	struct list link;
	void *front;
};

struct srq_params {
	struct queue_memory memory;
	void *doorbell_record;
	uint32_t wqe_count;
	uint32_t log_stride;
	uint32_t max_wr, max_sge;
	uint32_t limit;
	uint32_t user_index;
	/* One of the two, and a CQ, or none of them. */
	struct xrcd *xrcd;
	uint32_t max_tags;
	struct cq *cq;
	void *front;
};

/* Bounds of rate limits, in kbit/s. */
enum { QP_MIN_RATE_LIMIT = 1, QP_MAX_RATE_LIMIT = 100000000 };

/* A path to a port: what an address handle says. */
struct path {
	uint16_t dlid;
	uint8_t sl;
	uint8_t src_path_bits;
	uint8_t static_rate;
	uint8_t port;
	bool grh;
	uint8_t sgid_index;
	uint8_t hop_limit;
	uint8_t traffic_class;
	uint32_t flow_label;
	uint8_t dgid[16];
};

struct qp_attr {
	enum qp_state state;
	enum qp_state current_state;
	uint8_t path_mtu;
	enum migration_state migration;
	uint32_t qkey;
	uint32_t rq_psn;
	uint32_t sq_psn;
	uint32_t dest_qpn;
	uint32_t access;
	struct path path;
	struct path alternate;
	uint16_t pkey_index;
	uint16_t alternate_pkey_index;
	bool sqd_async_notify;
	uint8_t max_rd_atomic;
	uint8_t max_dest_rd_atomic;
	uint8_t min_rnr_timer;
	uint8_t port;
	uint8_t timeout;
	uint8_t alternate_timeout;
	uint8_t retry_count;
	uint8_t rnr_retry;
	uint32_t rate_limit; /* kbit/s, 0: none */
};

struct qp {
	struct hca *hca;
	uint32_t qpn;
	enum qp_type type;
	struct qp_attr attr; /* attr.state is the state */
	/* A queue pair that only sends has no recv_cq, one that only receives no send_cq; XRC's
	 * receiving half has neither, nor a PD: both are those of the SRQ that a request names. */
	struct pd *pd;
	struct cq *send_cq;
	struct cq *recv_cq;
	struct srq *srq; /* NULL: own receive queue, or none */
	struct fabric_qp *shared;

	/* Queues as the family reads them. */
	struct queue_memory memory; /* the whole buffer */
	void *doorbell_record;	    /* never NULL: without queues, one in which nothing is posted */
	size_t sq_offset, rq_offset;
	uint32_t sq_units; /* size in family units (mlx5: 64-byte basic blocks) */
	uint32_t rq_count; /* size in WQEs */
	uint32_t rq_log_stride;
	uint32_t sq_consumer; /* oldest unit not yet completed, free running */
	uint32_t rq_consumer; /* oldest receive not yet taken, free running */
	uint32_t user_index;
	bool signal_all;
	bool changes_regions; /* by requests; its user is the driver, who may */

	/* Of the transport. */
	struct requester *requester;
	struct responder *responder;
	struct dc_target *target; /* DC target only */
	struct list pending;	  /* on engine->pending while the transport has work to continue */
	/* Kicked by a thread that did not get the engine lock; chained from engine->kicked. */
	_Atomic bool kicked;
	struct qp *next_kicked;
	/* ---- cold ---- */
	struct list watched; /* on engine->watched */
	bool unannounced;    /* see qp_watch() */
	uint32_t max_send_wr, max_recv_wr, max_send_sge, max_recv_sge, max_inline;
	/* Raw packet queue pairs: the receive queue, if they have one, instead of the one above. */
	struct wq *rq;
	uint32_t num_flows;
	struct list groups; /* multicast memberships */
	uint32_t num_groups;
	struct xrcd *xrcd;   /* of XRC's receiving half */
	uint64_t access_key; /* DC target: what its initiators have to know */
	struct list link;
	void *front;
};

/* This process's QP of that number, or NULL. */
static inline struct qp *hca_find_qp(const struct hca *hca, uint32_t qpn)
{
	struct qp *qp = hca->qps[qpn % FABRIC_QPS];

	return qp && qp->qpn == qpn ? qp : NULL;
}

/* This process's SRQ of that number, or NULL. */
static inline struct srq *hca_find_srq(const struct hca *hca, uint32_t srqn)
{
	struct srq *srq = hca->srqs[srqn % FABRIC_SRQS];

	return srq && srq->srqn == srqn ? srq : NULL;
}

struct qp_params {
	enum qp_type type;
	struct pd *pd;
	struct cq *send_cq;
	struct cq *recv_cq;
	struct srq *srq;
	struct xrcd *xrcd;
	uint64_t access_key;
	struct queue_memory memory;
	void *doorbell_record;
	size_t sq_offset, rq_offset;
	uint32_t sq_units, rq_count, rq_log_stride;
	uint32_t max_send_wr, max_recv_wr, max_send_sge, max_recv_sge, max_inline;
	uint32_t user_index;
	bool signal_all;
	/* Raw packet queue pairs: the shape of their receive queue, whose buffer is another than
	 * the send queue's; its other members are filled here. NULL: none. */
	struct wq_params *rq;
	bool changes_regions;
	void *front;
};

int pd_create(struct hca *hca, struct pd **pd);
/* The domain of that number, which another process of this host has made, for use by this one. */
int pd_adopt(struct hca *hca, uint32_t pdn, struct pd **pd);
int pd_destroy(struct pd *pd); /* EBUSY while anything uses it */

/* The domain of a file, or with device and inode 0 one without name; `flags` and errors are those
 * of fabric_xrcd_open(). A domain that this process has open already is counted. */
int xrcd_open(struct hca *hca, uint64_t device, uint64_t inode, unsigned int flags,
	      struct xrcd **xrcd);
int xrcd_close(struct xrcd *xrcd); /* EBUSY: the last opener goes, and something uses it */

int mr_create(struct pd *pd, const struct mr_params *params, struct mr **mr);
int mr_destroy(struct mr *mr); /* EBUSY while windows are bound to it */

/* A free key, of `pd` or of none. */
int mr_create_free(struct hca *hca, struct pd *pd, const struct mr_params *params, struct mr **mr);
/* All of the region at once, windows that are bound to it end. EINVAL: nothing has changed. */
int mr_change(struct mr *mr, struct pd *pd, const struct mr_params *params);

/* What a window is bound to. */
struct mw_binding {
	uint8_t variant; /* low byte of its key from now on */
	uint32_t access;
	uint64_t start; /* its first byte, as others address it */
	uint64_t length;
	uint32_t region_key;
	uint64_t region_address; /* where the first byte lies in the region */
};

/* A window of KEY_WINDOW_1 or KEY_WINDOW_2, free at first. */
int mw_create(struct pd *pd, enum key_kind type, uint8_t key_byte, struct mr **mw);
void mw_destroy(struct mr *mw);
/* By a request of `qp`, which must be in the PD of window and region. STATUS_MW_BIND: refused, and
 * the window is what it was. */
enum completion_status mw_bind(struct qp *qp, struct mr *mw, const struct mw_binding *binding);
/* Frees the window of type 2 that is bound for `qp` and has this key; false if there is none. */
bool mw_invalidate(struct qp *qp, uint32_t key);

/* Carries out a request that changes a key. */
enum completion_status key_change(struct qp *qp, const struct send_request *request);

int cq_create(struct hca *hca, const struct cq_params *params, struct cq **cq);
/* Goes on in the new buffer: writes the family's resize CQE into the old one first. */
int cq_resize(struct cq *cq, const struct queue_memory *memory, uint32_t cqe_count,
	      uint32_t cqe_size);
/* Events come at most so often; 0 in either ends it. EINVAL beyond the limits. */
int cq_moderate(struct cq *cq, uint32_t event_count, uint32_t event_period_us);
/* Raises events that are due at engine->now_ns, and brings engine->next_timer_ns forward to the
 * next one. */
void cq_run_timers(struct engine *engine);
int cq_destroy(struct cq *cq); /* EBUSY while a QP uses it */
/* Lands a completion and raises the event if one is due. An overrun puts the CQ and its QPs into
 * error as the specification says. */
void cq_complete(struct cq *cq, const struct qp *qp, const struct completion *completion);
/* The same for a frame that `wq` has received. */
void cq_complete_frame(struct cq *cq, const struct wq *wq,
		       const struct frame_completion *completion);
/* The same for what concerns the tags of completion->srq, in its CQ. */
void cq_complete_tag(const struct qp *qp, const struct completion *completion,
		     const struct tag_note *note);
/* Looks whether the consumer has armed the CQ since the last look; called at each kick of
 * req_notify, and before a thread that drives the engine goes to sleep. Returns true while armed.
 * Without cq->arming_announced it may find that the event is due at once, and raise it. */
bool cq_look_armed(struct cq *cq);

int srq_create(struct pd *pd, const struct srq_params *params, struct srq **srq);
int srq_set_limit(struct srq *srq, uint32_t limit);
/* EBUSY while a QP is bound to it. A message that it was named for and that is not complete ends
 * with it, and so does its receive. */
int srq_destroy(struct srq *srq);
/* Takes a receive and raises the limit event when due. As family_ops.srq_take; EIO from a queue
 * that is corrupt already: nothing has been taken, and `request` says nothing. */
int srq_take(struct srq *srq, struct recv_request *request);
/* Carries out a request of `qp` that changes the tags of its SRQ, and completes it in the SRQ's CQ.
 */
enum completion_status srq_change_tags(struct qp *qp, const struct send_request *request);

/* A management queue pair has its type for its number; EBUSY if the host's adapter has one. */
int qp_create(struct hca *hca, const struct qp_params *params, struct qp **qp);
/* Checks the transition and mask against the specification's tables for the type, the values
 * against the limits, then applies. EINVAL for what the tables forbid. */
int qp_modify(struct qp *qp, const struct qp_attr *attr, uint32_t mask);
int qp_destroy(struct qp *qp); /* EBUSY while it has multicast groups or flow rules */
/* The error state by the HCA's own doing: flushes, raises `event` (-1: none). */
void qp_set_error(struct qp *qp, int event);
/* The send queue error state, of UC and UD queue pairs only. */
void qp_set_send_error(struct qp *qp);
/* The doorbell of this QP was rung: what was posted is served in the next engine_round(). For those
 * who have the engine lock anyway and ring for many; engine_kick() serves at once. */
void qp_kick(struct qp *qp);
/* Sends to this QP are not announced by engine_kick(): its doorbell record is read in every round.
 * QPs in error are watched anyway. */
void qp_watch(struct qp *qp);
/* Its sends are kicked from now on; what was posted before is served in the next round. */
void qp_unwatch(struct qp *qp);
/* Some adapters join a group by its GID alone, whatever LID the subnet's manager gives it. */
enum { MULTICAST_ANY_LID = 0 };
int qp_attach_multicast(struct qp *qp, const uint8_t mgid[16], uint16_t mlid);
int qp_detach_multicast(struct qp *qp, const uint8_t mgid[16], uint16_t mlid);

#endif
