/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The interface between libibverbs and its providers. It is private: both sides come from one
 * release, and verbs_register_provider() refuses a provider that was built for another one. Errors
 * follow the public verbs: pointers with errno, or 0 and a positive errno.
 */
#ifndef LIBIBVERBS_DRIVER_H
#define LIBIBVERBS_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <infiniband/verbs.h>
#include <rdma/ib_user_ioctl_verbs.h>

#include "libibverbs/command.h"
#include "libibverbs/ioctl.h"

/* Raise with every change of a structure or a signature in these three headers. */
#define VERBS_PROVIDER_INTERFACE 4

/* A provider NAME is the file libNAME-ov1.so in the folder libibverbs/ beside libibverbs.so.1. */
#define VERBS_PROVIDER_SUFFIX	 "-ov1.so"

/*
 * Objects. A provider embeds these at the start of its own; what applications hold is the public
 * structure at offset 0. The ibv_cmd_ functions that create an object fill in all of its public
 * part, mutex and condition included, before the kernel can send an event for it.
 */
struct verbs_device {
	struct ibv_device device;
	const struct verbs_device_ops *ops;
	const struct verbs_device_info *info;
	struct verbs_device_entry *entry; /* the list's record, libibverbs' own */
};

struct verbs_xrcd {
	struct ibv_xrcd xrcd;
	uint32_t handle;
};

enum verbs_mr_type {
	VERBS_MR_TYPE_MR,
	VERBS_MR_TYPE_NULL,
	VERBS_MR_TYPE_DM,
	VERBS_MR_TYPE_DMABUF,
	VERBS_MR_TYPE_IMPORTED,
};

struct verbs_mr {
	struct ibv_mr mr;
	enum verbs_mr_type type;
	unsigned int access;
};

struct verbs_srq {
	struct ibv_srq srq;
	enum ibv_srq_type type;
	struct verbs_xrcd *xrcd;
	struct ibv_cq *cq;
	uint32_t srq_num;
};

struct verbs_cq {
	union {
		struct ibv_cq cq;
		struct ibv_cq_ex cq_ex;
	};
};

enum verbs_qp_mask {
	VERBS_QP_XRCD = 1 << 0, /* made on an XRC domain, xrcd is valid */
	VERBS_QP_EX = 1 << 1,	/* the ibv_wr_ functions are filled in */
};

/* The union is ABI: programs cast between the two through ibv_qp_to_qp_ex() and back. */
struct verbs_qp {
	union {
		struct ibv_qp qp;
		struct ibv_qp_ex qp_ex;
	};
	uint32_t comp_mask; /* enum verbs_qp_mask */
	struct verbs_xrcd *xrcd;
};

struct verbs_flow_action {
	struct ibv_flow_action action;
	uint32_t handle;
};

/* Opaque to applications; a provider's own follows. */
struct ibv_buf {
	struct ibv_context *context;
};

struct verbs_counters {
	struct ibv_counters counters;
	uint32_t handle;
};

struct verbs_dmah {
	struct ibv_dmah dmah;
	uint32_t handle;
};

static inline struct verbs_device *to_verbs_device(struct ibv_device *device)
{
	return (struct verbs_device *)device;
}

static inline struct verbs_mr *to_verbs_mr(struct ibv_mr *mr)
{
	return (struct verbs_mr *)mr;
}

static inline struct verbs_srq *to_verbs_srq(struct ibv_srq *srq)
{
	return (struct verbs_srq *)srq;
}

static inline struct verbs_qp *to_verbs_qp(struct ibv_qp *qp)
{
	return (struct verbs_qp *)qp;
}

static inline struct verbs_cq *to_verbs_cq(struct ibv_cq *cq)
{
	return (struct verbs_cq *)cq;
}

static inline struct verbs_flow_action *to_verbs_flow_action(struct ibv_flow_action *action)
{
	return (struct verbs_flow_action *)action;
}

static inline struct verbs_counters *to_verbs_counters(struct ibv_counters *counters)
{
	return (struct verbs_counters *)counters;
}

static inline struct verbs_dmah *to_verbs_dmah(struct ibv_dmah *dmah)
{
	return (struct verbs_dmah *)dmah;
}

static inline struct verbs_xrcd *to_verbs_xrcd(struct ibv_xrcd *xrcd)
{
	return (struct verbs_xrcd *)xrcd;
}

/*
 * What discovery knows about a kernel device before a provider has taken it. Strings are empty and
 * numbers are as said when the source does not tell.
 */
