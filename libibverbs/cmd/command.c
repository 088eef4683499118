/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What all commands have in common: the way to the carrier, and the wait for events that an object
 * owes its application.
 */
#include <stdlib.h>
#include <string.h>

#include "libibverbs/cmd/carrier.h"

int command_run(struct ibv_context *context, const struct command *command)
{
	const struct verbs_udata *udata = command->udata;

	if (command->out_len)
		memset(command->out, 0, command->out_len);
	if (udata && udata->out_len)
		memset(udata->out, 0, udata->out_len);
	return context_private(context)->carrier->command(context, command);
}

int verbs_ioctl_run(struct ibv_context *context, struct verbs_ioctl *call)
{
	return context_private(context)->carrier->method(context, call);
}

struct verbs_ioctl *method_begin(struct verbs_ioctl *own, struct verbs_ioctl *drivers,
				 uint16_t object, uint16_t method)
{
	if (drivers)
		return drivers;
	verbs_ioctl_begin(own, object, method);
	return own;
}

int method_run(struct ibv_context *context, struct verbs_ioctl *call)
{
	int err = verbs_ioctl_run(context, call);

	return err == EPROTONOSUPPORT ? EOPNOTSUPP : err;
}

int destroy_result(int err)
{
	if (err == EIO && secure_getenv("RDMAV_ALLOW_DISASSOC_DESTROY"))
		return 0;
	return err;
}

int events_init(pthread_mutex_t *mutex, pthread_cond_t *cond)
{
	int err;

	err = pthread_mutex_init(mutex, NULL);
	if (err)
		return err;
	err = pthread_cond_init(cond, NULL);
	if (err)
		pthread_mutex_destroy(mutex);
	return err;
}

void events_finish(pthread_mutex_t *mutex, pthread_cond_t *cond)
{
	pthread_cond_destroy(cond);
	pthread_mutex_destroy(mutex);
}

/*
 * The kernel counts an event as reported when a read() of the event descriptor took it. Whoever
 * took it may still hold a pointer to the object until the acknowledgement.
 */
void events_wait(pthread_mutex_t *mutex, pthread_cond_t *cond, const uint32_t *acknowledged,
		 uint32_t reported)
{
	pthread_mutex_lock(mutex);
	while (*acknowledged != reported)
		pthread_cond_wait(cond, mutex);
	pthread_mutex_unlock(mutex);
}
