/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Devices: the kernel names the one that an id is bound to by its number and GUID, programs get an
 * open context. A device is opened when it is first named.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "librdmacm/cma.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct list devices = {&devices, &devices};

/* Two devices may have one GUID (of a bond), and older kernels give no number. */
static bool matches(const struct cma_device *device, __be64 guid, int index)
{
	if (index > 0 && device->index > 0)
		return device->index == index;
	return device->guid == guid;
}

static struct cma_device *find_open(__be64 guid, int index)
{
	list_for_each (node, &devices) {
		struct cma_device *device = list_entry(node, struct cma_device, link);

		if (matches(device, guid, index))
			return device;
	}
	return NULL;
}

static uint8_t at_most_255(int value)
{
	return value < UINT8_MAX ? (uint8_t)value : UINT8_MAX;
}

static int open_device(struct ibv_device *ibv_device, struct cma_device **opened)
{
	struct cma_device *device = calloc(1, sizeof(*device));
	struct ibv_device_attr attr;
	int err;

	if (!device)
		return ENOMEM;
	device->guid = ibv_get_device_guid(ibv_device);
	device->index = ibv_get_device_index(ibv_device);
	device->verbs = ibv_open_device(ibv_device);
	if (!device->verbs) {
		err = errno;
		goto free_device;
	}
	err = ibv_query_device(device->verbs, &attr);
	if (err)
		goto close_device;
	device->max_initiator_depth = at_most_255(attr.max_qp_init_rd_atom);
	device->max_responder_resources = at_most_255(attr.max_qp_rd_atom);
	list_append(&devices, &device->link);
	*opened = device;
	return 0;

close_device:
	ibv_close_device(device->verbs);
free_device:
	free(device);
	return err;
}

/* Opens those of the list that are not open; with `all` false only the one looked for. */
static int open_listed(struct ibv_device **list, bool all, __be64 guid, int index)
{
	int err = ENODEV;

	for (; *list; list++) {
		const struct cma_device wanted = {.guid = ibv_get_device_guid(*list),
						  .index = ibv_get_device_index(*list)};
		struct cma_device *device = find_open(wanted.guid, wanted.index);

		if (!all && !matches(&wanted, guid, index))
			continue;
		err = device ? 0 : open_device(*list, &device);
		if (!all)
			return err;
	}
	return err;
}

static void before_fork(void)
{
	pthread_mutex_lock(&mutex);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&mutex);
}

/* What is mapped of an open device stays with the parent: the child opens it for itself. */
static void after_fork_in_child(void)
{
	list_init(&devices);
	pthread_mutex_unlock(&mutex);
}

static void watch_forks(void)
{
	pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

static int open_more(bool all, __be64 guid, int index)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct ibv_device **list = ibv_get_device_list(NULL);
	int err;

	if (!list)
		return errno;
	pthread_once(&once, watch_forks);
	err = open_listed(list, all, guid, index);
	ibv_free_device_list(list);
	return err;
}

int cma_device_find(__be64 guid, int index, struct cma_device **device)
{
	int err = 0;

	pthread_mutex_lock(&mutex);
	*device = find_open(guid, index);
	if (!*device) {
		err = open_more(false, guid, index);
		*device = err ? NULL : find_open(guid, index);
	}
	pthread_mutex_unlock(&mutex);
	return err;
}

int cma_device_get_pd(struct cma_device *device, struct ibv_pd **pd)
{
	int err = 0;

	pthread_mutex_lock(&mutex);
	if (!device->pd)
		device->pd = ibv_alloc_pd(device->verbs);
	if (device->pd)
		device->pd_users++;
	else
		err = errno;
	*pd = device->pd;
	pthread_mutex_unlock(&mutex);
	return err;
}

/* Where the application has not given up its regions the domain stays, for the next one. */
void cma_device_put_pd(struct cma_device *device)
{
	pthread_mutex_lock(&mutex);
	if (!--device->pd_users && !ibv_dealloc_pd(device->pd))
		device->pd = NULL;
	pthread_mutex_unlock(&mutex);
}

int cma_device_get_xrcd(struct cma_device *device, struct ibv_xrcd **xrcd)
{
	struct ibv_xrcd_init_attr attr = {
		.comp_mask = IBV_XRCD_INIT_ATTR_FD | IBV_XRCD_INIT_ATTR_OFLAGS,
		.fd = -1,
		.oflags = O_CREAT,
	};
	int err = 0;

	pthread_mutex_lock(&mutex);
	if (!device->xrcd)
		device->xrcd = ibv_open_xrcd(device->verbs, &attr);
	if (device->xrcd)
		device->xrcd_users++;
	else
		err = errno;
	*xrcd = device->xrcd;
	pthread_mutex_unlock(&mutex);
	return err;
}

void cma_device_put_xrcd(struct cma_device *device)
{
	pthread_mutex_lock(&mutex);
	if (!--device->xrcd_users && !ibv_close_xrcd(device->xrcd))
		device->xrcd = NULL;
	pthread_mutex_unlock(&mutex);
}

struct ibv_context **rdma_get_devices(int *num_devices)
{
	struct ibv_context **list = NULL;
	int count = 0;

	pthread_mutex_lock(&mutex);
	open_more(true, 0, -1);
	list_for_each (node, &devices)
		count++;
	list = calloc((size_t)count + 1, sizeof(*list));
	if (list) {
		int i = 0;

		list_for_each (node, &devices)
			list[i++] = list_entry(node, struct cma_device, link)->verbs;
	}
	pthread_mutex_unlock(&mutex);
	if (num_devices)
		*num_devices = list ? count : 0;
	return list;
}

void rdma_free_devices(struct ibv_context **list)
{
	free(list);
}
