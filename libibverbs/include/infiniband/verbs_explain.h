/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Failures in words: which attribute broke which limit and what helps. errno and the return values
 * of verbs are as ever; this tells the rest. The reason is worked out after a verb has failed, so
 * verbs that succeed pay nothing for it.
 *
 *	qp = ibv_create_qp(pd, &attr);
 *	if (!qp)
 *		fprintf(stderr, "%s\n", ibv_explain_last_error());
 *
 *	ibv_create_qp: max_send_wr 100000 > device limit 32768
 *
 * The functions are in libibverbs.so.1 of OpenVerbs and no other.
 */
#ifndef INFINIBAND_VERBS_EXPLAIN_H
#define INFINIBAND_VERBS_EXPLAIN_H

#include <stddef.h>

#include <infiniband/verbs.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Why the last verb that failed in the calling thread did: one line without a newline, beginning
 * with the name of the verb. Empty if none has failed. The text belongs to the library and is good
 * until the thread's next verb fails or the thread ends. Verbs that succeed leave it alone, and so
 * does one that the device lacks altogether and that fails within the public header.
 */
const char *ibv_explain_last_error(void);

/* The errno of that failure, 0 if none has failed: tells whether the text is about the error at
 * hand. */
int ibv_explain_last_errno(void);

/* Forgets that failure: for who has told the user of it and calls verbs that may leave no text. */
void ibv_explain_forget(void);

/*
 * What a work completion says, in one line: its status, the queue pair, and for an error what
 * usually causes it, where, and the vendor's syndrome. Like snprintf() it writes at most `size`
 * bytes with the final NUL and returns the length of the whole line. `wc` is as ibv_poll_cq()
 * filled it in.
 */
int ibv_explain_wc(const struct ibv_wc *wc, char *text, size_t size);

/* The same for the current completion of an extended CQ, between ibv_start_poll() and
 * ibv_end_poll(). */
int ibv_explain_cq_ex(struct ibv_cq_ex *cq, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
