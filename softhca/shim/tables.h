/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Wraps the public function tables of a program's libibverbs, so that the calls by which the
 * program posts and polls also drive the engine. No symbol is interposed: commands carry the
 * program's own struct ibv_qp as user_handle, and everything else hangs on that.
 *
 * The wrap is only a kick. A program whose tables cannot be reached is driven by the background
 * thread.
 */
#ifndef SOFTHCA_SHIM_TABLES_H
#define SOFTHCA_SHIM_TABLES_H

#include <stdbool.h>
#include <stdint.h>

struct cq;
struct hca;
struct qp;
struct device_clock;
struct shim_file;

/*
 * Called at every MODIFY_QP, the first command at which a struct ibv_qp is sure to be filled in;
 * `user_handle` is what CREATE_QP came with, `cmd_fd` the descriptor the command came through.
 * The handle is a number from the application: it is taken for a pointer only after the memory
 * there has been found readable and to describe this very QP. The engine lock is not held. Returns
 * whether sends of this QP will be kicked; otherwise its doorbell record has to be watched
 * (qp_watch()).
 */
bool tables_wrap(uint64_t user_handle, int cmd_fd, struct qp *qp);

/*
 * Called at commands while file->clock.context is NULL: from the program's struct ibv_cq at
 * `user_handle` it is found, and its ibv_query_rt_values_ex() brings the clock up to date from then
 * on. Nothing happens as long as the CQ does not tell.
 */
void tables_wrap_clock(uint64_t user_handle, struct shim_file *file);
/* Its context is closing. */
void tables_forget_clock(struct device_clock *clock);

/* The program's work queue behind `user_handle` shows the context, whose calls are patched: those
 * that poll its CQ drive from now on, and armings are announced. */
void tables_wrap_queue(uint64_t user_handle, int cmd_fd, struct hca *hca, struct cq *cq);

/* Whether the context that speaks through `cmd_fd` is wrapped: its armings are seen as they happen.
 */
bool tables_are_wrapped(int cmd_fd);

/* The CQ or QP with this user_handle is gone. */
void tables_drop(uint64_t user_handle);

/* The context that spoke through `cmd_fd` is closing. */
void tables_forget(int cmd_fd);

/* The program is exiting: calls of the contexts wrapped so far go straight through from now on. */
void tables_disable(void);
/* The same in the child after a fork; contexts of its own are wrapped as ever. */
void tables_after_fork(void);

#endif
