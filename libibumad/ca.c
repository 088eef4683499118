/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Adapters and ports, as sysfs describes them. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>

#include <infiniband/umad.h>

#include "umad_private.h"

#define CA   "class/infiniband/%s/"
#define PORT CA SYS_CA_PORTS_DIR "/%d/"

/* What an older kernel does not have reads as empty. */
static void read_text_or_none(char *text, size_t size, const char *ca_name, const char *file)
{
	if (umad_read_text(text, size, CA "%s", ca_name, file))
		text[0] = '\0';
}

static unsigned int port_number(const umad_port_t *port, const char *file)
{
	uint64_t number;

	return umad_read_number(&number, PORT "%s", port->ca_name, port->portnum, file)
		       ? 0
		       : (unsigned int)number;
}

/* The table ends with the first number that has no file. */
static int read_pkeys(umad_port_t *port)
{
	uint64_t pkey;
	unsigned int size = 0;

	while (!umad_read_number(&pkey, PORT "pkeys/%u", port->ca_name, port->portnum, size))
		size++;
	port->pkeys = calloc(size ? size : 1, sizeof(port->pkeys[0]));
	if (!port->pkeys)
		return ENOMEM;
	for (unsigned int i = 0; i < size; i++)
		if (!umad_read_number(&pkey, PORT "pkeys/%u", port->ca_name, port->portnum, i))
			port->pkeys[i] = (uint16_t)pkey;
	port->pkeys_size = size;
	return 0;
}

/* Eight groups of four digits: the prefix, then the GUID. */
static int read_gid(umad_port_t *port)
{
	unsigned int part[8];
	uint64_t half[2] = {0};
	char text[64];
	int err =
		umad_read_text(text, sizeof(text), PORT SYS_PORT_GID, port->ca_name, port->portnum);

	if (err)
		return err;
	if (sscanf(text, "%4x:%4x:%4x:%4x:%4x:%4x:%4x:%4x", &part[0], &part[1], &part[2], &part[3],
		   &part[4], &part[5], &part[6], &part[7]) != 8)
		return EIO;
	for (unsigned int i = 0; i < 8; i++)
		half[i / 4] = half[i / 4] << 16 | part[i];
	port->gid_prefix = htobe64(half[0]);
	port->port_guid = htobe64(half[1]);
	return 0;
}

static int read_port(const char *ca_name, int portnum, umad_port_t *port)
{
	uint64_t state;
	int err;

	memset(port, 0, sizeof(*port));
	snprintf(port->ca_name, sizeof(port->ca_name), "%s", ca_name);
	port->portnum = portnum;
	err = umad_read_number(&state, PORT SYS_PORT_STATE, ca_name, portnum);
	if (!err)
		err = read_gid(port);
	if (err)
		return err == ENOENT ? ENODEV : err;
	port->state = (unsigned int)state;
	port->base_lid = port_number(port, SYS_PORT_LID);
	port->lmc = port_number(port, SYS_PORT_LMC);
	port->sm_lid = port_number(port, SYS_PORT_SMLID);
	port->sm_sl = port_number(port, SYS_PORT_SMSL);
	port->phys_state = port_number(port, SYS_PORT_PHY_STATE);
	port->rate = port_number(port, SYS_PORT_RATE);
	port->capmask = htobe32(port_number(port, SYS_PORT_CAPMASK));
	if (umad_read_text(port->link_layer, sizeof(port->link_layer), PORT SYS_PORT_LINK_LAYER,
			   ca_name, portnum))
		snprintf(port->link_layer, sizeof(port->link_layer), "IB");
	return read_pkeys(port);
}

int umad_get_port(const char *ca_name, int portnum, umad_port_t *port)
{
	char name[UMAD_CA_NAME_LEN];
	int err = umad_find_port(ca_name, portnum, name, &portnum);

	return -(err ? err : read_port(name, portnum, port));
}

int umad_release_port(umad_port_t *port)
{
	free(port->pkeys);
	port->pkeys = NULL;
	port->pkeys_size = 0;
	return 0;
}

static bool has_port(const char *ca_name, int portnum)
{
	uint64_t state;

	return !umad_read_number(&state, PORT SYS_PORT_STATE, ca_name, portnum);
}

static int read_ports(umad_ca_t *ca)
{
	for (int i = 0; i < UMAD_CA_MAX_PORTS; i++) {
		int err;

		if (!has_port(ca->ca_name, i))
			continue;
		ca->ports[i] = calloc(1, sizeof(*ca->ports[i]));
		err = ca->ports[i] ? read_port(ca->ca_name, i, ca->ports[i]) : ENOMEM;
		if (err)
			return err;
		ca->numports = i;
	}
	return 0;
}

static int read_ca(umad_ca_t *ca)
{
	uint64_t type, node_guid, system_guid;
	int err = umad_read_number(&type, CA SYS_NODE_TYPE, ca->ca_name);

	if (!err)
		err = umad_read_guid(&node_guid, CA SYS_CA_NODE_GUID, ca->ca_name);
	if (!err)
		err = umad_read_guid(&system_guid, CA SYS_CA_SYS_GUID, ca->ca_name);
	if (err)
		return err;
	ca->node_type = (unsigned int)type;
	ca->node_guid = htobe64(node_guid);
	ca->system_guid = htobe64(system_guid);
	read_text_or_none(ca->fw_ver, sizeof(ca->fw_ver), ca->ca_name, SYS_CA_FW_VERS);
	read_text_or_none(ca->hw_ver, sizeof(ca->hw_ver), ca->ca_name, SYS_CA_HW_VERS);
	read_text_or_none(ca->ca_type, sizeof(ca->ca_type), ca->ca_name, SYS_CA_TYPE);
	return read_ports(ca);
}

int umad_get_ca(const char *ca_name, umad_ca_t *ca)
{
	int port, err;

	memset(ca, 0, sizeof(*ca));
	/* A name stands for an adapter whatever its ports are like. */
	if (ca_name && umad_has_mads(ca_name) && strlen(ca_name) < sizeof(ca->ca_name)) {
		strcpy(ca->ca_name, ca_name);
		err = 0;
	} else {
		err = ca_name ? ENODEV : umad_find_port(NULL, 0, ca->ca_name, &port);
	}
	if (!err)
		err = read_ca(ca);
	if (err)
		umad_release_ca(ca);
	return -err;
}

int umad_release_ca(umad_ca_t *ca)
{
	for (int i = 0; i < UMAD_CA_MAX_PORTS; i++) {
		if (!ca->ports[i])
			continue;
		umad_release_port(ca->ports[i]);
		free(ca->ports[i]);
		ca->ports[i] = NULL;
	}
	return 0;
}

int umad_get_ca_portguids(const char *ca_name, __be64 *portguids, int max)
{
	umad_ca_t ca;
	int count, err = umad_get_ca(ca_name, &ca);

	if (err)
		return err;
	for (count = 0; portguids && count <= ca.numports && count < max; count++)
		portguids[count] = ca.ports[count] ? ca.ports[count]->port_guid : 0;
	umad_release_ca(&ca);
	return portguids ? count : 0;
}
