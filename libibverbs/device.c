/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The devices that programs see. An entry lives from the scan that found the kernel's device until
 * the device has gone and nobody holds it any more: every scan of a present device gives the same
 * struct ibv_device, and one that was unplugged stays valid for those who still have it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libibverbs/discovery.h"
#include "libibverbs/library.h"
#include "util/list.h"

struct verbs_device_entry {
	struct list node; /* of entries while the kernel has the device */
	struct verbs_device_info info;
	ino_t ibdev_inode; /* of the sysfs folder: changes when a name is used again */
	unsigned int references;
	bool present;
	struct verbs_device *device; /* NULL: no provider takes it */
};

static pthread_mutex_t entries_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct list entries = {&entries, &entries};

static void entry_put(struct verbs_device_entry *entry)
{
	if (--entry->references)
		return;
	if (entry->device)
		entry->device->ops->free_device(entry->device);
	free(entry);
}

void device_get(struct ibv_device *device)
{
	pthread_mutex_lock(&entries_mutex);
	to_verbs_device(device)->entry->references++;
	pthread_mutex_unlock(&entries_mutex);
}

void device_put(struct ibv_device *device)
{
	pthread_mutex_lock(&entries_mutex);
	entry_put(to_verbs_device(device)->entry);
	pthread_mutex_unlock(&entries_mutex);
}

static ino_t inode_of(const struct verbs_device_info *info)
{
	struct stat status;

	return stat(info->ibdev_path, &status) ? 0 : status.st_ino;
}

static struct verbs_device_entry *find_entry(const struct verbs_device_info *info, ino_t inode)
{
	list_for_each (node, &entries) {
		struct verbs_device_entry *entry =
			list_entry(node, struct verbs_device_entry, node);

		if (!strcmp(entry->info.ibdev_name, info->ibdev_name) &&
		    !strcmp(entry->info.uverbs_name, info->uverbs_name) &&
		    entry->info.uverbs_dev == info->uverbs_dev &&
		    entry->info.ibdev_index == info->ibdev_index && entry->ibdev_inode == inode)
			return entry;
	}
	return NULL;
}

static void fill_public(struct verbs_device_entry *entry)
{
	const struct verbs_device_info *info = &entry->info;
	struct ibv_device *device = &entry->device->device;

	device->node_type = info->node_type;
	device->transport_type = info->transport_type;
	snprintf(device->name, sizeof(device->name), "%s", info->ibdev_name);
	snprintf(device->dev_name, sizeof(device->dev_name), "%s", info->uverbs_name);
	snprintf(device->dev_path, sizeof(device->dev_path), "%.150s/class/infiniband_verbs/%s",
		 ibv_get_sysfs_path(), info->uverbs_name);
	snprintf(device->ibdev_path, sizeof(device->ibdev_path), "%s", info->ibdev_path);
}

/* What a provider would have had to match. */
static void warn_unserved(const struct verbs_device_info *info)
{
	const char *modalias = info->modalias[0] ? info->modalias : "no modalias";

	if (info->driver_id >= 0)
		verbs_warn("%s: no provider for it (kernel driver number %d, %s)", info->ibdev_name,
			   info->driver_id, modalias);
	else
		verbs_warn("%s: no provider for it (%s)", info->ibdev_name, modalias);
}

static void attach_provider(struct verbs_device_entry *entry)
{
	const struct verbs_device_ops *ops;
	const struct verbs_match *match;

	ops = provider_find(&entry->info, &match);
	if (!ops) {
		provider_load_all();
		ops = provider_find(&entry->info, &match);
	}
	if (!ops) {
		warn_unserved(&entry->info);
		return;
	}
	entry->device = ops->alloc_device(&entry->info, match);
	if (!entry->device) {
		verbs_warn("%s: provider %s does not take it", entry->info.ibdev_name, ops->name);
		return;
	}
	entry->device->ops = ops;
	entry->device->info = &entry->info;
	entry->device->entry = entry;
	fill_public(entry);
}

