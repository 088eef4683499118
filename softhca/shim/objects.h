/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Objects of an open device: a handle, the object in the core, and what belongs to the program's
 * view of it. The destroy functions are called through file_destroy_object() with the file's lock
 * held; they refuse with EBUSY or end the object but for its handle and memory.
 */
#ifndef SOFTHCA_SHIM_OBJECTS_H
#define SOFTHCA_SHIM_OBJECTS_H

#include <stdbool.h>

#include "softhca/core/flow.h"
#include "softhca/shim/backing.h"
#include "softhca/shim/channel.h"
#include "softhca/shim/handle.h"
#include "softhca/shim/pin.h"

struct pd_object {
	struct handle handle;
	struct pd *pd;
};

/* Memory on the adapter: a file, so that other processes can have it as well. */
struct dm_object {
	struct handle handle;
	int fd;
	uint8_t *memory; /* of whole pages */
	uint64_t length;
	uint32_t page, num_pages; /* its place in the window (methods/dm.c) */
	uint32_t users;		  /* regions */
};

/* Hints for the bus, which here is none: known, counted, and without effect. */
struct dmah_object {
	struct handle handle;
	uint32_t users; /* regions */
};

/* What a region is made of, and with it what its `start` means. */
enum region_kind {
	REGION_PROGRAM, /* an address of the program */
	REGION_FILE,	/* an offset in a file */
	REGION_DEVICE,	/* an offset in device memory */
};

struct mr_object {
	struct handle handle;
	enum region_kind kind;
	struct pd_object *pd;
	struct mr *mr;
	struct backing backing;
	struct dm_object *dm;	  /* NULL unless REGION_DEVICE */
	struct dmah_object *dmah; /* may be NULL */
	uint64_t start, length, iova;
	uint32_t access;
};

struct mw_object {
	struct handle handle;
	struct mr *mw;
};

/* Where the asynchronous events of an object go, and under which name. */
struct async_source {
	struct channel *channel;
	uint64_t user_handle;
	struct event_source source;
};

struct cq_object {
	struct handle handle;
	struct cq *cq;
	struct async_source async;
	struct channel *channel; /* NULL: no completion events */
	struct event_source completions;
	struct pin pin;
};

struct xrcd_object {
	struct handle handle;
	struct xrcd *xrcd;
	uint32_t users; /* what was made or opened through this handle */
	int fd;		/* of the domain's file, -1: none */
};

struct srq_object {
	struct handle handle;
	struct srq *srq;
	struct xrcd_object *xrcd; /* NULL: of no domain */
	struct async_source async;
	struct pin pin;
};

struct qp_object {
	struct handle handle;
	/* One that spreads frames is no ordinary queue pair, and has `rss` only. */
	struct qp *qp;
	struct rss *rss;
	struct async_source async;
	struct pin pin;
	struct pin rq_pin; /* the other buffer of a raw packet queue pair */
	bool wrapped;	   /* the program's sends are announced */
	struct list groups;
	struct xrcd_object *xrcd; /* NULL: of no domain */
	/* Other objects of the same queue pair, in this or other contexts: all of them hear of it,
	 * and it ends with the last. Under the engine lock. */
	struct list sharers;
};

struct ah_object {
	struct handle handle;
	struct pd_object *pd;
};

struct wq_object {
	struct handle handle;
	struct wq *wq;
	struct async_source async;
	struct pin pin;
};

struct wq_table_object {
	struct handle handle;
	struct wq_table *table;
};

struct flow_object {
	struct handle handle;
	struct flow *flow;
};

struct counters_object {
	struct handle handle;
	struct counters *counters;
};

struct uar_object {
	struct handle handle;
	unsigned int index;
};

int pd_object_destroy(struct handle *handle);
int mr_object_destroy(struct handle *handle);
int mw_object_destroy(struct handle *handle);
int cq_object_destroy(struct handle *handle);
int srq_object_destroy(struct handle *handle);
int qp_object_destroy(struct handle *handle);
int ah_object_destroy(struct handle *handle);
int uar_object_destroy(struct handle *handle);
int dm_object_destroy(struct handle *handle);
int dmah_object_destroy(struct handle *handle);
int wq_object_destroy(struct handle *handle);
int wq_table_object_destroy(struct handle *handle);
int flow_object_destroy(struct handle *handle);
int counters_object_destroy(struct handle *handle);
int xrcd_object_destroy(struct handle *handle);

/* The CQs of XRC SRQs, which no queue pair has for its own: their armings are seen as they happen,
 * if those of the context are. */
void srq_objects_announce(struct shim_file *file);

/* Leaves all multicast groups. */
void qp_object_leave_groups(struct qp_object *object);

/* Binds an object to the asynchronous event file `event_fd` of its device, or the default one when
 * that is negative. EBADF for anything else. */
int async_source_open(struct async_source *async, struct shim_file *file, int event_fd,
		      uint64_t user_handle);
/* Takes unread events back; source.reported is final. */
void async_source_close(struct async_source *async);
/* With the engine lock held. */
void async_source_post(struct async_source *async, enum async_event_type type);

struct pd_object *find_pd(struct shim_file *file, uint32_t number);
struct dm_object *find_dm(struct shim_file *file, uint32_t number);
struct mr_object *find_mr(struct shim_file *file, uint32_t number);
struct cq_object *find_cq(struct shim_file *file, uint32_t number);
struct srq_object *find_srq(struct shim_file *file, uint32_t number);
struct xrcd_object *find_xrcd(struct shim_file *file, uint32_t number);
/* Not those that spread frames, which can be destroyed and have flow rules, and nothing else. */
struct qp_object *find_qp(struct shim_file *file, uint32_t number);
struct qp_object *find_any_qp(struct shim_file *file, uint32_t number);
struct wq_table_object *find_wq_table(struct shim_file *file, uint32_t number);
struct counters_object *find_counters(struct shim_file *file, uint32_t number);

extern const struct front_ops shim_front_ops;

#endif
