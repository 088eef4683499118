/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How verbs leave the reason of a failure behind. All of these are called after something has
 * failed, keep errno, and return the error that they are given.
 *
 * Who knows best speaks first: a check that refuses says why with explain(); a provider with
 * verbs_explain(); where a provider or the kernel has failed without a word, the public function
 * has the reason worked out from attributes and limits, or at the least from the errno.
 */
#ifndef LIBIBVERBS_EXPLAIN_H
#define LIBIBVERBS_EXPLAIN_H

#include "libibverbs/library.h"

/* Sets the reason: "VERB: what is wrong". */
int explain(int err, const char *verb, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What the provider said while this verb ran becomes the reason. False: it said nothing. */
bool explain_by_provider(int err, const char *verb);

/* By the errno and the verb alone; `context` may be NULL. */
int explain_errno(int err, const char *verb, struct ibv_context *context);

static inline int explained(int err, const char *verb, struct ibv_context *context)
{
	return __builtin_expect(!err, 1) ? 0 : explain_errno(err, verb, context);
}

static inline void *explained_pointer(void *result, const char *verb, struct ibv_context *context)
{
	if (__builtin_expect(!result, 0))
		explain_errno(errno, verb, context);
	return result;
}

/* causes.c: what an errno of this verb usually means, or NULL. */
const char *explain_cause(int err, const char *verb);

/* limits.c: capacities of queues against what the device has. */
int explain_cq(int err, const char *verb, struct ibv_context *context, int64_t cqe);
int explain_srq(int err, const char *verb, struct ibv_context *context,
		const struct ibv_srq_attr *attr);
/* False: it is not for the list of tags. */
bool explain_tags(int err, const char *verb, struct ibv_context *context,
		  const struct ibv_tm_cap *cap);
int explain_qp(int err, const char *verb, struct ibv_context *context, enum ibv_qp_type type,
	       const struct ibv_qp_cap *cap);

/* memory.c: registration of memory of the program. */
int explain_registration(int err, const char *verb, struct ibv_context *context, const void *addr,
			 size_t length, unsigned int access);
/* Why check_access() of mr.c refuses. */
int explain_access(const char *verb, unsigned int access);

/* path.c: false if there is nothing wrong with the address vector. */
bool explain_path(int err, const char *verb, struct ibv_context *context,
		  const struct ibv_ah_attr *attr, const char *name);

/* transition.c: ibv_modify_qp(). `required` and `allowed` are masks of the transition; -1: there is
 * no such transition. */
int explain_transition(const struct ibv_qp *qp, enum ibv_qp_state from, enum ibv_qp_state to,
		       int mask, int required, int allowed);
int explain_modify(int err, struct ibv_qp *qp, const struct ibv_qp_attr *attr, int mask);

/* post.c: what is kept of a request that was refused, until somebody asks why. */
struct explain_post {
	const char *verb;
	int err;
	enum { EXPLAIN_RECV, EXPLAIN_SEND, EXPLAIN_OPS } kind;
	struct ibv_qp_cap cap; /* of changes of tags: sends */
	enum ibv_qp_type qp_type;
	enum ibv_qp_state state;
	enum ibv_wr_opcode opcode;
	unsigned int send_flags;
	int num_sge;
	uint64_t inline_length;
	/* Changes of tags. */
	int change;
	uint32_t handle, max_tags;
};

/* Where to keep it: this thread's last failure is a post. */
struct explain_post *explain_post_later(int err);
void explain_post(const struct explain_post *post);

/* Names of values, for messages. */
const char *explain_qp_type(enum ibv_qp_type type);
const char *explain_qp_state(enum ibv_qp_state state);
/* A number of bytes as people read it, in a buffer of the caller. */
enum { EXPLAIN_BYTES_TEXT = 24 };
const char *explain_bytes(uint64_t bytes, char text[EXPLAIN_BYTES_TEXT]);

#endif
