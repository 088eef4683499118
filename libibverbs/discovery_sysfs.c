/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Devices as the folders class/infiniband_verbs/uverbsN. A folder that is not readable or does not
 * make sense is left out with a warning; it may be vanishing under our eyes.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "libibverbs/discovery.h"
#include "libibverbs/library.h"

static int parse_dev(const char *text, uint64_t *dev)
{
	unsigned int major_number, minor_number;
	char end;

	if (sscanf(text, "%u:%u%c", &major_number, &minor_number, &end) != 2)
		return EINVAL;
	*dev = makedev(major_number, minor_number);
	return 0;
}

/* "1: CA"; only the number counts. */
static int read_node_type(struct verbs_device_info *info)
{
	char text[64], *end;
	long type;
	int err;

	err = sysfs_read(text, sizeof(text), "%s/node_type", info->ibdev_path);
	if (err)
		return err;
	type = strtol(text, &end, 10);
	if (end == text || (*end && *end != ':'))
		return EINVAL;
	if (type >= IBV_NODE_CA && type <= IBV_NODE_UNSPECIFIED)
		info->node_type = type;
	info->transport_type = discovery_transport(info->node_type);
	return 0;
}

/* A name becomes part of paths in /sys and /dev. */
static bool name_is_plain(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/');
}

static int read_device(const char *class, struct verbs_device_info *info)
{
	const char *uverbs = info->uverbs_name;
	uint64_t abi_version;
	char dev[32];
	int err;

	err = sysfs_read(info->ibdev_name, sizeof(info->ibdev_name), "%s/%s/ibdev", class, uverbs);
	if (!err)
		err = name_is_plain(info->ibdev_name) ? 0 : EINVAL;
	if (!err)
		err = sysfs_read(dev, sizeof(dev), "%s/%s/dev", class, uverbs);
	if (!err)
		err = parse_dev(dev, &info->uverbs_dev);
	if (!err)
		err = sysfs_read_number(&abi_version, 10, UINT32_MAX, "%s/%s/abi_version", class,
					uverbs);
	if (!err) {
		info->abi_version = abi_version;
		err = discovery_complete(info);
	}
	if (!err)
		err = read_node_type(info);
	return err;
}

static int add_device(struct discovery *found, const char *class, const char *uverbs)
{
	struct verbs_device_info *info = discovery_add(found);
	int err;

	if (!info)
		return ENOMEM;
	memcpy(info->uverbs_name, uverbs, strlen(uverbs) + 1);
	err = read_device(class, info);
	if (err) {
		verbs_warn("%s/%s is left out: %s", class, uverbs, strerror(err));
		found->count--;
	}
	return 0;
}

static bool is_uverbs(const char *name)
{
	return !strncmp(name, "uverbs", 6) && name[6] && strlen(name) < IBV_SYSFS_NAME_MAX;
}

int discovery_by_sysfs(struct discovery *found)
{
	char class[IBV_SYSFS_PATH_MAX + 32];
	struct dirent *entry;
	DIR *dir;
	int err = 0;

	snprintf(class, sizeof(class), "%s/class/infiniband_verbs", ibv_get_sysfs_path());
	dir = opendir(class);
	if (!dir)
		return errno == ENOENT ? 0 : errno;
	while (!err && (entry = readdir(dir)))
		if (is_uverbs(entry->d_name))
			err = add_device(found, class, entry->d_name);
	closedir(dir);
	return err;
}
