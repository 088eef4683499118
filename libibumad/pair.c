/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pairs of devices, one for subnet management and one for general services. The kernels we know
 * have both on one device, so that it is its own partner.
 */
#include <errno.h>
#include <stdio.h>

#include <infiniband/umad.h>

#include "umad_private.h"

static void fill(struct umad_ca_pair *pair, const char *name, int port)
{
	memset(pair, 0, sizeof(*pair));
	snprintf(pair->smi_name, sizeof(pair->smi_name), "%s", name);
	snprintf(pair->gsi_name, sizeof(pair->gsi_name), "%s", name);
	pair->smi_preferred_port = (uint32_t)port;
	pair->gsi_preferred_port = (uint32_t)port;
}

int umad_get_smi_gsi_pairs(struct umad_ca_pair cas[], size_t max)
{
	struct umad_device_node *list = umad_get_ca_device_list();
	char name[UMAD_CA_NAME_LEN];
	int stored = 0, port;

	umad_sort_ca_device_list(&list, 0);
	for (struct umad_device_node *node = list; node && (size_t)stored < max; node = node->next)
		if (!umad_find_port(node->ca_name, UMAD_ANY_PORT, name, &port))
			fill(&cas[stored++], name, port);
	umad_free_ca_device_list(list);
	return stored;
}

/* RoCE ports have no subnet management: those who insist get none. */
int umad_get_smi_gsi_pair_by_ca_name(const char *devname, uint8_t portnum,
				     struct umad_ca_pair *ca_pair, unsigned int enforce_smi)
{
	char name[UMAD_CA_NAME_LEN];
	umad_port_t port;
	int number, err = umad_find_port(devname, portnum, name, &number);

	if (!err)
		err = -umad_get_port(name, number, &port);
	if (err)
		return -err;
	if (enforce_smi && strcmp(port.link_layer, "InfiniBand") && strcmp(port.link_layer, "IB"))
		err = ENODEV;
	umad_release_port(&port);
	if (!err)
		fill(ca_pair, name, number);
	return -err;
}
