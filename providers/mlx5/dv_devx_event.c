/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What comes later: answers to queries that nobody waits for, and events of the device's objects.
 * Both are read from descriptors that the kernel makes, which programs may poll.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <rdma/mlx5_user_ioctl_cmds.h>

#include "devx.h"
#include "dv.h"

struct event_channel {
	struct mlx5dv_devx_event_channel channel;
	struct ibv_context *context;
};

/* 0 and the descriptor, or errno. */
static int make_fd(struct ibv_context *context, struct verbs_ioctl *call, unsigned int index,
		   int *fd)
{
	int err = mlx5dv_is_ours(context) ? mlx5_devx_run(context, call) : EOPNOTSUPP;

	if (!err)
		*fd = (int)verbs_ioctl_u32(call, index);
	return err;
}

/* Takes back `made` where err says that it is of no use. */
static void *made_or_errno(void *made, int err)
{
	if (!err)
		return made;
	free(made);
	errno = err;
	return NULL;
}

/* ---- answers ---- */

EXPORT struct mlx5dv_devx_cmd_comp *mlx5dv_devx_create_cmd_comp(struct ibv_context *context)
{
	struct mlx5dv_devx_cmd_comp *comp = calloc(1, sizeof(*comp));
	struct verbs_ioctl call;
	unsigned int fd;
	int err;

	if (!comp)
		return NULL;
	verbs_ioctl_begin(&call, MLX5_IB_OBJECT_DEVX_ASYNC_CMD_FD,
			  MLX5_IB_METHOD_DEVX_ASYNC_CMD_FD_ALLOC);
	fd = verbs_ioctl_new_fd(&call, MLX5_IB_ATTR_DEVX_ASYNC_CMD_FD_ALLOC_HANDLE);
	err = make_fd(context, &call, fd, &comp->fd);
	return verbs_explained(made_or_errno(comp, err), __func__, context);
}

EXPORT void mlx5dv_devx_destroy_cmd_comp(struct mlx5dv_devx_cmd_comp *comp)
{
	close(comp->fd);
	free(comp);
}

EXPORT int mlx5dv_devx_obj_query_async(struct mlx5dv_devx_obj *obj, const void *in, size_t inlen,
				       size_t outlen, uint64_t wr_id,
				       struct mlx5dv_devx_cmd_comp *comp)
{
	struct verbs_ioctl call;

	/* The kernel counts the answer in sixteen bits. */
	if (outlen > UINT16_MAX)
		return EINVAL;
	verbs_ioctl_begin(&call, MLX5_IB_OBJECT_DEVX_OBJ, MLX5_IB_METHOD_DEVX_OBJ_ASYNC_QUERY);
	verbs_ioctl_in_handle(&call, MLX5_IB_ATTR_DEVX_OBJ_QUERY_ASYNC_HANDLE, obj->handle);
	verbs_ioctl_in(&call, MLX5_IB_ATTR_DEVX_OBJ_QUERY_ASYNC_CMD_IN, in, inlen);
	verbs_ioctl_in_fd(&call, MLX5_IB_ATTR_DEVX_OBJ_QUERY_ASYNC_FD, comp->fd);
	verbs_ioctl_in_u64(&call, MLX5_IB_ATTR_DEVX_OBJ_QUERY_ASYNC_WR_ID, wr_id);
	verbs_ioctl_in_u64(&call, MLX5_IB_ATTR_DEVX_OBJ_QUERY_ASYNC_OUT_LEN, outlen);
	return mlx5_devx_run(obj->context, &call);
}

/* The kernel gives one record a read, whole. */
EXPORT int mlx5dv_devx_get_async_cmd_comp(struct mlx5dv_devx_cmd_comp *comp,
					  struct mlx5dv_devx_async_cmd_hdr *answer, size_t len)
{
	ssize_t got = read(comp->fd, answer, len);

	if (got < 0)
		return errno;
	return (size_t)got < sizeof(*answer) ? EINVAL : 0;
}

