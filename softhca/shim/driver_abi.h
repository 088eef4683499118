/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a family adds to the uverbs commands: the driver-private data that its user-space library
 * and its kernel driver exchange. Functions called `created` answer after the object exists, the
 * others take the request apart before. All return 0 or a positive errno.
 */
#ifndef SOFTHCA_SHIM_DRIVER_ABI_H
#define SOFTHCA_SHIM_DRIVER_ABI_H

#include "softhca/shim/attrs.h"
#include "softhca/shim/command.h"
#include "softhca/shim/identity.h"

struct driver_abi {
	const char *family;
	const struct family_ops *ops;
	uint32_t driver_id; /* enum rdma_driver_id */
	struct hca_limits limits;

	int (*open_context)(struct shim_file *file, struct driver_data *driver);
	/* For a context that another process has opened, as the file says. */
	int (*reopen_context)(struct shim_file *file);
	int (*query_device)(struct shim_file *file, struct driver_data *driver);
	void (*created_pd)(const struct pd *pd, struct driver_data *driver);
	/* Memory, doorbell record and sizes of the parameters; `entries` is what was asked for. The
	 * memory has been found present and is held by `pin`. */
	int (*create_cq)(struct shim_file *file, const struct driver_data *driver, uint32_t entries,
			 struct cq_params *params, struct pin *pin);
	void (*created_cq)(const struct cq *cq, struct driver_data *driver);
	int (*resize_cq)(struct shim_file *file, const struct driver_data *driver, uint32_t entries,
			 struct cq_params *params, struct pin *pin);
	/* Of the parameters, max_* and the objects are filled in already. */
	int (*create_qp)(struct shim_file *file, const struct driver_data *driver,
			 struct qp_params *params, struct pin *pin);
	/* A raw packet queue pair, whose receive queue has a buffer of its own: params->rq becomes
	 * NULL if it has none. */
	int (*create_raw_qp)(struct shim_file *file, const struct driver_data *driver,
			     struct qp_params *params, struct pin *pin, struct pin *rq_pin);
	void (*created_qp)(struct qp *qp, struct driver_data *driver);
	/* What the library means by a queue pair of the driver's own kind. */
	int (*driver_qp_type)(const struct driver_data *driver, enum qp_type *type);
	/* Whether a change that gets the queue pair into `state` can be answered; the answer. */
	int (*check_modify_qp)(const struct qp *qp, enum qp_state state,
			       const struct driver_data *driver);
	void (*modified_qp)(const struct qp *qp, struct driver_data *driver);
	int (*create_wq)(struct shim_file *file, const struct driver_data *driver,
			 struct wq_params *params, struct pin *pin);
	int (*modify_wq)(const struct driver_data *driver);
	/* Fields and key of the parameters; the key stays the driver's. */
	int (*create_rss)(const struct driver_data *driver, struct rss_params *params);
	/* What the counters count, of a rule that has some. */
	int (*bind_counters)(const struct driver_data *driver, struct flow_params *params);
	/* Answer of commands that tell its length only. */
	void (*created_other)(struct driver_data *driver);
	/* Whether bursts as asked for along with a rate can be. */
	int (*check_pace)(const struct driver_data *driver);
	int (*create_srq)(struct shim_file *file, const struct driver_data *driver,
			  struct srq_params *params, struct pin *pin);
	void (*created_srq)(const struct srq *srq, struct driver_data *driver);
	int (*alloc_mw)(struct driver_data *driver);
	/* `mac` is the peer's on Ethernet ports, NULL elsewhere. */
	void (*created_ah)(const uint8_t *mac, struct driver_data *driver);

	/* Writes the time where a library may look for it. From any thread; does nothing while the
	 * clock is not open. */
	void (*tick)(struct device_clock *clock);
	void (*close_clock)(struct device_clock *clock);

	/* Where in the device file, in pages, device memory is mapped (methods/dm.h), and the notes
	 * of the clock (file_own_offset()), behind which there are pages for all seats. 0: nowhere.
	 */
	uint32_t dm_window_page;
	uint32_t notes_page;
	/* Tables of its own, looked at before the common ones; the list ends with NULL. */
	const struct method_entry *const *methods;
};

extern const struct driver_abi mlx5_driver_abi;

#endif
