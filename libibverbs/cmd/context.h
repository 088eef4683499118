/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Commands that libibverbs issues itself and providers have no part in. 0 or errno. */
#ifndef LIBIBVERBS_CMD_CONTEXT_H
#define LIBIBVERBS_CMD_CONTEXT_H

#include "libibverbs/library.h"

/* Sets context->async_fd. EPROTONOSUPPORT where GET_CONTEXT is what opens it. */
int ibv_cmd_alloc_async_fd(struct ibv_context *context);
int ibv_cmd_create_comp_channel(struct ibv_context *context, int *fd);

/* By method only: EPROTONOSUPPORT sends the caller to sysfs. */
int ibv_cmd_query_gid_entry(struct ibv_context *context, uint32_t port_num, uint32_t index,
			    struct ib_uverbs_gid_entry *entry);
/* count becomes the number of valid entries, never more than max. */
int ibv_cmd_query_gid_table(struct ibv_context *context, struct ib_uverbs_gid_entry *entries,
			    size_t max, size_t *count);
int ibv_cmd_query_port_speed(struct ibv_context *context, uint32_t port_num, uint64_t *speed);

#endif