struct verbs_device_info {
	char ibdev_name[IBV_SYSFS_NAME_MAX];  /* mlx5_0 */
	char uverbs_name[IBV_SYSFS_NAME_MAX]; /* uverbs0 */
	char ibdev_path[IBV_SYSFS_PATH_MAX];  /* sysfs folder of the device */
	char modalias[512];		      /* of the bus device, "pci:v0000..." */
	int ibdev_index;		      /* RDMA_NLDEV_ATTR_DEV_INDEX, -1 unknown */
	int driver_id;			      /* enum rdma_driver_id, -1 unknown */
	uint32_t abi_version;		      /* of the kernel driver's private data */
	uint64_t uverbs_dev;		      /* dev_t of the char device, 0 unknown */
	uint64_t node_guid;		      /* host order, 0 unknown */
	enum ibv_node_type node_type;
	enum ibv_transport_type transport_type;
};

/*
 * Which devices a provider takes: the first row that fits, of an array that ends with
 * VERBS_MATCH_END. data is the provider's own and comes back with the row in alloc_device.
 */
enum verbs_match_kind {
	VERBS_MATCH_KIND_END,
	VERBS_MATCH_KIND_PCI,
	VERBS_MATCH_KIND_MODALIAS,
	VERBS_MATCH_KIND_DRIVER_ID,
	VERBS_MATCH_KIND_NAME_PREFIX,
};

struct verbs_match {
	enum verbs_match_kind kind;
	uint16_t pci_vendor;
	uint16_t pci_device;
	uint32_t driver_id;
	const char *pattern; /* fnmatch pattern of a modalias, or the start of an ibdev name */
	const void *data;
};

#define VERBS_MATCH_PCI(vendor, device, provider_data)                                             \
	{                                                                                          \
		.kind = VERBS_MATCH_KIND_PCI, .pci_vendor = (vendor), .pci_device = (device),      \
		.data = (provider_data)                                                            \
	}
#define VERBS_MATCH_MODALIAS(glob, provider_data)                                                  \
	{                                                                                          \
		.kind = VERBS_MATCH_KIND_MODALIAS, .pattern = (glob), .data = (provider_data)      \
	}
#define VERBS_MATCH_DRIVER_ID(id, provider_data)                                                   \
	{                                                                                          \
		.kind = VERBS_MATCH_KIND_DRIVER_ID, .driver_id = (id), .data = (provider_data)     \
	}
#define VERBS_MATCH_NAME_PREFIX(prefix, provider_data)                                             \
	{                                                                                          \
		.kind = VERBS_MATCH_KIND_NAME_PREFIX, .pattern = (prefix), .data = (provider_data) \
	}
#define VERBS_MATCH_END                                                                            \
	{                                                                                          \
		.kind = VERBS_MATCH_KIND_END                                                       \
	}

struct verbs_device_ops {
	const char *name;	  /* "mlx5", for messages */
	uint32_t driver_id;	  /* enum rdma_driver_id, checked by the kernel */
	uint32_t abi_version_min; /* of the kernel driver, both inclusive */
	uint32_t abi_version_max;
	const struct verbs_match *match_table;

	/* NULL: not ours after all. The provider zeroes its structure; libibverbs fills in the
	 * verbs_device part afterwards. info stays valid as long as the device.
	 */
	struct verbs_device *(*alloc_device)(const struct verbs_device_info *info,
					     const struct verbs_match *match);
	void (*free_device)(struct verbs_device *device);

	/* Opens: made of verbs_alloc_context(), ibv_cmd_get_context(), verbs_set_ops(). On error
	 * errno is set and cmd_fd stays the caller's. private_data comes from
	 * verbs_open_device() and is NULL for ibv_open_device().
	 */
	struct verbs_context *(*alloc_context)(struct ibv_device *device, int cmd_fd,
					       void *private_data);
	/* The same for a command descriptor that already has a kernel context; may be NULL. */
	struct verbs_context *(*import_context)(struct ibv_device *device, int cmd_fd);
};

/*
 * What a provider can do with an open device. A NULL here is a verb that answers EOPNOTSUPP.
 * Signatures are those of the public functions unless a line says otherwise. Attributes have been
 * checked for what can be decided without the device; objects passed in belong to one context.
 */
struct verbs_context_ops {
	/* The provider's half of close: frees what alloc_context made, ends with
	 * verbs_free_context(), must not fail. The command descriptor is closed afterwards.
	 */
	void (*free_context)(struct ibv_context *context);