/* ---- events ---- */

EXPORT struct mlx5dv_devx_event_channel *mlx5dv_devx_create_event_channel(
	struct ibv_context *context, enum mlx5dv_devx_create_event_channel_flags flags)
{
	struct event_channel *made = calloc(1, sizeof(*made));
	struct verbs_ioctl call;
	unsigned int fd;
	int err;

	if (!made)
		return NULL;
	made->context = context;
	verbs_ioctl_begin(&call, MLX5_IB_OBJECT_DEVX_ASYNC_EVENT_FD,
			  MLX5_IB_METHOD_DEVX_ASYNC_EVENT_FD_ALLOC);
	fd = verbs_ioctl_new_fd(&call, MLX5_IB_ATTR_DEVX_ASYNC_EVENT_FD_ALLOC_HANDLE);
	verbs_ioctl_in_u32(&call, MLX5_IB_ATTR_DEVX_ASYNC_EVENT_FD_ALLOC_FLAGS, flags);
	err = make_fd(context, &call, fd, &made->channel.fd);
	return verbs_explained(made_or_errno(made, err), __func__, context);
}

EXPORT void mlx5dv_devx_destroy_event_channel(struct mlx5dv_devx_event_channel *channel)
{
	close(channel->fd);
	free(channel);
}

/* obj: NULL for events that belong to the device as a whole. */
static void begin_subscription(struct verbs_ioctl *call,
			       const struct mlx5dv_devx_event_channel *channel,
			       const struct mlx5dv_devx_obj *obj, const uint16_t *events,
			       size_t bytes)
{
	verbs_ioctl_begin(call, MLX5_IB_OBJECT_DEVX, MLX5_IB_METHOD_DEVX_SUBSCRIBE_EVENT);
	verbs_ioctl_in_fd(call, MLX5_IB_ATTR_DEVX_SUBSCRIBE_EVENT_FD_HANDLE, channel->fd);
	if (obj)
		verbs_ioctl_in_handle(call, MLX5_IB_ATTR_DEVX_SUBSCRIBE_EVENT_OBJ_HANDLE,
				      obj->handle);
	verbs_ioctl_in(call, MLX5_IB_ATTR_DEVX_SUBSCRIBE_EVENT_TYPE_NUM_LIST, events, bytes);
}

EXPORT int mlx5dv_devx_subscribe_devx_event(struct mlx5dv_devx_event_channel *channel,
					    struct mlx5dv_devx_obj *obj, uint16_t events_sz,
					    uint16_t events_num[], uint64_t cookie)
{
	struct event_channel *made = (struct event_channel *)channel;
	struct verbs_ioctl call;

	begin_subscription(&call, channel, obj, events_num, events_sz);
	verbs_ioctl_in_u64(&call, MLX5_IB_ATTR_DEVX_SUBSCRIBE_EVENT_COOKIE, cookie);
	return mlx5_devx_run(made->context, &call);
}

/* The event is told by an eventfd of the program, and nothing is read from the channel. */
EXPORT int mlx5dv_devx_subscribe_devx_event_fd(struct mlx5dv_devx_event_channel *channel, int fd,
					       struct mlx5dv_devx_obj *obj, uint16_t event_num)
{
	struct event_channel *made = (struct event_channel *)channel;
	struct verbs_ioctl call;

	begin_subscription(&call, channel, obj, &event_num, sizeof(event_num));
	verbs_ioctl_in_u32(&call, MLX5_IB_ATTR_DEVX_SUBSCRIBE_EVENT_FD_NUM, (uint32_t)fd);
	return mlx5_devx_run(made->context, &call);
}

EXPORT ssize_t mlx5dv_devx_get_event(struct mlx5dv_devx_event_channel *channel,
				     struct mlx5dv_devx_async_event_hdr *event, size_t len)
{
	ssize_t got = read(channel->fd, event, len);

	if (got >= 0 && (size_t)got < sizeof(*event)) {
		errno = EINVAL;
		return -1;
	}
	return got;
}
