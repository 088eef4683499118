/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An open device for the tests, with a real engine on a fabric of the test's own, and short ways to
 * send commands by either carrier.
 */
#ifndef TESTS_UNIT_SHIM_HARNESS_H
#define TESTS_UNIT_SHIM_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <rdma/mlx5-abi.h>
#include <rdma/mlx5_user_ioctl_cmds.h>

#include "softhca/shim/driver_abi.h"

/* A device that is open; `fd` is its descriptor. */
struct device {
	int fd;
	struct shim_file *file; /* referenced by fd only */
};

struct device device_open(void);	      /* no context yet */
struct device device_open_with_context(void); /* by a written GET_CONTEXT; async_fd below */
void device_close(struct device *device);
extern int last_async_fd;

/* A written classic command; the first member of `request` is the address of the answer when
 * `answer` is not NULL. Returns 0 or errno. */
int classic(const struct device *device, uint32_t command, void *request, size_t request_bytes,
	    const void *driver_in, size_t driver_in_bytes, void *answer, size_t answer_bytes,
	    size_t driver_out_bytes);

/* An ioctl with these attributes; 0 or errno. The attributes are updated. */
int call(const struct device *device, uint16_t object, uint16_t method,
	 struct ib_uverbs_attr *attrs, uint16_t count);
struct ib_uverbs_attr attr_in(uint16_t id, const void *data, uint16_t length);
struct ib_uverbs_attr attr_out(uint16_t id, void *data, uint16_t length);
struct ib_uverbs_attr attr_id(uint16_t id, int64_t number);

/* Memory of a queue and its doorbell record. */
struct queue {
	uint8_t *memory;
	uint32_t *record;
};

struct queue queue_make(size_t bytes);
void queue_free(struct queue *queue);

/* Objects made with sensible attributes; they fail the test when refused. */
uint32_t make_pd(const struct device *device);
uint32_t make_cq(const struct device *device, struct queue *queue, uint64_t user_handle,
		 int channel_fd);
uint32_t make_qp(const struct device *device, struct queue *queue, uint32_t pd, uint32_t cq,
		 uint64_t user_handle);
int destroy_by_handle(const struct device *device, uint32_t command, uint32_t handle);

#endif