	/* attr is zeroed and complete; the library cuts it down to what the caller knows. */
	int (*query_device_ex)(struct ibv_context *context,
			       const struct ibv_query_device_ex_input *input,
			       struct ibv_device_attr_ex *attr);
	int (*query_port)(struct ibv_context *context, uint8_t port_num,
			  struct ibv_port_attr *attr);
	int (*query_rt_values)(struct ibv_context *context, struct ibv_values_ex *values);
	/* Told after an async event has been read and before the application sees it. */
	void (*async_event)(struct ibv_context *context, struct ibv_async_event *event);

	struct ibv_pd *(*alloc_pd)(struct ibv_context *context);
	int (*dealloc_pd)(struct ibv_pd *pd);
	struct ibv_td *(*alloc_td)(struct ibv_context *context, struct ibv_td_init_attr *attr);
	int (*dealloc_td)(struct ibv_td *td);
	struct ibv_pd *(*alloc_parent_domain)(struct ibv_context *context,
					      struct ibv_parent_domain_init_attr *attr);
	struct ibv_pd *(*import_pd)(struct ibv_context *context, uint32_t pd_handle);
	void (*unimport_pd)(struct ibv_pd *pd);
	struct ibv_xrcd *(*open_xrcd)(struct ibv_context *context, struct ibv_xrcd_init_attr *attr);
	int (*close_xrcd)(struct ibv_xrcd *xrcd);

	/* Returns a verbs_mr. The range is already kept out of forked children. */
	struct ibv_mr *(*reg_mr)(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
				 unsigned int access);
	struct ibv_mr *(*reg_dmabuf_mr)(struct ibv_pd *pd, uint64_t offset, size_t length,
					uint64_t iova, int fd, unsigned int access);
	struct ibv_mr *(*reg_mr_ex)(struct ibv_pd *pd, struct ibv_mr_init_attr *attr);
	int (*rereg_mr)(struct ibv_mr *mr, int flags, struct ibv_pd *pd, void *addr, size_t length,
			unsigned int access);
	int (*dereg_mr)(struct ibv_mr *mr);
	struct ibv_mr *(*reg_dm_mr)(struct ibv_pd *pd, struct ibv_dm *dm, uint64_t dm_offset,
				    size_t length, unsigned int access);
	struct ibv_mr *(*alloc_null_mr)(struct ibv_pd *pd);
	struct ibv_mr *(*import_mr)(struct ibv_pd *pd, uint32_t mr_handle);
	void (*unimport_mr)(struct ibv_mr *mr);
	int (*advise_mr)(struct ibv_pd *pd, enum ib_uverbs_advise_mr_advice advice, uint32_t flags,
			 struct ibv_sge *sg_list, uint32_t num_sge);
	struct ibv_mw *(*alloc_mw)(struct ibv_pd *pd, enum ibv_mw_type type);
	int (*bind_mw)(struct ibv_qp *qp, struct ibv_mw *mw, struct ibv_mw_bind *bind);
	int (*dealloc_mw)(struct ibv_mw *mw);

	struct ibv_dm *(*alloc_dm)(struct ibv_context *context, struct ibv_alloc_dm_attr *attr);
	int (*free_dm)(struct ibv_dm *dm);
	struct ibv_dm *(*import_dm)(struct ibv_context *context, uint32_t dm_handle);
	void (*unimport_dm)(struct ibv_dm *dm);
	int (*dm_export_dmabuf_fd)(struct ibv_dm *dm);
	void *(*alloc_buf)(struct ibv_pd *pd, size_t size, struct ibv_buf **buf);
	void (*free_buf)(struct ibv_buf *buf);
	int (*export_buf_dmabuf_fd)(struct ibv_buf *buf);
	struct ibv_dmah *(*alloc_dmah)(struct ibv_context *context,
				       struct ibv_dmah_init_attr *attr);
	int (*dealloc_dmah)(struct ibv_dmah *dmah);

	/* create_cq alone serves ibv_create_cq(), create_cq_ex ibv_create_cq_ex(). */
	struct ibv_cq *(*create_cq)(struct ibv_context *context, int cqe, void *cq_context,
				    struct ibv_comp_channel *channel, int comp_vector);
	struct ibv_cq_ex *(*create_cq_ex)(struct ibv_context *context,
					  struct ibv_cq_init_attr_ex *attr);
	int (*poll_cq)(struct ibv_cq *cq, int num_entries, struct ibv_wc *wc);
	int (*req_notify_cq)(struct ibv_cq *cq, int solicited_only);
	/* Told for each completion event read, before the application sees it. */
	void (*cq_event)(struct ibv_cq *cq);
	int (*modify_cq)(struct ibv_cq *cq, struct ibv_modify_cq_attr *attr);
	int (*resize_cq)(struct ibv_cq *cq, int cqe);
	int (*destroy_cq)(struct ibv_cq *cq);

