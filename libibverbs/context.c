/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Open devices: making, importing and closing a context. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libibverbs/cmd/carrier.h"
#include "libibverbs/cmd/context.h"
#include "libibverbs/explain/explain.h"
#include "libibverbs/library.h"

static const struct verbs_context_ops no_ops;

void *verbs_alloc_context(struct ibv_device *device, int cmd_fd, size_t size)
{
	struct verbs_context *verbs = calloc(1, size);
	int err;

	if (!verbs)
		return fail_null(ENOMEM);
	verbs->priv = calloc(1, sizeof(*verbs->priv));
	err = verbs->priv ? pthread_mutex_init(&verbs->context.mutex, NULL) : ENOMEM;
	if (err) {
		free(verbs->priv);
		free(verbs);
		return fail_null(err);
	}
	verbs->sz = sizeof(*verbs);
	verbs->context.abi_compat = __VERBS_ABI_IS_EXTENDED;
	verbs->context.device = device;
	verbs->context.cmd_fd = cmd_fd;
	verbs->context.async_fd = -1;
	verbs->priv->driver_id = to_verbs_device(device)->ops->driver_id;
	verbs->priv->carrier = carrier_probe(&verbs->context);
	verbs_set_ops(verbs, &no_ops);
	return verbs;
}

void verbs_free_context(struct verbs_context *verbs)
{
	if (verbs->context.async_fd >= 0)
		close(verbs->context.async_fd);
	pthread_mutex_destroy(&verbs->context.mutex);
	free(verbs->priv);
	free(verbs);
}

bool verbs_core_supports(struct ibv_context *context, uint64_t core_support_bit)
{
	return context_private(context)->core_support & core_support_bit;
}

/* GET_CONTEXT has opened it already where the classic command was used. */
static int start_async_events(struct ibv_context *context)
{
	if (context->async_fd >= 0)
		return 0;
	return ibv_cmd_alloc_async_fd(context);
}

struct ibv_context *verbs_open_device(struct ibv_device *device, void *private_data)
{
	const struct verbs_device_ops *ops = to_verbs_device(device)->ops;
	struct verbs_context *verbs;
	int fd, err;

	err = chardev_open(device->dev_name, to_verbs_device(device)->info->uverbs_dev, &fd);
	if (err) {
		verbs_warn("%s: its char device %s: %s", device->name, device->dev_name,
			   strerror(err));
		return fail_null(err);
	}
	verbs = ops->alloc_context(device, fd, private_data);
	if (!verbs) {
		err = errno;
		goto close_fd;
	}
	err = start_async_events(&verbs->context);
	if (err)
		goto free_context;
	device_get(device);
	return &verbs->context;

free_context:
	verbs->priv->ops.free_context(&verbs->context);
close_fd:
	close(fd);
	return fail_null(err);
}

struct ibv_context *ibv_open_device(struct ibv_device *device)
{
	struct ibv_context *context = verbs_open_device(device, NULL);

	if (!context && !explain_by_provider(errno, __func__))
		explain(errno, __func__, "%s: %s%s%s", device->name, strerror(errno),
			explain_cause(errno, __func__) ? ": " : "",
			explain_cause(errno, __func__) ? explain_cause(errno, __func__) : "");
	return context;
}

/* The descriptor is the only thing the other process sent, so it has to name the device too. */
static struct ibv_context *import_device(int cmd_fd)
{
	const struct verbs_device_ops *ops;
	struct verbs_context *verbs;
	struct ibv_device *device;
	struct stat status;
	int fd, err;

	if (fstat(cmd_fd, &status))
		return NULL;
	if (!S_ISCHR(status.st_mode))
		return fail_null(EINVAL);
	device = device_find_by_dev(status.st_rdev);
	if (!device)
		return NULL;
	ops = to_verbs_device(device)->ops;
	err = ops->import_context ? 0 : EOPNOTSUPP;
	if (err)
		goto put_device;
	fd = fcntl(cmd_fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0) {
		err = errno;
		goto put_device;
	}
	verbs = ops->import_context(device, fd);
	if (!verbs) {
		err = errno;
		goto close_fd;
	}
	err = ibv_cmd_alloc_async_fd(&verbs->context);
	if (err)
		goto free_context;
	return &verbs->context;

free_context:
	verbs->priv->ops.free_context(&verbs->context);
close_fd:
	close(fd);
put_device:
	device_put(device);
	return fail_null(err);
}

struct ibv_context *ibv_import_device(int cmd_fd)
{
	return explained_pointer(import_device(cmd_fd), __func__, NULL);
}

/* Whoever waits for events of this context must have stopped. The kernel frees what was leaked. */
int ibv_close_device(struct ibv_context *context)
{
	struct ibv_device *device = context->device;
	int cmd_fd = context->cmd_fd;

	context_ops(context)->free_context(context);
	close(cmd_fd);
	device_put(device);
	return 0;
}