static int note_present(const struct verbs_device_info *info)
{
	ino_t inode = inode_of(info);
	struct verbs_device_entry *entry = find_entry(info, inode);

	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return ENOMEM;
		entry->info = *info;
		entry->ibdev_inode = inode;
		entry->references = 1;
		list_append(&entries, &entry->node);
		attach_provider(entry);
	}
	entry->present = true;
	return 0;
}

static void forget_absent(void)
{
	list_for_each_safe (node, &entries) {
		struct verbs_device_entry *entry =
			list_entry(node, struct verbs_device_entry, node);

		if (entry->present)
			continue;
		list_remove(&entry->node);
		entry_put(entry);
	}
}

static int refresh_entries(void)
{
	struct discovery found = {};
	int err = discovery_run(&found);

	if (err)
		return err;
	list_for_each (node, &entries)
		list_entry(node, struct verbs_device_entry, node)->present = false;
	for (size_t i = 0; !err && i < found.count; i++)
		err = note_present(&found.devices[i]);
	discovery_free(&found);
	if (!err)
		forget_absent();
	return err;
}

static struct ibv_device **collect_devices(int *count)
{
	struct ibv_device **list;
	size_t total = 0;

	list_for_each (node, &entries)
		total++;
	list = calloc(total + 1, sizeof(*list));
	*count = 0;
	if (!list)
		return fail_null(ENOMEM);
	list_for_each (node, &entries) {
		struct verbs_device_entry *entry =
			list_entry(node, struct verbs_device_entry, node);

		if (!entry->device)
			continue;
		entry->references++;
		list[(*count)++] = &entry->device->device;
	}
	return list;
}

/* Every program begins here, so what has to be done once for the library is done here. */
struct ibv_device **ibv_get_device_list(int *num_devices)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct ibv_device **list = NULL;
	int count = 0, err;

	pthread_once(&once, fork_init_from_environment);
	pthread_mutex_lock(&entries_mutex);
	err = refresh_entries();
	if (!err)
		list = collect_devices(&count);
	pthread_mutex_unlock(&entries_mutex);
	if (num_devices)
		*num_devices = count;
	return err ? fail_null(err) : list;
}

void ibv_free_device_list(struct ibv_device **list)
{
	if (!list)
		return;
	for (size_t i = 0; list[i]; i++)
		device_put(list[i]);
	free(list);
}

struct ibv_device *device_find_by_dev(uint64_t uverbs_dev)
{
	struct ibv_device **list = ibv_get_device_list(NULL), *found = NULL;

	if (!list)
		return NULL;
	for (size_t i = 0; list[i] && !found; i++)
		if (to_verbs_device(list[i])->info->uverbs_dev == uverbs_dev)
			found = list[i];
	if (found)
		device_get(found);
	ibv_free_device_list(list);
	return found ? found : fail_null(ENODEV);
}

const char *ibv_get_device_name(struct ibv_device *device)
{
	return device->name;
}

int ibv_get_device_index(struct ibv_device *device)
{
	return to_verbs_device(device)->info->ibdev_index;
}

/* Read afresh: the GUID of a virtual function is set by its administrator at any time. */
__be64 ibv_get_device_guid(struct ibv_device *device)
{
	uint64_t guid = to_verbs_device(device)->info->node_guid;
	uint16_t part[4];
	char text[32];

	if (!sysfs_read(text, sizeof(text), "%s/node_guid", device->ibdev_path) &&
	    sscanf(text, "%4" SCNx16 ":%4" SCNx16 ":%4" SCNx16 ":%4" SCNx16, &part[0], &part[1],
		   &part[2], &part[3]) == 4)
		guid = (uint64_t)part[0] << 48 | (uint64_t)part[1] << 32 | (uint32_t)part[2] << 16 |
		       part[3];
	return htobe64(guid);
}