	struct ibv_srq *(*create_srq)(struct ibv_pd *pd, struct ibv_srq_init_attr *attr);
	struct ibv_srq *(*create_srq_ex)(struct ibv_context *context,
					 struct ibv_srq_init_attr_ex *attr);
	int (*modify_srq)(struct ibv_srq *srq, struct ibv_srq_attr *attr, int attr_mask);
	int (*query_srq)(struct ibv_srq *srq, struct ibv_srq_attr *attr);
	int (*get_srq_num)(struct ibv_srq *srq, uint32_t *srq_num);
	int (*destroy_srq)(struct ibv_srq *srq);
	int (*post_srq_recv)(struct ibv_srq *srq, struct ibv_recv_wr *wr,
			     struct ibv_recv_wr **bad_wr);
	int (*post_srq_ops)(struct ibv_srq *srq, struct ibv_ops_wr *wr, struct ibv_ops_wr **bad_wr);

	struct ibv_qp *(*create_qp)(struct ibv_pd *pd, struct ibv_qp_init_attr *attr);
	struct ibv_qp *(*create_qp_ex)(struct ibv_context *context,
				       struct ibv_qp_init_attr_ex *attr);
	struct ibv_qp *(*open_qp)(struct ibv_context *context, struct ibv_qp_open_attr *attr);
	int (*query_qp)(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask,
			struct ibv_qp_init_attr *init_attr);
	/* A failing call must leave the queue as it was; the library keeps qp->state. */
	int (*modify_qp)(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask);
	int (*modify_qp_rate_limit)(struct ibv_qp *qp, struct ibv_qp_rate_limit_attr *attr);
	int (*query_qp_data_in_order)(struct ibv_qp *qp, enum ibv_wr_opcode op, uint32_t flags);
	int (*set_ece)(struct ibv_qp *qp, struct ibv_ece *ece);
	int (*query_ece)(struct ibv_qp *qp, struct ibv_ece *ece);
	int (*destroy_qp)(struct ibv_qp *qp);
	int (*post_send)(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr);
	int (*post_recv)(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr);
	int (*attach_mcast)(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid);
	int (*detach_mcast)(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid);

	/* The library fills in context and pd of what create_ah returns. */
	struct ibv_ah *(*create_ah)(struct ibv_pd *pd, struct ibv_ah_attr *attr);
	int (*destroy_ah)(struct ibv_ah *ah);

	struct ibv_wq *(*create_wq)(struct ibv_context *context, struct ibv_wq_init_attr *attr);
	int (*modify_wq)(struct ibv_wq *wq, struct ibv_wq_attr *attr);
	int (*destroy_wq)(struct ibv_wq *wq);
	struct ibv_rwq_ind_table *(*create_rwq_ind_table)(struct ibv_context *context,
							  struct ibv_rwq_ind_table_init_attr *attr);
	int (*destroy_rwq_ind_table)(struct ibv_rwq_ind_table *table);

	struct ibv_flow *(*create_flow)(struct ibv_qp *qp, struct ibv_flow_attr *attr);
	int (*destroy_flow)(struct ibv_flow *flow);
	struct ibv_flow_action *(*create_flow_action_esp)(struct ibv_context *context,
							  struct ibv_flow_action_esp_attr *attr);
	int (*modify_flow_action_esp)(struct ibv_flow_action *action,
				      struct ibv_flow_action_esp_attr *attr);
	int (*destroy_flow_action)(struct ibv_flow_action *action);
	struct ibv_counters *(*create_counters)(struct ibv_context *context,
						struct ibv_counters_init_attr *attr);
	int (*destroy_counters)(struct ibv_counters *counters);
	int (*attach_counters_point_flow)(struct ibv_counters *counters,
					  struct ibv_counter_attach_attr *attr,
					  struct ibv_flow *flow);
	int (*read_counters)(struct ibv_counters *counters, uint64_t *values, uint32_t count,
			     uint32_t flags);

