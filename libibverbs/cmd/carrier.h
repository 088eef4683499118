/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Between a command that has been built and the system call that takes it to the kernel. A classic
 * command is one of enum ib_uverbs_write_cmds; every kernel has those. A method exists in the ioctl
 * interface only.
 */
#ifndef LIBIBVERBS_CMD_CARRIER_H
#define LIBIBVERBS_CMD_CARRIER_H

#include <rdma/ib_user_verbs.h>

#include "libibverbs/library.h"

/*
 * A classic command: core parts as ib_user_verbs.h lays them out. In a command that is not extended
 * and has an answer, the first 8 bytes of in are the field "response", filled in by the carrier
 * that needs it.
 */
struct command {
	uint32_t number; /* with IB_USER_VERBS_CMD_FLAG_EXTENDED where it applies */
	const void *in;
	size_t in_len;
	void *out;
	size_t out_len;
	const struct verbs_udata *udata;
};

/* Members to be zero unless the caller says so: a command without answer or private data. */
#define COMMAND(cmd_number, input, ...)                                                            \
	(&(const struct command){                                                                  \
		.number = (cmd_number), .in = (input), .in_len = sizeof(*(input)), ##__VA_ARGS__})
#define ANSWER(answer) .out = (answer), .out_len = sizeof(*(answer))

#define EXTENDED(name) (IB_USER_VERBS_EX_CMD_##name | IB_USER_VERBS_CMD_FLAG_EXTENDED)

struct carrier {
	const char *name;
	int (*command)(struct ibv_context *context, const struct command *command);
	int (*method)(struct ibv_context *context, struct verbs_ioctl *call);
};

extern const struct carrier ioctl_carrier;
extern const struct carrier write_carrier;

/* Asks the kernel behind context->cmd_fd whether it takes commands by ioctl. */
const struct carrier *carrier_probe(struct ibv_context *context);

/* 0 or errno; out and the udata's out are zero where the kernel did not write. */
int command_run(struct ibv_context *context, const struct command *command);

/*
 * A method to which the driver may have attributes of its own to add: it has begun the call and put
 * them there, or there is no such call and `own` is begun.
 */
struct verbs_ioctl *method_begin(struct verbs_ioctl *own, struct verbs_ioctl *drivers,
				 uint16_t object, uint16_t method);

/* A method that has no classic counterpart: a kernel without it makes the verb EOPNOTSUPP. */
int method_run(struct ibv_context *context, struct verbs_ioctl *call);

/*
 * The result of a command that destroys. Once the device is unplugged all of its kernel objects are
 * gone and the command answers EIO; a program that set RDMAV_ALLOW_DISASSOC_DESTROY wants its own
 * memory back then, and this turns the error into success.
 */
int destroy_result(int err);

/* True for the answers of a kernel that does not know a command or method. */
static inline bool is_unsupported(int err)
{
	return err == EPROTONOSUPPORT || err == EOPNOTSUPP || err == ENOSYS || err == ENOTTY;
}

/* Events of an object: made ready before it exists, waited for after it is gone in the kernel. */
int events_init(pthread_mutex_t *mutex, pthread_cond_t *cond);
void events_finish(pthread_mutex_t *mutex, pthread_cond_t *cond);
void events_wait(pthread_mutex_t *mutex, pthread_cond_t *cond, const uint32_t *acknowledged,
		 uint32_t reported);

#endif
