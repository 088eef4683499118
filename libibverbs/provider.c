/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The registered providers, and which of them serves a device. provider_load.c finds their files.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libibverbs/library.h"

struct provider {
	struct provider *next;
	const struct verbs_device_ops *ops;
};

static pthread_mutex_t providers_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct provider *providers;

static struct provider *find_registered(const char *name)
{
	for (struct provider *provider = providers; provider; provider = provider->next)
		if (!strcmp(provider->ops->name, name))
			return provider;
	return NULL;
}

/* The first of a name stays: a second copy of a provider file does not take over open devices. */
void verbs_register_provider(const struct verbs_device_ops *ops, unsigned int interface)
{
	struct provider *provider;

	if (interface != VERBS_PROVIDER_INTERFACE) {
		/* ops may be laid out otherwise in that version; its first member is the name. */
		verbs_warn("provider %s speaks interface %u, this library %u: not used", ops->name,
			   interface, VERBS_PROVIDER_INTERFACE);
		return;
	}
	provider = malloc(sizeof(*provider));
	if (!provider)
		return;
	provider->ops = ops;
	pthread_mutex_lock(&providers_mutex);
	if (find_registered(ops->name)) {
		free(provider);
	} else {
		provider->next = providers;
		providers = provider;
	}
	pthread_mutex_unlock(&providers_mutex);
}

static bool match_pci(const struct verbs_match *match, const char *modalias)
{
	unsigned int vendor, device;

	if (sscanf(modalias, "pci:v%8xd%8xsv", &vendor, &device) != 2)
		return false;
	return vendor == match->pci_vendor && device == match->pci_device;
}

static bool match_row(const struct verbs_match *match, const struct verbs_device_info *info)
{
	switch (match->kind) {
	case VERBS_MATCH_KIND_PCI:
		return match_pci(match, info->modalias);
	case VERBS_MATCH_KIND_MODALIAS:
		return !fnmatch(match->pattern, info->modalias, 0);
	case VERBS_MATCH_KIND_DRIVER_ID:
		return info->driver_id >= 0 && (uint32_t)info->driver_id == match->driver_id;
	case VERBS_MATCH_KIND_NAME_PREFIX:
		return !strncmp(info->ibdev_name, match->pattern, strlen(match->pattern));
	case VERBS_MATCH_KIND_END:
		break;
	}
	return false;
}

/* The driver's number, where it is known, overrules what the hardware looks like. */
static const struct verbs_match *match_table(const struct verbs_device_ops *ops,
					     const struct verbs_device_info *info)
{
	if (info->driver_id >= 0 && (uint32_t)info->driver_id != ops->driver_id)
		return NULL;
	for (const struct verbs_match *row = ops->match_table; row->kind; row++)
		if (match_row(row, info))
			return row;
	return NULL;
}

static bool abi_fits(const struct verbs_device_ops *ops, const struct verbs_device_info *info)
{
	if (info->abi_version >= ops->abi_version_min && info->abi_version <= ops->abi_version_max)
		return true;
	verbs_warn("%s: the kernel driver's ABI is %u, provider %s knows %u to %u",
		   info->ibdev_name, info->abi_version, ops->name, ops->abi_version_min,
		   ops->abi_version_max);
	return false;
}

const struct verbs_device_ops *provider_find(const struct verbs_device_info *info,
					     const struct verbs_match **match)
{
	const struct verbs_device_ops *found = NULL;
	struct provider *provider;

	pthread_mutex_lock(&providers_mutex);
	for (provider = providers; provider && !found; provider = provider->next) {
		*match = match_table(provider->ops, info);
		if (*match && abi_fits(provider->ops, info))
			found = provider->ops;
	}
	pthread_mutex_unlock(&providers_mutex);
	return found;
}