	/* caps is zeroed and complete; the library cuts it down to what the caller knows. */
	int (*query_comp_cntr_caps)(struct ibv_context *context, struct ibv_comp_cntr_caps *caps);
	struct ibv_comp_cntr *(*create_comp_cntr)(struct ibv_context *context,
						  struct ibv_comp_cntr_init_attr *attr);
	int (*destroy_comp_cntr)(struct ibv_comp_cntr *counter);
	int (*set_comp_cntr)(struct ibv_comp_cntr *counter, uint64_t value);
	int (*set_err_comp_cntr)(struct ibv_comp_cntr *counter, uint64_t value);
	int (*inc_comp_cntr)(struct ibv_comp_cntr *counter, uint64_t amount);
	int (*inc_err_comp_cntr)(struct ibv_comp_cntr *counter, uint64_t amount);
	int (*read_comp_cntr)(struct ibv_comp_cntr *counter, uint64_t *value);
	int (*read_err_comp_cntr)(struct ibv_comp_cntr *counter, uint64_t *value);
	int (*qp_attach_comp_cntr)(struct ibv_qp *qp, struct ibv_comp_cntr *counter,
				   struct ibv_qp_attach_comp_cntr_attr *attr);
};

/*
 * Registers a provider; called by the constructor that VERBS_PROVIDER() makes. A provider of
 * another interface version is refused, and the refusal is told where warnings are asked for.
 */
void verbs_register_provider(const struct verbs_device_ops *ops, unsigned int interface);

#define VERBS_PROVIDER(ops)                                                                        \
	static __attribute__((constructor)) void register_provider(void)                           \
	{                                                                                          \
		verbs_register_provider(&(ops), VERBS_PROVIDER_INTERFACE);                         \
	}

/*
 * Allocates a provider's context of size bytes, zeroed, with a struct verbs_context at its start
 * that is ready for commands, and finds out which carrier takes commands to this kernel. NULL and
 * errno on failure; cmd_fd stays the caller's until verbs_open_device() has succeeded.
 */
void *verbs_alloc_context(struct ibv_device *device, int cmd_fd, size_t size);
/* Ends what verbs_alloc_context() began and frees the memory. Closes no descriptor. */
void verbs_free_context(struct verbs_context *context);

/* Adds every operation of ops that is not NULL; may be called again, the last one counts. */
void verbs_set_ops(struct verbs_context *context, const struct verbs_context_ops *ops);

/* ibv_open_device() for direct verbs: private_data reaches the provider's alloc_context. */
struct ibv_context *verbs_open_device(struct ibv_device *device, void *private_data);

/* The provider that serves this device, for direct verbs to tell its own devices from others. */
static inline bool verbs_device_is(struct ibv_device *device, const struct verbs_device_ops *ops)
{
	return to_verbs_device(device)->ops == ops;
}

/* False when IB_UVERBS_CORE_SUPPORT_xxx is not among what GET_CONTEXT answered. */
bool verbs_core_supports(struct ibv_context *context, uint64_t core_support_bit);

/* A line on stderr, without its end, when IBV_SHOW_WARNINGS asks for it; else silent. */
void verbs_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Right before a provider's function fails: which attribute broke which limit, without the name of
 * the verb. What is said becomes the reason that ibv_explain_last_error() gives, see
 * infiniband/verbs_explain.h. errno is kept.
 */
void verbs_explain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * For direct verbs, which no function of the library stands in front of: where `result` is NULL,
 * explains its errno under the name of the verb. Returns result.
 */
void *verbs_explained(void *result, const char *verb, struct ibv_context *context);

/*
 * The same for posts, which are the provider's from their beginning: why the request `wr` was not
 * taken. `cap` has the limits of the queue pair; of receives, `verb` is the public function, and qp
 * is NULL for a shared queue. They return err.
 */
int verbs_explain_send(int err, const struct ibv_qp *qp, const struct ibv_send_wr *wr,
		       const struct ibv_qp_cap *cap);
int verbs_explain_recv(int err, const char *verb, const struct ibv_qp *qp,
		       const struct ibv_recv_wr *wr, uint32_t max_wr, uint32_t max_sge);
/* Of changes of tags, with the limits of the list; 0: the shared queue has none. */
int verbs_explain_ops(int err, const struct ibv_ops_wr *wr, uint32_t max_tags, uint32_t max_ops);

/*
 * Keep memory that the device uses, or that holds a doorbell page, out of forked children. They do
 * nothing before ibv_fork_init() and count overlapping ranges. 0 or errno.
 */
int ibv_dontfork_range(void *base, size_t size);
int ibv_dofork_range(void *base, size_t size);

/* Reads at most size - 1 bytes, ends them with a NUL, cuts a final newline. Length, or -1. */
int ibv_read_sysfs_file(const char *dir, const char *file, char *buf, size_t size);
const char *ibv_get_sysfs_path(void);

#endif
